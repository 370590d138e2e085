//! Runs the server: binds, starts, prints its address, and shuts down in order.

use crate::{
    banner,
    config::{Config, ListenError, SessionKey, SessionKeySource},
    log::Log,
    rooms::Rooms,
    socket::Alert,
    web::{self, Api, Readiness, WebState},
};
use anyhow::Context;
use socketio_server::{Acceptor, ListenAddr, Server, SocketIo, Timing};
use std::time::Duration;
use tokio::sync::oneshot;

mod signals;

use signals::{Request, Signals};

/// From the end of the drain wait to the end of the process, whatever clients do.
const SHUTDOWN_LIMIT: Duration = Duration::from_secs(8);

/// After that, for storing what waits.
const CLOSE_LIMIT: Duration = Duration::from_secs(1);

/// Read by the developer of a page that may not connect.
const ORIGIN_HELP: &str = "If this page is Alert's own, seen through a proxy, set --public-url to its address; otherwise \
                           allow it with --allow-origin.";

/// Runs the server until a signal stops it.
///
/// # Errors
/// If it cannot start: an address is taken, say, or the session key cannot be read.
pub fn run(config: Config) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("the system gives no poller: raise the open-file limit (ulimit -n)")?;
    runtime.block_on(serve(&config))
}

async fn serve(config: &Config) -> anyhow::Result<()> {
    let mut signals = Signals::install().context("signals cannot be handled")?;
    let readiness = Readiness::new();
    // Before the log is opened: a server that cannot listen leaves the file alone.
    let listeners = bind(&config.listen)?;
    let log = Log::open(&config.history)?;
    let rooms = Rooms::new(config, log.clone(), tokio::runtime::Handle::current());
    let api = Api::new(config, rooms.clone());
    let session_key = session_key(config, &log).await?;
    let web = WebState::new(config, &session_key, readiness.clone(), api.clone());
    let runtime = tokio::runtime::Handle::current();
    let alert = Alert::new(config, rooms, web.sessions().clone(), runtime);
    let bound: Vec<_> = listeners.iter().map(|listener| listener.address().clone()).collect();

    let engine = SocketIo::new(alert, config.max_payload);
    let server = Server::start(runtime_config(config), engine, &web::app(web), listeners)
        .context("the system gives no more threads")?;
    banner::print(config, log.kind(), &bound);

    let signal = loop {
        match signals.next().await {
            Request::Stop(signal) => break signal,
            Request::Reload if config.api_tokens.file.is_some() => api.reload_tokens(),
            Request::Reload => {
                tracing::info!("SIGHUP: there is no --api-token-file to read again; nothing has changed");
            }
        }
    };
    // Before the log line: whoever reads that finds /readyz at 503.
    readiness.begin_drain();
    tracing::info!(signal, "shutting down; a second signal ends it immediately");
    let way_down = async {
        tokio::time::sleep(config.drain_wait).await;
        server.shut_down(SHUTDOWN_LIMIT).await;
        close(log).await;
    };
    tokio::select! {
        () = way_down => tracing::info!("shut down"),
        signal = signals.second_stop() => tracing::warn!(signal, "ended immediately"),
    }
    Ok(())
}

/// Of all servers that share the rooms, unless one is given; otherwise this server's own.
async fn session_key(config: &Config, log: &Log) -> anyhow::Result<SessionKey> {
    match (log.shared(), &config.session_key) {
        (Some(shared), SessionKeySource::File(_) | SessionKeySource::Nowhere) => {
            Ok(shared.session_key().await?)
        }
        (_, source) => Ok(source.resolve()?),
    }
}

/// Waits until everything is stored, but not for a store that does not answer.
async fn close(log: Log) {
    let store = if log.shared().is_some() { "Redis" } else { "the disk of the history" };
    let (tell, told) = oneshot::channel();
    // Not one of the runtime's threads, which it would wait for at its end.
    let closing = std::thread::Builder::new().name("history-close".to_owned()).spawn(move || {
        log.close();
        let _ = tell.send(());
    });
    if closing.is_ok() && tokio::time::timeout(CLOSE_LIMIT, told).await.is_err() {
        tracing::error!("the last messages are not stored: {store} does not answer");
    }
}

fn bind(addresses: &[ListenAddr]) -> Result<Vec<Acceptor>, ListenError> {
    let bind = |address: &ListenAddr| {
        Acceptor::bind(address).map_err(|error| ListenError::new(address.clone(), error))
    };
    addresses.iter().map(bind).collect()
}

/// The part of the configuration that the runtime has to know.
fn runtime_config(config: &Config) -> socketio_server::Config {
    socketio_server::Config {
        workers: config.workers.get(),
        timing: Timing { interval: config.ping_interval, timeout: config.ping_timeout },
        max_payload: config.max_payload,
        queue_limit: config.queue_limit,
        event_rate: config.event_rate,
        byte_rate: config.byte_rate,
        bounds: config.bounds,
        message_timeout: config.message_timeout,
        room_byte_rate: config.room_byte_rate,
        hosts: config.hosts.clone(),
        proxies: config.trusted_proxies.clone(),
        origins: config.origins.clone(),
        origin_help: ORIGIN_HELP,
        ..socketio_server::Config::default()
    }
}
