//! One event as one line of text or JSON. Nothing gets through that would end the line early, control a terminal or
//! reverse the text, and no value is longer than [`MOST_CHARS`].

use std::fmt::{self, Debug, Write};

use alert_core::printable::is_unsafe;
use tracing::field::{Field, Visit};
use tracing::{Event, Level};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};

use super::cause;
use crate::config::LogFormat;

/// What is kept of a value. Values come from outside: an event's name may be a megabyte long.
const MOST_CHARS: usize = 128;
/// What is kept of a message, which is ours.
const MOST_MESSAGE_CHARS: usize = 1024;
const CUT: char = '…';
const MESSAGE: &str = "message";

/// A line that is being written.
pub(super) struct Line {
    format: LogFormat,
    text: String,
}

impl Line {
    /// The line of an event, with its end.
    pub(super) fn of(event: &Event<'_>, format: LogFormat) -> String {
        let metadata = event.metadata();
        let mut line = Self::head(format, *metadata.level());
        event.record(&mut line);
        cause::add_to(&mut line);
        line.end(metadata.target())
    }

    /// A line of the log's own.
    pub(super) fn begin(format: LogFormat, level: Level, message: &str) -> Self {
        let mut line = Self::head(format, level);
        line.put(MESSAGE, Form::Shown, &cut(message, MOST_MESSAGE_CHARS));
        line
    }

    fn head(format: LogFormat, level: Level) -> Self {
        let mut text = String::with_capacity(256);
        match format {
            LogFormat::Text => {
                put_time(&mut text);
                let _ = write!(text, " {level:>5}");
            }
            LogFormat::Json => {
                text.push_str("{\"timestamp\":\"");
                put_time(&mut text);
                let _ = write!(text, "\",\"level\":\"{level}\"");
            }
        }
        Self { format, text }
    }

    /// Adds a text from outside.
    pub(super) fn text(&mut self, name: &str, value: &str) {
        self.put(name, Form::Quoted, &cut(value, MOST_CHARS));
    }

    /// Adds a number or a truth value.
    pub(super) fn plain(&mut self, name: &str, value: impl Debug) {
        self.put(name, Form::Plain, &format!("{value:?}"));
    }

    /// The whole line, with its end. `target` is the module that logs it.
    pub(super) fn end(mut self, target: &str) -> String {
        if self.format == LogFormat::Json {
            self.put("target", Form::Shown, target);
            self.text.push('}');
        }
        let mut text = if self.text.contains(is_unsafe) { escape(&self.text) } else { self.text };
        text.push('\n');
        text
    }

    fn put(&mut self, name: &str, form: Form, value: &str) {
        let text = &mut self.text;
        // Writing to a string cannot fail.
        let _ = match (self.format, form) {
            (LogFormat::Text, _) if name == MESSAGE => write!(text, " {value}"),
            (LogFormat::Text, Form::Quoted) => write!(text, " {name}={value:?}"),
            (LogFormat::Text, Form::Shown | Form::Plain) => write!(text, " {name}={value}"),
            (LogFormat::Json, Form::Plain) => write!(text, ",\"{name}\":{value}"),
            (LogFormat::Json, Form::Quoted | Form::Shown) => {
                write!(text, ",\"{name}\":{}", serde_json::Value::from(value))
            }
        };
    }
}

/// How a value is written in a line.
#[derive(Clone, Copy)]
enum Form {
    /// A text: in quotes.
    Quoted,
    /// The output of `Debug` or `Display`: as it is; in JSON, a string.
    Shown,
    /// A number or a truth value, which JSON has too.
    Plain,
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let most = if field.name() == MESSAGE { MOST_MESSAGE_CHARS } else { MOST_CHARS };
        self.put(field.name(), Form::Shown, &shown(value, most));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == MESSAGE {
            self.put(MESSAGE, Form::Shown, &cut(value, MOST_MESSAGE_CHARS));
        } else {
            self.text(field.name(), value);
        }
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        // JSON has no infinity.
        let form = if value.is_finite() { Form::Plain } else { Form::Shown };
        self.put(field.name(), form, &value.to_string());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.plain(field.name(), value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.plain(field.name(), value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.plain(field.name(), value);
    }
}

fn put_time(text: &mut String) {
    let _ = SystemTime.format_time(&mut Writer::new(text));
}

/// The beginning of a text, with a mark where something follows.
pub(super) fn cut(text: &str, most: usize) -> String {
    let mut kept = Beginning::of(most);
    let _ = kept.write_str(text);
    kept.text
}

/// The beginning of what `Debug` writes. No more is made than is kept.
pub(super) fn shown(value: &dyn Debug, most: usize) -> String {
    let mut kept = Beginning::of(most);
    let _ = write!(kept, "{value:?}");
    kept.text
}

/// Takes this many characters and no more.
struct Beginning {
    text: String,
    left: usize,
}

impl Beginning {
    fn of(most: usize) -> Self {
        Self { text: String::new(), left: most }
    }
}

impl Write for Beginning {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        match text.char_indices().nth(self.left) {
            None => {
                self.text.push_str(text);
                self.left -= text.chars().count();
                Ok(())
            }
            Some((end, _)) => {
                self.text.push_str(&text[..end]);
                self.text.push(CUT);
                self.left = 0;
                Err(fmt::Error)
            }
        }
    }
}

/// `\u202e` for U+202E. In JSON such a character can only be in a string, where the escape means the same.
fn escape(line: &str) -> String {
    line.chars().fold(String::with_capacity(line.len() + 16), |mut safe, c| {
        if is_unsafe(c) {
            let _ = write!(safe, "\\u{:04x}", u32::from(c));
        } else {
            safe.push(c);
        }
        safe
    })
}
