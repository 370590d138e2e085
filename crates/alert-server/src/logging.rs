//! The log on stderr: one event, one line, whatever is in it. No line waits for whoever reads them.
//!
//! Message bodies and cookies are never logged. Names, rooms and whatever else comes from outside are logged as plain
//! string fields (`name = name.as_str()`): text quotes them, JSON keeps them as they are; never with `%` and never in
//! the message. Whoever forgets it can mislead, but not break the line. Every value is cut ([`line`]), and lines that
//! one address causes over and over are limited (`repeats`): both here, where no call can forget them.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use tracing::level_filters::LevelFilter;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::{Registry, reload};

pub mod cause;
mod line;
mod panic;
mod queue;
mod repeats;
mod stderr;

use crate::config::{Config, LogFormat};
use line::Line;
use queue::Queue;
use repeats::{Left, Repeats};
use stderr::Stderr;

/// Prefixes of the crates whose events follow `--log-level`; those of other crates show from `warn`.
const OURS: [&str; 3] = ["alert", "socketio_protocol", "socketio_server"];

/// How long the process waits at its end for whoever reads the log.
const FLUSH_LIMIT: Duration = Duration::from_millis(300);

/// The buffer keeps this much. What it grew beyond that is freed.
const USUAL_BYTES: usize = 64 << 10;

/// Why there is no log.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// It was started before.
    #[error("the log was started twice")]
    Twice(#[from] tracing::subscriber::SetGlobalDefaultError),
    /// The system gives no thread or no file for it.
    #[error("the log cannot be written to stderr: {0}")]
    System(#[from] io::Error),
}

/// The log of this process. To be finished at its end.
#[derive(Clone)]
pub struct Log(Arc<Shared>);

struct Shared {
    format: LogFormat,
    counts: Counts,
    queue: Queue,
    repeats: Repeats,
    /// Set when it is started.
    filter: OnceLock<reload::Handle<Targets, Registry>>,
}

/// What became of lines.
#[derive(Default)]
struct Counts {
    /// By the level, from errors to traces.
    written: [AtomicU64; LEVELS.len()],
    left_out: AtomicU64,
    dropped: AtomicU64,
}

const LEVELS: [(&str, Level); 5] = [
    ("error", Level::ERROR),
    ("warn", Level::WARN),
    ("info", Level::INFO),
    ("debug", Level::DEBUG),
    ("trace", Level::TRACE),
];

/// What the log has counted.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    /// Lines of events, by level.
    pub written: Vec<(&'static str, u64)>,
    /// Lines that were left out, as too many like them came.
    pub left_out: u64,
    /// Lines that were lost, as nobody read the log fast enough.
    pub dropped: u64,
}

/// Starts logging for the whole process; to be called once, by a server. From then on a panic on any thread is
/// logged and ends the process.
///
/// # Errors
/// If it was started before, or the system has no thread for it.
pub fn start(config: &Config) -> Result<Log, LogError> {
    let log = Log::new(config.log_format);
    let out = Stderr::open()?;
    panic::end_the_process(log.clone(), Stderr::open()?);
    let writer = log.clone();
    std::thread::Builder::new().name("log".to_owned()).spawn(move || writer.write_to(out))?;
    tracing::subscriber::set_global_default(subscriber(log.clone(), config.log_level))?;
    Ok(log)
}

impl Log {
    fn new(format: LogFormat) -> Self {
        let (counts, queue, repeats) = (Counts::default(), Queue::default(), Repeats::default());
        Self(Arc::new(Shared { format, counts, queue, repeats, filter: OnceLock::new() }))
    }

    /// Logs at this level from now on.
    pub fn set_level(&self, level: Level) {
        if let Some(filtered) = self.0.filter.get() {
            // It fails when nothing logs any more.
            let _ = filtered.reload(filter(level));
        }
    }

    /// Writes a line that is no event: what the person who starts the server is told.
    pub fn say(&self, text: &str) {
        self.0.queue.push(&format!("{text}\n"));
    }

    /// What it has counted so far.
    pub fn figures(&self) -> Figures {
        let Counts { written, left_out, dropped } = &self.0.counts;
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let written = LEVELS.iter().zip(written).map(|((name, _), count)| (*name, read(count)));
        Figures { written: written.collect(), left_out: read(left_out), dropped: read(dropped) }
    }

    /// Writes what waits, for a short time at most: perhaps nobody reads it.
    pub fn finish(&self) {
        for left in self.0.repeats.all_left_out() {
            self.0.queue.push(&self.left_out(&left));
        }
        self.0.queue.flush(FLUSH_LIMIT);
    }

    /// The log's thread.
    fn write_to(&self, mut out: impl io::Write) {
        let mut batch = Vec::new();
        // Lines that neither the queue nor `out` took, and that have not been reported yet.
        let mut lost = 0;
        loop {
            let dropped = self.0.queue.take(&mut batch, self.0.repeats.next_report());
            lost += dropped;
            let mut news = dropped;
            for left in self.0.repeats.due(Instant::now()) {
                batch.extend_from_slice(self.left_out(&left).as_bytes());
            }
            if lost > 0 {
                batch.extend_from_slice(self.lost(lost).as_bytes());
            }
            match out.write_all(&batch) {
                Ok(()) => lost = 0,
                Err(_) => {
                    let lines =
                        batch.iter().filter(|&&byte| byte == b'\n').count() as u64 - u64::from(lost > 0);
                    lost += lines;
                    news += lines;
                }
            }
            self.0.counts.dropped.fetch_add(news, Ordering::Relaxed);
            self.0.queue.written();
            // After a time of trouble its memory is freed.
            batch.clear();
            batch.shrink_to(USUAL_BYTES);
        }
    }

    fn left_out(&self, left: &Left) -> String {
        let message = "more lines like this one were left out";
        let mut line = Line::begin(self.0.format, left.level, message);
        line.text("like", &left.like);
        if let Some(address) = left.address {
            line.text("address", &address.to_string());
        }
        line.plain("left_out", left.count);
        line.end(module_path!())
    }

    fn lost(&self, lines: u64) -> String {
        let message = "lines of the log were dropped: whoever reads it was too slow";
        let mut line = Line::begin(self.0.format, Level::WARN, message);
        line.plain("dropped", lines);
        line.end(module_path!())
    }
}

/// Gives each event to the log's queue, as a line.
struct Lines(Log);

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let Shared { format, counts, queue, repeats, filter: _ } = &*self.0.0;
        let verdict = repeats.admit(event, Instant::now());
        let level = LEVELS.iter().position(|(_, level)| level == event.metadata().level());
        let count = match (&verdict, level) {
            (repeats::Verdict::Log, Some(place)) => &counts.written[place],
            _ => &counts.left_out,
        };
        count.fetch_add(1, Ordering::Relaxed);
        match verdict {
            repeats::Verdict::Log => queue.push(&Line::of(event, *format)),
            repeats::Verdict::LeaveOut => {}
            // The writer has to wake when it is time to say how many were left out.
            repeats::Verdict::LeaveOutFirst => queue.wake(),
        }
    }
}

fn subscriber(log: Log, level: Level) -> impl Subscriber + Send + Sync {
    let (filter, filtered) = reload::Layer::new(filter(level));
    // A log is started once.
    let _ = log.0.filter.set(filtered);
    tracing_subscriber::registry().with(Lines(log).with_filter(filter))
}

fn filter(level: Level) -> Targets {
    let level = LevelFilter::from_level(level);
    let ours = OURS.map(|name| (name, level));
    Targets::new().with_targets(ours).with_default(level.min(LevelFilter::WARN))
}

#[cfg(test)]
mod tests;
