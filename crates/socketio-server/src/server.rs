//! Starting and ending a server: the shards' threads, the acceptors, and the shutdown.

use crate::{
    acceptor::Acceptor,
    config::Config,
    engine::Engine,
    http::app::App,
    hub::Hub,
    shard::{Shard, inbox::Command},
};
use std::{
    io,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};
use tokio::{
    runtime::{Builder, LocalOptions, LocalRuntime},
    sync::{oneshot, watch},
    task::JoinHandle,
};

/// A running server. Dropping it leaves the shards running: use [`Server::shut_down`].
///
/// After a panic in the application the server promises nothing: a connection or a whole shard may be left that nobody
/// serves. So a panic must end the process, and the program has to see to that, with a panic hook that aborts.
pub struct Server {
    hub: Hub,
    acceptors: Vec<JoinHandle<()>>,
    /// Tells the acceptors to stop.
    stop: watch::Sender<bool>,
    shards: Vec<thread::JoinHandle<()>>,
}

impl Server {
    /// Starts the shards, and accepts on the caller's runtime.
    ///
    /// # Errors
    /// If the system has no thread for it.
    pub fn start<E: Engine>(
        config: Config,
        engine: E,
        app: &App,
        listeners: Vec<Acceptor>,
    ) -> io::Result<Self> {
        raise_open_file_limit();
        let hub = Hub::new(&config);
        let workers = hub.shards();
        let (config, engine, hub) = (Arc::new(config), Arc::new(engine), hub);
        let mut shards = Vec::new();
        for index in 0..workers {
            let (hub, config, engine, app) =
                (hub.clone(), Arc::clone(&config), Arc::clone(&engine), app.clone());
            let thread = thread::Builder::new().name(format!("shard-{index}"));
            shards.push(thread.spawn(move || run_shard(|| Shard::new(index, hub, config, engine, app)))?);
        }
        let (stop, stops) = watch::channel(false);
        let acceptors = listeners
            .into_iter()
            .map(|listener| tokio::spawn(listener.accept(hub.clone(), stops.clone())))
            .collect();
        Ok(Self { hub, acceptors, stop, shards })
    }

    /// The way to its connections.
    pub fn hub(&self) -> &Hub {
        &self.hub
    }

    /// Ends the server: listeners close, what is queued is written, and every client is closed so that it comes back.
    /// Returns when all have gone, or after `limit`.
    pub async fn shut_down(mut self, limit: Duration) {
        self.stop.send_replace(true);
        let all_gone = async {
            // Whoever has been accepted is served: the shards take them before they are told to shut down.
            for acceptor in &mut self.acceptors {
                let _ = acceptor.await;
            }
            self.tell_all(|done| Command::Shutdown { done }).await;
            self.tell_all(|done| Command::WindUp { done }).await;
        };
        if tokio::time::timeout(limit, all_gone).await.is_err() {
            tracing::warn!("some clients did not close in time; they are cut off");
        }
        for acceptor in &self.acceptors {
            acceptor.abort();
        }
        for shard in 0..self.hub.shards() {
            self.hub.push(shard, Command::Stop);
        }
        let until = Instant::now() + STOPPING;
        while self.shards.iter().any(|shard| !shard.is_finished()) {
            if Instant::now() >= until {
                tracing::error!("a shard is stuck in a call and is left behind");
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Gives every shard a command, and waits until all have done it.
    async fn tell_all(&self, command: impl Fn(oneshot::Sender<()>) -> Command) {
        let mut waiting = Vec::new();
        for shard in 0..self.hub.shards() {
            let (done, is_done) = oneshot::channel();
            self.hub.push(shard, command(done));
            waiting.push(is_done);
        }
        for is_done in waiting {
            // A shard that has ended has nothing left to do.
            let _ = is_done.await;
        }
    }
}

/// How long a shard may take to notice that it must stop.
const STOPPING: Duration = Duration::from_millis(250);

/// Polls of tasks between two looks at the sockets. Each is bounded by a turn (see `shard`).
const STEPS: u32 = 16;

/// Runs a shard on this thread.
fn run_shard<E: Engine>(make: impl FnOnce() -> std::rc::Rc<Shard<E>>) {
    let runtime: io::Result<LocalRuntime> =
        Builder::new_current_thread().enable_all().event_interval(STEPS).build_local(LocalOptions::default());
    match runtime {
        Ok(runtime) => runtime.block_on(make().run()),
        Err(error) => {
            // Without the shard, nobody would serve the sockets that are dealt to it.
            tracing::error!(%error, "the system gives a shard no poller: raise the open-file limit (ulimit -n)");
            std::process::abort();
        }
    }
}

/// Raises the soft limit of open files, which is 1,024 on most systems, to the hard one.
fn raise_open_file_limit() {
    match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(limit) => tracing::debug!(limit, "open-file limit"),
        Err(error) => tracing::warn!(%error, "the open-file limit could not be raised"),
    }
}
