//! Runs the server: binds, starts, prints its address, and shuts down in order.

use crate::{
    acme::Acme,
    admin,
    auth::Access,
    banner,
    config::{Config, Flags, Io, ListenError, PublicUrl, SessionKey, SessionKeySource},
    log::Log,
    logging,
    metrics::{Metrics, Sources},
    push::{Push, Vapid},
    rooms::Rooms,
    socket::Alert,
    tls::{self, Certificates},
    web::{self, Admin, Api, Readiness, WebState},
};
use anyhow::Context;
use socketio_server::{Acceptor, ListenAddr, Server, SocketIo, Timing};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

mod bell_file;
mod passed;
mod peers;
mod reach;
mod reload;
mod service_manager;
mod signals;

use bell_file::BellFile;
use passed::{Passed, PassedError};
use peers::Nodes;
use reload::Reload;
use service_manager::ServiceManager;
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
pub fn run(config: Config, flags: &Flags, logging: logging::Log) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("the system gives no poller: raise the open-file limit (ulimit -n)")?;
    let manager = ServiceManager::start(config.is_supervised);
    let result = runtime.block_on(serve(config, flags, logging, &manager));
    if let Err(error) = &result {
        manager.failed(&format!("{error:#}"));
    }
    result
}

async fn serve(
    config: Config,
    flags: &Flags,
    logging: logging::Log,
    manager: &ServiceManager,
) -> anyhow::Result<()> {
    let config = &config;
    let mut signals = Signals::install().context("signals cannot be handled")?;
    let readiness = Readiness::new();
    let uring = uses_ring(config.io)?;
    // Before the log is opened: a server that cannot listen leaves the file alone.
    let acme = config.acme.as_ref().map(Acme::new).transpose()?;
    let certificates = match (&config.acme, &acme, &config.tls[..]) {
        (Some(settings), Some(acme), _) => {
            Some(Certificates::ordered(settings.domains.clone(), acme.files())?)
        }
        (_, _, []) => None,
        (_, _, files) => Some(Certificates::load(files.to_vec())?),
    };
    let access = Access::new(config)?;
    let bells = config.bells.as_deref().map(BellFile::load).transpose()?;
    let certificates = certificates.map(Arc::new);
    let listeners = listen(config, certificates.as_ref())?;
    let admin_listeners = admin::bind(config, certificates.as_ref()).await?;
    let log = Log::open(&config.history)?;
    let rooms = Rooms::new(config, log.clone(), tokio::runtime::Handle::current());
    let api = Api::new(config, rooms.clone(), access.clone());
    let session_key = session_key(config, &log).await?;
    if let Some(contact) = &config.web_push_contact {
        let vapid = Vapid::new(&session_key, contact.as_str().into());
        let runtime = tokio::runtime::Handle::current();
        rooms.push_by(Push::new(vapid, rooms.outbound().apart(), log.clone(), runtime));
    }
    let web = WebState::new(config, &session_key, readiness.clone(), api.clone());
    let runtime = tokio::runtime::Handle::current();
    let held_back = rooms.clone();
    let alert = Alert::new(config, rooms, access.clone(), web.sessions().clone(), runtime);
    let bound: Vec<_> = listeners
        .iter()
        .filter(|listener| !listener.sends_to_https())
        .map(|listener| listener.address().clone())
        .collect();
    let mut runtime_config = runtime_config(config, uring);
    if let (Some(shared), Some(redis)) = (log.shared(), &config.history.redis) {
        let address = reach::address(config, &redis.address, &listeners).await;
        runtime_config.peers = Some(Arc::new(Nodes::join(shared.clone(), log.run(), address).await?));
    }
    if let Some(certificates) = &certificates {
        tokio::spawn(Arc::clone(certificates).watch());
        // Whoever gave it a certificate for a name means it to answer to the name.
        let names = certificates.names().into_iter().filter_map(|name| name.parse().ok());
        runtime_config.hosts = runtime_config.hosts.and(names);
        warn_of_other_name(config, certificates);
    }

    access.take_up_revoked(&log).await;
    tokio::spawn({
        let (access, log) = (access.clone(), log.clone());
        async move { access.watch(&log).await }
    });
    let engine = SocketIo::new(alert, config.max_payload);
    let server = Server::start(runtime_config, engine, &web::app(web), listeners)
        .context("the system gives no more threads")?;
    let admin = {
        let (hub, rooms, certificates) = (server.hub().clone(), held_back.clone(), certificates.clone());
        let logging = logging.clone();
        let metrics = Metrics::new(Sources { hub, rooms, logging, certificates });
        Admin::new(config, metrics, readiness.clone())
    };
    held_back.hold_clients(server.hub().clone());
    let bells = bells.map(|(file, table)| {
        held_back.ring_by(table);
        Arc::new(file)
    });
    if let Some(file) = bells.clone() {
        let rooms = held_back.clone();
        tokio::spawn(async move { file.watch(rooms).await });
    }
    held_back.begin_to_ring();
    held_back.begin_to_deliver();
    if let Some(shared) = log.shared() {
        let hub = server.hub().clone();
        shared.count_connections(move || hub.connections());
    }
    if let (Some(acme), Some(certificates)) = (acme, &certificates) {
        tokio::spawn(acme.run(Arc::clone(certificates), readiness.clone()));
    }
    banner::print(config, log.kind(), &bound);
    for listener in admin_listeners {
        let url = listener.url();
        tracing::info!(url, "metrics for Prometheus at /metrics, and a page at /admin");
        tokio::spawn(listener.serve(admin.service()));
    }
    manager.ready(server.hub(), &log);
    tokio::spawn(manager.clone().watch(server.hub().clone(), log.clone()));

    let mut reload = Reload {
        config: config.clone(),
        flags,
        logging,
        access,
        admin,
        rooms: held_back,
        hub: server.hub().clone(),
        certificates,
        bells,
    };
    let signal = loop {
        match signals.next().await {
            Request::Stop(signal) => break signal,
            Request::Reload => {
                manager.reloading();
                reload.now();
                manager.ready(server.hub(), &log);
            }
        }
    };
    // Before the log line: whoever reads that finds /readyz at 503.
    readiness.begin_drain();
    tracing::info!(signal, "shutting down; a second signal ends it immediately");
    let drain_wait = reload.config.drain_wait;
    let waiting = humantime::format_duration(drain_wait);
    manager.stopping(&format!("Stopping: balancers have {waiting} (drain_wait) to notice"));
    let way_down = async {
        tokio::time::sleep(drain_wait).await;
        manager.status(&format!("Closing {} connections", server.hub().connections()));
        server.shut_down(SHUTDOWN_LIMIT).await;
        manager.status("Storing the last of what was said");
        close(log).await;
    };
    tokio::select! {
        () = way_down => tracing::info!("shut down"),
        signal = signals.second_stop() => tracing::warn!(signal, "ended immediately"),
    }
    Ok(())
}

