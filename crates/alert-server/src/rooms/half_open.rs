//! Connections that the server believes to be alive, while their clients are coming back already: whoever does not
//! answer a ping then has been lost.

use super::live_room::LiveRoom;
use super::{Admitted, Returning, Rooms};
use crate::log::StayId;
use alert_core::names::UserName;
use alert_core::position::Position;
use alert_core::room::{ClientKey, Doubt};
use socketio_server::{ConnectionId, Hub};
use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{sync::oneshot::Receiver, time::timeout_at};

/// A client that does not answer for so long may be gone.
pub(super) const SILENCE: Duration = Duration::from_secs(2);
/// Between two looks whether the end of a connection has been taken up.
const SOON: Duration = Duration::from_millis(10);
/// Connections of one name that are asked at a time.
const MOST_ASKED: usize = 8;

/// The connections in a room whose clients know nothing of recovery, by name. Entries leave with their presence.
pub(super) struct Simple<C = ConnectionId>(HashMap<UserName, Vec<Suspect<C>>>);

/// A connection that may be half open.
#[derive(Clone, Copy, Debug)]
pub struct Suspect<C = ConnectionId> {
    pub(super) connection: C,
    pub(super) client: ClientKey,
    pub(super) stay: StayId,
    /// What TCP has acknowledged has come to its client.
    pub(super) is_direct: bool,
    pub(super) entered: Position,
    /// Another has been given what it has not received.
    pub(super) is_succeeded: bool,
}

impl<C> Default for Simple<C> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<C: Copy + PartialEq> Simple<C> {
    pub(super) fn add(&mut self, name: &UserName, connection: Suspect<C>) {
        // Nearly all people have one.
        self.0.entry(name.clone()).or_insert_with(|| Vec::with_capacity(1)).push(connection);
    }

    /// Forgets a connection. Says whether another has been given what it has not received.
    pub(super) fn remove(&mut self, name: &UserName, connection: C) -> bool {
        let Some(all) = self.0.get_mut(name) else { return false };
        let place = all.iter().position(|one| one.connection == connection);
        let is_succeeded = place.is_some_and(|place| all.swap_remove(place).is_succeeded);
        if all.is_empty() {
            self.0.remove(name);
        }
        is_succeeded
    }

    /// Whether a connection is still here.
    pub(super) fn has(&self, name: &UserName, connection: C) -> bool {
        self.0.get(name).is_some_and(|all| all.iter().any(|one| one.connection == connection))
    }

    /// Those that may have missed something up to `now`, of this client first.
    pub(super) fn suspects(&self, name: &UserName, client: ClientKey, now: Position) -> Vec<Suspect<C>> {
        let all = self.0.get(name).into_iter().flatten();
        let mut all: Vec<_> = all.filter(|one| one.entered != now && !one.is_succeeded).copied().collect();
        all.sort_by_key(|one| one.client != client);
        all.truncate(MOST_ASKED);
        all
    }

    /// Notes whether another has been given what a connection has not received. Says whether that is news.
    pub(super) fn succeed(&mut self, name: &UserName, connection: C, is_succeeded: bool) -> bool {
        let mut all = self.0.get_mut(name).into_iter().flatten();
        let one = all.find(|one| one.connection == connection);
        one.is_some_and(|one| std::mem::replace(&mut one.is_succeeded, is_succeeded) != is_succeeded)
    }
}

impl Rooms {
    /// Who is in a room under the name of somebody who comes, and may in truth be that client's old connection.
    pub fn suspects(&self, room: &Admitted, name: &UserName, client: ClientKey) -> Vec<Suspect> {
        self.known(room).map_or_else(Vec::new, |room| room.suspects(name, client))
    }

    /// Asks those for a sign of life. What one of them that gives none has not received is for whoever has come.
    pub async fn silent(
        &self,
        room: &Admitted,
        name: &UserName,
        client: ClientKey,
        suspects: Vec<Suspect>,
        hub: &Hub,
    ) -> Option<Returning> {
        let Answers { silent, ended } = ask(suspects, hub).await;
        let live = self.known(room)?;
        for silent in silent {
            let entered = silent.0.entered;
            if let Some((upto, unconfirmed)) = live.lose_silent(self, name, silent, hub).await {
                let doubt = Doubt { entered, upto, unconfirmed, since: None, at: Instant::now() };
                return Some(Returning::new(client, doubt));
            }
        }
        live.note_ended(name, ended).await;
        None
    }
}

