//! Webhooks: who may make them, and what becomes of them. They are in the policies of their rooms; `deliverer` tells their
//! receivers what happens.

mod deliverer;
mod letters;

use super::allowance::Cost;
use super::moderation::{now, random};
use super::{Actor, Admitted, Refused, Rooms};
use crate::log::{HookError, HookKey, Query, Start};
use crate::outbound::Outbound;
use crate::webhook::{self, Outcome};
use alert_core::delivery::Delivery;
use alert_core::names::RoomCode;
use alert_core::position::Position;
use alert_core::room::alerts::Alerts;
use alert_core::room::hooks::{Hook, HookId, MOST_HOOKS, Secret, Step, Tells};
use alert_core::room::policy::{Action, NotDone, Policy};
use alert_core::wire::webhook::Body;
pub use letters::{Dead, Resent};
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::{Notify, Semaphore};

/// The most that this server, or all that share their rooms, deliver for.
const MOST_IN_ALL: usize = 1000;
/// The most that are tested at a time.
const MOST_TESTS: usize = 8;

/// How what is told goes out, and that some webhooks have changed.
pub(super) struct Hooks {
    outbound: Outbound,
    changed: Notify,
    tests: Arc<Semaphore>,
}

impl Hooks {
    /// Some have come with a room that goes on under another code.
    pub(super) fn changed(&self) {
        self.changed.notify_one();
    }

    pub(super) fn new(outbound: Outbound) -> Self {
        Self { outbound, changed: Notify::new(), tests: Arc::new(Semaphore::new(MOST_TESTS)) }
    }
}

impl From<HookError> for Refused {
    fn from(_: HookError) -> Self {
        Self::Unavailable
    }
}

impl Rooms {
    /// What goes to addresses that users give.
    pub fn outbound(&self) -> &Outbound {
        &self.0.hooks.outbound
    }

    /// The webhooks of a room, for a host, and how far each has come.
    ///
    /// # Errors
    /// If they are no host, or the store does not answer.
    pub async fn hooks(&self, room: &Admitted) -> Result<Vec<(Hook, Delivery)>, Refused> {
        let policy = self.acts(room, Cost::default()).await?.unwrap_or_default();
        let mut all = Vec::new();
        for hook in policy.hooks.all() {
            let delivery = self.log().look_at_hook(&key(room.code(), hook.id)).await?;
            let delivery = delivery.and_then(|text| Delivery::read(&text)).unwrap_or_default();
            all.push((hook.clone(), delivery));
        }
        Ok(all)
    }

    /// Makes a webhook, which tells what happens from now on.
    ///
    /// # Errors
    /// If they are no host, or there are too many, or nothing is kept that it could go on from.
    pub async fn add_hook(
        &self,
        room: &Admitted,
        by: &Actor,
        (url, tells): (String, Tells),
    ) -> Result<Hook, Refused> {
        let policy = self.acts(room, Cost::default()).await?.unwrap_or_default();
        if !self.log().is_on() {
            return Err(NotDone::HooksNeedHistory.into());
        }
        // Before that counts: whoever is refused for this made none.
        if policy.hooks.all().len() >= MOST_HOOKS {
            return Err(NotDone::TooManyHooks.into());
        }
        let all: usize = self.hooked().await?.iter().map(|(_, policy)| policy.hooks.all().len()).sum();
        if all >= MOST_IN_ALL {
            return Err(NotDone::TooManyHooksInAll.into());
        }
        self.0.allowances.hook(room.network(), Instant::now())?;
        let (id, secret) = (HookId::made_of(random()), Secret::new(random()));
        let hook = Hook { id, url: url.into(), tells, secret, before: None, by: by.0.clone(), at: now() };
        let key = key(room.code(), id);
        // Before it is there, so that nothing is told that was said before, and nothing is left out.
        self.begin_hook(&key, &policy.alerts).await?;
        if let Err(refused) = self.act_on_hook(room, by, Step::Add(Box::new(hook.clone()))).await {
            self.log().forget_hook(&key);
            return Err(refused);
        }
        Ok(hook)
    }

    /// Removes a webhook.
    ///
    /// # Errors
    /// If they are no host, or there is none.
    pub async fn remove_hook(&self, room: &Admitted, by: &Actor, id: HookId) -> Result<(), Refused> {
        self.acts(room, Cost::default()).await?;
        self.act_on_hook(room, by, Step::Remove(id)).await?;
        self.log().forget_hook(&key(room.code(), id));
        Ok(())
    }

    /// Gives a webhook another secret. The one before is signed with for a day too.
    ///
    /// # Errors
    /// If they are no host, or there is no such webhook.
    pub async fn change_hook(&self, room: &Admitted, by: &Actor, id: HookId) -> Result<Secret, Refused> {
        self.acts(room, Cost::default()).await?;
        let secret = Secret::new(random());
        self.act_on_hook(room, by, Step::Change(id, secret.clone())).await?;
        Ok(secret)
    }

    /// Posts a test to a webhook, once: what it gives waits for what becomes of that.
    ///
    /// # Errors
    /// If they are no host, or there is no such webhook.
    pub async fn test_hook(
        &self,
        room: &Admitted,
        id: HookId,
    ) -> Result<impl Future<Output = Outcome> + Send + use<>, Refused> {
        let policy = self.acts(room, Cost::default()).await?.unwrap_or_default();
        let hook = policy.hooks.get(id).ok_or(NotDone::NoSuchHook)?.clone();
        // Those that wait for an answer hold up no event.
        let place = Arc::clone(&self.0.hooks.tests).try_acquire_owned();
        let body = Body::test(room.code(), id, u64::from_ne_bytes(random()), now());
        let outbound = self.outbound().clone();
        Ok(async move {
            let Ok(_place) = place else {
                let why = "too many webhooks are tested at the moment: try again in 20 s".to_owned();
                return Outcome::Failed { why, retry_after: None };
            };
            webhook::post(&outbound, &hook, &body.id, &body.json).await
        })
    }

    async fn act_on_hook(&self, room: &Admitted, by: &Actor, step: Step) -> Result<(), Refused> {
        self.act(room, by, Action::Hook(Box::new(step)), None).await?;
        self.0.hooks.changed.notify_one();
        Ok(())
    }

    /// Notes where a room stands, for a webhook that is made now.
    async fn begin_hook(&self, key: &HookKey, alerts: &Alerts) -> Result<Delivery, Refused> {
        let delivery = Delivery::begin(self.last_position(&key.room).await?, alerts);
        self.log().claim_hook(key).await?;
        self.log().keep_hook(key, delivery.write(), None).await?;
        Ok(delivery)
    }

    async fn last_position(&self, room: &RoomCode) -> Result<Option<Position>, Refused> {
        let query = Query { start: Start::Newest, limit: 1 };
        let page = self.log().page(room.clone(), query).await.map_err(|_| Refused::Unavailable)?;
        Ok(page.messages.last().map(|last| last.position))
    }

    /// The rooms that have webhooks.
    async fn hooked(&self) -> Result<Vec<(RoomCode, Arc<Policy>)>, Refused> {
        match self.log().shared() {
            Some(shared) => Ok(shared.hooked().await?),
            None => Ok(self.0.policies.with_hooks()),
        }
    }
}

fn key(room: &RoomCode, hook: HookId) -> HookKey {
    HookKey { room: room.clone(), hook }
}
