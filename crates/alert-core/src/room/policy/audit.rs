//! Who did what to a room, to whom, and when.

use std::str::FromStr;
use std::time::SystemTime;

/// One line of a room's audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audit {
    /// When.
    pub at: SystemTime,
    /// Who: the name under which they were in the room, or what their credential says of them.
    pub by: Box<str>,
    /// What.
    pub deed: Deed,
    /// To whom or what, if to anybody: a name, an address, a message's position.
    pub to: Option<Box<str>>,
    /// The rest, for people.
    pub detail: Option<Box<str>>,
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Deed {
    /// Somebody made the room, and became its host.
    Make,
    /// What holds for everybody was changed.
    Set,
    /// A message was removed.
    Remove,
    /// Somebody was muted.
    Mute,
    /// That was ended.
    Unmute,
    /// Somebody was put out.
    Kick,
    /// Somebody was banned.
    Ban,
    /// That was ended.
    Unban,
    /// The room was closed.
    Close,
    /// A hand was raised or lowered. It is not kept.
    Hand,
    /// Somebody was given the word, or it was taken from them.
    Word,
    /// The room got another key for its hosts.
    Key,
    /// An alert was raised.
    Raise,
    /// One was proposed that takes a second person.
    Propose,
    /// That person has released it.
    Release,
    /// Alerts were prepared, or taken away that were.
    Prepare,
    /// An alert was changed.
    Update,
    /// An alert was ended.
    End,
    /// An alert was passed on, since people had not confirmed it.
    Escalate,
    /// A bell was set, or changed.
    Bell,
    /// A bell was removed.
    Unbell,
    /// A bell rings at other times on a day.
    Day,
    /// A bell rang. It is not kept.
    Ring,
    /// A webhook was made, or got another secret.
    Hook,
    /// A webhook was removed.
    Unhook,
}

const NAMES: [(Deed, &str); 25] = [
    (Deed::Make, "make"),
    (Deed::Set, "set"),
    (Deed::Remove, "remove"),
    (Deed::Mute, "mute"),
    (Deed::Unmute, "unmute"),
    (Deed::Kick, "kick"),
    (Deed::Ban, "ban"),
    (Deed::Unban, "unban"),
    (Deed::Close, "close"),
    (Deed::Hand, "hand"),
    (Deed::Word, "word"),
    (Deed::Key, "key"),
    (Deed::Raise, "raise"),
    (Deed::Propose, "propose"),
    (Deed::Release, "release"),
    (Deed::Prepare, "prepare"),
    (Deed::Update, "update"),
    (Deed::End, "end"),
    (Deed::Escalate, "escalate"),
    (Deed::Bell, "bell"),
    (Deed::Unbell, "unbell"),
    (Deed::Day, "day"),
    (Deed::Ring, "ring"),
    (Deed::Hook, "webhook"),
    (Deed::Unhook, "unwebhook"),
];

impl Deed {
    /// As clients and stores see it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        NAMES.iter().find(|(deed, _)| *deed == self).map_or("", |(_, name)| name)
    }
}

impl FromStr for Deed {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        NAMES.iter().find(|(_, name)| *name == text).map(|(deed, _)| *deed).ok_or(())
    }
}
