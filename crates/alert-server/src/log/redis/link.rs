//! The connection over which functions are called: in order, many at a time, and again after it was lost. Whoever calls
//! is answered once; a call that is not answered in time may have been carried out all the same.

use super::library::Library;
use super::server::{self, Connected};
use crate::config::RedisAddress;
use redis::aio::MultiplexedConnection;
use redis::{ErrorKind, RedisError, ServerErrorKind, Value};
use std::{
    collections::VecDeque,
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    sync::{mpsc, watch},
    time::{sleep, sleep_until, timeout},
};

/// Calls that wait. More are refused at once.
const MOST_CALLS: usize = 20_000;
/// Bytes of calls that wait.
const MOST_BYTES: usize = 64 << 20;
/// Calls that are sent together. The next ones are sent when these are answered.
const BATCH: usize = 256;
/// How often an idle connection is checked,
pub(super) const HEARTBEAT: Duration = Duration::from_secs(1);
/// and how long it has to answer.
const HEARTBEAT_TIMEOUT: Duration = Duration::from_secs(2);
/// Between two attempts to connect.
const PAUSE: Duration = Duration::from_millis(200);

/// Where functions are called. Cheap to clone.
#[derive(Clone)]
pub(super) struct Link {
    calls: mpsc::UnboundedSender<Waiting>,
    held: Arc<Held>,
    timeout: Duration,
}

/// How things stand with Redis.
#[derive(Clone, Debug, Default)]
pub(super) struct Standing {
    /// How often a connection was made.
    pub(super) connections: u64,
    /// Why there is none.
    pub(super) trouble: Option<String>,
    pub(super) warnings: Vec<String>,
}

/// A call of a function of the library. Its first argument, which is added, names the Redis that is called.
pub(super) struct Call {
    pub(super) function: &'static str,
    pub(super) keys: Vec<String>,
    pub(super) args: Vec<Vec<u8>>,
    /// Which of the arguments is to be its number among all calls that have one: they grow in the order in which calls are
    /// carried out, whichever threads make them.
    pub(super) numbered: Option<usize>,
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Redis does not answer; try again in a few seconds")]
pub struct Unavailable;

/// Called with the answer, on the thread of the link.
pub(super) type OnAnswer = Box<dyn FnOnce(Result<Value, Unavailable>) + Send>;

/// What waits: the channel itself has no bound.
#[derive(Default)]
struct Held {
    calls: AtomicUsize,
    bytes: AtomicUsize,
}

struct Waiting {
    call: Call,
    deadline: Instant,
    /// `None` once the time is over.
    answer: Option<OnAnswer>,
    _space: Space,
}

/// A call's part of what may wait.
struct Space {
    held: Arc<Held>,
    bytes: usize,
}

impl Link {
    /// Starts a link on this runtime. It ends with the last clone.
    pub(super) fn start(
        address: RedisAddress,
        library: Arc<Library>,
        timeout: Duration,
    ) -> (Self, watch::Receiver<Standing>) {
        let (calls, queue) = mpsc::unbounded_channel();
        let (standing, stands) = watch::channel(Standing::default());
        let worker =
            Worker { address, library, standing, calls: queue, queue: VecDeque::new(), sent: 0, number: 0 };
        tokio::spawn(worker.run());
        (Self { calls, held: Arc::default(), timeout }, stands)
    }

    /// Calls a function.
    pub(super) fn call(&self, call: Call, answer: OnAnswer) {
        let Some(space) = self.held.take(call.bytes()) else { return answer(Err(Unavailable)) };
        let deadline = Instant::now() + self.timeout;
        let waiting = Waiting { call, deadline, answer: Some(answer), _space: space };
        if let Err(mpsc::error::SendError(Waiting { answer: Some(answer), .. })) = self.calls.send(waiting) {
            answer(Err(Unavailable));
        }
    }

