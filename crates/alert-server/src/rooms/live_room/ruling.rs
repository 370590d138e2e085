//! The policy of a room, where everything that happens in it is ordered: each message is looked at, and whoever may not
//! stay is told to look.

use super::super::audience::{Published, publication};
use super::super::door::Badge;
use super::super::moderation::{Step, spoken};
use super::super::{Refused, Rooms};
use super::spoken::Spoken;
use super::{LiveRoom, State};
use crate::log::redis::{Arrival, Of, Turn, Who};
use crate::log::{Decision, OnStored, Stored};
use alert_core::access::{Right, Rights, Standing};
use alert_core::event::What;
use alert_core::members::Members;
use alert_core::names::{RoomCode, UserName};
use alert_core::position::Position;
use alert_core::room::policy::{Audit, Forbidden, Policy, Visitor};
use alert_core::wire::{self, Form};
use socketio_server::{ConnectionId, Hub};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::oneshot;

/// What holds in a room with hosts.
pub(in crate::rooms) struct Ruling {
    pub(super) policy: Arc<Policy>,
    /// Where this server orders the room.
    spoken: Spoken,
    /// Where people entered who hear nothing of what was before; nothing, for those who were there before that was
    /// wanted. Entries leave with the person.
    entered: HashMap<UserName, Option<Position>>,
}

/// Whoever says something.
#[derive(Clone, Copy)]
pub(in crate::rooms) struct Speaker<'a> {
    /// How they are called in the room, if they are in it.
    pub(in crate::rooms) name: Option<&'a UserName>,
    pub(in crate::rooms) standing: &'a Standing,
    pub(in crate::rooms) badge: &'a Badge,
}

impl Speaker<'_> {
    fn turn(&self, name: &UserName, slow: Duration) -> Turn {
        let mut who = vec![Who::Name(name.clone())];
        match self.name {
            Some(own) if own != name => who.push(Who::Name(own.clone())),
            Some(_) => {}
            None => who.extend(self.badge.address.map(Who::From)),
        }
        Turn { slow, who }
    }

    /// By the policy that they were looked at by, of a room that nobody here hears.
    pub(super) fn turn_from_outside(&self, name: &UserName) -> Option<Turn> {
        self.badge.slow.filter(|_| !self.badge.as_host).map(|slow| self.turn(name, slow))
    }
}

impl Ruling {
    pub(super) fn new(policy: Arc<Policy>) -> Box<Self> {
        Box::new(Self { policy, spoken: Spoken::default(), entered: HashMap::new() })
    }
}

impl State {
    /// Whether somebody may say something now, in this name. If so, they have.
    pub(super) fn speaks(&mut self, speaker: Speaker<'_>, name: &UserName) -> Result<(), Forbidden> {
        let Some(ruling) = &mut self.ruling else { return Ok(()) };
        let (policy, now) = (&ruling.policy, SystemTime::now());
        let visitor = speaker.badge.visitor(speaker.standing, policy, speaker.name);
        let Some(slow) = policy.slow else { return policy.may_speak(&visitor, name, None, now) };
        let Turn { who, .. } = speaker.turn(name, slow);
        policy.may_speak(&visitor, name, ruling.spoken.last(&who), now)?;
        if !visitor.is_host {
            ruling.spoken.note(who, now, slow);
        }
        Ok(())
    }

    /// Whether somebody may say something in a room that several servers share. Where they must not speak too often, Redis
    /// knows whether they do.
    pub(super) fn may_speak(&self, speaker: Speaker<'_>, name: &UserName) -> Result<Option<Turn>, Forbidden> {
        // Of a room that has just been found, the policy may not have come yet.
        let Some(ruling) = &self.ruling else { return Ok(speaker.turn_from_outside(name)) };
        let policy = &ruling.policy;
        let visitor = speaker.badge.visitor(speaker.standing, policy, speaker.name);
        policy.may_speak(&visitor, name, None, SystemTime::now())?;
        Ok(policy.slow.filter(|_| !visitor.is_host).map(|slow| speaker.turn(name, slow)))
    }

    /// Whether somebody may go live now who has been let in before: hosts may have decided otherwise since. `arrival` is that
    /// of somebody who has been announced.
    pub(super) fn lets_in(
        &self,
        name: Option<&UserName>,
        standing: &Standing,
        badge: &Badge,
        arrival: Option<Arrival>,
    ) -> Result<(), Forbidden> {
        let Some(ruling) = &self.ruling else { return Ok(()) };
        let (policy, now) = (&ruling.policy, SystemTime::now());
        let visitor = Visitor {
            is_inside: !arrival.is_some_and(|arrival| arrival.is_new)
                && name.is_some_and(|name| self.contains(name)),
            // Of those who are announced at the same time, the first come in.
            people: arrival.map_or_else(|| self.count(), |arrival| arrival.count.saturating_sub(1)),
            ..badge.visitor(standing, policy, name)
        };
        if visitor.is_host {
            return Ok(());
        }
        let lost_rights = badge.as_host || badge.known_as.is_some() && !visitor.owns_name;
        if badge.revision == policy.revision && !lost_rights {
            // Nothing has changed but who is in the room.
            return policy.has_room_for(&visitor);
        }
        policy.may_stay(&visitor, badge.revision, now)?;
        match badge.since {
            Some(since) => policy.may_come_back(&visitor, since, now),
            None => policy.may_enter(&visitor, now),
        }
    }

