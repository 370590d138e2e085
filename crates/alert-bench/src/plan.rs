//! What a run does, checked before it starts.

use std::time::Duration;

use thiserror::Error;

use super::{protocol::Protocol, tag, target::Target};

/// A run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The servers, at least one. The members of each room are spread over them.
    pub targets: Vec<Target>,
    /// Rooms, at least 1.
    pub rooms: u32,
    /// Members of each room, at least 1.
    pub members: u32,
    /// What they speak.
    pub protocol: Protocol,
    /// How they connect.
    pub transport: Transport,
    /// What happens.
    pub mode: Mode,
    /// Connections that are opened side by side, at least 1.
    pub concurrency: u32,
    /// The servers' processes, if they run on this machine: their CPU time and memory are reported, their children's
    /// included.
    pub pids: Vec<i32>,
}

/// How members connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// WebSocket from the start.
    WebSocket,
    /// Long-polling for the whole run.
    Polling,
    /// The even members by WebSocket, the odd ones by long-polling.
    Mixed,
}

/// What happens in a run.
#[derive(Clone, Debug)]
pub enum Mode {
    /// Members join, then some speak and everybody listens.
    FanOut(FanOut),
    /// Members join as fast as they can, and that is all.
    Storm,
    /// Members join and then stay silent for this long.
    Hold(Duration),
    /// All except the senders are cut off again and again, and come back.
    Jitter(Jitter),
    /// All except the senders are cut off at once, and come back at once.
    Avalanche(Avalanche),
}

/// Speaking and listening.
#[derive(Clone, Debug)]
pub struct FanOut {
    /// How fast.
    pub pace: Pace,
    /// Members of each room that speak, in turn.
    pub senders: u32,
    /// Length of a message in bytes.
    pub payload: usize,
    /// Time before measuring.
    pub warmup: Duration,
    /// Time of measuring.
    pub duration: Duration,
}

/// Members that lose their connections, one after the other.
#[derive(Clone, Debug)]
pub struct Jitter {
    /// Messages a second over all rooms.
    pub rate: f64,
    /// Members of each room that speak, by turns, and keep their connections.
    pub senders: u32,
    /// Length of a message in bytes.
    pub payload: usize,
    /// Time of speaking.
    pub duration: Duration,
    /// From one cut of a member to its next; `None` cuts nobody off, so that only what a server does ends connections.
    pub cut_every: Option<Duration>,
    /// From a cut until the member connects again.
    pub cut_for: Duration,
    /// Whether members ask for connection state recovery.
    pub recovery: bool,
}

/// Members that lose their connections together.
#[derive(Clone, Debug)]
pub struct Avalanche {
    /// Messages that are said in each room meanwhile.
    pub missed: u32,
    /// Members of each room that speak, by turns, and keep their connections.
    pub senders: u32,
    /// Length of a message in bytes.
    pub payload: usize,
    /// From the cut until all connect again; what is missed is said in this time.
    pub cut_for: Duration,
    /// Whether members ask for connection state recovery.
    pub recovery: bool,
}

/// How fast messages are sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    /// This many in flight per room: a closed loop, which finds the throughput.
    Window(u32),
    /// This many a second over all rooms, whatever the server does: an open loop, which finds the latency.
    Rate(f64),
}

/// Why a plan makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PlanError {
    /// More senders than members.
    #[error("--senders {senders} is more than --members {members}: senders are members of the room")]
    Senders {
        /// Senders wanted.
        senders: u32,
        /// Members that there are.
        members: u32,
    },
    /// No room for what identifies a message.
    #[error("--payload {0} is too small: a message carries {least} bytes that tell it from all others", least = tag::LENGTH)]
    Payload(usize),
    /// Nobody is left to be cut off.
    #[error("--members {members} leaves nobody to cut off: the first {senders} of each room speak, and stay")]
    NobodyToCut {
        /// Members of a room.
        members: u32,
        /// How many of them speak.
        senders: u32,
    },
    /// Members would be cut off again before they are back.
    #[error("--cut-every has to be longer than --cut-for")]
    Cuts,
    /// Something that only Socket.IO has.
    #[error("--protocol {protocol} goes with --transport websocket, and without --jitter and --avalanche", protocol = .0.name())]
    OnlySocketIo(Protocol),
    /// More than can be told apart.
    #[error("--rooms {0} is too many; the most is {most}", most = tag::ROOMS_MAX)]
    Rooms(u32),
    /// More connections than a machine has room for.
    #[error("--rooms times --members is {0} connections; the most is {most}", most = Plan::CONNECTIONS_MAX)]
    Connections(u64),
}

