//! Whose devices are told of a room's alerts by Web Push while their page is closed: those of people who may be in the room,
//! who have not confirmed the alert, and whom it may disturb now. The server whose step has changed the alert tells them.

use super::{Refused, Rooms};
use crate::push::{Message, Push};
use alert_core::access::Revoked;
use alert_core::names::{RoomCode, UserName};
use alert_core::room::alerts::{Alert, AlertId, Change, Fate, Level};
use alert_core::room::policy::Policy;
use alert_core::room::push::{Device, DeviceId, Subscription};
use alert_core::room::roll_call::Stage;
use alert_core::wire;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderValue;
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// A push service keeps what it cannot deliver for so long, unless the alert ends before.
const LIVES: Duration = Duration::from_secs(4 * 3600);
/// A device that is off for a moment is told of an alert that ends in one.
const LIVES_AT_LEAST: Duration = Duration::from_secs(60);
/// From this level on.
const LEAST: Level = Level::Warning;

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
    pub(super) fn push_changes(&self, code: &RoomCode, before: &Policy, next: &Arc<Policy>) {
        if self.push().is_none() {
            return;
        }
        let was = |id: AlertId| before.alerts.get(id).map(|alert| alert.level);
        let changes = next.alerts.changes_since(&before.alerts).into_iter().filter(|change| {
            let is_serious =
                change.alert.level >= LEAST || was(change.alert.id).is_some_and(|was| was >= LEAST);
            is_serious
                && !matches!(
                    change.fate,
                    Fate::Updated { in_words: false } | Fate::Stands | Fate::Escalated(_)
                )
        });
        let changes: Vec<_> = changes.collect();
        if changes.is_empty() {
            return;
        }
        let (rooms, code, policy) = (self.clone(), code.clone(), Arc::clone(next));
        self.runtime().spawn(async move {
            if let Err(refused) = rooms.push_to_devices(&code, &policy, &changes).await {
                tracing::error!(
                    room = code.as_str(),
                    "the devices of a room could not be told of an alert: {refused}"
                );
            }
        });
    }

    async fn push_to_devices(
        &self,
        code: &RoomCode,
        policy: &Policy,
        changes: &[Change],
    ) -> Result<(), Refused> {
        let Some(push) = self.push() else { return Ok(()) };
        let mut devices = self.log().devices_of(code, None).await?;
        if devices.is_empty() {
            return Ok(());
        }
        let (revoked, now) = (self.revoked(&devices).await?, SystemTime::now());
        let mut gone = Vec::new();
        devices.retain(|one| {
            let may_hear = one.may_hear(policy, &revoked, now);
            if !may_hear {
                gone.push(one.subscription.id());
            }
            may_hear
        });
        self.log().drop_devices(code, &gone);
        for change in changes {
            let confirmed = self.confirmed(code, &change.alert).await?;
            let words: bytes::Bytes = wire::push::changed(code, change).into();
            let is_raised = change.fate == Fate::Raised;
            for one in &devices {
                let is_raiser = is_raised && one.name == change.alert.by;
                if is_raiser || confirmed.contains(&one.name) || !one.is_disturbed_by(change.alert.level, now)
                {
                    continue;
                }
                let is_urgent = change.alert.level >= LEAST && !matches!(change.fate, Fate::Ended { .. });
                push.send(message(code, &change.alert, &one.subscription, words.clone(), is_urgent));
            }
        }
        Ok(())
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
        let devices = self.log().devices_of(code, Some(name)).await?;
        let Some(push) = self.push().filter(|_| !devices.is_empty()) else { return Ok(()) };
        let policy = self.policy(code).await?;
        let alert = policy.as_deref().and_then(|policy| policy.alerts.get(id));
        let Some(alert) = alert.filter(|alert| alert.level >= LEAST) else { return Ok(()) };
        let (words, now) = (bytes::Bytes::from(wire::push::confirmed(code, alert)), SystemTime::now());
        for one in devices.iter().filter(|one| one.is_disturbed_by(alert.level, now)) {
            push.send(message(code, alert, &one.subscription, words.clone(), false));
        }
        Ok(())
    }

    async fn revoked(&self, devices: &[Device]) -> Result<Vec<Revoked>, Refused> {
        if devices.iter().all(|one| one.token.is_none()) {
            return Ok(Vec::new());
        }
        let revoked = self.log().revoked().await.ok_or(Refused::Unavailable)?;
        Ok(revoked.into_iter().map(|one| one.what).collect())
    }
}

/// A message about an alert: it takes the place of the one before, also where that waits at the push service.
fn message(
    code: &RoomCode,
    alert: &Alert,
    subscription: &Subscription,
    words: bytes::Bytes,
    is_urgent: bool,
) -> Message {
    let left = alert.ends_at.map(|ends| ends.duration_since(SystemTime::now()).unwrap_or_default());
    let lives = left.unwrap_or(LIVES).clamp(LIVES_AT_LEAST, LIVES);
    let digest = Sha256::new()
        .chain_update(code.as_str())
        .chain_update([0])
        .chain_update(alert.id.as_str())
        .finalize();
    #[expect(clippy::expect_used, reason = "base64 is visible ASCII")]
    let topic = HeaderValue::try_from(URL_SAFE_NO_PAD.encode(&digest[..24])).expect("a header value");
    let (room, subscription) = (code.clone(), subscription.clone());
    Message { room, subscription, words, lives, is_urgent, topic }
}
