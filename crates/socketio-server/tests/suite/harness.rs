//! A server for one test: started on its own port, stopped at the end.

use crate::chat::{Chat, Log};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use socketio_server::{
    Acceptor, App, AppAnswer, AppBody, AppRequest, Config, Hub, ListenAddr, Rate, Server, SocketIo,
    Subscriber, Timing,
};
use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, mpsc},
    thread::JoinHandle,
    time::{Duration, Instant},
};
use tokio::sync::{Notify, oneshot};
use tower::{ServiceExt, service_fn};

/// What no test waits longer for. It is long, so that a busy machine fails nothing that is right.
pub(crate) const DEADLINE: Duration = Duration::from_secs(15);
/// The length of the application's answer at `/large`.
pub(crate) const LARGE: usize = 24 << 20;

pub(crate) struct TestServer {
    pub(crate) address: SocketAddr,
    pub(crate) log: Arc<Log>,
    pub(crate) hub: Hub,
    stop: Option<oneshot::Sender<Duration>>,
    thread: Option<JoinHandle<()>>,
}

impl TestServer {
    pub(crate) fn start(config: Config) -> Self {
        Self::start_with(config, |listener| listener)
    }

    /// The same, with this done to its listener.
    pub(crate) fn start_with(
        config: Config,
        change: impl FnOnce(Acceptor) -> Acceptor + Send + 'static,
    ) -> Self {
        let config = Config { uring: sends_through_ring(), ..config };
        let log = Arc::new(Log::default());
        let (chat, seen) = (Chat::new(Arc::clone(&log)), Arc::clone(&log));
        let (started, ready) = mpsc::channel();
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let any_port = ListenAddr::Tcp(SocketAddr::from(([127, 0, 0, 1], 0)));
                let listener = change(Acceptor::bind(&any_port).unwrap());
                let ListenAddr::Tcp(address) = *listener.address() else { unreachable!("TCP was asked for") };
                let engine = SocketIo::new(chat, config.max_payload);
                let server = Server::start(config, engine, &app(seen), vec![listener]).unwrap();
                started.send((address, server.hub().clone())).unwrap();
                server.shut_down(stopped.await.unwrap_or_default()).await;
            });
        });
        let (address, hub) = ready.recv_timeout(DEADLINE).expect("the server starts");
        Self { address, log, hub, stop: Some(stop), thread: Some(thread) }
    }

    /// Tells the server to shut down within `limit`, without waiting.
    pub(crate) fn begin_stop(&mut self, limit: Duration) {
        self.stop.take().expect("stopped once").send(limit).unwrap();
    }

    /// Waits until it has shut down.
    pub(crate) fn join(&mut self) {
        self.thread.take().expect("joined once").join().unwrap();
    }
}

/// Whether this run of the tests goes through io_uring: where the system has it, unless the run is for `epoll`.
fn sends_through_ring() -> bool {
    let wish = std::env::var("ALERT_IO").unwrap_or_default();
    wish != "epoll" && socketio_server::try_ring().is_ok()
}

impl Drop for TestServer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let result = thread.join();
            assert!(result.is_ok() || std::thread::panicking(), "the server panicked");
        }
    }
}

/// The application: `/large` answers with [`LARGE`] bytes, `/echo` with what it got, `/wait` after the next `/go`,
/// `/gate` when the test goes on, `/listen` with what listeners are told, others with 404.
pub(crate) fn app(log: Arc<Log>) -> App {
    let go = Arc::new(Notify::new());
    let answer = service_fn(move |request: AppRequest| {
        let (go, log) = (Arc::clone(&go), Arc::clone(&log));
        async move {
            let (head, body) = request.into_parts();
            let (status, body) = match head.uri.path() {
                "/large" => (200, Bytes::from(vec![b'x'; LARGE])),
                "/echo" => (200, body.collect().await.unwrap().to_bytes()),
                "/gate" => {
                    log.stop_at_gate();
                    (200, Bytes::new())
                }
                "/wait" => {
                    go.notified().await;
                    (200, Bytes::new())
                }
                "/go" => {
                    go.notify_waiters();
                    (200, Bytes::new())
                }
                "/listen" => {
                    let (head, ()) = ::http::Response::new(()).into_parts();
                    let open = Box::new(move |hub: &Hub, connection| log.listen(hub, connection));
                    return Ok(AppAnswer::Stream(head, Subscriber { keep_alive: b":\n", open }));
                }
                _ => (404, Bytes::from_static(b"nothing here")),
            };
            let body: AppBody = Full::new(body).map_err(|never: Infallible| match never {}).boxed_unsync();
            Ok(AppAnswer::Whole(::http::Response::builder().status(status).body(body).unwrap()))
        }
    });
    answer.boxed_clone()
}

/// The defaults with another heartbeat, in milliseconds.
pub(crate) fn heartbeat(interval: u64, timeout: u64) -> Config {
    Config {
        timing: Timing { interval: Duration::from_millis(interval), timeout: Duration::from_millis(timeout) },
        ..Config::default()
    }
}

/// The defaults with this many shards.
pub(crate) fn workers(workers: u16) -> Config {
    Config { workers, ..Config::default() }
}

/// This many messages a second after a burst.
pub(crate) fn rate(per_second: u32, burst: u32) -> Option<Rate> {
    Some(Rate { per_second: per_second.try_into().unwrap(), burst: burst.try_into().unwrap() })
}

/// Asks again and again, for as long as a test may wait, until the answer is yes.
pub(crate) fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < DEADLINE, "never came true: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}
