//! What waits for clients, found by looking at every connection: a shard does that in portions, between its turns.

use super::{Shard, behind::Pace, inbox::Command};
use crate::{
    connection::{ConnectionId, ConnectionKey},
    engine::Engine,
    hub::Hub,
};
use std::{rc::Rc, time::Duration};
use tokio::{sync::oneshot, time::timeout};

/// Connections that are looked at before others have their turn: some 0.02 ms.
const PORTION: usize = 256;
/// Connections that are named.
const MOST_NAMED: usize = 50;
/// A shard that has not answered by then is left out.
const LIMIT: Duration = Duration::from_secs(2);

/// What waits for clients.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// Bytes in the queues of all connections.
    pub queue_bytes: u64,
    /// Bytes in the longest.
    pub longest: usize,
    /// Connections for whom too much waits and who read: their rooms wait for them.
    pub behind: usize,
    /// Connections for whom too much waits and who do not read.
    pub given_up: usize,
    /// The connections for whom most waits, of those two kinds; the longest queue comes first.
    pub slowest: Vec<Behind>,
    /// Shards that have not answered.
    pub silent_shards: usize,
}

/// A connection for whom too much waits.
#[derive(Clone, Debug)]
pub struct Behind {
    /// Which.
    pub connection: ConnectionId,
    /// Who that is, if the application says.
    pub who: Option<String>,
    /// Bytes that wait.
    pub bytes: usize,
    /// It reads, so its rooms wait for it.
    pub reads: bool,
}

impl Survey {
    fn add(&mut self, other: Self) {
        self.queue_bytes += other.queue_bytes;
        self.longest = self.longest.max(other.longest);
        self.behind += other.behind;
        self.given_up += other.given_up;
        self.slowest.extend(other.slowest);
        self.slowest.sort_by_key(|behind| std::cmp::Reverse(behind.bytes));
        self.slowest.truncate(MOST_NAMED);
    }
}

impl Hub {
    /// Looks at every connection.
    pub async fn survey(&self) -> Survey {
        let asked: Vec<_> = (0..self.shards())
            .map(|shard| {
                let (reply, told) = oneshot::channel();
                self.push(shard, Command::Survey { reply });
                told
            })
            .collect();
        let mut whole = Survey::default();
        for told in asked {
            match timeout(LIMIT, told).await {
                Ok(Ok(part)) => whole.add(part),
                Ok(Err(_)) | Err(_) => whole.silent_shards += 1,
            }
        }
        whole
    }
}

impl<E: Engine> Shard<E> {
    pub(crate) fn survey(self: &Rc<Self>, reply: oneshot::Sender<Survey>) {
        let shard = Rc::clone(self);
        tokio::task::spawn_local(async move {
            let mut survey = Survey::default();
            let all = shard.connection_keys();
            for portion in all.chunks(PORTION) {
                survey.add(shard.survey_of(portion));
                tokio::task::yield_now().await;
            }
            // Whoever asked may have given up.
            let _ = reply.send(survey);
        });
    }

    fn survey_of(&self, keys: &[ConnectionKey]) -> Survey {
        let mut survey = Survey::default();
        for connection in keys.iter().filter_map(|key| self.connection(*key)) {
            let bytes = connection.queue.borrow().bytes();
            survey.queue_bytes += bytes as u64;
            survey.longest = survey.longest.max(bytes);
            let reads = match connection.pace.get() {
                Pace::KeepsUp => continue,
                Pace::Behind(_) => true,
                Pace::GivenUp => false,
            };
            let session = connection.session.borrow();
            let who = session.as_ref().and_then(|session| self.engine.describe(session));
            survey.behind += usize::from(reads);
            survey.given_up += usize::from(!reads);
            survey.slowest.push(Behind { connection: connection.id, who, bytes, reads });
        }
        survey
    }
}
