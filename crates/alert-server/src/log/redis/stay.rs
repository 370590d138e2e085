//! Stays as Redis keeps them, so that a client without recovery is given what it missed by whichever node it comes back
//! to. They travel with the steps of a room: nobody who enters or goes costs a call more.

use super::entry::{millis, number, time};
use super::link::Unavailable;
use super::{Shared, bytes, keys};
use crate::log::StayId;
use alert_core::names::{RoomCode, UserName};
use alert_core::position::Position;
use alert_core::room::ClientKey;
use std::time::{Duration, SystemTime};

/// How long those who are lost are waited for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Absence {
    /// The time in which they have to come back.
    pub window: Duration,
    /// How long it may take until a node notices that a client is gone.
    pub unnoticed: Duration,
}

/// What was lost with a connection: see [`alert_core::room::Doubt`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LostStay {
    /// Whose connection it was.
    pub client: ClientKey,
    /// It heard nothing up to here.
    pub entered: Position,
    /// The room's last message then.
    pub upto: Position,
    /// Bytes that may not have arrived.
    pub unconfirmed: u64,
}

/// How a stay ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StayEnd {
    /// The client said so.
    Left,
    /// The connection was lost.
    Lost(LostStay),
    /// It has not come in after all: what it took the place of is lost as before.
    Undone,
}

/// What a connection takes the place of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// That heard nothing up to here.
    pub entered: Position,
    /// The room's last message when it was lost.
    pub upto: Position,
    /// Bytes that may not have arrived.
    pub unconfirmed: u64,
    /// Set if nobody has counted bytes: what was said from then on may not have arrived.
    pub since: Option<SystemTime>,
    /// How long ago it was lost.
    pub away: Duration,
}

/// A connection on this node, as it is declared.
#[derive(Clone, Debug)]
pub struct StayHere {
    /// Names it on this node.
    pub id: StayId,
    /// Under which name it is in the room.
    pub name: UserName,
    /// Whose connection it is.
    pub client: ClientKey,
    /// Where and when it entered, and when the oldest message was said that it was given then; nothing while it enters.
    pub entered: Option<(Position, SystemTime, SystemTime)>,
}

impl Absence {
    pub(super) fn args(self) -> [Vec<u8>; 2] {
        [bytes(self.unnoticed.as_millis()), bytes(self.window.as_millis())]
    }
}

impl Taken {
    /// Reads an answer; `None` if there is nothing.
    pub(super) fn parse(parts: &[String]) -> Option<Self> {
        let [entered, upto, unconfirmed, since, away] = parts else { return None };
        Some(Self {
            entered: entered.parse().ok()?,
            upto: upto.parse().ok()?,
            unconfirmed: number(unconfirmed)?,
            since: number(since).map(time),
            away: Duration::from_millis(number(away)?),
        })
    }
}

impl Shared {
    /// For how long those who are lost are waited for: nobody, before this is said.
    pub fn wait_for_lost(&self, absence: Absence) {
        let _ = self.0.absence.set(absence);
    }

    /// Whether a node of this name is this one.
    pub fn is(&self, node: &str) -> bool {
        node == keys::name(self.0.run)
    }

    pub(super) fn absence(&self) -> Absence {
        self.0.absence.get().copied().unwrap_or_default()
    }

    /// What a step of a room takes about the stay of a connection that comes: stay, client, and what is for those that go.
    pub(super) fn coming(&self, stay: Option<(StayId, ClientKey)>) -> [Vec<u8>; 6] {
        let Some((id, client)) = stay else { return Default::default() };
        [self.stay(id), bytes(client.0), Vec::new(), Vec::new(), Vec::new(), Vec::new()]
    }

    /// The same of a connection that goes: stay, client, entered, upto, unconfirmed, window.
    pub(super) fn ending(&self, stay: Option<(StayId, StayEnd)>) -> [Vec<u8>; 6] {
        let Some((id, end)) = stay else { return Default::default() };
        match end {
            StayEnd::Undone => [self.stay(id), Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new()],
            StayEnd::Left => [self.stay(id), bytes(0), Vec::new(), Vec::new(), Vec::new(), Vec::new()],
            StayEnd::Lost(lost) => {
                let [client, entered, upto, unconfirmed] = lost.facts();
                [self.stay(id), client, entered, upto, unconfirmed, self.window()]
            }
        }
    }

