//! The connections that bring the events of rooms, one for each master, and only of those rooms that somebody on this node
//! hears. Whoever hears a room is told when events begin to come, and again whenever some may have been missed.

mod line;

use super::entry::Entry;
use super::keys;
use super::link::{HEARTBEAT, PAUSE};
use super::masters::Masters;
use crate::config::{Place, RedisAddress};
use line::{Done, Line};
use redis::{PushInfo, PushKind, Value};
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinSet;

/// Events that are taken up in one go.
const BATCH: usize = 256;

/// Whoever hears a room's events. None of the calls may wait.
pub trait Ear: Send + Sync {
    /// Something has happened.
    fn hear(&self, entry: Entry);

    /// From now on events come. Some may have been missed before.
    fn begins(&self);
}

/// Where rooms are asked for. Cheap to clone.
#[derive(Clone)]
pub(super) struct Subscriber(mpsc::UnboundedSender<Wish>);

/// What whoever hears a room keeps; dropping it ends that.
pub struct Subscribed {
    subscriber: Subscriber,
    channel: Arc<str>,
    ear: Ticket,
}

/// Tells one ear from a later one of the same room.
type Ticket = u64;

enum Wish {
    Hear { channel: Arc<str>, ticket: Ticket, ear: Arc<dyn Ear> },
    Stop { channel: Arc<str>, ticket: Ticket },
}

struct Listened {
    ticket: Ticket,
    ear: Arc<dyn Ear>,
}

struct Worker {
    address: RedisAddress,
    masters: watch::Receiver<Masters>,
    /// Has the link look for the masters.
    look: Arc<Notify>,
    wishes: mpsc::UnboundedReceiver<Wish>,
    /// Entries leave in `grant`, with the last of who hears the room.
    ears: HashMap<Arc<str>, Listened>,
    /// Those of masters that have nothing any more leave in `follow`.
    lines: HashMap<Place, Line>,
    generation: u64,
    pushes: mpsc::UnboundedSender<(u64, PushInfo)>,
    pushed: mpsc::UnboundedReceiver<(u64, PushInfo)>,
    work: JoinSet<(Place, u64, Done)>,
}

impl Subscriber {
    /// Starts on this runtime. It ends with the last clone.
    pub(super) fn start(address: RedisAddress, masters: watch::Receiver<Masters>, look: Arc<Notify>) -> Self {
        let (ask, wishes) = mpsc::unbounded_channel();
        let (pushes, pushed) = mpsc::unbounded_channel();
        let worker = Worker {
            address,
            masters,
            look,
            wishes,
            ears: HashMap::new(),
            lines: HashMap::new(),
            generation: 0,
            pushes,
            pushed,
            work: JoinSet::new(),
        };
        tokio::spawn(worker.run());
        Self(ask)
    }

    /// Hears a channel until what is returned is dropped.
    pub(super) fn hear(&self, channel: String, ticket: Ticket, ear: Arc<dyn Ear>) -> Subscribed {
        let channel: Arc<str> = channel.into();
        let _ = self.0.send(Wish::Hear { channel: Arc::clone(&channel), ticket, ear });
        Subscribed { subscriber: self.clone(), channel, ear: ticket }
    }
}

impl Drop for Subscribed {
    fn drop(&mut self) {
        let stop = Wish::Stop { channel: Arc::clone(&self.channel), ticket: self.ear };
        let _ = self.subscriber.0.send(stop);
    }
}

