//! A client that comes back while another server still has its old connection, half open: every server that has
//! connections of that person asks them for a sign of life, and answers by Redis. One that is silent has been lost.

use super::super::super::Rooms;
use super::super::super::half_open::{self, SILENCE, Suspect};
use super::super::LiveRoom;
use crate::log::StayId;
use crate::log::redis::{LostStay, Shared, Taken, Unavailable};
use alert_core::names::UserName;
use alert_core::room::ClientKey;
use socketio_server::Hub;
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    time::timeout_at,
};

/// How long the other servers may take to answer; after that they count as dead.
const ANSWERS: Duration = SILENCE.saturating_add(Duration::from_secs(1));

/// Who waits for the answers of other servers, by the person who was asked for. Entries leave with whoever waits.
#[derive(Default)]
pub(super) struct Asking(HashMap<UserName, Vec<UnboundedSender<Box<str>>>>);

/// The nodes that have answered.
pub(super) type Answers = UnboundedReceiver<Box<str>>;

impl Asking {
    /// To be called before it is asked.
    pub(super) fn begin(&mut self, name: &UserName) -> Answers {
        let (tell, told) = unbounded_channel();
        self.0.entry(name.clone()).or_default().push(tell);
        told
    }

    /// Forgets those who do not wait any more.
    pub(super) fn end(&mut self, name: &UserName) {
        if let Some(waiting) = self.0.get_mut(name) {
            waiting.retain(|tell| !tell.is_closed());
            if waiting.is_empty() {
                self.0.remove(name);
            }
        }
    }

    pub(super) fn answered(&self, name: &UserName, node: &str) {
        for tell in self.0.get(name).into_iter().flatten() {
            let _ = tell.send(node.into());
        }
    }
}

impl LiveRoom {
    /// Waits until these nodes have answered. Gives which lost connection the new one, whose stay this is, replaces.
    pub(super) async fn wait_for_answers(
        &self,
        shared: &Shared,
        (name, stay): (&UserName, StayId),
        mut answers: Answers,
        asked: Vec<String>,
    ) -> Result<Option<Taken>, Unavailable> {
        let until = Instant::now() + ANSWERS;
        let mut asked: HashSet<String> = asked.into_iter().collect();
        while !asked.is_empty() {
            let Ok(Some(node)) = timeout_at(until.into(), answers.recv()).await else { break };
            asked.remove(&*node);
        }
        let unanswered: Vec<String> = asked.into_iter().collect();
        shared.take(&self.code, name, stay, &unanswered).await
    }

    /// Asks the connections of a person that this server has, and answers for them.
    pub(super) fn probe(self: &Arc<Self>, rooms: &Rooms, name: UserName, client: ClientKey) {
        let Some(shared) = self.log.shared().cloned() else { return };
        let (suspects, hub) = {
            let state = self.lock();
            let hub = state.following.as_ref().and_then(|following| following.hub.clone());
            (state.simple.suspects(&name, client, state.numbering.last()), hub)
        };
        let (room, rooms) = (Arc::clone(self), rooms.clone());
        shared.runtime().clone().spawn(async move {
            let silent = match hub.filter(|_| !suspects.is_empty()) {
                Some(hub) => room.lose_suspects(&rooms, &name, suspects, &hub).await,
                None => Vec::new(),
            };
            shared.probed(&room.code, &name, &silent);
        });
    }

    async fn lose_suspects(
        self: &Arc<Self>,
        rooms: &Rooms,
        name: &UserName,
        suspects: Vec<Suspect>,
        hub: &Hub,
    ) -> Vec<(StayId, LostStay)> {
        let answers = half_open::ask(suspects, hub).await;
        let mut lost = Vec::new();
        for silent in answers.silent {
            let Suspect { client, stay, entered, .. } = silent.0;
            if let Some((upto, unconfirmed)) = self.lose_silent(rooms, name, silent, hub).await {
                lost.push((stay, LostStay { client, entered, upto, unconfirmed }));
            }
        }
        // That these are lost has to reach Redis before the answer does.
        self.note_ended(name, answers.ended).await;
        lost
    }
}
