//! Who hears a room, each in its own form: sockets as Socket.IO events, listeners over HTTP as text. A notice is
//! rendered once for each form that somebody wants.

use alert_core::wire::v1::Notice;
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

    pub(super) fn listen(&mut self, form: ListenForm, connection: ConnectionId) -> Membership {
        self.listeners[form as usize].get_or_insert_with(|| self.sockets.another_form()).join(connection)
    }

    /// The runtime's room; that of the listeners is another form of it.
    pub(super) fn room(&self) -> Room {
        self.sockets.clone()
    }

    /// Tells everybody, and says how many they are. `rendered` is the notice for sockets.
    pub(super) fn publish(&self, notice: &Notice, rendered: &Publication) -> usize {
        let mut count = self.sockets.publish(rendered);
        for (form, listeners) in [ListenForm::Sse, ListenForm::NdJson].into_iter().zip(&self.listeners) {
            if let Some(listeners) = listeners {
                count += listeners.publish(&Publication::bytes(form.render(notice).as_bytes()));
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
    fn render(self, notice: &Notice) -> String {
        #[derive(Serialize)]
        struct Line<'a> {
            event: &'a str,
            msg: &'a str,
        }
        let event = notice.event();
        match self {
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
        }
    }
}

#[cfg(test)]
mod tests;
