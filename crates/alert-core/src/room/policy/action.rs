//! What hosts do to a room, and people who raise a hand: each action makes the next policy of the one before.

use std::num::NonZeroU32;
use std::time::{Duration, SystemTime};

use ipnet::IpNet;

use super::look::Look;
use super::{Deed, KeyHash, NotDone, PasswordHash, Policy, Until};
use crate::names::UserName;
use crate::room::alerts::{Prepared, Preparing, Step};
use crate::room::bells;
use crate::room::hooks::{self, Hooks};

/// The most entries of each list: names, mutes, bans, hands and words.
pub const MOST_ENTRIES: usize = 1000;
/// The most bytes of names in each list. A policy is at most some 250 kB, besides those who are let into a locked room.
const MOST_LISTED: usize = 32 << 10;
/// Kicks that are remembered, so that nobody comes back by recovery. The oldest is forgotten.
const MOST_KICKS: usize = 200;

/// Who is banned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whom {
    /// Whoever is called that, or looks as if.
    Name(UserName),
    /// Everybody from there.
    Network(IpNet),
}

/// What somebody does. Each is carried out, or changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// A host changes what holds for everybody.
    Set(Box<Change>),
    /// A host keeps a person from speaking.
    Mute(UserName, Until),
    /// A host ends that.
    Unmute(UserName),
    /// A host puts a person out.
    Kick(UserName),
    /// A host puts somebody out who may not come again; and, if that is true, nobody from the addresses that they have.
    Ban(Whom, Until, bool),
    /// A host ends that.
    Unban(Whom),
    /// A host puts everybody out; only hosts come in from then on.
    Close,
    /// A person asks for the word, or does not any more.
    Hand(UserName, bool),
    /// A host gives a person the word, or takes it.
    Word(UserName, bool),
    /// The room gets a host, or another key for its hosts.
    Key(KeyHash),
    /// Something becomes of an alert.
    Alert(Box<Step>),
    /// A host prepares alerts, or takes some away that were.
    Prepare(Box<Preparing>),
    /// Something becomes of a bell.
    Bell(Box<bells::Step>),
    /// Something becomes of a webhook.
    Hook(Box<hooks::Step>),
}

/// What is to hold for everybody from now on; what is `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// A password, or none.
    pub password: Option<Option<PasswordHash>>,
    /// See [`Policy::announce`].
    pub announce: Option<bool>,
    /// See [`Policy::locked`].
    pub locked: Option<bool>,
    /// See [`Policy::slow`].
    pub slow: Option<Option<Duration>>,
    /// See [`Policy::most`].
    pub most: Option<Option<NonZeroU32>>,
    /// See [`Policy::reserved`].
    pub reserved: Option<Vec<UserName>>,
    /// See [`Policy::hides_history`].
    pub hides_history: Option<bool>,
    /// See [`Policy::closed`].
    pub closed: Option<bool>,
    /// See [`Policy::two_person`].
    pub two_person: Option<bool>,
}

impl Action {
    /// What it is called, in the audit log.
    #[must_use]
    pub fn deed(&self) -> Deed {
        match self {
            Self::Set(_) => Deed::Set,
            Self::Mute(..) => Deed::Mute,
            Self::Unmute(_) => Deed::Unmute,
            Self::Kick(_) => Deed::Kick,
            Self::Ban(..) => Deed::Ban,
            Self::Unban(_) => Deed::Unban,
            Self::Close => Deed::Close,
            Self::Hand(..) => Deed::Hand,
            Self::Word(..) => Deed::Word,
            Self::Key(_) => Deed::Key,
            Self::Alert(step) => Policy::default().deed_of(step),
            Self::Prepare(_) => Deed::Prepare,
            Self::Bell(step) => match **step {
                bells::Step::Put(_) => Deed::Bell,
                bells::Step::Remove(_) => Deed::Unbell,
                bells::Step::Day(..) => Deed::Day,
                bells::Step::Ring(_) => Deed::Ring,
            },
            Self::Hook(step) => match **step {
                hooks::Step::Add(_) | hooks::Step::Change(..) => Deed::Hook,
                hooks::Step::Remove(_) => Deed::Unhook,
            },
        }
    }

