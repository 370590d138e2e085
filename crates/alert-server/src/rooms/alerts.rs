//! Alerts: who may raise, change and end them, and that they end by themselves. They are a part of the room's policy, which
//! is kept and shared already; what becomes of one is told in the room's order.

use super::allowance::Cost;
use super::live_room::LiveRoom;
use super::moderation::{People, now};
use super::{Actor, Admitted, Refused, Rooms};
use crate::log::redis::Of;
use crate::log::{KeyDigest, Stored};
use alert_core::access::{Denied, Principal, Right};
use alert_core::names::{RoomCode, UserName};
use alert_core::room::alerts::{Alert, AlertId, Amendment, Countdown, Ended, Key, Step};
use alert_core::room::policy::{Action, Audit, Forbidden, NotDone, Policy};
use alert_core::wire::audit;
use alert_core::wire::v2::{Alerting, Changes, Raise};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// An alert ends so much after its time at most. The clock is looked at this often, since somebody may put it.
const LOOK: Duration = Duration::from_secs(1);
/// How long to wait where the store cannot be reached, before an alert is ended.
const AGAIN: Duration = Duration::from_secs(1);

/// What has become of an alert that somebody did something with.
#[derive(Clone, Debug)]
pub enum Alerted {
    /// It is in force, and whether that is on disk.
    InForce(Box<Alert>, bool),
    /// It has ended, and whether that is on disk.
    Ended(Box<Ended>, bool),
    /// Those that are in force.
    All(Vec<Alert>),
}

impl Rooms {
    /// The right with which somebody asks to raise an alert in a room: a host needs no token that grants it.
    pub fn alert_right(who: &Principal, room: &RoomCode) -> Right {
        if who.rights_in(room).has(Right::Alert) { Right::Alert } else { Right::Read }
    }

    /// The alerts that are in force in a room, for somebody who may read it.
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn alerts(&self, room: &Admitted) -> Result<Vec<Alert>, Refused> {
        room.may(Right::Read)?;
        Ok(in_force(self.policy(room.code()).await?.as_deref()))
    }

    /// Raises, changes or ends an alert in somebody's name, or tells which there are.
    ///
    /// # Errors
    /// If they may not, or it cannot be done.
    pub async fn alert(
        &self,
        room: &Admitted,
        (by, name): (&Actor, &UserName),
        what: Alerting,
        key: Option<KeyDigest>,
    ) -> Result<Alerted, Refused> {
        let step = match what {
            Alerting::List => return self.alerts(room).await.map(Alerted::All),
            Alerting::Raise(raise) => Step::Raise(raised(raise, name, key)),
            Alerting::Change(id, changes) => Step::Change(id, name.clone(), amendment(changes)),
            Alerting::End(id, all_clear) => Step::End(id, name.clone(), all_clear),
        };
        let policy = self.policy(room.code()).await?;
        if !room.badge.is_host(room.standing(), policy.as_deref()) {
            room.may(Right::Alert).map_err(|denied| match denied {
                Denied::NoToken => Refused::Forbidden(Forbidden::NotHost),
                denied => denied.into(),
            })?;
        }
        self.0.allowances.act(room, Cost::default(), Instant::now())?;
        let action = Action::Alert(Box::new(step.clone()));
        let audit = by.did(action.deed(), audit::target(&action), audit::detail(&action));
        let may = |policy: &Policy| {
            room.badge.is_host(room.standing(), Some(policy)) || room.may(Right::Alert).is_ok()
        };
        let (policy, stored) = self.step(room.code(), action, may, Some(audit)).await?;
        let outcome = outcome(&policy, &step, stored).ok_or(NotDone::NoSuchAlert)?;
        let (deed, id) = match &outcome {
            Alerted::InForce(alert, _) => ("in force", alert.id),
            Alerted::Ended(ended, _) => ("ended", ended.alert.id),
            Alerted::All(_) => return Ok(outcome),
        };
        tracing::info!(room = room.code().as_str(), by = &*by.0, id = id.as_str(), "an alert is {deed}");
        Ok(outcome)
    }

    /// Takes a step, if the policy that it is made of lets it be taken, and waits until its outcome is stored; says whether that
    /// is on disk. A store that fails silences no alert.
    async fn step(
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

    /// Ends the alerts of a room at their time, as long as somebody hears it. Where nobody does, whoever comes finds them
    /// ended.
    pub(super) fn time_alerts(&self, room: &Arc<LiveRoom>) {
        if !room.begins_to_time() {
            return;
        }
        let (room, rooms) = (Arc::downgrade(room), self.clone());
        self.runtime().spawn(async move {
            loop {
                let next = match room.upgrade() {
                    Some(room) => room.next_alert_end().map(|next| (next, room.code.clone())),
                    None => return,
                };
                let Some((next, code)) = next else { return };
                match next.duration_since(now()) {
                    Ok(left) if !left.is_zero() => tokio::time::sleep(left.min(LOOK)).await,
                    _ => {
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

fn raised(raise: Raise, name: &UserName, key: Option<KeyDigest>) -> Alert {
    let now = now();
    let key = key.map(|KeyDigest(digest)| Key { digest, asked: raise.digest(name) });
    let Raise { text, level, confirm, answers, word, drill, countdown_to, ends_at, audience } = raise;
    Alert {
        id: AlertId::made_of(super::moderation::random()),
        by: name.clone(),
        at: now,
        text,
        level,
        confirm,
        answers,
        word,
        drill,
        countdown: countdown_to.map(|when| Countdown::To(when.at(now))),
        ends_at: ends_at.map(|when| when.at(now)),
        audience,
        changed: None,
        key,
    }
}

fn amendment(changes: Changes) -> Amendment {
    let now = now();
    let Changes { text, level, confirm, countdown, ends_at, audience } = changes;
    let countdown = countdown.map(|countdown| countdown.at(now));
    let ends_at = ends_at.map(|when| when.map(|when| when.at(now)));
    Amendment { text, level, confirm, countdown, ends_at, audience }
}

/// What has become of the alert that a step was about.
fn outcome(policy: &Policy, step: &Step, stored: bool) -> Option<Alerted> {
    let alerts = &policy.alerts;
    let id = match step {
        // A retry is about the first one.
        Step::Raise(alert) => {
            alert.key.and_then(|key| alerts.with_key(key)).map_or(alert.id, |first| first.id)
        }
        Step::Change(id, ..) | Step::End(id, ..) => *id,
        Step::Expire => return None,
    };
    let in_force = alerts.get(id).map(|alert| Alerted::InForce(Box::new(alert.clone()), stored));
    in_force.or_else(|| alerts.ended(id).map(|ended| Alerted::Ended(Box::new(ended.clone()), stored)))
}
