//! All members of a run, and the one loop that serves their sockets.

use std::io;
use std::time::Duration;

use mio::{Events, Poll, Token};

use super::{
    dialer::Dialer,
    error::{BenchError, Death},
    member::Member,
    plan::{Plan, Transport},
    shared::{Server, Shared},
    timer::Timer,
    tls::Tls,
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
    pub(super) fn new(plan: &Plan, addresses: &[std::net::SocketAddr], run: u32) -> Result<Self, BenchError> {
        let poll = Poll::new()?;
        let mut servers = Vec::new();
        for (target, address) in plan.targets.iter().zip(addresses) {
            let tls = target.tls.then(|| Tls::new(target.name())).transpose()?;
            let dialer = Dialer::new(poll.registry().try_clone()?, *address, tls);
            servers.push(Server { target: target.clone(), dialer });
        }
        let places = (0..plan.rooms).flat_map(|room| (0..plan.members).map(move |seat| (room, seat)));
        let member = |(room, seat)| Member::new(room, seat, plan.server(room, seat), plan.cuts());
        let members: Vec<Member> = places.map(member).collect();
        Ok(Self {
            shared: Shared::new(plan, run, servers)?,
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

    /// Somebody in a room says something, which counts as said at `at`. Returns whether anybody could.
    pub(super) fn say(&mut self, room: u32, at: u64) -> bool {
        let account = &mut self.shared.rooms[room as usize];
        let first = room * self.members_per_room;
        let can_speak = |sender| self.members[(first + sender) as usize].is_in();
        let Some(sender) = account.sender(can_speak) else { return false };
        let number = account.say(sender, at);
        self.event.clear();
        let Shared { protocol, names, .. } = self.shared;
        protocol.text(names, room, sender, &account.tag, number, self.payload, &mut self.event);
        let member = &mut self.members[(first + sender) as usize];
        if let Err(death) = member.send(&self.event, &mut self.shared) {
            bury(member, &death, &mut self.shared);
        } else if !protocol.echoes() {
            self.shared.heard(room, sender, &self.event);
        }
        true
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
