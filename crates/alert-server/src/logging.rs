//! The log on stderr: one event, one line, whatever is in it.
//!
//! Message bodies and cookies are never logged. Names, rooms and whatever else comes from outside are logged as plain
//! string fields (`name = name.as_str()`): text quotes them, JSON keeps them as they are; never with `%` and never in
//! the message. Whoever forgets it can mislead, but not break the line: the writer escapes what could.

use std::io::{self, Write};

use tracing::level_filters::LevelFilter;
use tracing::{Level, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Layer, SubscriberExt};

use crate::config::{Config, LogFormat};
use alert_core::printable::is_unsafe;

/// What the names of the crates begin with whose events follow `--log-level`; the others' show from `warn`.
const OURS: [&str; 3] = ["alert", "socketio_protocol", "socketio_server"];

/// Starts logging for the whole process; to be called once.
///
/// # Errors
/// When it was started before.
pub fn start(config: &Config) -> Result<(), tracing::subscriber::SetGlobalDefaultError> {
    tracing::subscriber::set_global_default(subscriber(config.log_format, config.log_level, io::stderr))
}

fn subscriber<W, M>(format: LogFormat, level: Level, writer: M) -> impl Subscriber + Send + Sync
where
    W: Write,
    M: Fn() -> W + Send + Sync + 'static,
{
    let lines = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(OneLine(writer));
    let lines = match format {
        LogFormat::Text => lines.with_target(false).boxed(),
        LogFormat::Json => {
            lines.json().flatten_event(true).with_current_span(false).with_span_list(false).boxed()
        }
    };
    let level = LevelFilter::from_level(level);
    let ours = OURS.map(|name| (name, level));
    let filter = Targets::new().with_targets(ours).with_default(level.min(LevelFilter::WARN));
    tracing_subscriber::registry().with(lines.with_filter(filter))
}

/// Makes writers that take one event at a time and let nothing through that would end its line early, command a
/// terminal, or turn the text around.
struct OneLine<M>(M);

/// The writer for one event.
struct Escaping<W>(W);

impl<'a, W: Write, M: Fn() -> W> MakeWriter<'a> for OneLine<M> {
    type Writer = Escaping<W>;

    fn make_writer(&'a self) -> Escaping<W> {
        Escaping((self.0)())
    }
}

impl<W: Write> Write for Escaping<W> {
    /// `event` is the whole of an event, with the line's end: so the formatters write.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        let line = text.strip_suffix('\n').unwrap_or(&text);
        if line.contains(is_unsafe) {
            self.0.write_all((escape(line) + "\n").as_bytes())?;
        } else {
            self.0.write_all(event)?;
        }
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// `\u202e` for U+202E: in a JSON string, which is where such a character is in JSON, it means the same.
fn escape(line: &str) -> String {
    line.chars().fold(String::with_capacity(line.len() + 16), |mut safe, c| {
        if is_unsafe(c) {
            safe.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            safe.push(c);
        }
        safe
    })
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(format: LogFormat, level: Level, events: impl Fn()) -> String {
        let kept = Kept::default();
        let writer = kept.clone();
        tracing::subscriber::with_default(subscriber(format, level, move || writer.clone()), events);
        String::from_utf8(kept.0.lock().unwrap().clone()).unwrap()
    }

    const HOSTILE: [&str; 6] = [
        "Ada\n2026-01-01T00:00:00Z ERROR forged",
        "Ada\r\nx",
        "\u{1B}[2J\u{1B}]0;title\u{7}",
        "\u{9B}31m\u{85}",
        "\u{202E}adA\u{2066}",
        "a\u{2028}b\u{2029}\u{7F}\0",
    ];

    #[test]
    fn given_hostile_text_in_any_place_then_an_event_is_one_harmless_line() {
        for format in [LogFormat::Text, LogFormat::Json] {
            for name in HOSTILE {
                let log = logged(format, Level::INFO, || {
                    tracing::info!(name, "joined");
                    tracing::info!(?name, "joined");
                    tracing::info!(%name, "joined");
                    tracing::info!("joined: {name}");
                });
                assert_eq!(log.lines().count(), 4, "{log}");
                assert!(log.ends_with('\n') && !log.replace('\n', "").contains(is_unsafe), "{log:?}");
            }
        }
    }

    #[test]
    fn given_a_plain_field_then_json_gives_it_back_as_it_was() {
        for name in HOSTILE {
            let log = logged(LogFormat::Json, Level::INFO, || tracing::info!(name, room = "r", "joined"));
            let event: serde_json::Value = serde_json::from_str(&log).unwrap();
            assert_eq!(
                (&event["name"], &event["message"], &event["level"]),
                (&name.into(), &"joined".into(), &"INFO".into())
            );
        }
    }

    #[test]
    fn given_a_plain_field_then_text_quotes_it_so_that_it_forges_no_other_field() {
        let log = logged(LogFormat::Text, Level::INFO, || {
            tracing::info!(name = "Ada\" room=\"x", room = "r", "joined")
        });
        assert!(log.ends_with(" INFO joined name=\"Ada\\\" room=\\\"x\" room=\"r\"\n"), "{log}");
    }

    #[test]
    fn given_a_level_then_ours_follow_it_and_others_show_from_warn() {
        let events = || {
            tracing::debug!("ours");
            tracing::info!(target: "hyper::proto", "chatter");
            tracing::warn!(target: "hyper::proto", "trouble");
        };
        for (level, wanted) in
            [(Level::DEBUG, vec!["ours", "trouble"]), (Level::INFO, vec!["trouble"]), (Level::ERROR, vec![])]
        {
            let log = logged(LogFormat::Text, level, events);
            let seen: Vec<&str> = log.lines().map(|line| line.rsplit(' ').next().unwrap()).collect();
            assert_eq!(seen, wanted, "{level}");
        }
    }
}
