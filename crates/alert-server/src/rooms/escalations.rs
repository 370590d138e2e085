//! Escalations: an alert that people have not confirmed at its time is passed on, once, whichever server does it and whenever it
//! dies. The other room hears of it first, and knows what it has heard; then the alert's own room, whose alert says that it is
//! done.

use super::moderation::now;
use super::{Actor, Admitted, Refused, Rooms, Visit, Way};
use crate::auth::Origin;
use alert_core::access::{Principal, Right};
use alert_core::names::{RoomCode, UserName};
use alert_core::room::alerts::{Alert, AlertId, Heard, Step, Tally};
use alert_core::room::policy::{Action, Deed, NotDone, Policy, Shown};
use alert_core::room::roll_call::{RollCall, Stage};
use alert_core::wire::audit;
use alert_core::wire::escalation::PassedOn;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime};

/// Whoever raises an alert, as they come to the room that it may be passed on to.
#[derive(Clone, Debug)]
pub struct Elsewhere {
    /// Who they are.
    pub who: Principal,
    /// From where they come.
    pub origin: Origin,
    /// What they show to any room.
    pub shown: Shown,
}

/// An alert of a room.
type Of = (RoomCode, AlertId);

/// The alerts that are to be passed on where people have not confirmed them, and when. A clock that is set changes nothing of
/// that for a server that knows them.
#[derive(Default)]
pub(super) struct Pending {
    /// Entries leave when an alert is not to be passed on any more.
    known: HashMap<Of, Instant>,
    /// Those of which that has not begun since they were looked up.
    waiting: Vec<(Instant, Of)>,
}

impl Pending {
    /// Those of these rooms, and no others. `wall` is what time it is by the clock that people see.
    pub(super) fn follow<'a>(
        &mut self,
        rooms: impl IntoIterator<Item = (&'a RoomCode, &'a Arc<Policy>)>,
        wall: SystemTime,
        now: Instant,
    ) {
        let mut before = std::mem::take(&mut self.known);
        for (room, policy) in rooms {
            for alert in policy.alerts.escalating() {
                let of = (room.clone(), alert.id);
                let at = before.remove(&of).or_else(|| now.checked_add(alert.escalates_in(wall)?));
                at.and_then(|at| self.known.insert(of, at));
            }
        }
        self.waiting = self.known.iter().map(|(of, at)| (*at, of.clone())).collect();
    }

    /// When the next is due.
    pub(super) fn next(&self) -> Option<Instant> {
        self.waiting.iter().map(|(at, _)| *at).min()
    }

    /// Those that are due now.
    pub(super) fn take(&mut self, now: Instant) -> impl Iterator<Item = Of> {
        self.waiting.extract_if(.., move |(at, _)| *at <= now).map(|(_, of)| of)
    }
}

/// The alerts that are being passed on. Each leaves when that is done, or could not be.
#[derive(Clone, Default)]
pub(super) struct UnderWay(Arc<Mutex<HashSet<Of>>>);

/// One of them.
struct Begun(UnderWay, Of);

impl UnderWay {
    /// `None`, if it is one of them already.
    fn begin(&self, one: Of) -> Option<Begun> {
        self.lock().insert(one.clone()).then(|| Begun(self.clone(), one))
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<Of>> {
        // The set is whole between any two calls.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        let Self(all, one) = self;
        all.lock().remove(one);
    }
}

impl Rooms {
    /// Whether somebody may have an alert of a room passed on to another one, in this name: whoever may speak there, or raise alerts.
    ///
    /// # Errors
    /// If they may not.
    pub(super) async fn may_pass_on(
        &self,
        room: &Admitted,
        (Elsewhere { who, origin, shown }, name): (&Elsewhere, &UserName),
        to: &RoomCode,
    ) -> Result<(), Refused> {
        if room.code() == to {
            return Err(NotDone::OwnRoom.into());
        }
        let alerts = who.rights_in(to).has(Right::Alert);
        let (right, visit) = match alerts {
            true => (Right::Alert, Visit::Alert(Some(name))),
            false => (Right::Speak, Visit::Speak(name)),
        };
        let mut admitted: Admitted = self.admit(who, right, origin, Way::FromOutside, to.clone())?;
        self.let_in(&mut admitted, visit, shown).await?;
        // Also of a host there, who cannot be known as one when its time comes.
        let policy = self.policy(to).await?.unwrap_or_default();
        policy.may_hear_of(name, now()).map_err(Into::into)
    }