    /// Whether any of these people is meant, where a host puts somebody out or keeps them from something by their name.
    pub fn is_about<'a>(&self, people: impl IntoIterator<Item = &'a UserName>) -> Option<bool> {
        let mut people = people.into_iter();
        match self {
            Self::Kick(name) => Some(people.any(|person| person == name)),
            Self::Mute(name, _) | Self::Ban(Whom::Name(name), ..) => {
                let look = Look::of(name);
                Some(people.any(|person| person == name || Look::of(person).is_like(&look)))
            }
            _ => None,
        }
    }
}

impl Policy {
    /// The policy after an action, at `now`; `people` are in the room. The same policy, where it changes nothing.
    ///
    /// # Errors
    /// If it cannot be carried out.
    pub fn after<'a>(
        &self,
        action: &Action,
        people: impl IntoIterator<Item = &'a UserName>,
        now: SystemTime,
    ) -> Result<Self, NotDone> {
        let mut next = self.clone();
        next.mutes.retain(|(_, until)| until.is_none_or(|until| until > now));
        next.bans.retain(|(_, until)| until.is_none_or(|until| until > now));
        next.alerts.expire(now);
        next.carry_out(action, people, now)?;
        if next == *self {
            return Ok(next);
        }
        next.revision = self.revision + 1;
        Ok(next)
    }

    fn carry_out<'a>(
        &mut self,
        action: &Action,
        people: impl IntoIterator<Item = &'a UserName>,
        now: SystemTime,
    ) -> Result<(), NotDone> {
        match action {
            Action::Set(change) => self.set(change, people, now)?,
            Action::Mute(name, until) => {
                self.mutes.retain(|(muted, _)| muted != name);
                push(&mut self.mutes, (name.clone(), *until))?;
                self.words.retain(|word| word != name);
                self.hands.retain(|hand| hand != name);
            }
            Action::Unmute(name) => self.mutes.retain(|(muted, _)| muted != name),
            Action::Kick(name) => self.put_out(name, now),
            Action::Ban(whom, until, with_address) => {
                self.bans.retain(|(banned, _)| banned != whom);
                push(&mut self.bans, (whom.clone(), *until))?;
                if let Whom::Name(name) = whom {
                    self.put_out(name, now);
                    self.with_address.retain(|other| other != name);
                    if *with_address {
                        push(&mut self.with_address, name.clone())?;
                    }
                }
            }
            Action::Unban(whom) => {
                self.bans.retain(|(banned, _)| banned != whom);
                self.with_address.retain(|name| *whom != Whom::Name(name.clone()));
            }
            Action::Close => {
                self.closed = true;
                (self.hands, self.words) = Default::default();
            }
            Action::Hand(name, true) => {
                if !self.announce {
                    return Err(NotDone::NoNeed);
                }
                if !self.hands.contains(name) && !self.words.contains(name) {
                    push(&mut self.hands, name.clone())?;
                }
            }
            Action::Hand(name, false) => self.hands.retain(|hand| hand != name),
            Action::Word(name, true) => {
                if !self.announce {
                    return Err(NotDone::NoNeed);
                }
                self.hands.retain(|hand| hand != name);
                if !self.words.contains(name) {
                    push(&mut self.words, name.clone())?;
                }
            }
            Action::Word(name, false) => {
                self.hands.retain(|hand| hand != name);
                self.words.retain(|word| word != name);
            }
            Action::Key(hash) => self.host = Some(*hash),
            Action::Prepare(what) => self.prepared = what.of(&self.prepared)?,
            Action::Alert(step) => {
                self.alerts.take(step, self.two_person, now)?;
                // Webhooks go along to the room's other code.
                if **step == Step::Move {
                    self.hooks = Hooks::default();
                }
            }
            Action::Bell(step) => self.bells.take(step, (&mut self.alerts, self.two_person), now)?,
            Action::Hook(step) => self.hooks.take(step, now)?,
        }
        Ok(())
    }

    fn set<'a>(
        &mut self,
        change: &Change,
        people: impl IntoIterator<Item = &'a UserName>,
        now: SystemTime,
    ) -> Result<(), NotDone> {
        let Change { password, announce, locked, slow, most, reserved, hides_history, closed, two_person } =
            change;
        if let Some(password) = password {
            self.password = password.clone().map(|hash| (hash, now));
        }
        if let Some(announce) = announce {
            self.announce = *announce;
            if !announce {
                (self.hands, self.words) = Default::default();
            }
        }
        match (locked, &self.locked) {
            // Those who were there the first time go on being let in: all of them, as many as a room may have.
            (Some(true), None) => {
                self.locked = Some(people.into_iter().cloned().collect());
            }
            (Some(false), _) => self.locked = None,
            _ => {}
        }
        self.slow = slow.unwrap_or(self.slow).filter(|slow| !slow.is_zero());
        self.most = most.unwrap_or(self.most);
        if let Some(reserved) = reserved {
            let bytes: usize = reserved.iter().map(Entry::bytes).sum();
            if reserved.len() > MOST_ENTRIES || bytes > MOST_LISTED {
                return Err(NotDone::TooMany);
            }
            self.reserved.clone_from(reserved);
        }
        self.hides_history = hides_history.unwrap_or(self.hides_history);
        self.closed = closed.unwrap_or(self.closed);
        self.two_person = two_person.unwrap_or(self.two_person);
        Ok(())
    }

    fn put_out(&mut self, name: &UserName, now: SystemTime) {
        self.kicks.retain(|(kicked, ..)| kicked != name);
        if self.kicks.len() >= MOST_KICKS {
            self.kicks.remove(0);
        }
        self.kicks.push((name.clone(), self.revision + 1, now));
        for names in [&mut self.hands, &mut self.words].into_iter().chain(&mut self.locked) {
            names.retain(|other| other != name);
        }
    }
}

