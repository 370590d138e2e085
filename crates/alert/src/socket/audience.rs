//! Who hears a room, each in its own form: sockets as Socket.IO events, listeners over HTTP as text. A notice is
//! rendered once for each form that somebody wants.

use crate::protocol::v1::Notice;
use serde::Serialize;
use socketio_server::{ConnectionId, Hub, Membership, Publication, Room};

/// The form in which a listener gets a room's notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListenForm {
    /// Server-Sent Events: `event: message` or `event: status`, and `data: {"msg":...}`.
    Sse,
    /// One JSON object a line: `{"event":...,"msg":...}`.
    NdJson,
}

pub(super) struct Audience {
    sockets: Room,
    /// By [`ListenForm`]; made for the first listener.
    listeners: [Option<Room>; 2],
}

impl Audience {
    pub(super) fn new(hub: &Hub) -> Self {
        Self { sockets: hub.room(), listeners: [None, None] }
    }

    pub(super) fn join(&self, connection: ConnectionId) -> Membership {
        self.sockets.join(connection)
    }

    pub(super) fn listen(&mut self, hub: &Hub, form: ListenForm, connection: ConnectionId) -> Membership {
        self.listeners[form as usize].get_or_insert_with(|| hub.room()).join(connection)
    }

    /// Tells everybody, and says how many they are. `rendered` is the notice for sockets.
    pub(super) fn publish(&self, notice: &Notice, rendered: &Publication) -> usize {
        let mut count = self.sockets.publish(rendered);
        for (form, listeners) in [ListenForm::Sse, ListenForm::NdJson].into_iter().zip(&self.listeners) {
            if let Some(listeners) = listeners {
                count += listeners.publish(&form.render(notice));
            }
        }
        count
    }
}

impl ListenForm {
    /// Sent while there is nothing to say, so that proxies keep the connection: a comment, or an empty line.
    pub fn keep_alive(self) -> &'static [u8] {
        match self {
            Self::Sse => b":\n\n",
            Self::NdJson => b"\n",
        }
    }

    #[expect(clippy::expect_used, reason = "a notice is strings, which JSON can hold")]
    fn render(self, notice: &Notice) -> Publication {
        #[derive(Serialize)]
        struct Line<'a> {
            event: &'a str,
            msg: &'a str,
        }
        let event = notice.event();
        let text = match self {
            Self::Sse => {
                format!(
                    "event: {event}\ndata: {}\n\n",
                    serde_json::to_string(notice).expect("a notice is JSON")
                )
            }
            Self::NdJson => {
                let line = Line { event, msg: notice.msg() };
                serde_json::to_string(&line).expect("a notice is JSON") + "\n"
            }
        };
        Publication::bytes(text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::UserName;

    #[test]
    fn whatever_is_in_a_message_stays_in_its_event_and_its_line() {
        let name = UserName::parse("Ada", 64).unwrap();
        let notice = Notice::message(&name, "a\nevent: status\r\n\ndata: x\u{2028}");
        let sse = ListenForm::Sse.render(&notice);
        let expected =
            "event: message\ndata: {\"msg\":\"Ada: a\\nevent: status\\r\\n\\ndata: x\u{2028}\"}\n\n";
        assert_eq!(sse.size(), expected.len());
        let line = ListenForm::NdJson.render(&Notice::entered(&name));
        assert_eq!(line.size(), "{\"event\":\"status\",\"msg\":\"Ada has entered the room.\"}\n".len());
    }
}
