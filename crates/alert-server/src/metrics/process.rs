//! What the process takes from the machine, under the names that all exporters use. Linux tells; other systems do not.

use super::family::{Family, Scrape};

/// Adds what the system says of this process.
#[cfg(target_os = "linux")]
pub(super) fn add(all: &mut Scrape) {
    let Ok(this) = procfs::process::Process::myself() else { return };
    if let Ok(stat) = this.stat() {
        let ticks = (stat.utime + stat.stime) as f64;
        all.add(Family::counters(
            "process_cpu_seconds",
            "Processor time in seconds.",
            [(Vec::new(), ticks / procfs::ticks_per_second() as f64)],
        ));
        all.add(Family::gauge(
            "process_resident_memory_bytes",
            "Memory in bytes.",
            (stat.rss * procfs::page_size()) as f64,
        ));
        all.add(Family::gauge("process_threads", "Threads.", stat.num_threads as f64));
        if let Ok(boot) = procfs::boot_time_secs() {
            let start = boot as f64 + stat.starttime as f64 / procfs::ticks_per_second() as f64;
            all.add(Family::gauge("process_start_time_seconds", "When it started, since 1970.", start));
        }
    }
    if let Ok(open) = this.fd_count() {
        all.add(Family::gauge("process_open_fds", "Open files.", open as f64));
    }
    let most = this.limits().ok().map(|limits| limits.max_open_files.soft_limit);
    if let Some(procfs::process::LimitValue::Value(most)) = most {
        all.add(Family::gauge("process_max_fds", "Files that may be open.", most as f64));
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn add(_: &mut Scrape) {}
