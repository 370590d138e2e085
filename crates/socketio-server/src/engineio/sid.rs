//! Session ids: 128 random bits that nobody can guess, and the shard that owns the session.

use crate::peers::ServerName;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use std::fmt;

const BYTES: usize = 18;

/// An Engine.IO session id, `sid` in every request: 24 characters of base64url.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Sid([u8; BYTES]);

impl Sid {
    /// Makes a new one for a session of `shard`.
    pub(crate) fn random(shard: u16) -> Self {
        let mut bytes = [0; BYTES];
        fill_random(&mut bytes);
        bytes[..2].copy_from_slice(&shard.to_be_bytes());
        Self(bytes)
    }

    /// Reads what a client sent; `None` if it cannot be one of ours.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        Some(Self(bytes.try_into().ok()?))
    }

    pub(crate) fn shard(&self) -> u16 {
        u16::from_be_bytes([self.0[0], self.0[1]])
    }
}

impl fmt::Display for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

/// Where the session is that a request names.
#[derive(PartialEq, Eq)]
pub(crate) enum Owner {
    Here(Sid),
    Elsewhere(ServerName),
}

impl Owner {
    /// Reads what a client sent; `None` if it cannot be an id. Of several servers, this one's ids begin with `this`.
    pub(crate) fn parse(text: &str, this: &str) -> Option<Self> {
        match text.strip_prefix(this).map(Sid::parse) {
            Some(Some(sid)) => Some(Self::Here(sid)),
            _ if this.is_empty() => None,
            _ => {
                let (server, sid) = text.split_at_checked(ServerName::LENGTH)?;
                let server = ServerName::parse(server).filter(|server| server.to_string() != this)?;
                Sid::parse(sid).map(|_| Self::Elsewhere(server))
            }
        }
    }
}

/// A Socket.IO session id, one for each namespace of a connection. Only the client uses it.
pub(crate) fn random_socket_id() -> String {
    let mut bytes = [0; 15];
    fill_random(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

#[expect(clippy::expect_used, reason = "a kernel without randomness cannot run a server")]
fn fill_random(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the system gives no random bytes");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_id_names_its_shard_and_survives_the_wire() {
        let sid = Sid::random(513);
        assert_eq!(sid.shard(), 513);
        assert!(Sid::parse(&sid.to_string()) == Some(sid) && sid.to_string().len() == 24);
        assert!(Sid::random(513) != sid);
        assert!(
            Sid::parse("").is_none()
                && Sid::parse("x").is_none()
                && Sid::parse("ä".repeat(12).as_str()).is_none()
        );
    }

    #[test]
    fn of_several_servers_an_id_names_its_own() {
        let [one, other] = [1, 2].map(ServerName::new);
        let sid = Sid::random(3);
        let text = format!("{one}{sid}");
        assert_eq!(text.len(), 32);
        assert!(Owner::parse(&text, &one.to_string()) == Some(Owner::Here(sid)));
        assert!(Owner::parse(&text, &other.to_string()) == Some(Owner::Elsewhere(one)));
        assert!(Owner::parse(&text, "").is_none(), "there is one server");
        assert!(Owner::parse(&sid.to_string(), "") == Some(Owner::Here(sid)));
        for bad in ["", "x", &text[1..], &format!("{text}A"), &sid.to_string(), &"ä".repeat(16)] {
            assert!(Owner::parse(bad, &one.to_string()).is_none(), "{bad}");
            assert!(Owner::parse(bad, &other.to_string()).is_none(), "{bad}");
        }
    }
}
