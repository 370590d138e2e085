//! A token that has expired or been revoked on one server is worth nothing on another one: by each way in, by each way
//! back, and for those who are connected.

use std::time::{Duration, Instant};

use super::every_way::WAYS;
use super::nodes::Nodes;
use super::returning::{Away, MEANWHILE, RETURNS};
use super::staying::KINDS;
use super::ways::{Shows, Who};
use super::{API_TOKEN, Key};
use crate::server::DEADLINE;

/// What becomes of a token.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    Expired,
    Revoked,
}

impl End {
    fn code(self) -> &'static str {
        if self == Self::Expired { "token_expired" } else { "token_revoked" }
    }

    /// Ada's, for a room.
    fn token(self, key: &Key, room: &str) -> Who {
        let lasts = if self == Self::Expired { "2s" } else { "1h" };
        let words = ["Ada", "--room", room, "--can", "read,speak,moderate", "--for", lasts];
        Who { room: room.to_owned(), shows: Shows::Token(key.mint(&words)) }
    }

    /// Has it end, and waits until that is known.
    fn happens(self, nodes: &Nodes, who: &Who) {
        if self == Self::Revoked {
            nodes.run(&["token", "revoke", who.token().unwrap()]);
        }
        let until = Instant::now() + DEADLINE;
        let path = format!("/v1/rooms/{}", who.room);
        while who.asks(nodes.there(), "GET", &path, "*/*").outcome() != self.code() {
            assert!(Instant::now() < until, "{self:?} is not known");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn says(nodes: &Nodes, room: &str, text: &str) -> String {
    let bot = Who { room: room.to_owned(), shows: Shows::Token(API_TOKEN.to_owned()) };
    let body = serde_json::json!({ "name": "Bot", "msg": text });
    let said = bot.sends(nodes.here(), "POST", &format!("/v1/rooms/{room}/messages"), &body);
    said.json()["position"].as_str().unwrap_or_else(|| panic!("{said:?}")).to_owned()
}

fn nodes(key: &Key) -> [Nodes; 2] {
    Nodes::of_each_kind(key, "token", &["--api-token", API_TOKEN, "--room-tries", "0"])
}

#[test]
fn a_token_that_has_ended_lets_nobody_in_on_any_server() {
    let key = Key::new();
    for nodes in nodes(&key) {
        for end in [End::Expired, End::Revoked] {
            let who = end.token(&key, "R1");
            end.happens(&nodes, &who);
            for (way, by) in WAYS.iter().flat_map(|way| way.transports().iter().map(move |by| (way, *by))) {
                // The page says it in its words.
                let code = if way.name == "login" { "not_allowed" } else { end.code() };
                assert_eq!(way.goes(nodes.there(), &who, by), code, "{} over {by:?}", way.name);
            }
        }
    }
}

#[test]
fn whoever_was_away_gets_nothing_with_a_token_that_has_ended_or_does_not_let_them_read() {
    let key = Key::new();
    for nodes in nodes(&key) {
        std::thread::scope(|scope| {
            for (number, way) in RETURNS.iter().enumerate() {
                let (nodes, key) = (&nodes, &key);
                scope.spawn(move || {
                    for (other, can) in
                        ["read", "speak", "moderate", "expired", "revoked"].into_iter().enumerate()
                    {
                        let room = format!("R{number}-{other}");
                        let end = match can {
                            "expired" => Some(End::Expired),
                            "revoked" => Some(End::Revoked),
                            _ => None,
                        };
                        let was = end.unwrap_or(End::Revoked).token(key, &room);
                        let words = ["Ada", "--room", &room, "--can", can];
                        let is = match end {
                            Some(_) => None,
                            None => Some(Who { room: room.clone(), shows: Shows::Token(key.mint(&words)) }),
                        };
                        let position = says(nodes, &room, "before");
                        let happens = || {
                            says(nodes, &room, MEANWHILE);
                            if let Some(end) = end {
                                end.happens(nodes, &was);
                            }
                        };
                        let says = |text: &str| says(nodes, &room, text);
                        let is = is.as_ref().unwrap_or(&was);
                        let away = Away {
                            nodes,
                            was: &was,
                            is,
                            happens: &happens,
                            position: &position,
                            says: &says,
                        };
                        let heard = (way.goes)(&away);
                        let gets = heard.iter().any(|one| one.contains(MEANWHILE));
                        assert_eq!(gets, can == "read", "{can}, {}: {heard:?}", way.name);
                    }
                });
            }
        });
    }
}

#[test]
fn whoever_is_connected_with_a_token_that_ends_hears_nothing_more_on_any_server() {
    let key = Key::new();
    for nodes in nodes(&key) {
        for end in [End::Expired, End::Revoked] {
            let who = end.token(&key, &format!("{end:?}"));
            let mut hearers = KINDS.map(|kind| kind.hears(nodes.there(), &who));
            says(&nodes, &who.room, "before");
            for (hearer, kind) in hearers.iter_mut().zip(KINDS) {
                assert!(hearer.gets("before"), "{kind:?}");
            }
            end.happens(&nodes, &who);
            for (hearer, kind) in hearers.iter_mut().zip(KINDS) {
                assert!(!hearer.gets("never said"), "{kind:?} ends");
            }
        }
    }
}
