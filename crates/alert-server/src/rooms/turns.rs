//! Whose password is hashed next, or whose bells are counted. Networks take turns, and so do the rooms of a network, so whoever
//! has many hashed holds up nobody but themselves.

use super::Refused;
use super::admission::Admitted;
use alert_core::room::policy::Forbidden;
use hashlink::LinkedHashMap;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;

/// Those that wait for one room, of one network, and in all. Whoever comes then is refused.
const MOST_OF_ROOM: usize = 1000;
const MOST_OF_NETWORK: usize = 4000;
const MOST: usize = 20_000;
/// When they may come again.
const LATER: Duration = Duration::from_secs(5);

/// Who waits. Entries leave with their last waiter, each in its turn.
pub(super) struct Turns {
    state: Mutex<State>,
    /// What whoever is refused is told, and for how long they wait.
    busy: fn(Duration) -> Forbidden,
}

struct State {
    free: usize,
    waiting: usize,
    /// The next to have a turn is the first.
    networks: LinkedHashMap<u64, Waiting>,
}

#[derive(Default)]
struct Waiting {
    count: usize,
    rooms: LinkedHashMap<u64, VecDeque<oneshot::Sender<Turn>>>,
}

/// Where somebody waits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    network: u64,
    room: u64,
}

/// One may go on; dropping it has the next go on.
pub(super) struct Turn(Option<Arc<Turns>>);

impl Place {
    pub(super) fn of(room: &Admitted) -> Self {
        // Whoever has a token of the API is a network of their own.
        Self { network: room.network().unwrap_or(room.key()), room: room.key() }
    }
}

impl Turns {
    /// So many have a turn at a time. Where too many wait, it is said of what there is too much.
    pub(super) fn new(free: usize, busy: fn(Duration) -> Forbidden) -> Arc<Self> {
        let state = State { free, waiting: 0, networks: LinkedHashMap::new() };
        Arc::new(Self { state: Mutex::new(state), busy })
    }

    /// Waits for a turn.
    ///
    /// # Errors
    /// If too many wait.
    pub(super) async fn take(self: &Arc<Self>, place: Place) -> Result<Turn, Refused> {
        let told = {
            let mut state = self.lock();
            if state.free > 0 {
                state.free -= 1;
                return Ok(Turn(Some(Arc::clone(self))));
            }
            state.line_up(place).ok_or((self.busy)(LATER))?
        };
        told.await.map_err(|_| Refused::Unavailable)
    }

