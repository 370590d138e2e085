//! A room's policy: who may enter it, read it and speak in it, beyond knowing its code. A room without one is open to
//! everybody who has its code. Pure: the time is passed in, and nothing is sent or stored here.

mod action;
mod audit;
mod forbidden;
mod look;
mod looks;
mod not_done;
mod secret;
pub(crate) mod stored;

use core::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

pub use action::{Action, Change, MOST_ENTRIES, Whom};
pub use audit::{Audit, Deed};
pub use forbidden::Forbidden;
pub(in crate::room) use look::is_like;
pub use looks::Looks;
pub use not_done::NotDone;
pub use secret::{HostKey, KeyHash, Password, PasswordHash, Shown};
pub use stored::NotAPolicy;

use ipnet::{IpNet, Ipv6Net};

use super::alerts::{Alerts, AllPrepared, Level, Step};
use super::bells::Bells;
use super::hooks::Hooks;
use crate::names::UserName;
use look::Look;

/// What a room's hosts have decided. The default lets everybody do everything who knows the room's code.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Grows by one with each change, so that a change which was made of an older policy is noticed.
    pub revision: u64,
    /// Whoever has the key to this is a host.
    pub host: Option<KeyHash>,
    /// What has to be shown to enter, and since when.
    pub password: Option<(PasswordHash, SystemTime)>,
    /// Hosts speak, and whoever they have given the word.
    pub announce: bool,
    /// Nobody enters but those who were there when the room was locked.
    pub locked: Option<Vec<UserName>>,
    /// The least time between two messages of a person, in whole seconds.
    pub slow: Option<Duration>,
    /// The most people.
    pub most: Option<NonZeroU32>,
    /// Names that only somebody has whose token says so.
    pub reserved: Vec<UserName>,
    /// Whoever comes hears nothing that was said before.
    pub hides_history: bool,
    /// Only hosts are let in.
    pub closed: bool,
    /// An emergency is in force only when a second person has released it.
    pub two_person: bool,
    /// Who may not speak, and until when.
    pub mutes: Vec<(UserName, Until)>,
    /// Who may not be here, and until when.
    pub bans: Vec<(Whom, Until)>,
    /// Of those who are banned by name: whose addresses are to be banned too, when they are put out.
    pub with_address: Vec<UserName>,
    /// Who was put out, with which revision, and when. They may come again.
    pub kicks: Vec<(UserName, u64, SystemTime)>,
    /// Who asks for the word, in the order in which they asked.
    pub hands: Vec<UserName>,
    /// Who has it.
    pub words: Vec<UserName>,
    /// What everybody has to know now.
    pub alerts: Alerts,
    /// Alerts that hosts have prepared.
    pub prepared: AllPrepared,
    /// What happens there again and again.
    pub bells: Bells,
    /// Where programs are told what happens there.
    pub hooks: Hooks,
    /// What is known of how these names look.
    pub looks: Looks,
}

/// When something ends, if it does.
pub type Until = Option<SystemTime>;

/// Somebody who wants something of a room.
#[derive(Clone, Copy, Debug, Default)]
pub struct Visitor<'a> {
    /// Under which name; without one they only listen or read.
    pub name: Option<&'a UserName>,
    /// Who they are by a token that they have shown, even where they only listen.
    pub known_as: Option<&'a UserName>,
    /// That token counts: the name is theirs.
    pub owns_name: bool,
    /// From where, if that is known.
    pub address: Option<IpAddr>,
    /// They may moderate.
    pub is_host: bool,
    /// They have shown the password.
    pub has_password: bool,
    /// A person of this name is in the room already.
    pub is_inside: bool,
    /// How many people are in it.
    pub people: usize,
}

impl Policy {
    /// Whether it changes nothing for anybody.
    #[must_use]
    pub fn is_open(&self) -> bool {
        let nothing = Self { revision: self.revision, host: self.host, ..Self::default() };
        self.has_rules_of(&nothing)
    }

    /// Whether nothing but alerts, bells and webhooks differs from another one; those that wait are told of as rules are.
    #[must_use]
    pub fn has_rules_of(&self, other: &Self) -> bool {
        if !self.alerts.awaits_as(&other.alerts) {
            return false;
        }
        let (revision, alerts, prepared) = (self.revision, self.alerts.clone(), Arc::clone(&self.prepared));
        let (bells, hooks) = (self.bells.clone(), self.hooks.clone());
        *self == Self { revision, alerts, prepared, bells, hooks, ..other.clone() }
    }

    /// Whether something happens there at its time, whoever hears it: bells ring, or an alert may be passed on.
    #[must_use]
    pub fn is_timed(&self) -> bool {
        !self.bells.kept().is_empty() || self.alerts.escalating().next().is_some()
    }

