//! Whose devices are told of a room's alerts by Web Push while their page is closed: those of people who may be in the room,
//! who have not confirmed the alert, and whom it may disturb now. The server whose step has changed the alert tells them.

use super::{Refused, Rooms};
use crate::push::{IsCurrent, Notice, Push, Urgency};
use alert_core::access::Revoked;
use alert_core::names::{RoomCode, UserName};
use alert_core::room::alerts::{Alert, AlertId, Change, Fate, Level};
use alert_core::room::policy::Policy;
use alert_core::room::push::{Device, DeviceId};
use alert_core::room::roll_call::Stage;
use alert_core::wire;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderValue;
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// A push service keeps what it cannot deliver for so long, unless the alert ends before.
const LIVES: Duration = Duration::from_secs(4 * 3600);
/// A device that is off for a moment is told of an alert that ends in one.
const LIVES_AT_LEAST: Duration = Duration::from_secs(60);
/// From this level on.
const LEAST: Level = Level::Warning;
/// For so many seconds a store that does not answer is left alone until it is asked again: about a minute in all.
const PAUSES: [u64; 6] = [1, 2, 4, 8, 16, 30];

impl Rooms {
    /// Tells devices from now on.
    pub fn push_by(&self, push: Push) {
        // There is one, set at the start.
        let _ = self.0.push.set(push);
    }

    /// What tells devices, where the operator wants that.
    pub fn push(&self) -> Option<&Push> {
        self.0.push.get()
    }

    /// Has a device of somebody in a room told of its alerts.
    ///
    /// # Errors
    /// If there are too many, or the store does not answer.
    pub async fn put_device(&self, room: &RoomCode, device: Device) -> Result<(), Refused> {
        Ok(self.log().put_device(room, device).await?)
    }

    /// Has a device told no more.
    pub fn drop_device(&self, room: &RoomCode, device: DeviceId) {
        self.log().drop_devices(room, &[device]);
    }

    /// Tells devices what has become of alerts between two policies, of which this server has made the second.
    pub(super) fn push_changes(&self, code: &RoomCode, before: &Arc<Policy>, next: &Arc<Policy>) {
        self.drop_kept_out(code, before, next);
        if self.push().is_none() {
            return;
        }
        let changes = next.alerts.changes_since(&before.alerts).into_iter().map(|change| {
            let was = before.alerts.get(change.alert.id).map_or(Level::Info, |was| was.level);
            (change.alert.level.max(was), change)
        });
        let changes: Vec<_> = changes.filter(|(level, change)| is_told(*level, change)).collect();
        if changes.is_empty() {
            return;
        }
        let (rooms, code, policy) = (self.clone(), code.clone(), Arc::clone(next));
        self.runtime().spawn(async move {
            if let Err(refused) = rooms.push_to_devices(&code, &policy, &changes).await {
                tracing::error!(
                    room = code.as_str(),
                    "devices of a room could not be told of an alert: {refused}"
                );
            }
        });
    }

    async fn push_to_devices(
        &self,
        code: &RoomCode,
        policy: &Arc<Policy>,
        changes: &[(Level, Change)],
    ) -> Result<(), Refused> {
        let devices = patiently(&PAUSES, || self.log().devices_of(code, None)).await?;
        if devices.is_empty() {
            return Ok(());
        }
        let (with_token, without): (Vec<_>, Vec<_>) =
            devices.into_iter().partition(|one| one.token.is_some());
        // They do not wait for what is known of tokens.
        self.push_to(code, policy, changes, (&without, &[])).await;
        if with_token.is_empty() {
            return Ok(());
        }
        let revoked = patiently(&PAUSES, || self.revoked()).await?;
        self.push_to(code, policy, changes, (&with_token, &revoked)).await;
        Ok(())
    }

