//! Whoever is in a room or hears it when something is decided on another server: they stay, or go and hear nothing more,
//! whatever they are connected by.

use serde_json::json;

use super::Key;
use super::every_way::Step;
use super::nodes::Nodes;
use super::rules::RULES;
use super::ways::{Line, Shows, Transport, Who, begun};
use crate::http::Listening;
use crate::server::Server;

/// Somebody who hears the room.
pub(super) enum Hearer<'a> {
    Line(Line<'a>, &'static str),
    Stream(Listening),
}

/// How they hear it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    V1(Transport),
    V2(Transport),
    /// Of v2, from outside.
    Listens(Transport),
    Stream(&'static str),
}

pub(super) const KINDS: [Kind; 8] = [
    Kind::V1(Transport::WebSocket),
    Kind::V1(Transport::Polling),
    Kind::V2(Transport::WebSocket),
    Kind::V2(Transport::Polling),
    Kind::Listens(Transport::WebSocket),
    Kind::Listens(Transport::Polling),
    Kind::Stream("text/event-stream"),
    Kind::Stream("application/x-ndjson"),
];

const SECRET: &str = "for those who stay";

impl Kind {
    pub(super) fn hears<'a>(self, server: &'a Server, who: &Who) -> Hearer<'a> {
        let line = |namespace, transport, enters| {
            let mut line = Line::open(server, who, transport);
            assert!(line.connect(namespace, who, &json!({})).starts_with(&format!("40{namespace}")));
            assert_eq!(line.carries_out(namespace, &[enters]), "ok");
            Hearer::Line(line, namespace)
        };
        let join = |listen| json!(["join", { "room": who.room, "name": "Ada", "listen": listen }]);
        match self {
            Self::V1(transport) => line("", transport, who.joined()),
            Self::V2(transport) => line("/v2,", transport, join(false)),
            Self::Listens(transport) => line("/v2,", transport, join(true)),
            Self::Stream(accept) => {
                let path = format!("/v1/rooms/{}/events", who.room);
                Hearer::Stream(begun(who.opens(server, "GET", &path, &[("accept", accept)])).unwrap())
            }
        }
    }
}

/// What v1 and v2 are told who are put out.
const OUT: [&str; 4] = [
    "A host has removed you from the room.",
    "You may not be in this room.",
    "The room has been closed by its host.",
    "[\"put_out\",",
];

impl Hearer<'_> {
    /// Whether it hears this, and not that it is out, or the end.
    pub(super) fn gets(&mut self, text: &str) -> bool {
        loop {
            let next = match self {
                Self::Line(line, _) => line.next(),
                Self::Stream(stream) => stream.line(),
            };
            match next {
                Some(next) if next.contains(text) => return true,
                Some(next) if !OUT.iter().any(|out| next.contains(out)) => {}
                // Whoever is out of a room may still ask.
                Some(_) => return self.is_told(text),
                None => return false,
            }
        }
    }

    /// Whether it is told this before an answer that it asks for now.
    fn is_told(&mut self, text: &str) -> bool {
        let Self::Line(line, namespace) = self else { return false };
        line.send(&format!("42{namespace}7[\"unknown\",{{}}]"));
        loop {
            let packet = line.packet();
            if packet.starts_with("43") {
                return false;
            }
            if packet.contains(text) {
                return true;
            }
        }
    }
}

#[test]
fn what_a_host_decides_puts_out_on_another_server_whoever_may_not_stay_and_nobody_else() {
    let key = Key::new();
    for nodes in Nodes::of_each_kind(&key, "open", &["--room-tries", "0"]) {
        let mut wrong: Vec<String> = Vec::new();
        for (number, rule) in RULES.iter().enumerate() {
            for (other, kind) in KINDS.iter().enumerate() {
                let who = Who { room: format!("R{number}-{other}"), shows: Shows::Nothing };
                let host = nodes.host(&who.room);
                let mut hearer = kind.hears(nodes.there(), &who);
                (rule.actions)().iter().for_each(|action| host.does(action));
                host.says(SECRET);
                let is_inside = matches!(kind, Kind::V1(_) | Kind::V2(_));
                let stays = match rule.name {
                    "a ban by address" | "closing it" => false,
                    // Of somebody who is in the room; where nobody is, nothing happens.
                    "a kick" => !is_inside,
                    // A stream ends, and begins again for those who may hear it.
                    "a ban" => matches!(kind, Kind::Listens(_)),
                    // Whoever listens stops when they would not be let in any more.
                    _ => is_inside || !rule.shuts.contains(&Step::Look),
                };
                if hearer.gets(SECRET) != stays {
                    wrong.push(format!("{}: {kind:?}", rule.name));
                }
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}
