//! How the server is, as JSON for the page: totals since the start, from which the page makes rates, and what there is now.

use super::Admin;
use crate::config::HistoryKind;
use crate::metrics::Sources;
use crate::rooms::Overview;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use socketio_server::Survey;
use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Rooms that are listed; the page says that there are more.
const MOST_ROOMS: usize = 500;

type Counts = BTreeMap<&'static str, u64>;

#[derive(Serialize)]
pub(super) struct Now {
    version: &'static str,
    /// In milliseconds since 1970.
    at: u64,
    started: u64,
    is_draining: bool,
    history: &'static str,
    /// Why messages are not stored, and other things to be looked at.
    troubles: Vec<String>,
    connections: Counts,
    most_connections: Option<usize>,
    rooms_in_all: usize,
    people: usize,
    queue_bytes: u64,
    is_congested: bool,
    /// Since the start.
    totals: Totals,
    rooms: Vec<Room>,
    slow: Vec<Slow>,
    nodes: Vec<Node>,
}

#[derive(Serialize)]
struct Totals {
    said: u64,
    deliveries: u64,
    entered: u64,
    closed: Counts,
    refused: Counts,
}

#[derive(Serialize)]
struct Room {
    room: String,
    people: usize,
    here: usize,
    listeners: usize,
    /// Where its last message stands; the number grows by one with each, in the same epoch.
    epoch: String,
    number: u64,
    is_under_pressure: bool,
}

#[derive(Serialize)]
struct Slow {
    connection: String,
    who: Option<String>,
    bytes: usize,
    reads: bool,
}

#[derive(Serialize)]
struct Node {
    name: String,
    is_this: bool,
    version: String,
    address: Option<String>,
    started: u64,
    connections: usize,
    /// In milliseconds.
    lag: u64,
}

pub(super) async fn show(State(admin): State<Admin>) -> Json<Now> {
    let sources = admin.0.metrics.sources();
    let survey = sources.hub.survey().await;
    let mut rooms = sources.rooms.overview();
    let (figures, hub) = (sources.rooms.figures(), sources.hub.figures());
    let rooms_in_all = rooms.len();
    rooms.truncate(MOST_ROOMS);
    let log = sources.rooms.log();
    let refused = sources.rooms.counts().refused_events.read().into_iter();
    let refused = refused.chain(sources.rooms.counts().refused_requests.read()).chain(hub.refused);
    Json(Now {
        version: env!("CARGO_PKG_VERSION"),
        at: millis(SystemTime::now()),
        started: millis(admin.0.started),
        is_draining: !admin.0.readiness.is_ready(),
        history: match log.kind() {
            HistoryKind::Off => "off",
            HistoryKind::Memory => "memory",
            HistoryKind::Sqlite => "file",
            HistoryKind::Redis => "redis",
        },
        troubles: troubles(sources, &survey),
        connections: counts(hub.connections),
        most_connections: admin.0.most_connections,
        rooms_in_all,
        people: figures.people,
        queue_bytes: survey.queue_bytes,
        is_congested: hub.is_congested,
        totals: Totals {
            said: figures.said_inside + figures.said_outside,
            deliveries: hub.deliveries,
            entered: figures.entered,
            closed: counts(hub.closed),
            refused: counts(refused),
        },
        rooms: rooms.iter().map(room).collect(),
        slow: survey.slowest.into_iter().map(Slow::from).collect(),
        nodes: nodes(sources),
    })
}

impl From<socketio_server::Behind> for Slow {
    fn from(behind: socketio_server::Behind) -> Self {
        let socketio_server::Behind { connection, who, bytes, reads } = behind;
        Self { connection: connection.to_string(), who, bytes, reads }
    }
}

fn room(overview: &Overview) -> Room {
    let Overview { room, people, here, listeners, position, is_under_pressure } = overview;
    Room {
        room: room.as_str().to_owned(),
        people: *people,
        here: *here,
        listeners: *listeners,
        epoch: format!("{:?}", position.epoch),
        number: position.number,
        is_under_pressure: *is_under_pressure,
    }
}

fn nodes(sources: &Sources) -> Vec<Node> {
    let log = sources.rooms.log();
    let Some(shared) = log.shared() else { return Vec::new() };
    let mut nodes: Vec<_> = shared
        .nodes()
        .into_iter()
        .map(|(run, about)| Node {
            name: format!("{:012x}", run.number()),
            is_this: run == log.run(),
            version: about.version.clone(),
            address: about.address.clone(),
            started: about.started,
            connections: about.connections,
            lag: about.lag,
        })
        .collect();
    nodes.sort_by(|a, b| a.name.cmp(&b.name));
    nodes
}

fn troubles(sources: &Sources, survey: &Survey) -> Vec<String> {
    let log = sources.rooms.log();
    let mut troubles: Vec<String> = Vec::new();
    troubles.extend(log.trouble().map(|why| match log.shared() {
        Some(_) => why,
        None => format!("The history is not stored: {why}"),
    }));
    troubles.extend(log.shared().map(|shared| shared.warnings()).unwrap_or_default());
    troubles.extend(sources.certificates.iter().flat_map(|certificates| certificates.warnings()));
    if survey.silent_shards > 0 {
        troubles.push("A thread does not answer: its clients are not served.".to_owned());
    }
    troubles
}

fn counts(kinds: impl IntoIterator<Item = (&'static str, u64)>) -> Counts {
    let mut counts = Counts::new();
    for (kind, count) in kinds {
        *counts.entry(kind).or_default() += count;
    }
    counts
}

fn millis(at: SystemTime) -> u64 {
    at.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_millis() as u64
}
