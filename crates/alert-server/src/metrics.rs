//! What monitoring reads: all figures of the server, gathered when they are asked for, in Prometheus' text format.
//!
//! No label holds a room or a name: who talks where is nobody's business there, and each would be a series of its own.

mod family;
mod process;

use crate::log::Log;
use crate::logging;
use crate::push::Push;
use crate::rooms::Rooms;
use crate::tls::Certificates;
pub use family::CONTENT_TYPE;
use family::{Family, Scrape, by};
use socketio_server::Hub;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

/// Where the figures come from.
#[derive(Clone)]
pub struct Metrics(Arc<Sources>);

/// What is measured.
pub struct Sources {
    /// The connections.
    pub hub: Hub,
    /// The rooms.
    pub rooms: Rooms,
    /// The lines on stderr.
    pub logging: logging::Log,
    /// The certificates that it shows, if it speaks TLS.
    pub certificates: Option<Arc<Certificates>>,
}

impl Metrics {
    /// Reads from these.
    pub fn new(sources: Sources) -> Self {
        Self(Arc::new(sources))
    }

    /// Where the figures come from.
    pub fn sources(&self) -> &Sources {
        &self.0
    }

    /// Everything, as it is now.
    pub async fn text(&self, is_draining: bool) -> String {
        let mut all = Scrape::default();
        all.add(Family::info(
            "alert_build",
            "The version of Alert.",
            [("version", env!("CARGO_PKG_VERSION"))],
        ));
        all.add(Family::gauge(
            "alert_draining",
            "1 while the server sends its clients away to end.",
            is_draining.into(),
        ));
        self.connections(&mut all).await;
        self.rooms(&mut all);
        self.push(&mut all);
        self.history(&mut all);
        self.log(&mut all);
        process::add(&mut all);
        all.text()
    }

    async fn connections(&self, all: &mut Scrape) {
        let Sources { hub, certificates, .. } = &*self.0;
        let survey = hub.survey().await;
        let figures = hub.figures();
        all.add(Family::gauges(
            "alert_connections",
            "Connections: Engine.IO sessions, and subscribers (stream).",
            by("transport", &figures.connections),
        ));
        all.add(Family::gauge(
            "alert_sockets",
            "Sockets, and sessions that poll: what max_connections bounds.",
            hub.connections() as f64,
        ));
        all.add(Family::counters(
            "alert_connections_opened",
            "Connections that were opened, by what carried them first.",
            by("transport", &figures.opened),
        ));
        all.add(Family::counters(
            "alert_connections_closed",
            "Connections that have ended, by the reason.",
            by("reason", &figures.closed),
        ));
        all.add(Family::counters(
            "alert_refused_at_bounds",
            "Sockets, sessions and input that were refused, by the bound: connections, address, unfinished_input.",
            by("bound", &figures.refused),
        ));
        all.add(Family::counter(
            "alert_upgrades",
            "Connections that went from long-polling to WebSocket.",
            figures.upgraded,
        ));
        all.add(Family::counter(
            "alert_events_received",
            "Events and other messages from clients.",
            figures.received,
        ));
        all.add(Family::counter("alert_received_bytes", "Their bytes.", figures.received_bytes));
        all.add(Family::counter(
            "alert_publications",
            "What was sent to a room, once for each thread that serves somebody in it.",
            figures.published,
        ));
        all.add(Family::counter(
            "alert_deliveries",
            "What was put into members' queues: one for each member and message.",
            figures.deliveries,
        ));
        all.add(Family::counter("alert_delivered_bytes", "Its bytes.", figures.delivered_bytes));
        all.add(Family::histogram(
            "alert_delivery_seconds",
            "From a message's place in its room until a member's socket has taken it, of a sample.",
            &figures.delivery,
        ));
        all.add(Family::gauge(
            "alert_queue_bytes",
            "Bytes that wait for clients in all queues.",
            survey.queue_bytes as f64,
        ));
        all.add(Family::gauge(
            "alert_longest_queue_bytes",
            "Bytes that wait for the client that most waits for.",
            survey.longest as f64,
        ));
        let behind = [("yes", survey.behind as u64), ("no", survey.given_up as u64)];
        all.add(Family::gauges(
            "alert_connections_behind",
            "Connections for whom more than a quarter of queue_limit waits; those who read hold their rooms up.",
            by("reads", &behind),
        ));
        all.add(Family::gauges(
            "alert_shards",
            "Threads that serve connections, by how they send to members: uring (io_uring), or epoll.",
            by("io", &figures.shards),
        ));
        all.add(Family::counter(
            "alert_batched_sends",
            "Sends to members that were made through io_uring, several in one system call.",
            figures.batched_sends,
        ));
        all.add(Family::gauge(
            "alert_silent_shards",
            "Threads that did not answer within 2 s.",
            survey.silent_shards as f64,
        ));
        all.add(Family::gauge(
            "alert_inbox_commands",
            "What waits for the threads that serve connections.",
            figures.inbox_commands as f64,
        ));
        all.add(Family::gauge("alert_inbox_bytes", "Its bytes.", figures.inbox_bytes as f64));
        all.add(Family::gauge(
            "alert_unfinished_bytes",
            "Bytes of messages and requests that are incomplete, or not processed yet.",
            figures.unfinished_bytes as f64,
        ));
        all.add(Family::gauge(
            "alert_congested",
            "1 while no client is read from, since too much waits to be delivered.",
            f64::from(u8::from(figures.is_congested)),
        ));
        all.add(Family::counter("alert_congestions", "How often that has begun.", figures.congestions));
        all.add(Family::counters(
            "alert_holds",
            "How often a client was not read from for a while, by why: rate, room, answers, congestion, pause.",
            by("why", &figures.held),
        ));
        all.add(Family::counters(
            "alert_tls_handshakes",
            "TLS handshakes, by how they ended.",
            by("result", &figures.handshakes),
        ));
        let until = certificates.as_ref().and_then(|certificates| certificates.until());
        let until = until.and_then(|until| until.duration_since(UNIX_EPOCH).ok());
        all.add(Family::gauges(
            "alert_tls_certificate_expiry_timestamp_seconds",
            "When the first of the certificates expires; nothing without TLS.",
            until.into_iter().map(|until| (Vec::new(), until.as_secs_f64())),
        ));
    }