/// An entry of a list, which a name of somebody takes bytes for.
trait Entry {
    fn bytes(&self) -> usize;
}

impl Entry for UserName {
    fn bytes(&self) -> usize {
        self.as_str().len()
    }
}

impl Entry for Whom {
    fn bytes(&self) -> usize {
        match self {
            Self::Name(name) => name.bytes(),
            Self::Network(_) => size_of::<IpNet>(),
        }
    }
}

impl<T: Entry, End> Entry for (T, End) {
    fn bytes(&self) -> usize {
        self.0.bytes()
    }
}

impl<T: Entry, End, At> Entry for (T, End, At) {
    fn bytes(&self) -> usize {
        self.0.bytes()
    }
}

impl Policy {
    /// About how many bytes it takes in memory.
    #[must_use]
    pub fn size(&self) -> usize {
        fn all<T: Entry>(list: &[T]) -> usize {
            list.iter().map(|entry| entry.bytes() + 2 * size_of::<T>()).sum()
        }
        let names = [&self.reserved, &self.with_address, &self.hands, &self.words];
        let named: usize = names.into_iter().chain(&self.locked).map(|names| all(names)).sum();
        2 * size_of::<Self>()
            + named
            + all(&self.mutes)
            + all(&self.bans)
            + all(&self.kicks)
            + self.alerts.size()
            + self.prepared.iter().map(Prepared::size).sum::<usize>()
            + self.bells.size()
            + self.hooks.size()
    }
}

fn push<T: Entry>(list: &mut Vec<T>, entry: T) -> Result<(), NotDone> {
    let bytes: usize = list.iter().map(Entry::bytes).sum();
    if list.len() >= MOST_ENTRIES || bytes + entry.bytes() > MOST_LISTED {
        return Err(NotDone::TooMany);
    }
    list.push(entry);
    Ok(())
}