impl Worker {
    /// Ends when there is nobody left who could ask.
    async fn run(mut self) {
        let mut heartbeat = tokio::time::interval(HEARTBEAT);
        let before = self.masters.borrow_and_update().clone();
        self.follow(&before, &before);
        let (mut before, mut pushes) = (before, Vec::with_capacity(BATCH));
        loop {
            tokio::select! {
                biased;
                _ = self.pushed.recv_many(&mut pushes, BATCH) => {
                    // Those who deliver it find all of it together.
                    socketio_server::batch(|| {
                        pushes.drain(..).for_each(|(generation, push)| self.push(generation, push));
                    });
                }
                Some(done) = self.work.join_next() => {
                    if let Ok((place, generation, done)) = done {
                        self.done(&place, generation, done);
                    }
                }
                changed = self.masters.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    let now = self.masters.borrow_and_update().clone();
                    self.follow(&before, &now);
                    before = now;
                }
                wish = self.wishes.recv() => match wish {
                    Some(wish) => self.grant(wish),
                    None => return,
                },
                _ = heartbeat.tick() => {
                    for (place, line) in &mut self.lines {
                        line.check(place, &mut self.work);
                    }
                }
            }
            for (place, line) in &mut self.lines {
                line.go_on(place, &mut self.work);
            }
        }
    }

    /// There is a line to each master, and rooms are heard where they are now.
    fn follow(&mut self, before: &Masters, now: &Masters) {
        self.lines.retain(|place, _| now.places().any(|master| master == place));
        for place in now.places() {
            if !self.lines.contains_key(place) {
                self.connect(place, false);
            }
        }
        for channel in self.ears.keys() {
            let tag = keys::tag_of(channel);
            // The one that had it ends the subscription by itself, and a line that is new will ask for all that it has.
            if before.of(tag) != now.of(tag)
                && let Some(line) = self.lines.get_mut(now.of(tag))
            {
                line.subscribe(channel);
            }
        }
    }

    fn connect(&mut self, place: &Place, is_again: bool) {
        self.generation += 1;
        let line = Line::connect(
            (self.generation, is_again.then_some(PAUSE)),
            &self.address,
            place,
            self.pushes.clone(),
            &mut self.work,
        );
        let old = self.lines.insert(place.clone(), line);
        if let (Some(old), Some(new)) = (old, self.lines.get_mut(place)) {
            new.told = old.told;
        }
    }

    /// A line is of no use any more. Where a slot was moved, or a master has died, another one may have its rooms.
    fn lose(&mut self, place: &Place, why: String) {
        if let Some(line) = self.lines.get_mut(place)
            && line.told != why
        {
            tracing::warn!(redis = &*place.to_string(), "the events of Redis do not come: {why}");
            line.told = why;
        }
        self.look.notify_one();
        self.connect(place, true);
    }

    fn done(&mut self, place: &Place, generation: u64, done: Done) {
        let Some(line) = self.lines.get_mut(place).filter(|line| line.generation == generation) else {
            return;
        };
        match done {
            Done::Connected(Ok(connection)) => {
                line.connected(connection);
                let masters = self.masters.borrow();
                for channel in self.ears.keys() {
                    if masters.of(keys::tag_of(channel)) == place {
                        line.subscribe(channel);
                    }
                }
            }
            Done::Asked(Ok(())) => line.rests(),
            Done::Connected(Err(why)) | Done::Asked(Err(why)) => self.lose(place, why),
        }
    }

    /// Carries out a wish.
    fn grant(&mut self, wish: Wish) {
        let masters = self.masters.borrow();
        match wish {
            Wish::Hear { channel, ticket, ear } => {
                if let Some(line) = self.lines.get_mut(masters.of(keys::tag_of(&channel))) {
                    line.subscribe(&channel);
                }
                self.ears.insert(channel, Listened { ticket, ear });
            }
            Wish::Stop { channel, ticket } => {
                if self.ears.get(&channel).is_some_and(|listened| listened.ticket == ticket) {
                    self.ears.remove(&channel);
                    if let Some(line) = self.lines.get_mut(masters.of(keys::tag_of(&channel))) {
                        line.unsubscribe(&channel);
                    }
                }
            }
        }
    }

    fn push(&mut self, generation: u64, push: PushInfo) {
        let line = self.lines.iter_mut().find(|(_, line)| line.generation == generation);
        let Some((place, line)) = line else { return };
        if push.kind == PushKind::Disconnection {
            let place = place.clone();
            return self.lose(&place, "the connection was closed".to_owned());
        }
        let mut data = push.data.into_iter();
        let channel = match data.next() {
            Some(Value::BulkString(channel)) => channel,
            Some(Value::SimpleString(channel)) => channel.into_bytes(),
            _ => return,
        };
        let Ok(channel) = str::from_utf8(&channel) else { return };
        let listened = self.ears.get(channel);
        match (push.kind, listened, data.next()) {
            (PushKind::SSubscribe, listened, _) => {
                line.told.clear();
                if let Some(listened) = listened {
                    listened.ear.begins();
                }
            }
            (PushKind::SMessage, Some(listened), Some(Value::BulkString(told))) => {
                match Entry::parse(&told) {
                    Ok(entry) => listened.ear.hear(entry),
                    Err(why) => {
                        tracing::error!("{why}: asking Redis where the room stands");
                        listened.ear.begins();
                    }
                }
            }
            // What nobody has asked for comes where a slot has been moved. The library that connects takes it for an
            // answer to something else, so the connection is not used any more.
            (PushKind::SUnsubscribe, ..) if !line.confirm(channel) => {
                let place = place.clone();
                self.lose(&place, "a part of the rooms has been moved".to_owned());
            }
            _ => {}
        }
    }
}