    /// The next has a turn; whoever has not waited for it is passed over.
    fn pass(self: Arc<Self>) {
        let mut turn = Turn(Some(self));
        while let Some(turns) = turn.0.take() {
            let next = turns.lock().next();
            let Some(next) = next else { return };
            match next.send(Turn(Some(turns))) {
                Ok(()) => return,
                Err(unwanted) => turn = unwanted,
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // The state is whole between any two calls.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn line_up(&mut self, Place { network, room }: Place) -> Option<oneshot::Receiver<Turn>> {
        if self.waiting >= MOST {
            return None;
        }
        let waiting = self.networks.entry(network).or_insert_with(Waiting::default);
        if waiting.count >= MOST_OF_NETWORK {
            return None;
        }
        let line = waiting.rooms.entry(room).or_insert_with(VecDeque::new);
        if line.len() >= MOST_OF_ROOM {
            return None;
        }
        let (tell, told) = oneshot::channel();
        line.push_back(tell);
        waiting.count += 1;
        self.waiting += 1;
        Some(told)
    }

    /// The first of the room whose turn it is, of the network whose turn it is. Without one, there is a turn to spare.
    fn next(&mut self) -> Option<oneshot::Sender<Turn>> {
        let next = self.networks.pop_front().and_then(|(network, mut waiting)| {
            let (room, mut line) = waiting.rooms.pop_front()?;
            let next = line.pop_front();
            if !line.is_empty() {
                waiting.rooms.insert(room, line);
            }
            waiting.count -= 1;
            if !waiting.rooms.is_empty() {
                self.networks.insert(network, waiting);
            }
            next
        });
        match next {
            Some(_) => self.waiting -= 1,
            None => self.free += 1,
        }
        next
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.take().into_iter().for_each(Turns::pass);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::Future;
    use std::pin::{Pin, pin};
    use std::task::{Context, Poll, Waker};

    type Waits = Pin<Box<dyn Future<Output = Result<Turn, Refused>>>>;

    fn poll(waits: &mut Waits) -> Poll<Result<Turn, Refused>> {
        pin!(waits).poll(&mut Context::from_waker(Waker::noop()))
    }

    fn wait(turns: &Arc<Turns>, network: u64, room: u64) -> Waits {
        let turns = Arc::clone(turns);
        let mut waits: Waits = Box::pin(async move { turns.take(Place { network, room }).await });
        assert!(poll(&mut waits).is_pending());
        waits
    }

    fn refused(turns: &Arc<Turns>, network: u64, room: u64) -> bool {
        let turns = Arc::clone(turns);
        let mut waits: Waits = Box::pin(async move { turns.take(Place { network, room }).await });
        matches!(poll(&mut waits), Poll::Ready(Err(Refused::Forbidden(Forbidden::BellsBusy(LATER)))))
    }

    #[tokio::test]
    async fn given_many_of_one_network_then_others_and_its_own_other_rooms_do_not_wait_for_all_of_them() {
        let turns = Turns::new(1, Forbidden::BellsBusy);
        let first = turns.take(Place { network: 1, room: 1 }).await.unwrap();
        let mut lines: Vec<_> = (0..100).map(|_| (1, 1, wait(&turns, 1, 1))).collect();
        lines.extend([(1, 2, wait(&turns, 1, 2)), (2, 3, wait(&turns, 2, 3)), (3, 4, wait(&turns, 3, 4))]);
        let (mut turn, mut order) = (Some(first), Vec::new());
        while order.len() < 103 {
            drop(turn.take());
            let next = lines.iter_mut().position(|(.., waits)| match poll(waits) {
                Poll::Ready(given) => {
                    turn = given.ok();
                    true
                }
                Poll::Pending => false,
            });
            let (network, room, _) = lines.remove(next.unwrap());
            order.push((network, room));
        }
        assert_eq!(order[..6], [(1, 1), (2, 3), (3, 4), (1, 2), (1, 1), (1, 1)]);
        drop(turn);
        let state = turns.lock();
        assert_eq!((state.free, state.waiting, state.networks.len()), (1, 0, 0));
    }

    #[tokio::test]
    async fn given_one_who_has_gone_then_the_next_has_the_turn() {
        let turns = Turns::new(1, Forbidden::BellsBusy);
        let first = turns.take(Place { network: 1, room: 1 }).await.unwrap();
        let gone: Vec<_> = (0..MOST_OF_ROOM as u64 - 1).map(|_| wait(&turns, 1, 1)).collect();
        let (given, mut last) = (wait(&turns, 2, 2), wait(&turns, 1, 1));
        drop(gone);
        drop(first);
        // It was given its turn, and has not looked.
        drop(given);
        assert!(matches!(poll(&mut last), Poll::Ready(Ok(_))));
    }

    #[tokio::test]
    async fn given_too_many_who_wait_then_others_of_the_room_the_network_or_all_are_refused() {
        let turns = Turns::new(1, Forbidden::BellsBusy);
        let _first = turns.take(Place { network: 1, room: 1 }).await.unwrap();
        let mut lines = Vec::new();
        for network in 0..5 {
            for room in 0..4 {
                lines.extend((0..MOST_OF_ROOM).map(|_| wait(&turns, network, room)));
                if network < 4 || room < 3 {
                    assert!(refused(&turns, network, room), "the room");
                }
            }
            assert!(refused(&turns, network, 9), "the network");
        }
        assert!(refused(&turns, 9, 9), "all");
    }
}