/// Whether messages go to members through io_uring.
fn uses_ring(io: Io) -> anyhow::Result<bool> {
    if io == Io::Epoll {
        return Ok(false);
    }
    match socketio_server::try_ring() {
        Ok(()) => Ok(true),
        Err(error) if io == Io::Uring => {
            Err(error).context("io = \"uring\" is not possible here; --io auto does without io_uring")
        }
        Err(error) => {
            tracing::info!(
                "each member is sent to with a system call of its own, since there is no io_uring: {error}"
            );
            Ok(false)
        }
    }
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

/// Every address that is served, and those that send http to https. Where sockets are passed, those of the default
/// address are not needed.
fn listen(config: &Config, certificates: Option<&Arc<Certificates>>) -> anyhow::Result<Vec<Acceptor>> {
    let passed = Passed::take()?;
    let bind = |address: &ListenAddr| -> anyhow::Result<Acceptor> {
        Acceptor::bind(address).map_err(|error| match passed.took(address, &error) {
            Some(taken) => taken.into(),
            None => ListenError::new(address.clone(), error).into(),
        })
    };
    let wanted = |list: &[ListenAddr]| -> anyhow::Result<Vec<Acceptor>> {
        list.iter().filter(|address| !passed.has(address)).map(bind).collect()
    };
    let mut bound = match passed.serving.is_empty() || config.is_set("listen") {
        true => wanted(&config.listen)?,
        false => Vec::new(),
    };
    let mut redirecting = wanted(&config.redirect_listen)?;
    bound.extend(passed.serving);
    redirecting.extend(passed.redirecting);
    let Some(certificates) = certificates else {
        return match redirecting.first() {
            Some(redirecting) => Err(PassedError::NoHttps(redirecting.address().clone()).into()),
            None => Ok(bound),
        };
    };
    let tls = tls::server_config(certificates);
    let mut bound: Vec<_> = bound.into_iter().map(|acceptor| acceptor.with_tls(Arc::clone(&tls))).collect();
    let port = config.public_url.as_ref().filter(|url| url.is_https()).map(PublicUrl::port);
    let own = bound.iter().find_map(|acceptor| match acceptor.address() {
        ListenAddr::Tcp(address) => Some(address.port()),
        ListenAddr::Unix(_) => None,
    });
    let port = port.or(own).unwrap_or(443);
    bound.extend(redirecting.into_iter().map(|acceptor| acceptor.sending_to_https(port)));
    Ok(bound)
}

fn warn_of_other_name(config: &Config, certificates: &Certificates) {
    let host = config.public_url.as_ref().filter(|url| url.is_https()).map(PublicUrl::host);
    for host in certificates.lack(host) {
        let names = certificates.names().join(", ");
        tracing::warn!(
            "no certificate is for {host}, which --public-url names; they are for {names}: browsers \
             refuse the page unless a proxy with another certificate stands in front"
        );
    }
}

/// The part of the configuration that the runtime has to know.
fn runtime_config(config: &Config, uring: bool) -> socketio_server::Config {
    socketio_server::Config {
        workers: config.workers.get(),
        uring,
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