    async fn push_to(
        &self,
        code: &RoomCode,
        policy: &Arc<Policy>,
        changes: &[(Level, Change)],
        (devices, revoked): (&[Device], &[Revoked]),
    ) {
        let Some(push) = self.push() else { return };
        for (level, change) in changes {
            // Rather somebody who has confirmed than nobody.
            let confirmed = patiently(&PAUSES[..1], || self.confirmed(code, &change.alert)).await;
            let confirmed = confirmed.unwrap_or_default();
            // The store may have kept them waiting.
            let current = self.policy(code).await.ok().flatten();
            let current = current.filter(|current| current.revision > policy.revision);
            let current = current.as_ref().unwrap_or(policy);
            if is_outdated(change, current) {
                continue;
            }
            let (is_raised, is_over) =
                (change.fate == Fate::Raised, matches!(change.fate, Fate::Ended { .. }));
            let words = wire::push::changed(code, change);
            // What is over goes away, also where somebody has confirmed it since.
            let confirms = (change.alert.confirm && !is_over).then_some(change.alert.id);
            let is_current = self.while_told(code, confirms, {
                let change = change.clone();
                move |policy| !is_outdated(&change, policy)
            });
            let urgency = if is_over { Urgency::Normal } else { urgency(change.alert.level) };
            let notice = notice(code, &change.alert, policy.revision, (words, urgency), is_current);
            let now = SystemTime::now();
            let mut told = self.hearing(code, current, devices, revoked);
            told.retain(|one| {
                let is_raiser = is_raised && one.name == change.alert.by;
                // That is silent.
                let is_disturbed = is_over || one.is_disturbed_by(*level, now);
                !is_raiser && !confirmed.contains(&one.name) && is_disturbed
            });
            push.send(&notice, told);
        }
    }

