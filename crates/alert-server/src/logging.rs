//! The log on stderr: one event, one line, whatever is in it. No line waits for whoever reads them.
//!
//! Message bodies and cookies are never logged. Names, rooms and whatever else comes from outside are logged as plain
//! string fields (`name = name.as_str()`): text quotes them, JSON keeps them as they are; never with `%` and never in
//! the message. Whoever forgets it can mislead, but not break the line. Every value is cut ([`line`]), and lines that
//! one address causes over and over are limited (`repeats`): both here, where no call can forget them.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tracing::level_filters::LevelFilter;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

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
    queue: Queue,
    repeats: Repeats,
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
        Self(Arc::new(Shared { format, queue: Queue::default(), repeats: Repeats::default() }))
    }

    /// Writes a line that is no event: what the person who starts the server is told.
    pub fn say(&self, text: &str) {
        self.0.queue.push(&format!("{text}\n"));
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
            lost += self.0.queue.take(&mut batch, self.0.repeats.next_report());
            for left in self.0.repeats.due(Instant::now()) {
                batch.extend_from_slice(self.left_out(&left).as_bytes());
            }
            if lost > 0 {
                batch.extend_from_slice(self.lost(lost).as_bytes());
            }
            match out.write_all(&batch) {
                Ok(()) => lost = 0,
                Err(_) => {
                    lost += batch.iter().filter(|&&byte| byte == b'\n').count() as u64 - u64::from(lost > 0)
                }
            }
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
        let Shared { format, queue, repeats } = &*self.0.0;
        match repeats.admit(event, Instant::now()) {
            repeats::Verdict::Log => queue.push(&Line::of(event, *format)),
            repeats::Verdict::LeaveOut => {}
            // The writer has to wake when it is time to say how many were left out.
            repeats::Verdict::LeaveOutFirst => queue.wake(),
        }
    }
}

fn subscriber(log: Log, level: Level) -> impl Subscriber + Send + Sync {
    let level = LevelFilter::from_level(level);
    let ours = OURS.map(|name| (name, level));
    let filter = Targets::new().with_targets(ours).with_default(level.min(LevelFilter::WARN));
    tracing_subscriber::registry().with(Lines(log).with_filter(filter))
}

#[cfg(test)]
mod tests;
