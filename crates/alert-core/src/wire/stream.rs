//! A room over plain HTTP: one event after the other, as Server-Sent Events or as lines of JSON.

use serde::Serialize;

use super::v1::{Msg, Notice};
use crate::event::RoomEvent;

/// The form of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamForm {
    /// Server-Sent Events: `event: message` or `event: status`, and `data: {"msg":...}`.
    Sse,
    /// One JSON object a line: `{"event":...,"msg":...}`.
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

    /// Sent while there is nothing to say, so that proxies keep the connection: a comment, or an empty line.
    #[must_use]
    pub fn keep_alive(self) -> &'static [u8] {
        match self {
            Self::Sse => b":\n\n",
            Self::NdJson => b"\n",
        }
    }

    #[expect(clippy::expect_used, reason = "a notice is strings, which JSON can hold")]
    pub(super) fn render(self, event: &RoomEvent) -> String {
        #[derive(Serialize)]
        struct Line<'a> {
            event: &'a str,
            msg: Msg<'a>,
        }
        let notice = Notice::of(event);
        let event = notice.event();
        match self {
            Self::Sse => {
                let data = serde_json::to_string(&notice).expect("a notice is JSON");
                format!("event: {event}\ndata: {data}\n\n")
            }
            Self::NdJson => {
                let line = Line { event, msg: notice.msg() };
                serde_json::to_string(&line).expect("a notice is JSON") + "\n"
            }
        }
    }
}

#[cfg(test)]
mod tests;
