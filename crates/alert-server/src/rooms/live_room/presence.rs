//! A connection's place in a room, from entering to leaving or being lost.

use super::super::admission::{Admitted, Held};
use super::super::audience::Published;
use super::super::door::Badge;
use super::super::half_open::Suspect;
use super::super::lost::{Returning, Unreceived};
use super::super::{Refused, Rooms};
use super::{Entrant, Listening, LiveRoom, Said, Speaker, Speech, State, say_shared};
use crate::log::StayId;
use crate::log::redis::{Going, LostStay, StayEnd};
use alert_core::access::{Denied, Right, Rights, Standing};
use alert_core::members::Members;
use alert_core::names::{RoomCode, UserName};
use alert_core::position::Position;
use alert_core::room::policy::{Forbidden, HostKey, Policy};
use alert_core::room::push::{Device, QuietHours, Shown, Subscription};
use alert_core::room::{ClientKey, Departure, Doubt, Loss};
use alert_core::wire;
use socketio_server::{ConnectionId, Membership};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

/// A connection's place in a room. To be given up with [`Presence::leave`] or [`Presence::lose`].
pub struct Presence {
    pub(super) room: Arc<LiveRoom>,
    pub(super) name: UserName,
    /// What its client has already heard of the room ends here or earlier, whatever this connection brought it.
    pub(super) entered: Position,
    pub(super) connection: ConnectionId,
    pub(super) standing: Standing,
    pub(super) badge: Box<Badge>,
    /// Kept where its client gets what it missed when it comes back.
    pub(super) stay: Option<StayId>,
    pub(super) membership: Membership,
    pub(super) _held: Held,
}

impl Presence {
    /// Of an entrant whose client has heard what there was up to `entered`.
    pub(super) fn new(
        room: &Arc<LiveRoom>,
        entrant: &Entrant<'_>,
        entered: Position,
        membership: Membership,
        held: Held,
    ) -> Self {
        room.counts.entered.count();
        let (room, name, connection) = (Arc::clone(room), entrant.name.clone(), entrant.connection.1);
        let (standing, badge) = (entrant.standing.clone(), Box::new(entrant.badge.clone()));
        Self { room, name, entered, connection, standing, badge, stay: None, membership, _held: held }
    }

    /// Where.
    pub fn room(&self) -> &RoomCode {
        &self.room.code
    }

    /// Under which name.
    pub fn name(&self) -> &UserName {
        &self.name
    }

    /// The room's position when the connection entered.
    pub fn entered(&self) -> Position {
        self.entered
    }

    /// Its client gets what it missed when it comes back, even if the server ends meanwhile. `back` is what it came
    /// back with this time; `given` is when the oldest message was said that it has been given.
    pub fn stays(
        &mut self,
        rooms: &Rooms,
        (client, is_direct): (ClientKey, bool),
        back: Option<&Returning>,
        given: Option<SystemTime>,
    ) {
        let person = (&self.room.code, &self.name);
        if !rooms.are_shared() {
            self.stay = rooms.0.lost.enters(person, client, self.entered, given, back);
        }
        let Some(stay) = self.stay else { return };
        let (connection, entered) = (self.connection, self.entered);
        let suspect = Suspect { connection, client, stay, is_direct, entered, is_succeeded: false };
        let mut state = self.room.lock();
        state.simple.add(&self.name, suspect);
        let Some((shared, given)) = self.room.log.shared().zip(given) else { return };
        if let Some(following) = &mut state.following {
            following.was_given(stay, given);
        }
        shared.note_given(&self.room.code, &self.name, stay, given);
    }