    /// Those of people who may hear the room. The others are forgotten.
    fn hearing<'a>(
        &self,
        code: &RoomCode,
        policy: &Policy,
        devices: &'a [Device],
        revoked: &[Revoked],
    ) -> Vec<&'a Device> {
        let now = SystemTime::now();
        let (hearing, gone): (Vec<_>, Vec<_>) =
            devices.iter().partition(|one| one.may_hear(policy, revoked, now));
        let gone: Vec<_> = gone.iter().map(|one| one.subscription.id()).collect();
        self.log().drop_devices(code, &gone);
        hearing
    }

    /// For what is sent late: whether a device still is to be told it, whichever server has changed that. It is if the store does
    /// not say.
    fn while_told(
        &self,
        code: &RoomCode,
        confirms: Option<AlertId>,
        holds: impl Fn(&Policy) -> bool + Send + Sync + 'static,
    ) -> Box<IsCurrent> {
        let (rooms, code, holds) = (self.clone(), code.clone(), Arc::new(holds));
        Box::new(move |device| {
            let (rooms, code, holds) = (rooms.clone(), code.clone(), Arc::clone(&holds));
            let device = device.clone();
            Box::pin(
                async move { rooms.is_still_told(&code, &device, confirms, &*holds).await.unwrap_or(true) },
            )
        })
    }

    async fn is_still_told(
        &self,
        code: &RoomCode,
        device: &Device,
        confirms: Option<AlertId>,
        holds: &(dyn Fn(&Policy) -> bool + Send + Sync),
    ) -> Result<bool, Refused> {
        let policy = self.policy(code).await?.unwrap_or_default();
        let known = self.log().devices_of(code, Some(&device.name)).await?;
        let known = known.iter().find(|known| known.subscription.id() == device.subscription.id());
        let person = match confirms {
            Some(id) => self.log().roll_person(code, id, &device.name).await?,
            None => None,
        };
        let revoked = match known.and_then(|known| known.token.as_ref()) {
            Some(_) => self.revoked().await?,
            None => Vec::new(),
        };
        let has_confirmed = person.is_some_and(|person| person.stage == Stage::Confirmed);
        let may_hear = known.is_some_and(|known| known.may_hear(&policy, &revoked, SystemTime::now()));
        Ok(holds(&policy) && may_hear && !has_confirmed)
    }

    /// Whoever has confirmed an alert is not told of it any more.
    async fn confirmed(&self, code: &RoomCode, alert: &Alert) -> Result<HashSet<UserName>, Refused> {
        if !alert.confirm {
            return Ok(HashSet::new());
        }
        let roll = self.log().roll_call(code, alert.id).await?;
        let people = roll.iter().flat_map(|roll| roll.people());
        let confirmed = people.filter(|(_, person)| person.stage == Stage::Confirmed);
        Ok(confirmed.map(|(name, _)| name.clone()).collect())
    }

    /// Tells the devices of somebody that they have confirmed an alert, so that they show it no more.
    pub(super) fn push_confirmed(&self, code: &RoomCode, id: AlertId, name: &UserName) {
        if self.push().is_none() {
            return;
        }
        let (rooms, code, name) = (self.clone(), code.clone(), name.clone());
        self.runtime().spawn(async move {
            if let Err(refused) = rooms.push_to_devices_of(&code, id, &name).await {
                let room = code.as_str();
                tracing::warn!(
                    room,
                    "somebody's devices could not be told that they have confirmed: {refused}"
                );
            }
        });
    }

    async fn push_to_devices_of(&self, code: &RoomCode, id: AlertId, name: &UserName) -> Result<(), Refused> {
        let mut devices = patiently(&PAUSES, || self.log().devices_of(code, Some(name))).await?;
        let Some(push) = self.push().filter(|_| !devices.is_empty()) else { return Ok(()) };
        let policy = patiently(&PAUSES, || self.policy(code)).await?.unwrap_or_default();
        // It may have ended meanwhile; of its end, whoever has confirmed is told nothing.
        let ended = policy.alerts.ended(id).map(|ended| &ended.alert);
        let alert = policy.alerts.get(id).or(ended).filter(|alert| was_told(alert, alert.level));
        let Some(alert) = alert else { return Ok(()) };
        let mut revoked = Vec::new();
        if devices.iter().any(|one| one.token.is_some()) {
            match patiently(&PAUSES, || self.revoked()).await {
                Ok(found) => revoked = found,
                Err(_) => devices.retain(|one| one.token.is_none()),
            }
        }
        let words = wire::push::confirmed(code, alert);
        let is_current = self.while_told(code, None, |_| true);
        let notice = notice(code, alert, policy.revision, (words, Urgency::Normal), is_current);
        // It is silent, so it may come in quiet hours.
        push.send(&notice, self.hearing(code, &policy, &devices, &revoked));
        Ok(())
    }

    async fn revoked(&self) -> Result<Vec<Revoked>, Refused> {
        let revoked = self.log().revoked().await.ok_or(Refused::Unavailable)?;
        Ok(revoked.into_iter().map(|one| one.what).collect())
    }

    /// Forgets the devices that somebody has in a room whom a ban has put out: of their address, devices say nothing.
    pub(super) fn forget_devices_of(&self, code: &RoomCode, name: &UserName) {
        let (rooms, code, name) = (self.clone(), code.clone(), name.clone());
        self.runtime().spawn(async move {
            match patiently(&PAUSES, || rooms.log().devices_of(&code, Some(&name))).await {
                Ok(devices) => {
                    let out: Vec<_> = devices.iter().map(|one| one.subscription.id()).collect();
                    rooms.log().drop_devices(&code, &out);
                }
                Err(refused) => {
                    let room = code.as_str();
                    tracing::error!(room, "devices of somebody who is banned are still told: {refused}");
                }
            }
        });
    }

    /// Forgets the devices of a room that something new keeps out. Pages that are there put them again.
    fn drop_kept_out(&self, code: &RoomCode, before: &Arc<Policy>, next: &Arc<Policy>) {
        if !has_new_password(before, next) && !has_new_key(before, next) {
            return;
        }
        let (rooms, code) = (self.clone(), code.clone());
        let (before, next) = (Arc::clone(before), Arc::clone(next));
        self.runtime().spawn(async move {
            match patiently(&PAUSES, || rooms.log().devices_of(&code, None)).await {
                Ok(devices) => {
                    let out = devices.iter().filter(|one| is_kept_out(&before, &next, one));
                    let out: Vec<_> = out.map(|one| one.subscription.id()).collect();
                    rooms.log().drop_devices(&code, &out);
                }
                Err(refused) => {
                    let room = code.as_str();
                    tracing::error!(room, "devices that a new password keeps out are still told: {refused}");
                }
            }
        });
    }
}