    /// Calls a function, and waits for the answer.
    pub(super) async fn ask(&self, call: Call) -> Result<Value, Unavailable> {
        let (tell, told) = tokio::sync::oneshot::channel();
        self.call(call, Box::new(move |answer| drop(tell.send(answer))));
        told.await.unwrap_or(Err(Unavailable))
    }
}

impl Call {
    fn bytes(&self) -> usize {
        self.keys.iter().map(String::len).sum::<usize>() + self.args.iter().map(Vec::len).sum::<usize>()
    }
}

impl Held {
    fn take(self: &Arc<Self>, bytes: usize) -> Option<Space> {
        let calls = self.calls.fetch_add(1, Ordering::Relaxed);
        let held = self.bytes.fetch_add(bytes, Ordering::Relaxed);
        let space = Space { held: Arc::clone(self), bytes };
        (calls < MOST_CALLS && held < MOST_BYTES).then_some(space)
    }
}

impl Drop for Space {
    fn drop(&mut self) {
        self.held.calls.fetch_sub(1, Ordering::Relaxed);
        self.held.bytes.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

struct Worker {
    address: RedisAddress,
    library: Arc<Library>,
    standing: watch::Sender<Standing>,
    calls: mpsc::UnboundedReceiver<Waiting>,
    /// The oldest first. The first ones have been sent.
    queue: VecDeque<Waiting>,
    sent: usize,
    /// Of the last call that has a number.
    number: u64,
}

/// There is nobody left who could call.
struct Ended;

/// What became of a batch.
enum Sent {
    Answered,
    /// The connection is of no use any more.
    Lost(String),
}

impl Worker {
    async fn run(mut self) {
        loop {
            let Ok(mut connected) = self.connect().await else { return };
            loop {
                match self.send(&mut connected).await {
                    Ok(Sent::Answered) => {}
                    Ok(Sent::Lost(why)) => {
                        tracing::warn!(
                            redis = self.address.shown(),
                            "the connection to Redis is lost: {why}"
                        );
                        self.standing.send_modify(|standing| standing.trouble = Some(why));
                        break;
                    }
                    Err(Ended) => return,
                }
            }
        }
    }

    async fn connect(&mut self) -> Result<Connected, Ended> {
        let mut told = String::new();
        loop {
            let (address, library) = (self.address.clone(), Arc::clone(&self.library));
            match self.meanwhile(server::connect(&address, &library)).await? {
                Ok(connected) => {
                    if !told.is_empty() {
                        tracing::info!(redis = address.shown(), "connected to Redis again");
                    }
                    self.standing.send_modify(|standing| {
                        standing.connections += 1;
                        standing.trouble = None;
                        standing.warnings.clone_from(&connected.warnings);
                    });
                    return Ok(connected);
                }
                Err(why) => {
                    let why = why.to_string();
                    if told != why {
                        tracing::error!("{why}");
                        told.clone_from(&why);
                    }
                    self.standing.send_modify(|standing| standing.trouble = Some(why));
                }
            }
            self.meanwhile(sleep(PAUSE)).await?;
        }
    }

    /// Sends the next calls, and answers those who called.
    async fn send(&mut self, connected: &mut Connected) -> Result<Sent, Ended> {
        while self.queue.is_empty() {
            match timeout(HEARTBEAT, self.calls.recv()).await {
                Ok(call) => self.take(call.ok_or(Ended)?),
                Err(_) => match self.meanwhile(ping(&mut connected.connection.clone())).await? {
                    Ok(()) => {}
                    Err(why) => return Ok(self.lost(why)),
                },
            }
        }
        self.gather();
        self.queue.retain(|waiting| waiting.answer.is_some());
        let count = self.queue.len().min(BATCH);
        let mut pipeline = redis::Pipeline::with_capacity(count);
        pipeline.ignore_errors();
        for waiting in self.queue.iter().take(count) {
            pipeline.add_command(self.command(&waiting.call, &connected.token));
        }
        if count == 0 {
            return Ok(Sent::Answered);
        }
        self.sent = count;
        let mut connection = connected.connection.clone();
        let limit =
            self.queue.back().map_or(PAUSE, |last| last.deadline.saturating_duration_since(Instant::now()));
        let asked = async { timeout(limit.max(PAUSE), pipeline.query_async(&mut connection)).await };
        let answers: Vec<Result<Value, RedisError>> = match self.meanwhile(asked).await? {
            Ok(Ok(answers)) => answers,
            Ok(Err(error)) => return Ok(self.lost(error.to_string())),
            Err(_) => return Ok(self.lost("it does not answer".to_owned())),
        };
        for answer in answers {
            let outcome = match answer {
                Ok(answer) => Ok(answer),
                Err(error) if is_of_the_server(&error) => return Ok(self.lost(error.to_string())),
                Err(error) => {
                    tracing::error!("Redis refuses a call: {error}");
                    Err(Unavailable)
                }
            };
            self.sent -= 1;
            if let Some(answer) = self.queue.pop_front().and_then(|waiting| waiting.answer) {
                answer(outcome);
            }
        }
        Ok(Sent::Answered)
    }

    fn lost(&mut self, why: String) -> Sent {
        self.sent = 0;
        Sent::Lost(why)
    }

    fn command(&self, call: &Call, token: &str) -> redis::Cmd {
        let mut command = redis::cmd("FCALL");
        command.arg(self.library.function(call.function)).arg(call.keys.len()).arg(&call.keys).arg(token);
        for arg in &call.args {
            command.arg(arg.as_slice());
        }
        command
    }

    /// Waits for something, while calls come in and the time of others ends.
    async fn meanwhile<T>(&mut self, work: impl Future<Output = T>) -> Result<T, Ended> {
        tokio::pin!(work);
        loop {
            let next = self.queue.iter().find(|waiting| waiting.answer.is_some()).map(|first| first.deadline);
            let over = async {
                match next {
                    Some(deadline) => sleep_until(deadline.into()).await,
                    None => pending().await,
                }
            };
            tokio::select! {
                biased;
                done = &mut work => return Ok(done),
                call = self.calls.recv() => self.take(call.ok_or(Ended)?),
                () = over => self.expire(),
            }
        }
    }

    fn gather(&mut self) {
        while let Ok(call) = self.calls.try_recv() {
            self.take(call);
        }
    }

    fn take(&mut self, mut waiting: Waiting) {
        if let Some(place) = waiting.call.numbered {
            self.number += 1;
            waiting.call.args[place] = self.number.to_string().into_bytes();
        }
        self.queue.push_back(waiting);
    }

    /// Answers those who have waited too long. What has been sent keeps its place: its answer may still come.
    fn expire(&mut self) {
        let now = Instant::now();
        for waiting in self.queue.iter_mut().take_while(|waiting| waiting.deadline <= now) {
            if let Some(answer) = waiting.answer.take() {
                answer(Err(Unavailable));
            }
        }
        while self.queue.len() > self.sent && self.queue.back().is_some_and(|last| last.answer.is_none()) {
            self.queue.pop_back();
        }
    }
}

/// Whether a connection is still there.
pub(super) async fn ping(connection: &mut MultiplexedConnection) -> Result<(), String> {
    match timeout(HEARTBEAT_TIMEOUT, redis::cmd("PING").query_async::<Value>(connection)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("it does not answer".to_owned()),
    }
}

/// Whether the fault is not the call's: this Redis has become a replica, is loading its data, or lost the library.
fn is_of_the_server(error: &RedisError) -> bool {
    match error.kind() {
        ErrorKind::Server(kind) => match kind {
            ServerErrorKind::ResponseError => error.to_string().contains("Function not found"),
            ServerErrorKind::BusyLoading
            | ServerErrorKind::MasterDown
            | ServerErrorKind::ReadOnly
            | ServerErrorKind::ClusterDown
            | ServerErrorKind::TryAgain => true,
            _ => false,
        },
        ErrorKind::Extension => {
            matches!(error.code(), Some("NOAUTH" | "MISCONF" | "NOREPLICAS" | "UNKILLABLE" | "BUSY"))
        }
        _ => false,
    }
}
