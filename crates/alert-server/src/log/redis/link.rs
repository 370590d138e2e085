//! Where functions are called: in order for each tag, many at a time, and again after a connection was lost. Whoever calls
//! is answered once; a call that is not answered in time may have been carried out all the same.

mod lane;
mod queue;
mod worker;

use super::keys;
use super::library::Library;
use super::masters::Masters;
use super::server::ConnectError;
use super::space::{Held, Space};
use crate::config::RedisAddress;
use redis::Value;
use redis::aio::MultiplexedConnection;
use socketio_server::{Histogram, SharedHistogram};
use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    sync::{Notify, mpsc, oneshot, watch},
    time::timeout,
};
use worker::Worker;

/// How often an idle connection is checked,
pub(super) const HEARTBEAT: Duration = Duration::from_secs(1);
/// and how long it has to answer.
const HEARTBEAT_TIMEOUT: Duration = Duration::from_secs(2);
/// Between two attempts to connect.
pub(super) const PAUSE: Duration = Duration::from_millis(200);

/// Where functions are called. Cheap to clone.
#[derive(Clone)]
pub(super) struct Link {
    calls: mpsc::UnboundedSender<Message>,
    /// Wakes the worker, which waits for this, so that it finds all calls of a batch together.
    wake: Arc<Notify>,
    held: Arc<Held>,
    counts: Arc<Counts>,
    timeout: Duration,
}

/// What the link has done.
#[derive(Debug, Default)]
pub(super) struct Counts {
    /// From sending calls together until all of them are answered.
    pub(super) calls: SharedHistogram,
    /// How often a connection was lost.
    pub(super) losses: AtomicU64,
}

/// How things stand with Redis.
#[derive(Clone, Debug, Default)]
pub(super) struct Standing {
    /// How often a connection was made.
    pub(super) connections: u64,
    /// Why there is none to one of the masters.
    pub(super) trouble: Option<String>,
    pub(super) warnings: Vec<String>,
}

/// What the rest has from the link.
pub(super) struct Watched {
    pub(super) standing: watch::Receiver<Standing>,
    pub(super) masters: watch::Receiver<Masters>,
    /// Has the link look for the masters.
    pub(super) look: Arc<Notify>,
}

/// A call of a function of the library. Its first argument, which is added, names the Redis that is called.
pub(super) struct Call {
    pub(super) function: &'static str,
    /// All with one tag.
    pub(super) keys: Vec<String>,
    pub(super) args: Vec<Vec<u8>>,
    /// Which of the arguments is to be its number among all calls that have one: they grow in the order in which calls are
    /// carried out, whichever threads make them. One more argument, the last, is the number of the call before it that has
    /// to be carried out first.
    pub(super) numbered: Option<usize>,
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Redis does not answer; try again in a few seconds")]
pub struct Unavailable;

/// Called with the answer, on the thread of the link.
pub(super) type OnAnswer = Box<dyn FnOnce(Result<Value, Unavailable>) + Send>;

enum Message {
    Call(Waiting),
    /// Tell when everything that was called before is answered.
    Settle(oneshot::Sender<()>),
    /// Remove the libraries of other versions, except these.
    Remove(BTreeSet<String>),
}

struct Waiting {
    call: Call,
    deadline: Instant,
    /// `None` once the time is over.
    answer: Option<OnAnswer>,
    _space: Space,
}

impl Link {
    /// Starts a link on this runtime, once each master has been connected to, so that what is wrong is said at the start.
    /// It ends with the last clone.
    pub(super) async fn start(
        address: RedisAddress,
        library: Arc<Library>,
        timeout: Duration,
    ) -> Result<(Self, Watched), ConnectError> {
        let (calls, queue) = mpsc::unbounded_channel();
        let wake = Arc::new(Notify::new());
        let (worker, watched) = Worker::connect(address, library, (queue, Arc::clone(&wake))).await?;
        let counts = worker.counts();
        tokio::spawn(worker.run());
        Ok((Self { calls, wake, held: Arc::default(), counts, timeout }, watched))
    }

    /// Whether so much waits that those who speak should wait too.
    pub(super) fn strain(&self) -> watch::Receiver<bool> {
        self.held.watch()
    }

    /// What it has done, and how many calls wait.
    pub(super) fn figures(&self) -> (Histogram, u64, usize) {
        let Counts { calls, losses } = &*self.counts;
        (calls.read(), losses.load(Ordering::Relaxed), self.held.calls())
    }

    /// Calls a function.
    pub(super) fn call(&self, call: Call, answer: OnAnswer) {
        let Some(space) = self.held.take(call.bytes()) else { return answer(Err(Unavailable)) };
        let deadline = Instant::now() + self.timeout;
        let waiting = Waiting { call, deadline, answer: Some(answer), _space: space };
        if let Err(mpsc::error::SendError(Message::Call(Waiting { answer: Some(answer), .. }))) =
            self.calls.send(Message::Call(waiting))
        {
            return answer(Err(Unavailable));
        }
        socketio_server::wake(&self.wake);
    }

    /// Removes the libraries of other versions from the masters that there are, except these.
    pub(super) fn remove_libraries(&self, used: BTreeSet<String>) {
        if self.calls.send(Message::Remove(used)).is_ok() {
            self.wake.notify_one();
        }
    }

    /// Waits until everything that was called before is answered.
    pub(super) async fn settle(&self) {
        let (tell, told) = oneshot::channel();
        if self.calls.send(Message::Settle(tell)).is_ok() {
            self.wake.notify_one();
            let _ = told.await;
        }
    }
}

impl Call {
    fn bytes(&self) -> usize {
        self.keys.iter().map(String::len).sum::<usize>() + self.args.iter().map(Vec::len).sum::<usize>()
    }

    fn tag(&self) -> usize {
        self.keys.first().map_or(0, |key| keys::tag_of(key))
    }
}

/// Whether a connection is still there.
pub(super) async fn ping(mut connection: MultiplexedConnection) -> Result<(), String> {
    match timeout(HEARTBEAT_TIMEOUT, redis::cmd("PING").query_async::<Value>(&mut connection)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("Redis does not answer".to_owned()),
    }
}