    /// Says something to everybody in the room. In one that several servers share, where it stands is known later.
    ///
    /// # Errors
    /// Where the right is missing.
    pub fn say(&self, speech: Speech<'_>) -> Result<Option<Said>, Refused> {
        self.standing.may(Right::Speak)?;
        let speaker = Speaker { name: Some(&self.name), standing: &self.standing, badge: &self.badge };
        self.room.counts.said_inside.count();
        if let Some(shared) = self.room.log.shared() {
            say_shared(shared, &self.room.code, Some(Arc::clone(&self.room)), speaker, speech)?;
            return Ok(None);
        }
        Ok(Some(self.room.say(speaker, speech)?))
    }

    /// Puts it out of the room, for this reason.
    pub fn put_out(self, rooms: &Rooms, why: Forbidden, address: Option<IpAddr>) {
        let (code, name) = (self.room.code.clone(), self.name.clone());
        if let (Forbidden::Banned(until), Some(address)) = (why, address)
            && self.room.policy().is_some_and(|policy| policy.bans_address_of(&name))
        {
            rooms.ban_address(&code, &name, address, until);
        }
        tracing::info!(room = code.as_str(), name = name.as_str(), reason = %why, "put out");
        if matches!(why, Forbidden::Banned(_)) {
            rooms.forget_devices_of(&code, &name);
        }
        self.leave(rooms);
    }

    /// Whether it may stay in the room.
    ///
    /// # Errors
    /// Why it is put out.
    pub fn may_stay(&self) -> Result<(), Forbidden> {
        self.room.may_stay(Some(&self.name), &self.standing, &self.badge)
    }

    /// What the room's hosts have decided.
    pub fn policy(&self) -> Option<Arc<Policy>> {
        self.room.policy()
    }

    /// What its client may do now, and may not for what the room's hosts have decided.
    pub fn rights(&self) -> Rights {
        self.room.rights(Some(&self.name), &self.standing, &self.badge)
    }

    /// Its client makes the room's hosts another key, and stays one.
    pub fn makes_key(&mut self, key: &HostKey) {
        self.badge.makes_key(key.hash(), self.room.policy().as_deref());
    }

    /// The room, named by its client, who has been let in already.
    pub fn wearing(&self, room: Admitted) -> Admitted {
        room.wearing(&self.badge, Some(&self.name))
    }

    /// What may be done from this place.
    pub fn standing(&self) -> &Standing {
        &self.standing
    }

    /// A device of whoever this is, as what lets them be here now says.
    pub fn device(&self, subscription: Subscription, quiet: Option<QuietHours>) -> Device {
        let policy = self.policy();
        let token = self.standing.token().map(|token| Shown {
            subject: token.subject.clone(),
            id: token.id.clone(),
            expires: token.expires,
        });
        Device {
            name: self.name.clone(),
            subscription,
            quiet,
            entered: policy.as_ref().map_or(0, |policy| policy.revision),
            is_host: self.badge.is_host(&self.standing, policy.as_deref()),
            token: token.filter(|_| !self.standing.is_open_to(Right::Read)),
            renewed: super::super::moderation::now(),
        }
    }

    /// Who is in the room.
    ///
    /// # Errors
    /// Where the right is missing.
    pub fn members(&self) -> Result<Arc<Members>, Denied> {
        self.standing.may(Right::Read)?;
        Ok(self.room.members())
    }

    /// The person said `left`: those who remain hear of it, if it was the person's last connection.
    pub fn leave(self, rooms: &Rooms) {
        let size = wire::size(&self.name, "");
        let mut state = self.room.lock();
        drop(self.membership);
        state.simple.remove(&self.name, self.connection);
        state.is_gone(&self.name, self.connection);
        if state.following.is_some() {
            let stay = self.stay.map(|stay| (stay, StayEnd::Left));
            self.room.goes(&mut state, rooms, &self.name, Going::Leaves, stay);
            return self.room.retire_if_empty(&mut state, rooms);
        }
        let published = match state.room.leave(&self.name) {
            Departure::Announced => state.publish_departure(self.name, size),
            Departure::Quiet => Published::default(),
        };
        self.room.retire_if_empty(&mut state, rooms);
        drop(state);
        published.render();
        if let Some(stay) = self.stay {
            rooms.0.lost.leaves(stay);
        }
    }

