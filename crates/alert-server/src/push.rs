//! Web Push (RFC 8030): messages for devices, encrypted and handed to the push services of their browsers. What waits and what
//! goes next, `queue` decides; a service that is busy is asked again, and an address that is gone is forgotten.

mod encrypt;
mod queue;
mod vapid;

use crate::counter::Kinds;
use crate::log::Log;
use crate::outbound::{Answer, Outbound, TargetError};
use alert_core::names::RoomCode;
use alert_core::room::push::{Device, Subscription};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use queue::{Job, Next, Put, Queue};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};
use tokio::runtime::Handle;
use tokio::time::{sleep, timeout};
pub use vapid::Vapid;

/// How often a service is asked again, and after how long at first; each time it is four times as long.
const AGAIN: u32 = 4;
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest that a service is waited for that asks for that.
const LONGEST_PAUSE: Duration = Duration::from_secs(120);
/// What has paused for long enough is looked for this often.
const LOOK: Duration = Duration::from_millis(250);
/// A service that answers later holds up others.
const PROMPT: Duration = Duration::from_secs(2);
/// What is older may be outdated, by another server too. The store that knows is waited for as long.
const FRESH: Duration = Duration::from_secs(1);

/// What becomes of messages.
const RESULTS: [&str; 6] = ["sent", "gone", "refused", "failed", "dropped", "outdated"];

/// Whether a device still is to be told something.
pub type IsCurrent = dyn Fn(&Device) -> Pin<Box<dyn Future<Output = bool> + Send>> + Send + Sync;

/// What devices are told of an alert.
pub struct Notice {
    /// The room whose alert it is.
    pub room: RoomCode,
    /// The state of the room that it says; what says an older one comes too late.
    pub revision: u64,
    /// What the device shows.
    pub words: Bytes,
    /// Since when it is so.
    pub made: Instant,
    /// For so long it is of use.
    pub lives: Duration,
    /// Who waits for whom, and whether devices are woken.
    pub urgency: Urgency,
    /// It takes the place of one with the same topic that has not been delivered: up to 32 characters of base64.
    pub topic: HeaderValue,
    /// Asked before it is sent late.
    pub is_current: Box<IsCurrent>,
}

impl Notice {
    fn left(&self) -> Duration {
        self.lives.saturating_sub(self.made.elapsed())
    }
}

/// How urgent something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    /// It goes before everything else.
    Emergency,
    /// A device is to be woken for it.
    High,
    /// It may wait until the device is awake.
    Normal,
}

/// What sends them. Cheap to clone.
#[derive(Clone)]
pub struct Push(Arc<Shared>);

struct Shared {
    vapid: Vapid,
    outbound: Outbound,
    log: Log,
    runtime: Handle,
    queue: Mutex<Queue>,
    results: Kinds,
}

/// What came of a try. What has failed may be tried again after a pause.
enum Tried {
    Over(&'static str),
    Failed { problem: String, pause: Duration },
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
        let (queue, results) = (Mutex::default(), Kinds::of(&RESULTS));
        Self(Arc::new(Shared { vapid, outbound, log, runtime, queue, results }))
    }

    /// The key that browsers subscribe with, in base64.
    pub fn key(&self) -> Box<str> {
        self.0.vapid.public().into()
    }

