//! Tells the receivers of webhooks what happens, one event after the other, each by a task of its own: a receiver that fails
//! holds up no room and no other receiver. Of several servers one does it, and another when that one has ended.

use super::{MOST_IN_ALL, Rooms, key};
use crate::log::{Claim, HookKey, Letter, Page, Query, Start};
use crate::outbound::Target;
use crate::rooms::moderation::{now, random};
use crate::rooms::{Refused, Shared};
use crate::webhook::{self, DeadLetter, Outcome};
use alert_core::delivery::{ATTEMPTS, Delivery, Item, News, Verdict};
use alert_core::room::alerts::{Alerts, Step};
use alert_core::room::hooks::Hook;
use alert_core::room::policy::{Action, Policy};
use alert_core::wire::webhook::Body;
use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::sleep;

/// How often webhooks are asked for, since another server may have made some; and what other servers have been told.
const ASK: Duration = Duration::from_secs(5);
/// How often a room of several servers is looked at. What is said on this server, it hears of.
const LOOK: Duration = Duration::from_secs(1);
/// How often a server says that it goes on delivering: much more often than its lease ends.
const RENEWAL: Duration = Duration::from_secs(3);
/// The longest that nothing is looked at, though something fails.
const LONGEST: Duration = Duration::from_secs(60);
/// Messages that are read at a time.
const PAGE: usize = 32;

/// What a deliverer does next.
enum Next {
    /// It waits for so long, or until something happens.
    Listen(Duration),
    /// It waits for so long, whatever happens.
    Pause(Duration),
    /// It looks at once: there was more.
    Again,
    /// There is no such webhook any more.
    End,
}

/// The deliverers of this server, each until its webhook is gone.
#[derive(Default)]
struct Running(HashMap<HookKey, JoinHandle<()>>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.values().for_each(JoinHandle::abort);
    }
}

impl Rooms {
    /// Delivers for as long as there are rooms, if anything is kept that could be gone on from.
    pub fn begin_to_deliver(&self) {
        if !self.log().is_on() {
            return;
        }
        let rooms = Arc::downgrade(&self.0);
        self.runtime().spawn(async move {
            let mut running = Running::default();
            loop {
                let Some(rooms) = rooms.upgrade().map(Rooms) else { return };
                match rooms.hooked().await {
                    Ok(hooked) => rooms.have_delivered(&hooked, &mut running),
                    Err(refused) => tracing::warn!("the webhooks of rooms cannot be read: {refused}"),
                }
                tokio::select! {
                    () = sleep(ASK) => {}
                    () = rooms.0.hooks.changed.notified() => {}
                }
            }
        });
    }

    fn have_delivered(&self, hooked: &[(alert_core::names::RoomCode, Arc<Policy>)], running: &mut Running) {
        let all = hooked
            .iter()
            .flat_map(|(room, policy)| policy.hooks.all().iter().map(move |hook| key(room, hook.id)));
        let mut before = std::mem::take(&mut running.0);
        // Servers that make some at one moment may make a few too many.
        for of in all.take(2 * MOST_IN_ALL) {
            let task = before.remove(&of).filter(|task| !task.is_finished());
            let task =
                task.unwrap_or_else(|| self.runtime().spawn(deliver(Arc::downgrade(&self.0), of.clone())));
            running.0.insert(of, task);
        }
        for (of, task) in before {
            task.abort();
            self.log().forget_hook(&of);
        }
    }

    /// Delivers what there is, as far as that goes.
    async fn deliver_page(&self, of: &HookKey) -> Result<Next, Refused> {
        let kept = match self.log().claim_hook(of).await? {
            Claim::Anothers => return Ok(Next::Pause(ASK)),
            Claim::Yours(kept) => kept,
        };
        let Some((policy, hook)) = self.hook(of).await? else { return Ok(Next::End) };
        let mut delivery = match kept.and_then(|text| Delivery::read(&text)) {
            Some(delivery) => delivery,
            // The store has lost it, or the room goes on under this code.
            None => self.begin_hook(of, &policy.alerts).await?,
        };
        if delivery.is_gone {
            return Ok(Next::Pause(LONGEST));
        }
        let pause = delivery.pause;
        let wait = delivery.wait(now());
        if !wait.is_zero() {
            // The clock was set back. That it begins now has to be kept, or it would begin anew at each look.
            if delivery.pause != pause && !self.log().keep_hook(of, delivery.write(), None).await? {
                return Ok(Next::Pause(ASK));
            }
            let waited = self.hold(of, sleep(wait.min(LONGEST))).await;
            return Ok(waited.map_or(Next::Pause(ASK), |()| Next::Again));
        }
        // Before the page, which then has their words.
        let alerts = alerts_now(&policy);
        let page = self.unread(&hook, &delivery, of).await?;
        let (mut left, mut gap) = (&page.messages[..], page.gap);
        loop {
            let news = News { messages: left, gap, more: page.more, alerts: &alerts };
            let Some(item) = delivery.next(news, hook.tells, now()) else { break };
            // Those before it may have taken minutes, in which somebody gave it another secret, or removed it.
            let Some((_, hook)) = self.hook(of).await? else { return Ok(Next::End) };
            let body = Body::of(&of.room, &item, delivery.after, now());
            let post = webhook::post(self.outbound(), &hook, &body.id, &body.json);
            let Some(outcome) = self.hold(of, post).await else { return Ok(Next::Pause(ASK)) };
            let letter = self.take_outcome(of, &hook, (&mut delivery, &item), &body, outcome);
            if !self.log().keep_hook(of, delivery.write(), letter).await? {
                return Ok(Next::Pause(ASK));
            }
            let is_over = !delivery.is_gone && delivery.failing.is_none();
            if !is_over || !delivery.wait(now()).is_zero() {
                return Ok(Next::Again);
            }
            match &item {
                Item::Gap(..) => gap = None,
                Item::Said(event) => {
                    let place = left.iter().position(|message| message.position == event.position);
                    left = place.map_or(&[][..], |place| &left[place + 1..]);
                }
                Item::Alert(..) => {}
            }
        }
        // An alert that could not be told may have ended.
        let was_failing = !page.more && delivery.failing.take().is_some();
        if was_failing && !self.log().keep_hook(of, delivery.write(), None).await? {
            return Ok(Next::Pause(ASK));
        }
        Ok(match (page.more, self.are_shared()) {
            (true, _) => Next::Again,
            (false, true) => Next::Listen(LOOK),
            (false, false) => Next::Listen(ASK),
        })
    }