    fn rooms(&self, all: &mut Scrape) {
        let rooms = &self.0.rooms;
        let (figures, counts) = (rooms.figures(), rooms.counts());
        all.add(Family::gauge(
            "alert_rooms",
            "Rooms that somebody here is in or hears.",
            figures.rooms as f64,
        ));
        all.add(Family::gauge(
            "alert_people",
            "People in them, on this server; whoever is in two rooms counts twice.",
            figures.people as f64,
        ));
        all.add(Family::gauge(
            "alert_rooms_under_pressure",
            "Rooms whose speakers have to wait.",
            figures.under_pressure as f64,
        ));
        let said = [("inside", figures.said_inside), ("outside", figures.said_outside)];
        all.add(Family::counters(
            "alert_messages_said",
            "Messages, by whether the speaker was connected and in the room, or not (HTTP).",
            by("from", &said),
        ));
        all.add(Family::counter("alert_entries", "How often somebody entered a room.", figures.entered));
        all.add(Family::counters(
            "alert_refused_events",
            "Events over Socket.IO that were refused, by code.",
            by("code", &counts.refused_events.read()),
        ));
        all.add(Family::counters(
            "alert_refused_requests",
            "Requests over HTTP that were refused, by code.",
            by("code", &counts.refused_requests.read()),
        ));
        all.add(Family::counters(
            "alert_recoveries",
            "Clients that came back with what connection state recovery gave them, by the result.",
            by("result", &counts.recoveries.read()),
        ));
        all.add(Family::counters(
            "alert_replayed_messages",
            "Messages that were sent again: by recovery, to those who joined again, or on a stream.",
            by("way", &counts.replayed.read()),
        ));
        all.add(Family::counters(
            "alert_webhook_posts",
            "What became of what was posted for webhooks; `dead` counts besides `failed` what was put aside.",
            by("result", &counts.posts.read()),
        ));
    }

    fn push(&self, all: &mut Scrape) {
        let (results, waiting) = self.0.rooms.push().map_or_else(Push::no_figures, Push::figures);
        all.add(Family::counters(
            "alert_push_messages",
            "Messages for devices by Web Push, by what became of them: sent, gone (the device is forgotten), refused, failed, \
             dropped (too many waited), outdated (not to be told any more).",
            by("result", &results),
        ));
        all.add(Family::gauge(
            "alert_push_waiting",
            "Those that wait for push services, or are under way.",
            waiting as f64,
        ));
    }

    fn history(&self, all: &mut Scrape) {
        let log: &Log = self.0.rooms.log();
        let figures = log.figures().unwrap_or_default();
        let is_failing = log.trouble().is_some();
        all.add(Family::gauge(
            "alert_history_failing",
            "1 while messages are not stored; with Redis, while it is away.",
            f64::from(u8::from(is_failing)),
        ));
        all.add(Family::counter(
            "alert_history_failures",
            "Batches that could not be stored; with Redis, connections that were lost.",
            figures.failures,
        ));
        all.add(Family::gauge(
            "alert_history_waiting",
            "Messages that are not on disk yet; with Redis, calls that are not answered.",
            figures.waiting as f64,
        ));
        all.add(Family::counter(
            "alert_history_lost_messages",
            "Messages that were delivered and will not be in the history.",
            figures.lost,
        ));
        all.add(Family::histogram(
            "alert_commit_seconds",
            "How long a batch took to be stored; with Redis, calls that went there together.",
            &figures.commits,
        ));
        let is_shared = log.shared().is_some();
        let others = log.shared().map(|shared| shared.warnings().len() as f64);
        all.add(Family::gauges(
            "alert_redis_up",
            "1 while Redis answers; nothing without it.",
            is_shared.then(|| (Vec::new(), f64::from(u8::from(!is_failing)))),
        ));
        all.add(Family::gauges(
            "alert_redis_warnings",
            "What is wrong with Redis, or with servers beside this one: /readyz says it in words.",
            others.map(|count| (Vec::new(), count)),
        ));
    }

    fn log(&self, all: &mut Scrape) {
        let figures = self.0.logging.figures();
        all.add(Family::counters(
            "alert_log_lines",
            "Lines of the log, by level.",
            by("level", &figures.written),
        ));
        all.add(Family::counter(
            "alert_log_lines_left_out",
            "Lines that were left out, as too many like them came.",
            figures.left_out,
        ));
        all.add(Family::counter(
            "alert_log_lines_dropped",
            "Lines that were lost, as nobody read the log fast enough.",
            figures.dropped,
        ));
    }
}