    /// A connection hears the room from now on, whose page of the log may have what was removed meanwhile.
    pub(super) fn tell_removals(&self, hub: &Hub, connection: ConnectionId, form: Form, code: &RoomCode) {
        if self.following.is_none() {
            for event in self.tail.removed().filter(|event| form.tells(&event.what)) {
                hub.send(connection, publication(form, code, event, wire::size_of(&event.what)));
            }
        }
    }

    /// A person has entered.
    pub(super) fn note_entered(&mut self, name: &UserName) {
        let position = self.numbering.last();
        if let Some(ruling) = &mut self.ruling
            && ruling.policy.hides_history
        {
            ruling.entered.entry(name.clone()).or_insert(Some(position));
        }
    }

    /// A person has left.
    pub(super) fn note_left(&mut self, name: &UserName) {
        if let Some(ruling) = &mut self.ruling {
            ruling.entered.remove(name);
        }
    }

    /// Another policy holds from now on. Says whether somebody may have to go.
    pub(super) fn take_policy(&mut self, policy: Arc<Policy>) -> bool {
        let did_hide = self.ruling.as_ref().is_some_and(|ruling| ruling.policy.hides_history);
        let (hides, people) = (policy.hides_history, self.people());
        let looks = self.replace_policy(policy);
        if let Some(ruling) = &mut self.ruling {
            match (did_hide, hides) {
                (false, true) => {
                    ruling.entered = people.names().iter().map(|name| (name.clone(), None)).collect()
                }
                (_, false) => ruling.entered = HashMap::new(),
                (true, true) => {}
            }
        }
        looks
    }

    fn people(&mut self) -> Arc<Members> {
        match &mut self.following {
            Some(following) => following.people_mut().members(),
            None => self.room.members(),
        }
    }

    fn replace_policy(&mut self, policy: Arc<Policy>) -> bool {
        let Some(ruling) = &mut self.ruling else {
            let before = Policy::default();
            let rouses = takes_from(&before, &policy);
            self.ruling = Some(Ruling::new(policy));
            return rouses;
        };
        policy.follows(&ruling.policy);
        let before = std::mem::replace(&mut ruling.policy, policy);
        let policy = &ruling.policy;
        if policy.slow.is_none() {
            ruling.spoken = Spoken::default();
        }
        takes_from(&before, policy)
    }
}

/// What became of each message that was said with a ruling, in the store.
pub(in crate::rooms) type Fates = Vec<oneshot::Receiver<Stored>>;

/// A policy that holds, and what has to be done without the room's lock.
struct Ruled {
    before: Arc<Policy>,
    policy: Arc<Policy>,
    published: Vec<Published>,
    untold: Vec<(OnStored, Stored)>,
    said: Fates,
}

impl Ruled {
    fn of(before: Arc<Policy>, policy: &Arc<Policy>) -> Self {
        let policy = Arc::clone(policy);
        Self { before, policy, published: Vec::new(), untold: Vec::new(), said: Vec::new() }
    }
}

/// Whether somebody who is in the room, or listens, may have to go.
fn takes_from(before: &Policy, policy: &Policy) -> bool {
    (policy.closed && !before.closed)
        || policy.kicks != before.kicks
        || policy.bans != before.bans
        || (before.host.is_some() && policy.host != before.host)
        // Those who are in the room stay. Nobody sees those who listen.
        || (policy.password.is_some() && policy.password != before.password)
        || (policy.locked.is_some() && before.locked.is_none())
}

impl LiveRoom {
    /// Has the next policy hold in a room that this server orders; `None` when the room has been forgotten meanwhile.
    /// `stored` is taken if there is anything to be stored.
    pub(in crate::rooms) fn rule(
        &self,
        rooms: &Rooms,
        step: &Step<'_>,
        of: Of,
        audit: Option<&Audit>,
        stored: &mut Option<OnStored>,
    ) -> Option<Result<(Arc<Policy>, Fates), Refused>> {
        let mut state = self.lock();
        if state.is_retired {
            return None;
        }
        let ruled = self.rule_in(&mut state, rooms, step, of, audit, stored);
        self.retire_if_empty(&mut state, rooms);
        drop(state);
        Some(ruled.map(|Ruled { before, policy, published, untold, said }| {
            published.iter().for_each(Published::render);
            rooms.push_changes(&self.code, &before, &policy);
            for (on_stored, stored) in untold {
                on_stored(stored);
            }
            (policy, said)
        }))
    }

