//! All members of a run, and the one loop that serves their sockets.

use std::io;
use std::time::Duration;

use mio::{Events, Poll, Token};

use super::{
    dialer::Dialer,
    error::{BenchError, Death},
    member::Member,
    plan::{Plan, Transport},
    shared::Shared,
    timer::Timer,
};

/// Sockets that are served before the schedule is looked at again.
const BATCH: usize = 256;
/// Bytes of one read from a socket.
const SCRATCH: usize = 256 * 1024;

#[derive(Debug)]
pub(super) struct Fleet {
    pub(super) shared: Shared,
    pub(super) timer: Timer,
    poll: Poll,
    events: Events,
    members: Vec<Member>,
    transport: Transport,
    members_per_room: u32,
    payload: usize,
    scratch: Vec<u8>,
    event: Vec<u8>,
}

impl Fleet {
    pub(super) fn new(plan: &Plan, address: std::net::SocketAddr, run: u32) -> Result<Self, BenchError> {
        let poll = Poll::new()?;
        let dialer = Dialer::new(poll.registry().try_clone()?, address);
        let places = (0..plan.rooms).flat_map(|room| (0..plan.members).map(move |seat| (room, seat)));
        let members: Vec<Member> = places.map(|(room, seat)| Member::new(room, seat, plan.cuts())).collect();
        Ok(Self {
            shared: Shared::new(plan, run, dialer)?,
            timer: Timer::new(poll.registry(), Token(members.len() * 2))?,
            poll,
            events: Events::with_capacity(BATCH),
            members,
            transport: plan.transport,
            members_per_room: plan.members,
            payload: plan.payload().unwrap_or(0),
            scratch: vec![0; SCRATCH],
            event: Vec::new(),
        })
    }

    /// Members, dead or alive.
    pub(super) fn size(&self) -> u32 {
        self.members.len() as u32
    }

    /// Begins to connect the next member.
    pub(super) fn start_next(&mut self) {
        let index = self.shared.counts.started as usize;
        self.shared.counts.started += 1;
        self.start(index);
    }

    /// Cuts a member off if it is in its room, and returns whether it was.
    pub(super) fn cut(&mut self, member: u32) -> bool {
        let was_in = self.members[member as usize].cut();
        self.shared.comebacks.cuts += u64::from(was_in);
        was_in
    }

    /// Begins to connect a member that was cut off.
    pub(super) fn reconnect(&mut self, member: u32) {
        self.start(member as usize);
    }

    fn start(&mut self, index: usize) {
        let member = &mut self.members[index];
        let polls = self.transport.polls(member.seat);
        let started = member.start(polls, [Token(index * 2), Token(index * 2 + 1)], &mut self.shared);
        if let Err(death) = started {
            bury(member, &death, &mut self.shared);
        }
    }

    /// Serves the sockets that are ready, and waits at most `wait` for one.
    pub(super) fn turn(&mut self, wait: Duration) -> Result<(), BenchError> {
        match self.poll.poll(&mut self.events, Some(wait)) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error.into()),
            _ => {}
        }
        for event in &self.events {
            let Token(token) = event.token();
            // The timer has the number after the last member's: it only ends the wait.
            let Some(member) = self.members.get_mut(token / 2) else { continue };
            if let Err(death) = member.ready(token % 2, event, &mut self.scratch, &mut self.shared) {
                bury(member, &death, &mut self.shared);
            }
        }
        self.shared.tick();
        Ok(())
    }

    /// Somebody in a room says something, which counts as said at `at`; nobody, if all senders are gone.
    pub(super) fn say(&mut self, room: u32, at: u64) {
        let account = &mut self.shared.rooms[room as usize];
        let Some(sender) = account.sender() else { return };
        let number = account.say(sender, at);
        self.event.clear();
        self.shared.names.text(sender, &account.tag, number, self.payload, &mut self.event);
        let member = &mut self.members[(room * self.members_per_room + sender) as usize];
        if let Err(death) = member.send(&self.event, &mut self.shared) {
            bury(member, &death, &mut self.shared);
        }
    }

    /// Gives up those that have not joined yet.
    pub(super) fn give_up(&mut self, death: &Death) {
        let started = self.shared.counts.started as usize;
        for member in self.members[..started].iter_mut().filter(|member| member.is_waiting()) {
            bury(member, death, &mut self.shared);
        }
    }
}

/// Cleans up after a connection that ended.
fn bury(member: &mut Member, death: &Death, shared: &mut Shared) {
    let phase = member.phase;
    if member.lose() {
        return shared.dropped(member.room, member.seat, phase, death);
    }
    shared.died(member.room, member.seat, member.phase, death);
}
