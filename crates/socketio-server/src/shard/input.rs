//! What clients send: one Engine.IO packet at a time, and no more than the sender may.

use super::{ConnectionOf, Shard};
use crate::{
    bounds::Charge,
    connection::{CloseReason, Connection, WaitingEvent},
    engine::Link,
    engine::{Engine, WayOut},
    room::{Room, take_moved_under_pressure},
};
use socketio_protocol::engine::packet::Packet;
use std::{
    cell::RefCell,
    rc::Rc,
    time::{Duration, Instant},
};
use tokio::sync::Notify;

/// How long a connection waits at most before it is looked at again: it may have been closed meanwhile.
pub(super) const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// Why a connection is not read from.
enum Hold {
    /// It has sent in more than it may.
    Rate(Duration),
    /// A room that it is in is under pressure.
    Room(Room),
    /// Answers to it wait to be taken.
    Answers,
    /// The server as a whole has too much to deliver.
    Congestion,
    /// The engine waits for something.
    Pause(Rc<Notify>),
}

impl Hold {
    /// Its place among the reasons that are counted: see [`HOLDS`](crate::figures::HOLDS).
    fn place(&self) -> usize {
        match self {
            Self::Rate(_) => 0,
            Self::Room(_) => 1,
            Self::Answers => 2,
            Self::Congestion => 3,
            Self::Pause(_) => 4,
        }
    }
}

/// Bytes of a message.
fn size(packet: &Packet<'_>) -> usize {
    match packet {
        Packet::Message(text) => text.len(),
        Packet::Binary(data) => data.len(),
        _ => 0,
    }
}

impl<E: Engine> Shard<E> {
    /// Handles one Engine.IO packet from the client, which was read at `now`.
    pub(crate) fn receive(
        self: &Rc<Self>,
        connection: &ConnectionOf<E>,
        packet: Packet<'_>,
        now: Instant,
    ) -> Result<(), CloseReason> {
        let wrong = |rule: &str| Err(CloseReason::ProtocolError(rule.to_owned()));
        let mut session = connection.session.borrow_mut();
        let Some(session) = session.as_mut() else {
            return Ok(());
        };
        let link = connection.link(&self.hub);
        match &packet {
            Packet::Message(_) | Packet::Binary(_) => {
                self.counters.received.add(1);
                self.counters.received_bytes.add(size(&packet) as u64);
                connection.count(|intake| intake.take_message(now, &self.config));
            }
            _ => connection.count(|intake| intake.take_idle_frames(now, 1)),
        }
        match packet {
            Packet::Message(text) => {
                self.end_turn_after(|| self.engine.text(&link, session, &text))?;
                self.watch_event(connection, session, now)
            }
            Packet::Binary(data) => {
                self.end_turn_after(|| self.engine.binary(&link, session, data))?;
                self.watch_event(connection, session, now)
            }
            Packet::Pong(_) => {
                connection.beat(|heartbeat| heartbeat.pong(now, &self.config.timing));
                connection.note_pong();
                self.note_alive(connection);
                self.arm(connection);
                Ok(())
            }
            Packet::Close => Err(CloseReason::ClosePacket),
            Packet::Noop => Ok(()),
            Packet::Ping(_) => wrong("the server pings, not the client"),
            Packet::Open(_) => wrong("an open packet from the client"),
            Packet::Upgrade => wrong("an upgrade packet without a probe"),
        }
    }

    /// Calls the engine for what another thread has made ready. What it sends goes out in the inbox's order, here.
    pub(super) fn wake(self: &Rc<Self>, connection: &ConnectionOf<E>, socket: u32) {
        self.call_engine(connection, |link, session| self.engine.woken(link, session, socket));
    }

    /// The same for all that the engine has on a connection.
    pub(super) fn rouse_engine(self: &Rc<Self>, connection: &ConnectionOf<E>) {
        self.call_engine(connection, |link, session| self.engine.roused(link, session));
    }