    /// What it is to take this step here, for the audit log.
    #[must_use]
    pub fn deed_of(&self, step: &Step) -> Deed {
        match step {
            Step::Raise(draft) if self.two_person && draft.alert.level == Level::Emergency => Deed::Propose,
            Step::Raise(_) => Deed::Raise,
            Step::Change(..) => Deed::Update,
            Step::Release(..) => Deed::Release,
            Step::Escalate(..) | Step::Hear(_) => Deed::Escalate,
            Step::End(..) | Step::Expire | Step::Move => Deed::End,
        }
    }

    /// Whether the address of somebody who is banned by name is to be banned too.
    #[must_use]
    pub fn bans_address_of(&self, name: &UserName) -> bool {
        let look = Look::of(name);
        self.with_address.iter().any(|banned| banned == name || Look::of(banned).is_like(&look))
    }

    /// Takes over what is known of an earlier policy of the same room, where this one was not made of that here.
    pub fn follows(&self, earlier: &Self) {
        self.looks.take_over(&earlier.looks);
    }

    /// Whether a host can put somebody out who is not there: who may come back into a locked room may not any more.
    #[must_use]
    pub fn expects(&self, name: &UserName) -> bool {
        self.locked.as_ref().is_some_and(|guests| guests.contains(name))
    }

    /// Whether somebody may enter the room, or hear or read it from outside.
    ///
    /// # Errors
    /// Why not.
    pub fn may_enter(&self, visitor: &Visitor<'_>, now: SystemTime) -> Result<(), Forbidden> {
        if visitor.is_host {
            return Ok(());
        }
        self.is_welcome(visitor, None, now)?;
        if let Some(name) = visitor.name {
            self.may_be_called(name, visitor.owns_name)?;
        }
        if self.password.is_some() && !visitor.has_password {
            return Err(Forbidden::PasswordRequired);
        }
        self.has_room_for(visitor)
    }

    /// Whether somebody may come back who was let in at `since`, and has shown that. They need not show the password
    /// again that they have shown then.
    ///
    /// # Errors
    /// Why not.
    pub fn may_come_back(
        &self,
        visitor: &Visitor<'_>,
        since: SystemTime,
        now: SystemTime,
    ) -> Result<(), Forbidden> {
        if visitor.is_host {
            return Ok(());
        }
        self.is_welcome(visitor, None, now)?;
        let is_out = |(name, _, at): &(UserName, u64, SystemTime)| visitor.name == Some(name) && *at >= since;
        if self.kicks.iter().any(is_out) {
            return Err(Forbidden::PutOut);
        }
        let knows = self.password.as_ref().is_some_and(|(_, set)| *set <= since);
        self.may_enter(&Visitor { has_password: visitor.has_password || knows, ..*visitor }, now)
    }

    /// Whether somebody who was let in under the revision `entered` may stay.
    ///
    /// # Errors
    /// Why they are put out.
    pub fn may_stay(&self, visitor: &Visitor<'_>, entered: u64, now: SystemTime) -> Result<(), Forbidden> {
        if visitor.is_host {
            return Ok(());
        }
        self.is_welcome(visitor, None, now)?;
        let is_out =
            |(name, kicked, _): &(UserName, u64, SystemTime)| visitor.name == Some(name) && *kicked > entered;
        if self.kicks.iter().any(is_out) { Err(Forbidden::PutOut) } else { Ok(()) }
    }

    /// Whether somebody may say something, who spoke last at `before`. `name` is how they are called in the room, and
    /// `speaker` the name that they give with the message, which may be another one.
    ///
    /// # Errors
    /// Why not.
    pub fn may_speak(
        &self,
        visitor: &Visitor<'_>,
        speaker: &UserName,
        before: Option<SystemTime>,
        now: SystemTime,
    ) -> Result<(), Forbidden> {
        if visitor.is_host {
            return Ok(());
        }
        self.is_welcome(visitor, Some(speaker), now)?;
        if visitor.name.is_none() {
            // Whoever speaks from outside must be able to come in.
            self.may_enter(&Visitor { people: 0, ..*visitor }, now)?;
        }
        self.may_be_called(speaker, visitor.owns_name)?;
        // Mostly, they speak in the name that they have.
        let names = [visitor.name.filter(|name| *name != speaker), Some(speaker)];
        names.into_iter().flatten().try_for_each(|name| self.is_not_muted(name, now))?;
        if self.announce && !visitor.name.is_some_and(|name| self.words.contains(name)) {
            return Err(Forbidden::HostsOnly);
        }
        match (self.slow, before) {
            (Some(slow), Some(before)) => match (before + slow).duration_since(now) {
                // A clock that was put back keeps nobody waiting for longer.
                Ok(wait) if !wait.is_zero() => Err(Forbidden::TooFast(wait.min(slow))),
                _ => Ok(()),
            },
            _ => Ok(()),
        }
    }