/// Whether devices are told of a change; the level is the highest that the alert had before and has now.
fn is_told(level: Level, change: &Change) -> bool {
    match change.fate {
        Fate::Updated { in_words: false } | Fate::Stands | Fate::Escalated(_) => false,
        Fate::Ended { .. } => was_told(&change.alert, level),
        Fate::Raised | Fate::Updated { in_words: true } | Fate::Reminded(_) => level >= LEAST,
    }
}

/// Whether devices may show an alert: one that was changed may have been more serious once.
fn was_told(alert: &Alert, level: Level) -> bool {
    level >= LEAST || alert.changed.is_some()
}

/// Whether something else has become of an alert meanwhile, of which devices are told by itself.
fn is_outdated(Change { alert, fate }: &Change, policy: &Policy) -> bool {
    let is_as_said =
        |now: &Alert| (now.level, &now.text, now.drill) == (alert.level, &alert.text, alert.drill);
    !matches!(fate, Fate::Ended { .. }) && !policy.alerts.get(alert.id).is_some_and(is_as_said)
}

fn has_new_password(before: &Policy, next: &Policy) -> bool {
    next.password.is_some() && next.password != before.password
}

fn has_new_key(before: &Policy, next: &Policy) -> bool {
    before.host.is_some() && next.host != before.host
}

/// Whether a device is told because of a password or a host's key that is not the room's any more.
fn is_kept_out(before: &Policy, next: &Policy, device: &Device) -> bool {
    let is_out = if device.is_host { has_new_key(before, next) } else { has_new_password(before, next) };
    is_out && device.entered < next.revision
}

/// Asks the store, and again after each pause while it does not answer. Few wait at a time: what does not reach the store
/// changes nothing that devices are told of.
async fn patiently<T, E, F>(pauses: &[u64], mut ask: impl FnMut() -> F) -> Result<T, E>
where
    F: Future<Output = Result<T, E>>,
{
    for pause in pauses {
        if let Ok(found) = ask().await {
            return Ok(found);
        }
        tokio::time::sleep(Duration::from_secs(*pause)).await;
    }
    ask().await
}

fn urgency(level: Level) -> Urgency {
    match level {
        Level::Emergency => Urgency::Emergency,
        Level::Warning => Urgency::High,
        Level::Info => Urgency::Normal,
    }
}

/// What is told of an alert: it takes the place of what was told before, also where that waits at the push service.
fn notice(
    code: &RoomCode,
    alert: &Alert,
    revision: u64,
    (words, urgency): (Vec<u8>, Urgency),
    is_current: Box<IsCurrent>,
) -> Arc<Notice> {
    let left = alert.ends_at.map(|ends| ends.duration_since(SystemTime::now()).unwrap_or_default());
    let lives = left.unwrap_or(LIVES).clamp(LIVES_AT_LEAST, LIVES);
    let digest = Sha256::new()
        .chain_update(code.as_str())
        .chain_update([0])
        .chain_update(alert.id.as_str())
        .finalize();
    #[expect(clippy::expect_used, reason = "base64 is visible ASCII")]
    let topic = HeaderValue::try_from(URL_SAFE_NO_PAD.encode(&digest[..24])).expect("a header value");
    let (room, words, made) = (code.clone(), words.into(), Instant::now());
    Arc::new(Notice { room, revision, words, made, lives, urgency, topic, is_current })
}

#[cfg(test)]
mod tests;
