//! Alerts: who may raise, change and end them, and that they end by themselves. They are a part of the room's policy, which
//! is kept and shared already; what becomes of one is told in the room's order.

mod draft;
mod prepared;

use super::allowance::Cost;
use super::live_room::{LiveRoom, Timed};
use super::moderation::People;
use super::{Actor, Admitted, Elsewhere, Refused, Rooms, Visit};
use crate::log::redis::Of;
use crate::log::{KeyDigest, Stored};
use alert_core::access::{Denied, Principal, Right};
use alert_core::names::{RoomCode, UserName};
use alert_core::room::alerts::{Alert, AllPrepared, Draft, Ended, Person, Proposed, Step, Unfilled};
use alert_core::room::policy::{Action, Audit, Forbidden, NotDone, Policy};
use alert_core::room::roll_call::{self, Roster};
use alert_core::wire::audit;
use alert_core::wire::v2::{Alerting, Rolled};
use draft::{Undrafted, amendment, draft};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// An alert ends so much after its time at most. The clock is looked at this often, since somebody may put it.
const LOOK: Duration = Duration::from_secs(1);
/// How long to wait where the store cannot be reached, before an alert is ended, or reminded of.
const AGAIN: Duration = Duration::from_secs(1);

/// What has become of an alert that somebody did something with.
#[derive(Clone, Debug)]
pub enum Alerted {
    /// It is in force, and whether that is on disk.
    InForce(Box<Alert>, bool),
    /// It has ended, and whether that is on disk.
    Ended(Box<Ended>, bool),
    /// It waits until somebody else releases it, and whether that is on disk.
    Proposed(Box<Proposed>, bool),
    /// Those that are in force; and, for whoever may release them, those that wait.
    All(Vec<Alert>, Option<Vec<Proposed>>),
    /// What is prepared.
    Prepared(AllPrepared),
    /// Nothing was raised: the blanks of what is prepared were not filled as they should be.
    Unfilled(Unfilled),
    /// Nothing was raised: whoever asked may not have it passed on to that room.
    NotThere(Refused),
    /// Somebody has confirmed one, and whether that is on disk.
    Confirmed(Box<(UserName, roll_call::Person)>, bool),
    /// Somebody sees one.
    Shown,
    /// Who has confirmed one.
    Called(Box<Rolled>),
    /// Who has not, for whoever may hear the room.
    Missing(Arc<Rolled>),
    /// Who is expected in the room, so many names later than at the beginning; and where that has just become another list,
    /// whether it is on disk.
    Roster(Roster, usize, Option<bool>),
}

impl Rooms {
    /// The right with which somebody asks to raise an alert in a room: a host needs no token that grants it.
    pub fn alert_right(who: &Principal, room: &RoomCode) -> Right {
        if who.rights_in(room).has(Right::Alert) { Right::Alert } else { Right::Read }
    }

