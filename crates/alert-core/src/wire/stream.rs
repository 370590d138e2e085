//! A room over plain HTTP: one event after the other, as Server-Sent Events or as lines of JSON.

use std::time::SystemTime;

use serde::Serialize;

use super::alert;
use super::history::At;
use super::v1::{Msg, Notice};
use crate::event::{RoomEvent, What};
use crate::names::UserName;
use crate::position::{Gap, MessageId, Position};
use crate::room::alerts::Change;

/// The form of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamForm {
    /// Server-Sent Events: `id` is the position, `event` is `message` or `status`, and `data` is `{"msg",..}`.
    Sse,
    /// One JSON object a line: `{"event","msg",..,"position"}`.
    NdJson,
}

impl StreamForm {
    /// The media type of its response.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Sse => "text/event-stream; charset=utf-8",
            Self::NdJson => "application/x-ndjson; charset=utf-8",
        }
    }

    /// Sent while nothing happens, so that proxies keep the connection: a comment, or an empty line.
    #[must_use]
    pub fn keep_alive(self) -> &'static [u8] {
        match self {
            Self::Sse => b":\n\n",
            Self::NdJson => b"\n",
        }
    }

    pub(super) fn render(self, event: &RoomEvent) -> String {
        let notice = Notice::of(event);
        let (kind, position) = (notice.event(), event.position);
        if let What::Missing(gap) = event.what {
            return self.gap(gap);
        }
        if let What::Removed(removed) = event.what {
            return self.removed(removed, event);
        }
        if let What::Alert(change) = &event.what {
            return self.alert(change, event);
        }
        if event.what == What::ClockSet {
            return self.time(event);
        }
        let told = told(event);
        match self {
            Self::Sse => format!("id: {position}\nevent: {kind}\ndata: {}\n\n", json(&told)),
            Self::NdJson => json(&Line { event: kind, position: Some(position), told }) + "\n",
        }
    }

    /// Says where the room stands, so that the client can come back to this place. In SSE it makes no event, but sets
    /// what the client sends as `Last-Event-ID`.
    #[must_use]
    pub fn position(self, position: Position) -> String {
        match self {
            Self::Sse => format!("id: {position}\n\n"),
            Self::NdJson => json(&Place { event: "position", position }) + "\n",
        }
    }

    fn removed(self, removed: Position, event: &RoomEvent) -> String {
        let told = Removed { id: removed.message_id(), at: At(event.at) };
        match self {
            Self::Sse => format!("event: removed\ndata: {}\n\n", json(&told)),
            Self::NdJson => json(&Line { event: "removed", position: None, told }) + "\n",
        }
    }

    fn alert(self, change: &Change, event: &RoomEvent) -> String {
        let told = alerted(change, event.at);
        match self {
            Self::Sse => format!("event: alert\ndata: {}\n\n", json(&told)),
            Self::NdJson => json(&Line { event: "alert", position: None, told }) + "\n",
        }
    }

    fn time(self, event: &RoomEvent) -> String {
        let told = Time { msg: Notice::of(event).msg(), at: At(event.at) };
        match self {
            Self::Sse => format!("event: time\ndata: {}\n\n", json(&told)),
            Self::NdJson => json(&Line { event: "time", position: None, told }) + "\n",
        }
    }

    /// Says that messages are missing here.
    #[must_use]
    pub fn gap(self, gap: Gap) -> String {
        let told = missing(gap);
        match self {
            Self::Sse => format!("event: gap\ndata: {}\n\n", json(&told)),
            Self::NdJson => json(&Line { event: "gap", position: None, told }) + "\n",
        }
    }

    /// How many more bytes an event about `name` can have than in v1.
    pub(super) fn extra(name: Option<&UserName>) -> usize {
        /// The names of the keys, an id and a time.
        const AROUND: usize = 160;
        AROUND + name.map_or(0, |name| super::json_size(name.as_str()))
    }
}

/// The data of a message, or of whoever comes or goes.
pub(super) fn told(event: &RoomEvent) -> Told<'_> {
    let id = matches!(event.what, What::Said { .. }).then(|| event.position.message_id());
    Told { msg: Notice::of(event).msg(), id, at: At(event.at), name: event.what.name() }
}

/// The data of what has become of an alert, at this time.
pub(super) fn alerted(change: &Change, at: SystemTime) -> Alerted<'_> {
    Alerted { msg: alert::Notice(change).to_string(), at: At(at), told: alert::Told(change) }
}

/// The data of a gap.
pub(super) fn missing(gap: Gap) -> Missing {
    let msg = match gap.missed {
        None => "Messages may be missing here.".to_owned(),
        Some(1) => "1 message is missing here.".to_owned(),
        Some(missed) => format!("{missed} messages are missing here."),
    };
    Missing { msg, gap }
}

/// The data of an SSE event.
#[derive(Serialize)]
pub(super) struct Told<'a> {
    msg: Msg<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<MessageId>,
    at: At,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a UserName>,
}

/// A message is gone; it had this id.
#[derive(Serialize)]
struct Removed {
    id: MessageId,
    at: At,
}

/// What has become of an alert.
#[derive(Serialize)]
pub(super) struct Alerted<'a> {
    msg: String,
    at: At,
    #[serde(flatten)]
    pub(super) told: alert::Told<'a>,
}

/// The server's clock was set, to this.
#[derive(Serialize)]
struct Time<'a> {
    msg: Msg<'a>,
    at: At,
}

/// What is missing.
#[derive(Serialize)]
pub(super) struct Missing {
    msg: String,
    #[serde(flatten)]
    gap: Gap,
}

/// A line of NDJSON.
#[derive(Serialize)]
struct Line<T> {
    event: &'static str,
    #[serde(flatten)]
    told: T,
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<Position>,
}

#[derive(Serialize)]
struct Place {
    event: &'static str,
    position: Position,
}

#[expect(clippy::expect_used, reason = "strings and numbers are what JSON can hold")]
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("JSON")
}

#[cfg(test)]
mod tests;