/// A connection that gives no sign of life, and where one would still come.
pub(super) type Silent = (Suspect, Receiver<()>);

/// What was found of connections that were asked; the others are there.
pub(super) struct Answers {
    pub(super) silent: Vec<Silent>,
    /// They have ended meanwhile.
    pub(super) ended: Vec<Suspect>,
}

/// Asks connections for a sign of life.
pub(super) async fn ask(suspects: Vec<Suspect>, hub: &Hub) -> Answers {
    let until = Instant::now() + SILENCE;
    let asked: Vec<_> = suspects.into_iter().map(|one| (one, hub.probe(one.connection))).collect();
    let mut answers = Answers { silent: Vec::new(), ended: Vec::new() };
    for (one, mut answer) in asked {
        match timeout_at(until.into(), &mut answer).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => answers.ended.push(one),
            Err(_) => answers.silent.push((one, answer)),
        }
    }
    answers
}

impl LiveRoom {
    /// Waits until the ends of connections have been taken up: until then nobody knows what these have not received.
    pub(super) async fn note_ended(&self, name: &UserName, ended: Vec<Suspect>) {
        let until = Instant::now() + SILENCE;
        for one in ended {
            while self.still_has(name, one.connection) && Instant::now() < until {
                tokio::time::sleep(SOON).await;
            }
        }
    }

    /// Notes that a connection that is silent has been lost, and gives the room's position and the bytes that its client
    /// may not have received; nothing, if it has ended or that is known.
    pub(super) async fn lose_silent(
        self: &Arc<Self>,
        rooms: &Rooms,
        name: &UserName,
        (one, answer): Silent,
        hub: &Hub,
    ) -> Option<(Position, u64)> {
        // Before the bytes are counted: what is said meanwhile is in doubt both ways.
        let upto = self.position();
        let unconfirmed = hub.unconfirmed(one.connection, one.is_direct).await?;
        if !self.succeed(name, one.connection, true) {
            return None;
        }
        tracing::info!(room = self.code.as_str(), name = name.as_str(), "a connection does not answer");
        let (live, name) = (Arc::clone(self), name.clone());
        rooms.runtime().spawn(async move {
            // It was only slow: it misses nothing, and will be lost like any other.
            if answer.await.is_ok() {
                live.succeed(&name, one.connection, false);
            }
        });
        Some((upto, unconfirmed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alert_core::position::{Epoch, Run};

    #[test]
    fn asked_is_who_may_have_missed_something_and_has_no_successor_and_the_same_client_first() {
        let name = UserName::parse("Ada", 64).unwrap();
        let at = |number| Position { epoch: Epoch { run: Run::new(1), part: 0 }, number };
        let mut simple = Simple::default();
        for connection in 0..20 {
            let (client, entered) = (ClientKey(connection), at(connection));
            let suspect = Suspect {
                connection,
                client,
                stay: StayId(0),
                is_direct: true,
                entered,
                is_succeeded: false,
            };
            simple.add(&name, suspect);
        }
        let asked = |simple: &Simple<u64>, client, now| {
            let all = simple.suspects(&name, ClientKey(client), at(now));
            all.iter().map(|one| one.client.0).collect::<Vec<_>>()
        };
        assert_eq!(asked(&simple, 17, 20), [17, 0, 1, 2, 3, 4, 5, 6]);
        assert_eq!(asked(&simple, 99, 1), [0, 2, 3, 4, 5, 6, 7, 8], "nothing was said since it entered");
        assert!(simple.succeed(&name, 0, true) && !simple.succeed(&name, 0, true));
        assert_eq!(asked(&simple, 0, 20)[..2], [1, 2]);
        assert!(simple.succeed(&name, 0, false));
        assert_eq!(asked(&simple, 0, 20)[..2], [0, 1]);
        assert!(simple.succeed(&name, 1, true));
        let succeeded: Vec<_> = (0..20).map(|connection| simple.remove(&name, connection)).collect();
        assert_eq!(succeeded.iter().position(|is| *is), Some(1));
        assert!(simple.0.is_empty() && !simple.remove(&name, 0) && !simple.succeed(&name, 0, true));
    }
}