    /// A webhook as it is now, and the policy of its room.
    async fn hook(&self, of: &HookKey) -> Result<Option<(Arc<Policy>, Hook)>, Refused> {
        let policy = self.policy(&of.room).await?;
        Ok(policy.and_then(|policy| {
            let hook = policy.hooks.get(of.hook)?.clone();
            Some((policy, hook))
        }))
    }

    /// Does something that may take a while, and goes on saying that this server delivers. Nothing, if another one does now.
    async fn hold<T>(&self, of: &HookKey, done: impl Future<Output = T>) -> Option<T> {
        tokio::pin!(done);
        loop {
            match tokio::time::timeout(RENEWAL, &mut done).await {
                Ok(done) => return Some(done),
                // Where the store does not answer, it goes on: whatever it notes then is told once more at most.
                Err(_) if self.log().claim_hook(of).await == Ok(Claim::Anothers) => return None,
                Err(_) => {}
            }
        }
    }

    /// What comes after what was told, if it tells messages.
    async fn unread(&self, hook: &Hook, delivery: &Delivery, of: &HookKey) -> Result<Page, Refused> {
        if !hook.tells.messages() {
            return Ok(Page::default());
        }
        let start = delivery.after.map_or(Start::Oldest, Start::After);
        let page = self.log().page(of.room.clone(), Query { start, limit: PAGE }).await;
        page.map_err(|_| Refused::Unavailable)
    }

    /// Notes what became of an event. Gives the dead letter, if it has become one.
    fn take_outcome(
        &self,
        of: &HookKey,
        hook: &Hook,
        (delivery, item): (&mut Delivery, &Item),
        body: &Body,
        outcome: Outcome,
    ) -> Option<Letter> {
        let (room, webhook, event) = (of.room.as_str(), of.hook.as_str(), &*body.id);
        let posts = &self.0.counts.posts;
        match outcome {
            Outcome::Delivered(_) => {
                posts.add("delivered", 1);
                if delivery.failing.is_some() {
                    tracing::info!(room, webhook, event, "a webhook delivers again");
                }
                delivery.passed(item);
                delivery.delivered = Some(now());
                None
            }
            Outcome::Gone => {
                posts.add("gone", 1);
                tracing::warn!(
                    room,
                    webhook,
                    "the receiver of a webhook is gone: nothing is sent there any more"
                );
                (delivery.is_gone, delivery.failing) = (true, None);
                None
            }
            Outcome::Failed { why, retry_after } => {
                posts.add("failed", 1);
                let [random] = random();
                match delivery.failed(item, (event, &why), retry_after, random, now()) {
                    Verdict::Again => {
                        let is_first = delivery.failing.as_ref().is_some_and(|failing| failing.attempts == 1);
                        let host = self.outbound().target(&hook.url).ok();
                        let host = host.as_ref().map(Target::host);
                        if is_first {
                            tracing::warn!(room, webhook, event, host, reason = &*why, "a webhook fails");
                        }
                        None
                    }
                    Verdict::Dead => {
                        posts.add("dead", 1);
                        tracing::warn!(room, webhook, event, reason = &*why, "a webhook has a dead letter");
                        let text = DeadLetter::new(body, ATTEMPTS, &why, now()).write();
                        Some(Letter { id: event.into(), text })
                    }
                }
            }
        }
    }
}

async fn deliver(rooms: Weak<Shared>, of: HookKey) {
    let Some(mut news) = rooms.upgrade().map(|rooms| Rooms(rooms).log().listen(&of.room)) else { return };
    loop {
        let Some(rooms) = rooms.upgrade().map(Rooms) else { return };
        let next = rooms.deliver_page(&of).await;
        drop(rooms);
        match next {
            Ok(Next::Again) => tokio::task::yield_now().await,
            Ok(Next::Listen(wait)) => tokio::select! {
                () = sleep(wait) => {}
                () = news.heard() => {}
            },
            Ok(Next::Pause(wait)) => sleep(wait).await,
            Ok(Next::End) => return,
            // It says itself what is wrong.
            Err(_) => sleep(LOOK).await,
        }
    }
}

/// The alerts of a room, without those whose time is over.
fn alerts_now(policy: &Policy) -> Alerts {
    let expired = policy.after(&Action::Alert(Box::new(Step::Expire)), [], now());
    expired.map_or_else(|_| policy.alerts.clone(), |policy| policy.alerts)
}