    /// What they want of a room who do this from outside, in this name. Only who may be in it says that they have an alert.
    pub fn alert_visit<'a>(what: &Alerting, name: &'a UserName) -> Visit<'a> {
        match what {
            Alerting::Roll(_, rolling) if rolling.is_for_oneself() => Visit::Enter(name),
            _ => Visit::Alert(Some(name)),
        }
    }

    /// The alerts of a room, for somebody who may read it.
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn alerts(&self, room: &Admitted) -> Result<Alerted, Refused> {
        room.may(Right::Read)?;
        let policy = self.policy(room.code()).await?;
        let policy = policy.as_deref();
        let waiting = |policy: &Policy| policy.alerts.proposed(SystemTime::now()).cloned().collect();
        let proposed = may_alert(room, policy).is_ok().then(|| policy.map(waiting).unwrap_or_default());
        Ok(Alerted::All(in_force(policy), proposed))
    }

    /// Raises, changes or ends an alert in somebody's name, or tells which there are.
    ///
    /// # Errors
    /// If they may not, or it cannot be done.
    pub async fn alert(
        &self,
        room: &Admitted,
        (by, name, elsewhere): (&Actor, &UserName, &Elsewhere),
        what: Alerting,
        key: Option<KeyDigest>,
    ) -> Result<Alerted, Refused> {
        let policy = self.policy(room.code()).await?;
        let subject = room.standing().subject().map(|subject| subject.to_string().into());
        let step = match what {
            Alerting::List => return self.alerts(room).await,
            Alerting::Missing(id) => return self.missing(room, id).await.map(Alerted::Missing),
            Alerting::Roll(id, rolling) => return self.roll(room, name, id, rolling).await,
            Alerting::Roster(what) => return self.rostered(room, by, what).await,
            Alerting::Prepared => return self.prepared(room).await,
            Alerting::Prepare(what) => return self.prepare(room, by, what).await,
            Alerting::Raise(raise) => {
                let prepared = policy.as_ref().map(|policy| &*policy.prepared).unwrap_or_default();
                match draft(raise, name, key, prepared) {
                    Ok(draft) => {
                        // Whoever may not raise it at all hears of that first.
                        may_alert(room, policy.as_deref())?;
                        let escalation = draft.alert.escalation.as_ref();
                        if let Some(to) = escalation.and_then(|escalation| escalation.to.as_ref())
                            && let Err(refused) = self.may_pass_on(room, (elsewhere, name), to).await
                        {
                            return Ok(Alerted::NotThere(refused));
                        }
                        Step::Raise(Draft { subject, ..draft })
                    }
                    Err(Undrafted::Unfilled(why)) => return Ok(Alerted::Unfilled(why)),
                    Err(Undrafted::NotPrepared) => return Err(NotDone::NotPrepared.into()),
                }
            }
            Alerting::Release(id) => Step::Release(id, Person { name: name.clone(), subject }),
            Alerting::Change(id, changes) => Step::Change(id, name.clone(), amendment(changes)),
            Alerting::End(id, ending) => Step::End(id, name.clone(), ending),
        };
        may_alert(room, policy.as_deref())?;
        self.0.allowances.act(room, Cost::default(), Instant::now())?;
        let action = Action::Alert(Box::new(step.clone()));
        let before = policy.as_ref().and_then(|policy| policy.alerts.find(step.id()?));
        let deed = policy.as_ref().map_or(action.deed(), |policy| policy.deed_of(&step));
        let audit = by.did(deed, audit::target(&action), audit::alerting(&step, before));
        let may = |policy: &Policy| may_alert(room, Some(policy)).is_ok();
        let (policy, stored) = self.step(room.code(), action, may, Some(audit)).await?;
        let outcome = outcome(&policy, &step, stored).ok_or(NotDone::NoSuchAlert)?;
        if let Alerted::InForce(alert, _) = &outcome {
            self.begin_roll_call(room.code(), alert).await;
            if alert.escalates_at().is_some() {
                self.0.bells.changed();
            }
        }
        let (deed, id) = match &outcome {
            Alerted::InForce(alert, _) => ("in force", alert.id),
            Alerted::Ended(ended, _) => ("ended", ended.alert.id),
            Alerted::Proposed(proposed, _) => ("proposed", proposed.draft.alert.id),
            _ => return Ok(outcome),
        };
        tracing::info!(room = room.code().as_str(), by = &*by.0, id = id.as_str(), "an alert is {deed}");
        Ok(outcome)
    }

    /// Takes a step, if the policy that it is made of lets it be taken, and waits until its outcome is stored; says whether that
    /// is on disk. A store that fails silences no alert.
    pub(super) async fn step(
        &self,
        code: &RoomCode,
        action: Action,
        may: impl Fn(&Policy) -> bool + Send + Sync,
        audit: Option<Audit>,
    ) -> Result<(Arc<Policy>, bool), Refused> {
        let step = move |policy: &Policy, people: &mut People<'_>, now| {
            if may(policy) { policy.after(&action, people, now) } else { Err(NotDone::NotHost) }
        };
        let (policy, stored) = self.rule_and_tell(code, &step, Of::Any, audit).await?;
        Ok((policy, stored == Some(Stored::Durably)))
    }

    /// Ends the alerts of a room at their time, reminds of them, and notes whom they reach, as long as somebody hears it. Where
    /// nobody does, whoever comes finds them ended.
    pub(super) fn time_alerts(&self, room: &Arc<LiveRoom>) {
        room.follow_alerts(self);
        if !room.begins_to_time() {
            return;
        }
        let (room, rooms) = (Arc::downgrade(room), self.clone());
        self.runtime().spawn(async move {
            loop {
                let Some(live) = room.upgrade() else { return };
                let Some((left, what)) = live.next_of_alerts() else { return };
                if !left.is_zero() {
                    drop(live);
                    tokio::time::sleep(left.min(LOOK)).await;
                    continue;
                }
                match what {
                    Timed::Reminds => {
                        let is_done = rooms.remind(&live).await;
                        drop(live);
                        if !is_done {
                            tokio::time::sleep(AGAIN).await;
                        }
                    }
                    Timed::Ends => {
                        let code = live.code.clone();
                        drop(live);
                        let expire = Action::Alert(Box::new(Step::Expire));
                        if let Err(refused) = rooms.step(&code, expire, |_| true, None).await {
                            tracing::warn!(room = code.as_str(), "an alert could not be ended: {refused}");
                            tokio::time::sleep(AGAIN).await;
                        }
                    }
                }
            }
        });
    }
}

/// The alerts that are in force now.
pub fn in_force(policy: Option<&Policy>) -> Vec<Alert> {
    let now = SystemTime::now();
    policy.map(|policy| policy.alerts.in_force(now).cloned().collect()).unwrap_or_default()
}

/// Whether somebody may do something with the alerts of a room with this policy.
pub(super) fn may_alert(room: &Admitted, policy: Option<&Policy>) -> Result<(), Refused> {
    if room.badge.is_host(room.standing(), policy) {
        return Ok(());
    }
    room.may(Right::Alert).map_err(|denied| match denied {
        Denied::NoToken => Refused::Forbidden(Forbidden::NotHost),
        denied => denied.into(),
    })
}

/// What has become of the alert that a step was about.
fn outcome(policy: &Policy, step: &Step, stored: bool) -> Option<Alerted> {
    let alerts = &policy.alerts;
    let first = match step {
        // A retry is about the first one.
        Step::Raise(draft) => draft.alert.key.and_then(|key| alerts.with_key(key)).map(|first| first.id),
        Step::Change(..)
        | Step::Release(..)
        | Step::End(..)
        | Step::Escalate(..)
        | Step::Hear(_)
        | Step::Expire
        | Step::Move => None,
    };
    let id = first.or(step.id())?;
    let in_force = alerts.get(id).map(|alert| Alerted::InForce(Box::new(alert.clone()), stored));
    let proposed = || alerts.proposal(id).map(|one| Alerted::Proposed(Box::new(one.clone()), stored));
    in_force
        .or_else(proposed)
        .or_else(|| alerts.ended(id).map(|ended| Alerted::Ended(Box::new(ended.clone()), stored)))
}