impl Plan {
    /// Most connections in a run.
    pub const CONNECTIONS_MAX: u32 = 1_000_000;

    /// Checks what no single number shows.
    ///
    /// # Errors
    /// [`PlanError`], in the words of the command line.
    pub fn check(self) -> Result<Self, PlanError> {
        if self.rooms > tag::ROOMS_MAX {
            return Err(PlanError::Rooms(self.rooms));
        }
        let connections = u64::from(self.rooms) * u64::from(self.members);
        if connections > u64::from(Self::CONNECTIONS_MAX) {
            return Err(PlanError::Connections(connections));
        }
        if self.protocol != Protocol::SocketIo && (self.cuts() || self.transport != Transport::WebSocket) {
            return Err(PlanError::OnlySocketIo(self.protocol));
        }
        let (senders, members) = (self.senders(), self.members);
        if senders > members {
            return Err(PlanError::Senders { senders, members });
        }
        if let Some(payload) = self.payload()
            && payload < tag::LENGTH
        {
            return Err(PlanError::Payload(payload));
        }
        if self.cuts() && senders == members {
            return Err(PlanError::NobodyToCut { members, senders });
        }
        match &self.mode {
            Mode::Jitter(Jitter { cut_every: Some(every), cut_for, .. }) if every <= cut_for => {
                Err(PlanError::Cuts)
            }
            _ => Ok(self),
        }
    }

    /// Statuses that are to come while everybody enters: each is announced to those that are there, and to itself.
    pub(super) fn statuses(&self) -> u64 {
        let members = u64::from(self.members);
        if self.protocol.announces() { u64::from(self.rooms) * members * (members + 1) / 2 } else { 0 }
    }

    /// The number of the server that a member connects to first. Who speaks in the first room is on the first, and each
    /// further room begins with the next server.
    pub(super) fn server(&self, room: u32, seat: u32) -> u32 {
        (room + seat) % self.targets.len() as u32
    }

    /// Members of all rooms.
    pub(super) fn connections(&self) -> u32 {
        self.rooms * self.members
    }

    /// Members of a room that speak.
    pub(super) fn senders(&self) -> u32 {
        match &self.mode {
            Mode::FanOut(FanOut { senders, .. })
            | Mode::Jitter(Jitter { senders, .. })
            | Mode::Avalanche(Avalanche { senders, .. }) => *senders,
            Mode::Storm | Mode::Hold(_) => 0,
        }
    }

    /// Length of a message, if there are any.
    pub(super) fn payload(&self) -> Option<usize> {
        match &self.mode {
            Mode::FanOut(FanOut { payload, .. })
            | Mode::Jitter(Jitter { payload, .. })
            | Mode::Avalanche(Avalanche { payload, .. }) => Some(*payload),
            Mode::Storm | Mode::Hold(_) => None,
        }
    }

    /// Whether members are cut off.
    pub(super) fn cuts(&self) -> bool {
        matches!(self.mode, Mode::Jitter(_) | Mode::Avalanche(_))
    }

    /// Whether members ask for connection state recovery.
    pub(super) fn recovers(&self) -> bool {
        match &self.mode {
            Mode::Jitter(Jitter { recovery, .. }) | Mode::Avalanche(Avalanche { recovery, .. }) => *recovery,
            Mode::FanOut(_) | Mode::Storm | Mode::Hold(_) => false,
        }
    }

    /// Files that the run opens: a socket for each member by WebSocket, two for one by long-polling.
    pub(super) fn open_files(&self) -> u64 {
        /// Standard streams, the poller, the timer, `/proc`.
        const OTHERS: u64 = 32;
        let connections = u64::from(self.connections());
        OTHERS
            + match self.transport {
                Transport::WebSocket => connections,
                Transport::Polling => connections * 2,
                Transport::Mixed => connections + u64::from(self.members / 2 * self.rooms),
            }
    }
}

impl Transport {
    /// Whether the member with this number polls.
    pub(super) fn polls(self, member: u32) -> bool {
        match self {
            Self::WebSocket => false,
            Self::Polling => true,
            Self::Mixed => member % 2 == 1,
        }
    }

    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::WebSocket => "websocket",
            Self::Polling => "polling",
            Self::Mixed => "mixed",
        }
    }
}
