//! What a room's policy does not allow.

use std::fmt::{self, Display, Formatter};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;

use super::Until;

/// Something that a room's policy does not allow. The text is a sentence for whoever asked, and repeats nothing that
/// they sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forbidden {
    /// The room is closed.
    Closed,
    /// They are banned.
    Banned(Until),
    /// They have been put out.
    PutOut,
    /// They have not shown the password.
    PasswordRequired,
    /// It is another one.
    PasswordWrong,
    /// Too many wrong ones came from their address: they wait for so long.
    TooManyGuesses(Duration),
    /// Too many passwords are being looked at: they wait for so long.
    PasswordsBusy(Duration),
    /// Too many ask for bells: they wait for so long.
    BellsBusy(Duration),
    /// Too much was done by hosts from their network: they wait for so long.
    TooManyDeeds(Duration),
    /// Too many webhooks were made from their network: they wait for so long.
    TooManyHooks(Duration),
    /// The key that they have shown is not that of the room's hosts.
    KeyWrong,
    /// Only hosts do this.
    NotHost,
    /// The room is locked.
    Locked,
    /// As many people are in it as may be.
    Full(u32),
    /// The name belongs to somebody else.
    NameReserved,
    /// Hosts speak only.
    HostsOnly,
    /// They are muted.
    Muted(Until),
    /// They spoke a moment ago, and have to wait for so long.
    TooFast(Duration),
}

impl Forbidden {
    /// For programs.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Banned(_) => "banned",
            Self::PutOut => "removed",
            Self::PasswordRequired => "password",
            Self::PasswordWrong => "password_wrong",
            Self::TooManyGuesses(_) => "password_wait",
            Self::PasswordsBusy(_) => "password_busy",
            Self::BellsBusy(_) => "bells_busy",
            Self::TooManyDeeds(_) => "actions_wait",
            Self::TooManyHooks(_) => "webhooks_wait",
            Self::KeyWrong => "key_wrong",
            Self::NotHost => "not_host",
            Self::Locked => "locked",
            Self::Full(_) => "full",
            Self::NameReserved => "name_reserved",
            Self::HostsOnly => "hosts_only",
            Self::Muted(_) => "muted",
            Self::TooFast(_) => "slow",
        }
    }

    /// How long it makes sense to wait, where waiting is all that it takes.
    #[must_use]
    pub fn wait(self) -> Option<Duration> {
        match self {
            Self::TooFast(wait)
            | Self::TooManyGuesses(wait)
            | Self::PasswordsBusy(wait)
            | Self::BellsBusy(wait)
            | Self::TooManyDeeds(wait)
            | Self::TooManyHooks(wait) => Some(wait),
            _ => None,
        }
    }
}

impl Display for Forbidden {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let text = match *self {
            Self::Closed => "the room has been closed by its host.",
            Self::Banned(until) => return ends(out, "you may not be in this room", until),
            Self::PutOut => "a host has removed you from the room.",
            Self::PasswordRequired => "this room has a password: send it as password.",
            Self::PasswordWrong => "this is not the password of the room.",
            Self::TooManyGuesses(wait) => {
                return write!(
                    out,
                    "too many wrong passwords came from your address: wait {} s.",
                    whole(wait)
                );
            }
            Self::PasswordsBusy(wait) => {
                return write!(out, "many passwords are being checked: try again in {} s.", whole(wait));
            }
            Self::BellsBusy(wait) => {
                return write!(out, "many people ask for bells: try again in {} s.", whole(wait));
            }
            Self::TooManyDeeds(wait) => {
                return write!(out, "hosts at your address do too much at once: wait {} s.", whole(wait));
            }
            Self::TooManyHooks(wait) => {
                return write!(out, "too many webhooks were made from your address: wait {} s.", whole(wait));
            }
            Self::KeyWrong => {
                "this is not the key of the room's hosts: the room may have no host, or a newer key."
            }
            Self::NotHost => "only a host of the room does this.",
            Self::Locked => "the room is locked: ask its host to let you in.",
            Self::Full(most) => return write!(out, "this room is full: its host lets in {most} people."),
            Self::NameReserved => "this name is reserved: choose another one.",
            Self::HostsOnly => "only hosts speak in this room: raise your hand to ask for the word.",
            Self::Muted(until) => return ends(out, "a host has muted you", until),
            Self::TooFast(wait) => {
                return write!(out, "this room is in slow mode: wait {} s.", whole(wait));
            }
        };
        out.write_str(text)
    }
}

impl std::error::Error for Forbidden {}

/// In seconds, rounded up.
fn whole(wait: Duration) -> u64 {
    (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1)
}

fn ends(out: &mut Formatter<'_>, what: &str, until: Option<SystemTime>) -> fmt::Result {
    match until {
        Some(until) => {
            let until = Timestamp::try_from(until).unwrap_or(Timestamp::MAX);
            write!(out, "{what} until {until:.0}.")
        }
        None => write!(out, "{what}."),
    }
}
