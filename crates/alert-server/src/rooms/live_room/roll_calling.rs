//! Roll calls, where everything that happens in a room is ordered: whom an alert reaches here, who is told that they have
//! confirmed it, and hosts who hear how many have.

use super::super::Rooms;
use super::super::door::Badge;
use super::reminding::Reminding;
use super::{LiveRoom, Presence, State};
use alert_core::access::{Right, Standing};
use alert_core::names::UserName;
use alert_core::room::alerts::AlertId;
use alert_core::room::roll_call::{Mark, Person, Stage};
use alert_core::wire::{Form, v2};
use socketio_server::{ConnectionId, Hub};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::mpsc;

/// Between two that a host is told of how many have confirmed.
const PAUSE: Duration = Duration::from_millis(250);
/// People whom an alert has reached and that are noted together.
const PORTION: usize = 500;
/// Connections of hosts that hear how many have confirmed. Beyond that, the first goes.
const MOST_WATCHERS: usize = 64;

/// What a room knows of its roll calls.
#[derive(Default)]
pub(super) struct RollCalling {
    pub(super) hub: Option<Hub>,
    /// The connections of each person here. Entries leave with their presence.
    pub(super) here: HashMap<UserName, Vec<(ConnectionId, Form)>>,
    /// Alerts in force that ask to be confirmed, and where those are noted whom they reach. Entries leave when an alert has
    /// ended.
    asked: HashMap<AlertId, mpsc::UnboundedSender<UserName>>,
    pub(super) reminding: Reminding,
    /// Entries leave with their presence.
    watchers: Vec<Watcher>,
    /// What watchers have to be told.
    changed: HashSet<AlertId>,
    /// A task tells them.
    is_telling: bool,
}

/// A connection of a host.
struct Watcher {
    connection: ConnectionId,
    standing: Standing,
    badge: Badge,
}

impl State {
    /// A connection of a person hears the room from now on, and has been told of the alerts that are in force.
    pub(super) fn is_here(&mut self, (hub, connection): (&Hub, ConnectionId), form: Form, name: &UserName) {
        let calling = &mut self.calling;
        calling.hub.get_or_insert_with(|| hub.clone());
        // Nearly all people have one.
        let here = calling.here.entry(name.clone()).or_insert_with(|| Vec::with_capacity(1));
        here.push((connection, form));
        // One of v2 is told of them by the answer to `join`, which comes later.
        if form != Form::V2 {
            calling.ask_for_all(connection, name);
        }
    }

    /// It does not any more.
    pub(super) fn is_gone(&mut self, name: &UserName, connection: ConnectionId) {
        if let Some(here) = self.calling.here.get_mut(name) {
            here.retain(|(one, _)| *one != connection);
            if here.is_empty() {
                self.calling.here.remove(name);
            }
        }
        self.calling.watchers.retain(|watcher| watcher.connection != connection);
    }

    fn asked(&self) -> Vec<AlertId> {
        let Some(ruling) = &self.ruling else { return Vec::new() };
        let alerts = ruling.policy.alerts.in_force(SystemTime::now());
        alerts.filter(|alert| alert.confirm).map(|alert| alert.id).collect()
    }
}

impl RollCalling {
    fn ask_for_all(&self, connection: ConnectionId, name: &UserName) {
        let Some(hub) = &self.hub else { return };
        self.asked.values().for_each(|reached| ask(hub, connection, name, reached));
    }
}

/// Notes a person when the connection has shown that it has what it was sent.
fn ask(hub: &Hub, connection: ConnectionId, name: &UserName, reached: &mpsc::UnboundedSender<UserName>) {
    let (name, reached) = (name.clone(), reached.clone());
    hub.when_received(connection, move || _ = reached.send(name));
}

impl LiveRoom {
    /// Notes whom the alerts reach that ask to be confirmed: each from when it is in force, until it is not.
    pub(in crate::rooms) fn follow_alerts(self: &Arc<Self>, rooms: &Rooms) {
        let mut state = self.lock();
        let asked = state.asked();
        let State { ruling, calling, .. } = &mut *state;
        if let Some(ruling) = ruling {
            calling.reminding.follow(&ruling.policy.alerts, SystemTime::now(), Instant::now());
        }
        let RollCalling { hub, here, asked: known, .. } = &mut state.calling;
        known.retain(|id, _| asked.contains(id));
        for id in asked {
            if known.contains_key(&id) {
                continue;
            }
            let (tell, told) = mpsc::unbounded_channel();
            for (name, connections) in &*here {
                for (connection, _) in connections {
                    hub.iter().for_each(|hub| ask(hub, *connection, name, &tell));
                }
            }
            known.insert(id, tell);
            self.note_reached(rooms, id, told);
        }
    }