    /// Whether somebody may raise an alert in this name, or see what whoever may has to see, who has the right to, from
    /// outside. No password, lock or mute holds up what everybody has to know.
    ///
    /// # Errors
    /// Why not.
    pub fn may_alert(
        &self,
        visitor: &Visitor<'_>,
        speaker: Option<&UserName>,
        now: SystemTime,
    ) -> Result<(), Forbidden> {
        if visitor.is_host {
            return Ok(());
        }
        self.is_welcome(visitor, speaker, now)?;
        speaker.map_or(Ok(()), |speaker| self.may_be_called(speaker, visitor.owns_name))
    }

    /// Whether the room may hear of another room's alert in the name of whoever raised it there, perhaps days ago. They had to
    /// own a name that is reserved.
    ///
    /// # Errors
    /// Why not.
    pub fn may_hear_of(&self, by: &UserName, now: SystemTime) -> Result<(), Forbidden> {
        self.is_welcome(&Visitor::default(), Some(by), now)?;
        self.may_be_called(by, true)?;
        self.is_not_muted(by, now)
    }

    fn is_not_muted(&self, name: &UserName, now: SystemTime) -> Result<(), Forbidden> {
        if self.mutes.is_empty() {
            return Ok(());
        }
        let (look, looks) = (Look::of(name), &self.looks.of(self).mutes);
        match find(&self.mutes, now, |place, _| looks[place].is_like(&look)) {
            Some((_, until)) => Err(Forbidden::Muted(*until)),
            None => Ok(()),
        }
    }

    /// Whoever is banned, or finds the room closed, is not welcome under any name. Nor is whoever would speak in the name of
    /// somebody who is banned.
    fn is_welcome(
        &self,
        visitor: &Visitor<'_>,
        speaker: Option<&UserName>,
        now: SystemTime,
    ) -> Result<(), Forbidden> {
        if self.closed {
            return Err(Forbidden::Closed);
        }
        if self.bans.is_empty() {
            return Ok(());
        }
        let mut names: Vec<_> = [visitor.name, visitor.known_as, speaker].into_iter().flatten().collect();
        names.dedup();
        let looks: Vec<_> = names.into_iter().map(Look::of).collect();
        let banned = &self.looks.of(self).bans;
        let is_meant = |place: usize, whom: &Whom| match whom {
            Whom::Name(_) => {
                banned[place].as_ref().is_some_and(|banned| looks.iter().any(|look| banned.is_like(look)))
            }
            Whom::Network(network) => visitor.address.is_some_and(|address| network.contains(&address)),
        };
        match find(&self.bans, now, is_meant) {
            Some((_, until)) => Err(Forbidden::Banned(*until)),
            None => Ok(()),
        }
    }

    /// Whether somebody may be called that.
    ///
    /// # Errors
    /// If the name, or one that it looks like, is reserved.
    pub fn may_be_called(&self, name: &UserName, owns_name: bool) -> Result<(), Forbidden> {
        // Whoever owns a name owns this one only, not one that looks like it.
        if self.reserved.is_empty() || owns_name && self.reserved.contains(name) {
            return Ok(());
        }
        let (look, looks) = (Look::of(name), &self.looks.of(self).reserved);
        if looks.iter().any(|reserved| reserved.is_like(&look)) {
            Err(Forbidden::NameReserved)
        } else {
            Ok(())
        }
    }

    /// Whether there is a place for somebody whom nothing else keeps out.
    ///
    /// # Errors
    /// If the room is locked or full.
    pub fn has_room_for(&self, visitor: &Visitor<'_>) -> Result<(), Forbidden> {
        if visitor.is_inside {
            return Ok(());
        }
        let is_guest = |guests: &[UserName]| {
            [visitor.name, visitor.known_as].into_iter().flatten().any(|name| guests.contains(name))
        };
        if self.locked.as_deref().is_some_and(|guests| !is_guest(guests)) {
            return Err(Forbidden::Locked);
        }
        match self.most {
            Some(most) if visitor.name.is_some() && visitor.people >= most.get() as usize => {
                Err(Forbidden::Full(most.get()))
            }
            _ => Ok(()),
        }
    }
}

/// The network of an address that is banned: the address, or the /64 of an IPv6 one, which one machine may use all of.
#[must_use]
pub fn network_of(address: IpAddr) -> IpNet {
    match address {
        IpAddr::V4(_) => address.into(),
        IpAddr::V6(v6) => Ipv6Net::new(v6, 64).map_or(address.into(), |network| network.trunc().into()),
    }
}

/// The first that is meant and has not ended.
fn find<T>(all: &[(T, Until)], now: SystemTime, is_meant: impl Fn(usize, &T) -> bool) -> Option<&(T, Until)> {
    let has_not_ended = |until: &Until| until.is_none_or(|until| until > now);
    let mut all = all.iter().enumerate();
    all.find(|(place, (whom, until))| has_not_ended(until) && is_meant(*place, whom)).map(|(_, entry)| entry)
}

#[cfg(test)]
mod tests;