    fn call_engine(
        self: &Rc<Self>,
        connection: &ConnectionOf<E>,
        call: impl FnOnce(&Link<'_>, &mut E::Session),
    ) {
        let sent = RefCell::default();
        if let Some(session) = connection.session.borrow_mut().as_mut() {
            let link = connection.link_with(&self.hub, WayOut::Directly(&sent));
            call(&link, session);
        }
        for publication in sent.take() {
            connection.answers.in_queue.set(true);
            self.send(connection, &publication);
        }
    }

    /// Counts what an event that waits for its attachments holds, and makes sure that they come in time.
    fn watch_event(
        &self,
        connection: &ConnectionOf<E>,
        session: &E::Session,
        now: Instant,
    ) -> Result<(), CloseReason> {
        let mut waiting = connection.waiting_event.borrow_mut();
        let Some(bytes) = self.engine.unfinished(session) else {
            *waiting = None;
            return Ok(());
        };
        let event = waiting.get_or_insert_with(|| {
            Box::new(WaitingEvent { since: now, charge: Charge::none(self.hub.held()) })
        });
        event.charge.set(bytes)?;
        drop(waiting);
        self.arm(connection);
        Ok(())
    }

    /// Ends the turn after a message whose sender has entered or left a room under pressure: which rooms the sender
    /// speaks in is not known before the inbox has been drained.
    fn end_turn_after<T>(&self, work: impl FnOnce() -> T) -> T {
        let result = work();
        if take_moved_under_pressure() {
            self.turn_ends.set(Instant::now());
        }
        result
    }

    /// Whether the connection's input has to stop here: it is held back, or it is the turn of others.
    pub(crate) fn must_stop(&self, connection: &Connection<E::Session>) -> bool {
        let now = Instant::now();
        self.turn_is_over(now) || self.hold_reason(connection, now).is_some()
    }

    fn hold_reason(&self, connection: &Connection<E::Session>, now: Instant) -> Option<Hold> {
        if let Some(pause) = &*connection.pause.borrow() {
            return Some(Hold::Pause(Rc::clone(pause)));
        }
        if let Some(wait) = connection.intake.get().wait(now, &self.config) {
            return Some(Hold::Rate(wait));
        }
        if let Some(room) = connection.room_under_pressure(now) {
            return Some(Hold::Room(room));
        }
        if connection.owes_answers() {
            return Some(Hold::Answers);
        }
        self.hub.congestion().is_there().then_some(Hold::Congestion)
    }

    /// Lets others run, and then waits until the connection is within its rates. For frames outside its messages.
    pub(crate) async fn hold_back(self: &Rc<Self>, connection: &ConnectionOf<E>) {
        tokio::task::yield_now().await;
        while !connection.closed.get()
            && let Some(wait) = connection.intake.get().wait(Instant::now(), &self.config)
        {
            self.hold_for_rate(connection, wait).await;
        }
    }

    async fn hold_for_rate(self: &Rc<Self>, connection: &ConnectionOf<E>, wait: Duration) {
        let mut intake = connection.intake.get();
        if let Err(reason) = intake.hold(Instant::now()) {
            return self.close(connection, reason);
        }
        connection.intake.set(intake);
        tokio::time::sleep(wait.min(LOOK_AGAIN)).await;
    }

    /// Lets others run, and then waits until the connection may be read from. Time that it is held back, except for its
    /// own answers, does not count towards the ping timeout, since a pong may be among what is not read.
    pub(crate) async fn hold(self: &Rc<Self>, connection: &ConnectionOf<E>) {
        tokio::task::yield_now().await;
        let began = Instant::now();
        while !connection.closed.get()
            && let Some(reason) = self.hold_reason(connection, Instant::now())
        {
            self.counters.holds(reason.place());
            let stands_still = !matches!(reason, Hold::Answers);
            if stands_still {
                connection.beat(|heartbeat| heartbeat.hold(Instant::now()));
                self.arm(connection);
            }
            match reason {
                Hold::Rate(wait) => self.hold_for_rate(connection, wait).await,
                Hold::Room(room) => room.pressure().wait().await,
                // A notice between the check and the wait is lost; checking again makes up for that.
                Hold::Answers => drop(tokio::time::timeout(LOOK_AGAIN, self.drained.notified()).await),
                Hold::Pause(pause) => drop(tokio::time::timeout(LOOK_AGAIN, pause.notified()).await),
                Hold::Congestion => {
                    drop(tokio::time::timeout(LOOK_AGAIN, self.hub.congestion().relief()).await);
                }
            }
            if stands_still {
                connection.beat(|heartbeat| heartbeat.release(Instant::now()));
            }
            connection.forgive(began.elapsed());
        }
    }
}
