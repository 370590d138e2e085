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
use std::sync::Arc;
use std::time::SystemTime;

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

/// An alert that is passed on at this time where people have not confirmed it.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    pub(super) at: SystemTime,
    room: RoomCode,
    alert: AlertId,
}

impl Pending {
    /// Those of these rooms.
    pub(super) fn of<'a>(rooms: impl IntoIterator<Item = (&'a RoomCode, &'a Arc<Policy>)>) -> Vec<Self> {
        let of_room = |(room, policy): (&'a RoomCode, &'a Arc<Policy>)| {
            policy.alerts.escalating().map(move |(alert, at)| Self {
                at,
                room: room.clone(),
                alert: alert.id,
            })
        };
        rooms.into_iter().flat_map(of_room).collect()
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
        self.let_in(&mut admitted, visit, shown).await
    }

    /// Passes on those whose time has come. What cannot be done now is pending still, and is tried again.
    pub(super) async fn pass_on(&self, due: Vec<Pending>) {
        for Pending { room, alert, .. } in due {
            if let Err(refused) = self.escalate(&room, alert).await {
                let (room, id) = (room.as_str(), alert.as_str());
                tracing::warn!(room, id, "an alert could not be passed on yet: {refused}");
            }
        }
    }

    async fn escalate(&self, code: &RoomCode, id: AlertId) -> Result<(), Refused> {
        let (policy, now) = (self.policy(code).await?.unwrap_or_default(), now());
        let Some(alert) =
            policy.alerts.get(id).filter(|alert| alert.escalates_at().is_some_and(|at| at <= now))
        else {
            return Ok(());
        };
        let roll = self.log().roll_call(code, id).await?.unwrap_or_default();
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
        match self.step(to, action, |_| true, Some(audit)).await {
            Err(Refused::Unavailable) => Err(Refused::Unavailable),
            // It will not be another time either; its own room hears of it, and whoever follows that.
            Err(refused) => {
                let (to, id) = (to.as_str(), alert.id.as_str());
                tracing::error!(to, id, "an alert could not be passed on to a room: {refused}");
                Ok(())
            }
            Ok(_) => Ok(()),
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
