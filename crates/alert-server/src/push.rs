//! Web Push (RFC 8030): messages for devices, encrypted and handed to the push services of their browsers. How many wait,
//! and how many go at a time, is bounded; a service that is busy is asked again, and an address that is gone is forgotten.

mod encrypt;
mod vapid;

use crate::counter::Kinds;
use crate::log::Log;
use crate::outbound::{Outbound, TargetError};
use alert_core::names::RoomCode;
use alert_core::room::push::Subscription;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
pub use vapid::Vapid;

/// Messages that may wait or be under way. One more is dropped.
const MOST_WAITING: usize = 20_000;
/// Messages that are encrypted and sent at a time.
const AT_A_TIME: usize = 32;
/// How often a service is asked again, and after how long at first; each time it is four times as long.
const AGAIN: u32 = 4;
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest that a service is waited for that asks for that.
const LONGEST_PAUSE: Duration = Duration::from_secs(120);

/// What becomes of messages.
const RESULTS: [&str; 5] = ["sent", "gone", "refused", "failed", "dropped"];

/// A message for a device.
#[derive(Clone, Debug)]
pub struct Message {
    /// The room whose device it is.
    pub room: RoomCode,
    /// Where it goes.
    pub subscription: Subscription,
    /// What the device shows.
    pub words: Bytes,
    /// For so long it is of use.
    pub lives: Duration,
    /// The device is to be woken for it.
    pub is_urgent: bool,
    /// It takes the place of one with the same topic that has not been delivered: up to 32 characters of base64.
    pub topic: HeaderValue,
}

/// What sends them. Cheap to clone.
#[derive(Clone)]
pub struct Push(Arc<Shared>);

struct Shared {
    vapid: Vapid,
    outbound: Outbound,
    log: Log,
    runtime: Handle,
    waiting: Arc<Semaphore>,
    slots: Semaphore,
    results: Kinds,
}

/// Why nothing is sent to a subscription.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsendable {
    /// Its key is none.
    #[error(transparent)]
    Key(#[from] encrypt::NotAKey),
    /// Its address is not one that is sent to.
    #[error("the address of this push service {0}")]
    Address(#[from] TargetError),
}

impl Push {
    /// Sends from now on. Devices whose address is gone are forgotten in the log.
    pub fn new(vapid: Vapid, outbound: Outbound, log: Log, runtime: Handle) -> Self {
        Self(Arc::new(Shared {
            vapid,
            outbound,
            log,
            runtime,
            waiting: Arc::new(Semaphore::new(MOST_WAITING)),
            slots: Semaphore::new(AT_A_TIME),
            results: Kinds::of(&RESULTS),
        }))
    }

    /// The key that browsers subscribe with, in base64.
    pub fn key(&self) -> Box<str> {
        self.0.vapid.public().into()
    }

    /// What became of messages so far, and how many wait.
    pub fn figures(&self) -> (Vec<(&'static str, u64)>, usize) {
        (self.0.results.read(), MOST_WAITING - self.0.waiting.available_permits())
    }

    /// The same of a server that sends none.
    pub fn no_figures() -> (Vec<(&'static str, u64)>, usize) {
        (RESULTS.map(|result| (result, 0)).into(), 0)
    }

    /// Whether something can be sent to a subscription.
    ///
    /// # Errors
    /// Why not.
    pub fn check(&self, subscription: &Subscription) -> Result<(), Unsendable> {
        if !encrypt::has_key(subscription) {
            return Err(encrypt::NotAKey.into());
        }
        Ok(self.0.outbound.target(subscription.endpoint()).map(drop)?)
    }

    /// Sends a message, later. Where too many wait already, it is dropped.
    pub fn send(&self, message: Message) {
        let Ok(place) = Arc::clone(&self.0.waiting).try_acquire_owned() else {
            self.0.results.add("dropped", 1);
            tracing::warn!(
                room = message.room.as_str(),
                "a push message was dropped: too many wait for push services"
            );
            return;
        };
        let push = self.clone();
        self.0.runtime.spawn(async move {
            let result = push.deliver(message).await;
            push.0.results.add(result, 1);
            drop(place);
        });
    }

    /// Delivers a message, or gives up. Says what became of it.
    async fn deliver(&self, message: Message) -> &'static str {
        let begun = Instant::now();
        let room = message.room.as_str();
        let mut pause = FIRST_PAUSE;
        for attempt in 0..=AGAIN {
            let lives = message.lives.saturating_sub(begun.elapsed());
            let problem = match self.attempt(&message, lives).await {
                Ok(answer) if answer.status.is_success() => return "sent",
                Ok(answer) if matches!(answer.status, StatusCode::NOT_FOUND | StatusCode::GONE) => {
                    self.0.log.drop_devices(&message.room, &[message.subscription.id()]);
                    tracing::info!(room, "a device is told no more: its push service does not know it");
                    return "gone";
                }
                Ok(answer)
                    if answer.status == StatusCode::TOO_MANY_REQUESTS || answer.status.is_server_error() =>
                {
                    let wanted = answer.retry_after(SystemTime::now()).unwrap_or_default();
                    pause = pause.max(wanted).min(LONGEST_PAUSE);
                    answer.status.to_string()
                }
                Ok(answer) => {
                    let status = answer.status.as_u16();
                    tracing::warn!(room, status, "a push service refused a message");
                    return "refused";
                }
                Err(problem) => problem,
            };
            if attempt == AGAIN || pause >= lives {
                tracing::warn!(room, problem, "a push message was given up");
                return "failed";
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 4).min(LONGEST_PAUSE);
        }
        "failed"
    }

    async fn attempt(&self, message: &Message, lives: Duration) -> Result<crate::outbound::Answer, String> {
        // It is never closed.
        let _slot = self.0.slots.acquire().await;
        let target =
            self.0.outbound.target(message.subscription.endpoint()).map_err(|problem| problem.to_string())?;
        let (push, subscription, words) = (self.clone(), message.subscription.clone(), message.words.clone());
        // It takes a part of a millisecond, of a thread that accepts connections.
        let made = tokio::task::spawn_blocking(move || {
            let body = encrypt::encrypt(&subscription, &words).map_err(|problem| problem.to_string())?;
            Ok((body, push.0.vapid.authorization(&subscription, SystemTime::now())))
        });
        let (body, authorization) = made.await.unwrap_or_else(|problem| Err(problem.to_string()))?;
        let urgency = if message.is_urgent { "high" } else { "normal" };
        let headers = HeaderMap::from_iter([
            (header::AUTHORIZATION, authorization),
            (header::CONTENT_ENCODING, HeaderValue::from_static("aes128gcm")),
            (header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
            (HeaderName::from_static("ttl"), lives.as_secs().into()),
            (HeaderName::from_static("urgency"), HeaderValue::from_static(urgency)),
            (HeaderName::from_static("topic"), message.topic.clone()),
        ]);
        self.0.outbound.post(&target, headers, body.into()).await.map_err(|problem| problem.to_string())
    }
}
