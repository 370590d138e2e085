//! Why something that somebody asks of a room changes nothing, in words for them.

use super::action::MOST_ENTRIES;
use crate::room::alerts::{MOST_ALERTS, MOST_PREPARED, MOST_PROPOSED};
use crate::room::bells::MOST_BELLS;
use crate::room::hooks::MOST_HOOKS;
use crate::room::roll_call::MOST_PEOPLE;

/// Why an action changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotDone {
    /// A list is full.
    #[error("a list has up to {MOST_ENTRIES} entries, and 32 KiB of names: take some away first.")]
    TooMany,
    /// Hands are raised where hosts speak only.
    #[error("everybody may speak in this room.")]
    NoNeed,
    /// There are as many alerts as there may be.
    #[error("{MOST_ALERTS} alerts are in force in this room: end one first.")]
    TooManyAlerts,
    /// Whoever asks was a host by a policy that does not hold any more.
    #[error("only a host of the room does this.")]
    NotHost,
    /// It is no alert that is in force.
    #[error("there is no such alert in this room, or it has ended.")]
    NoSuchAlert,
    /// As many wait to be released as may.
    #[error("{MOST_PROPOSED} alerts wait to be released in this room: release or withdraw one first.")]
    TooManyProposed,
    /// Whoever has proposed an alert would release it.
    #[error("somebody else has to release this alert, under another name and with another token.")]
    SamePerson,
    /// An alert would become an emergency that nobody else has released.
    #[error("an emergency takes a second person in this room: raise another alert, which they release.")]
    TakesTwo,
    /// An alert would end, or its countdown would, before now or in years.
    #[error("ends_at and countdown_to must be ahead, by 366 days at most.")]
    NotAhead,
    /// An alert would end before anybody is reminded of it.
    #[error("remind must be shorter than the alert lasts, or nobody is reminded of it.")]
    EndsBeforeReminder,
    /// An alert would end before it is passed on.
    #[error("escalate_after must be shorter than the alert lasts, or it is not passed on.")]
    EndsBeforeEscalation,
    /// A countdown is to be paused, or to go on, and there is none.
    #[error("this alert has no countdown, or it is over.")]
    NoCountdown,
    /// Another one has changed the countdown that somebody has seen.
    #[error("somebody has changed this countdown meanwhile: look at it, and do it again.")]
    CountdownChanged,
    /// An alert would be passed on to the room that it is in force in.
    #[error("escalate_to must be another room.")]
    OwnRoom,
    /// The key came with another alert.
    #[error("this key came with another alert; give every alert a key of its own.")]
    KeyReused,
    /// As much is prepared as may be.
    #[error(
        "a room has up to {MOST_PREPARED} prepared alerts, and 32 KiB of their words: take some away first."
    )]
    TooManyPrepared,
    /// There is no prepared alert of the name.
    #[error("no alert of this name is prepared in this room.")]
    NotPrepared,
    /// Nobody is asked to confirm the alert.
    #[error("this alert does not ask to be confirmed.")]
    NotAsked,
    /// The alert names answers, and this is none of them.
    #[error("answer must be one of those that the alert names.")]
    NoSuchAnswer,
    /// There are too many people in a roll call.
    #[error("there are {MOST_PEOPLE} people in this roll call, and no more can be added.")]
    RollCallFull,
    /// The rosters of all rooms are too long.
    #[error("this server keeps as many names in rosters as it may: make another roster shorter first.")]
    RostersFull,
    /// It is no bell of the room.
    #[error("there is no such bell in this room.")]
    NoSuchBell,
    /// It is not the room's to change.
    #[error(
        "this bell is in the server's file of bells: change it there. One day of it can be changed here."
    )]
    BellOfFile,
    /// Its rule gives no day.
    #[error("this bell would never ring: its rule gives no day within 9 years.")]
    BellNever,
    /// There are as many bells as there may be.
    #[error("a room keeps {MOST_BELLS} bells, and 48 KiB of them: remove one first.")]
    TooManyBells,
    /// There are as many days with other times as there may be.
    #[error("bells ring at other times on too many days already: take some back first.")]
    TooManyDays,
    /// There are as many webhooks as there may be.
    #[error("a room has {MOST_HOOKS} webhooks: remove one first.")]
    TooManyHooks,
    /// There are as many in all rooms together.
    #[error("the rooms of this server have as many webhooks as they may: remove one first.")]
    TooManyHooksInAll,
    /// A webhook has nothing to go on from.
    #[error("webhooks need a history, which this server does not keep (history).")]
    HooksNeedHistory,
    /// It is no webhook of the room.
    #[error("there is no such webhook in this room.")]
    NoSuchHook,
    /// Somebody is to be put out who is not there.
    #[error("nobody of this name is in the room.")]
    NobodyHere,
}

impl NotDone {
    /// What a program may say in its own words, where the code does not tell.
    #[must_use]
    pub fn reason(self) -> Option<&'static str> {
        match self {
            Self::TooManyAlerts => Some("alerts_full"),
            Self::TooManyProposed => Some("waiting_full"),
            Self::TooManyPrepared => Some("prepared_full"),
            Self::SamePerson => Some("same_person"),
            Self::TakesTwo => Some("takes_two"),
            Self::NoCountdown => Some("no_countdown"),
            Self::EndsBeforeReminder => Some("ends_before_reminder"),
            Self::EndsBeforeEscalation => Some("ends_before_escalation"),
            Self::OwnRoom => Some("own_room"),
            Self::TooManyBells => Some("bells_full"),
            Self::TooManyDays => Some("days_full"),
            Self::BellOfFile => Some("of_file"),
            Self::TooManyHooks => Some("webhooks_full"),
            Self::TooManyHooksInAll => Some("webhooks_full_in_all"),
            Self::HooksNeedHistory => Some("no_history"),
            Self::RostersFull => Some("rosters_full"),
            _ => None,
        }
    }
}