    /// Passes on an alert whose time has come, unless that is under way. Each by itself: one room that waits for its store holds
    /// no other up. What cannot be done now is pending still, and is tried again.
    pub(super) fn pass_on(&self, due: Of, under_way: &UnderWay) {
        let Some(begun) = under_way.begin(due) else { return };
        let rooms = self.clone();
        self.runtime().spawn(async move {
            let Begun(_, (room, alert)) = &begun;
            if let Err(refused) = rooms.escalate(room, *alert).await {
                let (room, id) = (room.as_str(), alert.as_str());
                tracing::warn!(room, id, "an alert could not be passed on yet: {refused}");
            }
        });
    }

    async fn escalate(&self, code: &RoomCode, id: AlertId) -> Result<(), Refused> {
        let (policy, now) = (self.policy(code).await?.unwrap_or_default(), now());
        let alert = match policy.alerts.to_pass_on(id, now) {
            None => return Ok(()),
            // While no server ran, or nobody heard the room.
            Some(None) => {
                let expire = Action::Alert(Box::new(Step::Expire));
                return self.step(code, expire, |_| true, None).await.map(drop);
            }
            Some(Some(alert)) => alert,
        };
        let roll = self.roll_call_of(code, alert).await?;
        let missing = missing(&roll);
        let tally = Tally { at: now, missing: missing.len(), expected: roll.counts().expected };
        let to = alert.escalation.as_ref().and_then(|escalation| escalation.to.as_ref());
        if let Some(to) = to.filter(|_| !tally.is_complete()) {
            if alert.escalates_too_late(now) {
                let (room, id, to) = (code.as_str(), id.as_str(), to.as_str());
                tracing::warn!(room, id, to, "it is too late to pass an alert on: no server could in time");
            } else {
                let text = PassedOn { alert, room: code, tally, missing: &missing }.to_string();
                self.tell_other_room(to, alert, text.into()).await?;
            }
        }
        let step = Step::Escalate(id, tally);
        let detail = audit::alerting(&step, Some(alert));
        let action = Action::Alert(Box::new(step));
        let audit = server().did(Deed::Escalate, audit::target(&action), detail);
        let audit = (!tally.is_complete()).then_some(audit);
        self.step(code, action, |_| true, audit).await?;
        let (room, id, missing) = (code.as_str(), id.as_str(), tally.missing);
        tracing::info!(
            room,
            id,
            missing,
            expected = tally.expected,
            "it was counted who has confirmed an alert"
        );
        Ok(())
    }

    async fn tell_other_room(&self, to: &RoomCode, alert: &Alert, text: Box<str>) -> Result<(), Refused> {
        let heard = Heard { alert: alert.id, at: now(), name: alert.by.clone(), text };
        let step = Step::Hear(heard);
        let detail = audit::alerting(&step, None);
        let action = Action::Alert(Box::new(step));
        let audit = server().did(Deed::Escalate, Some(alert.id.as_str().into()), detail);
        let may = |policy: &Policy| policy.may_hear_of(&alert.by, now());
        // Here, so that the log says why not; in the step, so that it holds.
        let told = match may(&self.policy(to).await?.unwrap_or_default()) {
            Ok(()) => self.step(to, action, |policy| may(policy).is_ok(), Some(audit)).await.map(drop),
            Err(forbidden) => Err(forbidden.into()),
        };
        match told {
            Err(Refused::Unavailable) => Err(Refused::Unavailable),
            // It will not be another time either; its own room hears of it, and whoever follows that.
            Err(refused) => {
                let (to, id) = (to.as_str(), alert.id.as_str());
                tracing::error!(to, id, "an alert could not be passed on to a room: {refused}");
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }
}

/// Those who are expected to confirm, and have not.
fn missing(roll: &RollCall) -> Vec<&UserName> {
    let people = roll.people().into_iter();
    let missing = people.filter(|(_, person)| person.is_expected && person.stage < Stage::Confirmed);
    missing.map(|(name, _)| name).collect()
}

fn server() -> Actor {
    Actor("server".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_an_alert_that_is_being_passed_on_then_it_does_not_begin_again_and_others_do() {
        let pending =
            |room: &str, alert: u8| (RoomCode::parse(room, 64).unwrap(), AlertId::made_of([alert; 8]));
        let under_way = UnderWay::default();
        let one = under_way.begin(pending("R1", 1));
        assert!(one.is_some() && under_way.begin(pending("R1", 1)).is_none());
        assert!(under_way.begin(pending("R1", 2)).is_some() && under_way.begin(pending("R2", 1)).is_some());
        drop(one);
        assert!(under_way.lock().is_empty());
        assert!(under_way.begin(pending("R1", 1)).is_some(), "it is tried again");
    }
}