    /// As [`Presence::leave`], in a room that several servers share: the connection hears it until what was said before
    /// has come back. Then `done` is called, from any thread.
    pub fn leave_later(self, rooms: &Rooms, done: impl FnOnce() + Send + 'static) {
        let Self { room, name, connection, standing, badge, stay, membership, _held, .. } = self;
        {
            let mut state = room.lock();
            state.subscribers += 1;
            state.simple.remove(&name, connection);
            state.is_gone(&name, connection);
        }
        let (here, rooms) = (Arc::clone(&room), rooms.clone());
        let hearing = Listening { room: here, rooms, standing, badge, membership: Some(membership), _held };
        room.leaves_later((&name, stay), hearing, done);
    }

    /// The connection ended without `left`. Its client, if it may come back, is given then what it has not received.
    pub fn lose(self, rooms: &Rooms, unreceived: Option<Unreceived>) {
        let size = wire::size(&self.name, "");
        let now = Instant::now();
        let mut state = self.room.lock();
        drop(self.membership);
        let is_succeeded = state.simple.remove(&self.name, self.connection);
        state.is_gone(&self.name, self.connection);
        if state.following.is_some() {
            let lost = |Unreceived { client, bytes }| {
                let Doubt { entered, upto, unconfirmed, .. } = state.doubt(self.entered, bytes, now);
                StayEnd::Lost(LostStay { client, entered, upto, unconfirmed })
            };
            // Where it was silent, that has been noted.
            let lost = unreceived.filter(|_| !is_succeeded).map(lost);
            let stay = self.stay.zip(lost);
            self.stay
                .into_iter()
                .for_each(|stay| state.following.iter_mut().for_each(|following| following.forget(stay)));
            self.room.goes(&mut state, rooms, &self.name, Going::Lost(rooms.0.grace), stay);
            return self.room.retire_if_empty(&mut state, rooms);
        }
        if is_succeeded {
            // Its client is back already, on another connection.
            self.stay.into_iter().for_each(|stay| rooms.0.lost.leaves(stay));
        } else if let Some(Unreceived { client, bytes }) = unreceived {
            let doubt = state.doubt(self.entered, bytes, now);
            rooms.0.lost.add(&self.room.code, &self.name, client, doubt, self.stay);
        }
        let mut published = Published::default();
        match state.room.lose(&self.name, now) {
            Loss::Quiet => {}
            Loss::Announced => published = state.publish_departure(self.name, size),
            Loss::Grace(deadline) => {
                if !std::mem::replace(&mut state.is_sweeping, true) {
                    rooms.sweep_later(Arc::clone(&self.room), deadline);
                }
            }
        }
        self.room.retire_if_empty(&mut state, rooms);
        drop(state);
        published.render();
    }

    /// The connection ended with the server: nobody is left to hear of it. Its client, if it may come back, is given by
    /// the next server what it has not received.
    pub fn stop(self, rooms: &Rooms, unreceived: Option<Unreceived>) {
        let Some(Unreceived { client, bytes }) = unreceived else { return };
        let doubt = self.room.lock().doubt(self.entered, bytes, Instant::now());
        rooms.0.lost.note(&self.room.code, &self.name, client, &doubt, self.stay);
    }
}

impl State {
    /// What a connection that is lost now may not have received, with this many unconfirmed bytes in its queue.
    fn doubt(&self, entered: Position, bytes: u64, at: Instant) -> Doubt {
        // What is in inboxes has not reached its queue, where bytes are counted.
        let in_flight = self.audience.room().map_or(0, socketio_server::Room::in_flight);
        let unconfirmed = bytes + in_flight as u64;
        Doubt { entered, upto: self.numbering.last(), unconfirmed, since: None, at }
    }
}