    /// A stay has ended, which no step of its room has said.
    pub(super) fn note_end(&self, room: &RoomCode, name: &UserName, id: StayId, end: StayEnd) {
        let (how, facts) = match end {
            StayEnd::Undone => ("undo", Vec::new()),
            StayEnd::Left => ("leave", Vec::new()),
            StayEnd::Lost(lost) => ("lose", [lost.facts().into(), vec![self.window()]].concat()),
        };
        self.note(room, name, id, how, facts);
    }

    /// When the oldest message was said that a connection was given on entering.
    pub fn note_given(&self, room: &RoomCode, name: &UserName, id: StayId, given: SystemTime) {
        self.note(room, name, id, "given", vec![bytes(millis(given))]);
    }

    fn note(&self, room: &RoomCode, name: &UserName, id: StayId, how: &str, facts: Vec<Vec<u8>>) {
        let mut args = self.begin();
        args.extend([name.as_str().into(), self.stay(id), self.age(), how.into()]);
        args.extend(facts);
        self.call("note", self.0.keys.of(room), args, |_| {});
    }

    fn window(&self) -> Vec<u8> {
        bytes(self.absence().window.as_millis())
    }

    /// Answers that this node has asked the connections that it has of a person: these are silent.
    pub fn probed(&self, room: &RoomCode, name: &UserName, silent: &[(StayId, LostStay)]) {
        let mut args = self.begin();
        args.extend([self.node(), name.as_str().into(), self.window()]);
        for (id, lost) in silent {
            args.push(self.stay(*id));
            args.extend(lost.facts());
        }
        self.call("probed", self.0.keys.of(room), args, |_| {});
    }

    /// A connection takes the place of one that was lost, once nodes have been asked. Those that did not answer count as
    /// dead.
    pub async fn take(
        &self,
        room: &RoomCode,
        name: &UserName,
        id: StayId,
        unanswered: &[String],
    ) -> Result<Option<Taken>, Unavailable> {
        let mut args = self.begin();
        args.extend([name.as_str().into(), self.stay(id)]);
        args.extend(self.absence().args());
        for (node, died) in self.last_signs(unanswered).await? {
            args.extend([node.into_bytes(), died.into_bytes()]);
        }
        let parts: Vec<String> = self.ask("take", self.0.keys.of(room), args).await?;
        Ok(Taken::parse(&parts))
    }

    /// When nodes have renewed their leases last, in milliseconds, or nothing where that is not known.
    async fn last_signs(&self, nodes: &[String]) -> Result<Vec<(String, String)>, Unavailable> {
        if nodes.is_empty() {
            return Ok(Vec::new());
        }
        let args = nodes.iter().map(|node| node.clone().into_bytes()).collect();
        let signs: Vec<String> = self.ask("signs", self.0.keys.nodes(), args).await?;
        Ok(nodes.iter().cloned().zip(signs).collect())
    }

    /// A stay in Redis.
    fn stay(&self, StayId(id): StayId) -> Vec<u8> {
        format!("{}-{id}", keys::name(self.0.run)).into_bytes()
    }

    /// What a declaration says of a stay.
    pub(super) fn here(&self, stay: &StayHere) -> [Vec<u8>; 6] {
        let [entered, at, given] = match stay.entered {
            Some((entered, at, given)) => {
                [entered.to_string().into_bytes(), bytes(millis(at)), bytes(millis(given))]
            }
            None => Default::default(),
        };
        [self.stay(stay.id), stay.name.as_str().into(), bytes(stay.client.0), entered, at, given]
    }
}

impl LostStay {
    fn facts(&self) -> [Vec<u8>; 4] {
        [
            bytes(self.client.0),
            self.entered.to_string().into_bytes(),
            self.upto.to_string().into_bytes(),
            bytes(self.unconfirmed),
        ]
    }
}