    fn rule_in(
        &self,
        state: &mut State,
        rooms: &Rooms,
        step: &Step<'_>,
        of: Of,
        audit: Option<&Audit>,
        stored: &mut Option<OnStored>,
    ) -> Result<Ruled, Refused> {
        let before = state.ruling.as_ref().map(|ruling| Arc::clone(&ruling.policy));
        if of == Of::NewRoom && (before.is_some() || state.count() > 0) {
            return Err(Refused::InUse);
        }
        let before = before.unwrap_or_default();
        let next = Arc::new(step(&before, &mut state.room.people(), super::super::moderation::now())?);
        if next == before {
            let mut ruled = Ruled::of(Arc::clone(&before), &next);
            // It was done before, perhaps a moment ago: whoever does it again waits until it is stored.
            if before.revision > 0 {
                let kept = Some(rooms.0.policies.keep(&self.code, &next)?);
                let decision =
                    Decision { kept, stored: stored.take(), ..Decision::forget(self.code.clone()) };
                ruled.untold.extend(self.log.put_decision(decision));
            }
            return Ok(ruled);
        }
        let kept = rooms.0.policies.keep(&self.code, &next)?;
        let rouses = state.take_policy(Arc::clone(&next));
        let (mut ruled, mut published, mut said) =
            (Ruled::of(Arc::clone(&before), &next), Vec::new(), Vec::new());
        let changes = next.alerts.changes_since(&before.alerts);
        for (name, text) in spoken(&before, &next) {
            let (heard, append, fate) = self.speak(state, name, text);
            published.push(heard);
            said.push(append);
            ruled.said.push(fate);
        }
        let changes = changes.into_iter().map(|change| What::Alert(Arc::new(change)));
        // Those who hear only of rules need not hear of each alert.
        let rules = (!next.has_rules_of(&before)).then(|| What::Policy(Arc::clone(&next)));
        for what in rules.into_iter().chain(changes) {
            let size = wire::size_of(&what);
            published.push(state.publish(what, size).0);
        }
        if rouses {
            state.audience.rouse();
        }
        let decision = Decision {
            room: self.code.clone(),
            kept: Some(kept),
            audit: audit.cloned(),
            said,
            stored: stored.take(),
        };
        ruled.untold.extend(self.log.put_decision(decision));
        Ok(Ruled { published, ..ruled })
    }

    /// Tells everybody that a message has been removed, which the log does not give any more.
    pub(in crate::rooms) fn tell_removed(&self, position: Position) {
        let mut state = self.lock();
        state.tail.remove(position);
        let what = What::Removed(position);
        let size = wire::size_of(&what);
        let event = state.event(what);
        let (published, _) = state.audience.publish(&event, size);
        // Whoever has read the message, and does not hear the room yet, is told then.
        state.tail.push(&event, size, 0);
        drop(state);
        published.render();
    }

    /// What the room's hosts have decided.
    pub(in crate::rooms) fn policy(&self) -> Option<Arc<Policy>> {
        self.lock().ruling.as_ref().map(|ruling| Arc::clone(&ruling.policy))
    }

    /// Up to where what was said is hidden from somebody, if anything is.
    pub(in crate::rooms) fn floor(&self, name: Option<&UserName>) -> Option<Position> {
        let state = self.lock();
        let ruling = state.ruling.as_ref().filter(|ruling| ruling.policy.hides_history)?;
        let entered = name.and_then(|name| ruling.entered.get(name));
        entered.copied().unwrap_or_else(|| Some(state.numbering.last()))
    }

    /// What somebody may do here now.
    pub(super) fn rights(&self, name: Option<&UserName>, standing: &Standing, badge: &Badge) -> Rights {
        let rights = standing.rights();
        let Some(policy) = self.policy() else {
            // A host by token alerts as well.
            return if rights.has(Right::Moderate) { rights.with(Right::Alert) } else { rights };
        };
        let visitor = Visitor { has_password: true, ..badge.visitor(standing, &policy, name) };
        if visitor.is_host {
            return rights.with(Right::Moderate).with(Right::Alert);
        }
        let speaks =
            name.is_some_and(|name| policy.may_speak(&visitor, name, None, SystemTime::now()).is_ok());
        // Whoever is not in the room speaks in a name that they give then.
        let is_silent = name.map_or(policy.announce, |_| !speaks);
        if is_silent { rights.without(Right::Speak) } else { rights }
    }

    /// Whether somebody may stay who is here by this badge. Only hosts put out those who are in the room; whoever listens goes
    /// on only while they would be let in, and whoever was a host, if they would be without that.
    pub(super) fn may_stay(
        &self,
        name: Option<&UserName>,
        standing: &Standing,
        badge: &Badge,
    ) -> Result<(), Forbidden> {
        let Some(policy) = self.policy() else { return Ok(()) };
        let (visitor, now) = (badge.visitor(standing, &policy, name), SystemTime::now());
        policy.may_stay(&visitor, badge.revision, now)?;
        if visitor.is_host {
            return Ok(());
        }
        if let Some(name) = name.filter(|_| badge.known_as.is_some() && !visitor.owns_name) {
            policy.may_be_called(name, false)?;
        }
        // Whoever listens is seen by nobody, and whoever was let in as a host has shown nothing else.
        if name.is_none() || badge.as_host { policy.may_enter(&visitor, now) } else { Ok(()) }
    }
}
