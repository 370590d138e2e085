//! What processes on this machine use, from `/proc`.

use std::iter::Sum;

use procfs::{ProcError, WithCurrentSystemInfo, process::Process, ticks_per_second};

use super::error::BenchError;

/// A process and its descendants.
#[derive(Clone, Copy, Debug)]
pub(super) struct Processes {
    root: i32,
}

/// What they used up to now.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Used {
    /// CPU time in seconds, of the user and of the system.
    pub(super) cpu: f64,
    /// Resident memory in bytes.
    pub(super) memory: u64,
}

impl Sum for Used {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, each| Self {
            cpu: sum.cpu + each.cpu,
            memory: sum.memory + each.memory,
        })
    }
}

impl Processes {
    /// A process that must exist.
    pub(super) fn of(pid: i32) -> Result<Self, BenchError> {
        let found = Process::new(pid).and_then(|process| process.stat());
        found.map_err(|error| BenchError::Process { pid, problem: in_words(&error) })?;
        Ok(Self { root: pid })
    }

    /// This process.
    pub(super) fn this() -> Self {
        Self { root: i32::try_from(std::process::id()).unwrap_or(0) }
    }

    /// What they used. A process that has ended no longer counts.
    pub(super) fn used(self) -> Used {
        let mut used = Used::default();
        for process in self.all() {
            if let Ok(stat) = process.stat() {
                used.cpu += (stat.utime + stat.stime) as f64 / ticks_per_second() as f64;
                used.memory += stat.rss_bytes().get();
            }
        }
        used
    }

    /// Found by their parents: the kernel's lists of a thread's children may leave some out while another thread ends.
    fn all(self) -> Vec<Process> {
        let running = procfs::process::all_processes().into_iter().flatten().flatten();
        let mut others: Vec<(i32, Process)> =
            running.filter_map(|process| Some((process.stat().ok()?.ppid, process))).collect();
        let mut found: Vec<Process> = Process::new(self.root).into_iter().collect();
        let mut next = 0;
        while let Some(parent) = found.get(next).map(Process::pid) {
            let (children, rest) = others.into_iter().partition(|(ppid, _)| *ppid == parent);
            let children: Vec<(i32, Process)> = children;
            found.extend(children.into_iter().map(|(_, process)| process));
            others = rest;
            next += 1;
        }
        found
    }
}

fn in_words(error: &ProcError) -> String {
    match error {
        ProcError::NotFound(_) => "there is no such process".to_owned(),
        ProcError::PermissionDenied(_) => "it belongs to another user".to_owned(),
        error => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_this_process_and_its_child_then_both_count() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let found: Vec<u32> =
            Processes::this().all().iter().filter_map(|process| process.pid.try_into().ok()).collect();
        let used = Processes::this().used();
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(found.contains(&std::process::id()) && found.contains(&child.id()), "{found:?}");
        assert!(used.memory > 0, "{used:?}");
    }

    #[test]
    fn given_a_process_that_is_not_there_then_it_says_so() {
        let error = Processes::of(i32::MAX).unwrap_err();
        assert!(error.to_string().contains("there is no such process"), "{error}");
    }
}