    fn note_reached(&self, rooms: &Rooms, id: AlertId, mut told: mpsc::UnboundedReceiver<UserName>) {
        let (rooms, code) = (rooms.clone(), self.code.clone());
        rooms.runtime().clone().spawn(async move {
            let mut names = Vec::new();
            while told.recv_many(&mut names, PORTION).await > 0 {
                // Whoever is one too many is in no roll call.
                if let Err(problem) = rooms.note(&code, id, std::mem::take(&mut names), Mark::Reached).await {
                    tracing::debug!(
                        room = code.as_str(),
                        "whom an alert reaches could not be noted: {problem}"
                    );
                }
            }
        });
    }

    /// Everybody who is in a room that this server orders.
    pub(in crate::rooms) fn everybody(&self) -> Vec<UserName> {
        self.lock().room.people().cloned().collect()
    }

    /// A roll call has changed; the person, if it is about one.
    pub(in crate::rooms) fn hear_roll_call(
        self: &Arc<Self>,
        rooms: &Rooms,
        id: AlertId,
        person: Option<(UserName, Person)>,
    ) {
        if let Some((name, person)) = person.filter(|(_, person)| person.stage == Stage::Confirmed) {
            self.lock().calling.reminding.is_confirmed(id, &name);
            self.tell_devices(id, &name, &person);
        }
        let mut state = self.lock();
        if state.calling.watchers.is_empty() {
            return;
        }
        state.calling.changed.insert(id);
        if !std::mem::replace(&mut state.calling.is_telling, true) {
            drop(state);
            self.tell_watchers(rooms);
        }
    }

    /// Something may have been missed: hosts are told where all roll calls stand.
    pub(super) fn tell_all_roll_calls(self: &Arc<Self>, rooms: &Rooms) {
        let asked = self.lock().asked();
        asked.into_iter().for_each(|id| self.hear_roll_call(rooms, id, None));
    }

    /// All connections here of somebody who has confirmed an alert are told, so that they fall silent.
    pub(in crate::rooms) fn tell_devices(&self, id: AlertId, name: &UserName, person: &Person) {
        let state = self.lock();
        let RollCalling { hub: Some(hub), here, .. } = &state.calling else { return };
        let connections = here.get(name).into_iter().flatten();
        for (connection, _) in connections.filter(|(_, form)| *form == Form::V2) {
            hub.send(*connection, v2::confirmed(&self.code, id, name, person).into());
        }
    }

    /// Tells hosts how many have confirmed: at once, and then in portions of what has changed meanwhile.
    fn tell_watchers(self: &Arc<Self>, rooms: &Rooms) {
        let (room, rooms) = (Arc::downgrade(self), rooms.clone());
        rooms.runtime().clone().spawn(async move {
            loop {
                let Some(live) = room.upgrade() else { return };
                let changed = {
                    let mut state = live.lock();
                    let changed = std::mem::take(&mut state.calling.changed);
                    state.calling.is_telling = !changed.is_empty();
                    changed
                };
                if changed.is_empty() {
                    return;
                }
                for id in changed {
                    if let Ok(Some(counts)) = rooms.log().roll_counts(&live.code, id).await {
                        live.send_to_watchers(|| v2::roll_call(&live.code, id, &counts).into());
                    }
                }
                drop(live);
                tokio::time::sleep(PAUSE).await;
            }
        });
    }

    fn send_to_watchers(&self, publication: impl Fn() -> socketio_server::Publication) {
        let state = self.lock();
        let Some(hub) = &state.calling.hub else { return };
        let policy = state.ruling.as_ref().map(|ruling| &*ruling.policy);
        for Watcher { connection, standing, badge } in &state.calling.watchers {
            // Hosts may have another key since.
            if badge.is_host(standing, policy) || standing.may(Right::Alert).is_ok() {
                hub.send(*connection, publication());
            }
        }
    }
}

impl Presence {
    /// Its client has been told which alerts are in force.
    pub fn knows_alerts(&self) {
        self.room.lock().calling.ask_for_all(self.connection, &self.name);
    }

    /// Hears how many have confirmed the room's alerts from now on, as long as its client may.
    pub fn watch_roll_calls(&self) {
        let mut state = self.room.lock();
        let watchers = &mut state.calling.watchers;
        watchers.retain(|watcher| watcher.connection != self.connection);
        if watchers.len() >= MOST_WATCHERS {
            watchers.remove(0);
        }
        let (standing, badge) = (self.standing.clone(), Badge::clone(&self.badge));
        watchers.push(Watcher { connection: self.connection, standing, badge });
    }
}