    /// What became of messages so far, and how many wait.
    pub fn figures(&self) -> (Vec<(&'static str, u64)>, usize) {
        (self.0.results.read(), self.queue().len())
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

    /// Tells devices something, each as soon as it is its turn.
    pub fn send<'a>(&self, notice: &Arc<Notice>, devices: impl IntoIterator<Item = &'a Device>) {
        for device in devices {
            self.put(notice, device);
        }
        self.go_on();
    }

    fn put(&self, notice: &Arc<Notice>, device: &Device) {
        let target = match self.0.outbound.target(device.subscription.endpoint()) {
            Ok(target) => target,
            Err(problem) => return self.gives_up(notice, &problem.to_string()),
        };
        let put = self.queue().put(notice, device, target.host());
        match put {
            Put::Waits => {}
            Put::Replaces => self.0.results.add("outdated", 1),
            Put::Drops(room) => {
                self.0.results.add("dropped", 1);
                let room = room.as_str();
                tracing::warn!(room, "a push message was dropped: too many wait for push services");
            }
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.0.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends what may be sent now.
    fn go_on(&self) {
        loop {
            let next = self.queue().next();
            let Some(job) = next else { return };
            let push = self.clone();
            self.0.runtime.spawn(async move { push.run(&job).await });
        }
    }

    fn gives_up(&self, notice: &Notice, problem: &str) {
        tracing::warn!(room = notice.room.as_str(), problem, "a push message was given up");
        self.0.results.add("failed", 1);
    }

    async fn run(&self, job: &Job) {
        let tried = self.attempt(job).await;
        let again = match &tried {
            Tried::Failed { pause, .. } if job.tries < AGAIN && *pause < job.notice.left() => {
                Some(Instant::now() + *pause)
            }
            _ => None,
        };
        let next = self.queue().ended(job, again);
        match next {
            Next::Over => match tried {
                Tried::Over(result) => self.0.results.add(result, 1),
                Tried::Failed { problem, .. } => self.gives_up(&job.notice, &problem),
            },
            Next::Replaced => self.0.results.add("outdated", 1),
            Next::Pauses { needs_keeper: false } => {}
            Next::Pauses { needs_keeper: true } => {
                let push = self.clone();
                self.0.runtime.spawn(async move { push.keep_time().await });
            }
        }
        self.go_on();
    }

    /// Has what pauses go on in time, while something does.
    async fn keep_time(&self) {
        loop {
            sleep(LOOK).await;
            let goes_on = self.queue().wake(Instant::now());
            self.go_on();
            if !goes_on {
                return;
            }
        }
    }

    async fn attempt(&self, job: &Job) -> Tried {
        let Job { notice, device, .. } = job;
        let pause = FIRST_PAUSE * 4_u32.pow(job.tries);
        let is_late = notice.made.elapsed() > FRESH;
        if is_late && timeout(FRESH, (notice.is_current)(device)).await == Ok(false) {
            return Tried::Over("outdated");
        }
        if notice.left().is_zero() {
            return Tried::Failed { problem: "it waited too long".into(), pause };
        }
        let (room, begun) = (notice.room.as_str(), Instant::now());
        let answer = self.post(notice, &device.subscription).await;
        self.queue().heard(job, answer.is_ok() && begun.elapsed() < PROMPT);
        match answer {
            Ok(answer) if answer.status.is_success() => Tried::Over("sent"),
            Ok(answer) if matches!(answer.status, StatusCode::NOT_FOUND | StatusCode::GONE) => {
                self.0.log.drop_devices(&notice.room, &[device.subscription.id()]);
                tracing::info!(room, "a device is told no more: its push service does not know it");
                Tried::Over("gone")
            }
            Ok(answer)
                if answer.status == StatusCode::TOO_MANY_REQUESTS || answer.status.is_server_error() =>
            {
                let wanted = answer.retry_after(SystemTime::now()).unwrap_or_default();
                Tried::Failed {
                    problem: answer.status.to_string(),
                    pause: pause.max(wanted).min(LONGEST_PAUSE),
                }
            }
            Ok(answer) => {
                let status = answer.status.as_u16();
                tracing::warn!(room, status, "a push service refused a message");
                Tried::Over("refused")
            }
            Err(problem) => Tried::Failed { problem, pause },
        }
    }

    async fn post(&self, notice: &Notice, subscription: &Subscription) -> Result<Answer, String> {
        let target =
            self.0.outbound.target(subscription.endpoint()).map_err(|problem| problem.to_string())?;
        let (push, subscription, words) = (self.clone(), subscription.clone(), notice.words.clone());
        // It takes a part of a millisecond, of a thread that accepts connections.
        let made = tokio::task::spawn_blocking(move || {
            let body = encrypt::encrypt(&subscription, &words).map_err(|problem| problem.to_string())?;
            Ok((body, push.0.vapid.authorization(&subscription, SystemTime::now())))
        });
        let (body, authorization) = made.await.unwrap_or_else(|problem| Err(problem.to_string()))?;
        let urgency = if notice.urgency == Urgency::Normal { "normal" } else { "high" };
        let headers = HeaderMap::from_iter([
            (header::AUTHORIZATION, authorization),
            (header::CONTENT_ENCODING, HeaderValue::from_static("aes128gcm")),
            (header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
            (HeaderName::from_static("ttl"), notice.left().as_secs().into()),
            (HeaderName::from_static("urgency"), HeaderValue::from_static(urgency)),
            (HeaderName::from_static("topic"), notice.topic.clone()),
        ]);
        self.0.outbound.post(&target, headers, body.into()).await.map_err(|problem| problem.to_string())
    }
}
