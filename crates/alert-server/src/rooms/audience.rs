//! Who hears a room, each in the form that they asked for. An event is rendered once for each form that is in use,
//! outside the room's lock.

use std::sync::Arc;

use alert_core::event::RoomEvent;
use alert_core::names::RoomCode;
use alert_core::wire::{self, Form, Rendering};
use socketio_server::{ConnectionId, Frames, Hub, Membership, Publication, Room};

pub(super) struct Audience {
    code: RoomCode,
    /// By [`Form::index`]; made for the first connection that wants that form.
    groups: [Option<Room>; Form::ALL.len()],
}

/// What was published, for each form that is in use: to be rendered when the lock is released.
#[must_use = "what is not rendered here is rendered by the threads that deliver it"]
#[derive(Default)]
pub(super) struct Published([Option<Publication>; Form::ALL.len()]);

impl Audience {
    /// The audience of the room with this code, empty.
    pub(super) fn new(code: RoomCode) -> Self {
        Self { code, groups: Default::default() }
    }

    pub(super) fn join(&mut self, hub: &Hub, form: Form, connection: ConnectionId) -> Membership {
        let any = self.room().cloned();
        let another = || any.map_or_else(|| hub.room(), |room| room.another_form());
        self.groups[form.index()].get_or_insert_with(another).join(connection)
    }

    /// The runtime's room, in any of its forms; there is none before somebody hears it.
    pub(super) fn room(&self) -> Option<&Room> {
        self.groups.iter().flatten().next()
    }

    /// Has everybody look whether they may stay.
    pub(super) fn rouse(&self) {
        self.groups.iter().flatten().for_each(Room::rouse);
    }

    /// Tells everybody, and returns how many they are.
    pub(super) fn publish(&self, event: &Arc<RoomEvent>, size: usize) -> (Published, usize) {
        let (mut published, mut count) = (Published::default(), 0);
        for (form, place) in Form::ALL.into_iter().zip(&mut published.0) {
            if let Some(group) = self.groups[form.index()].as_ref().filter(|_| form.tells(&event.what)) {
                let publication = publication(form, &self.code, event, size);
                count += group.publish(&publication);
                *place = Some(publication);
            }
        }
        (published, count)
    }
}

impl Published {
    pub(super) fn render(&self) {
        self.0.iter().flatten().for_each(Publication::render);
    }
}

/// A message of the log in `form`, to be rendered by whoever needs it first.
pub fn replay(form: Form, room: &RoomCode, message: &Arc<RoomEvent>) -> Publication {
    publication(form, room, message, wire::size_of(&message.what))
}

/// Messages of the log in `form`, in order, to be rendered by whoever needs them first.
pub fn replay_all(form: Form, room: &RoomCode, messages: &Arc<[Arc<RoomEvent>]>) -> Publication {
    let bytes = replayed_size(form, room, messages);
    let (room, messages) = (room.clone(), Arc::clone(messages));
    Publication::later(bytes, move || messages.iter().map(|event| frames(form, &room, event)).collect())
}

/// The most bytes that they take.
pub fn replayed_size(form: Form, room: &RoomCode, messages: &[Arc<RoomEvent>]) -> usize {
    messages.iter().map(|event| form.size(room, event, wire::size_of(&event.what))).sum()
}

/// The event in `form`, to be rendered by whoever needs it first.
pub(super) fn publication(form: Form, room: &RoomCode, event: &Arc<RoomEvent>, size: usize) -> Publication {
    let size = form.size(room, event, size);
    let (room, event) = (room.clone(), Arc::clone(event));
    Publication::later(size, move || frames(form, &room, &event))
}

fn frames(form: Form, room: &RoomCode, event: &RoomEvent) -> Frames {
    match form.render(room, event) {
        Rendering::Packet(packet) => packet.into(),
        Rendering::Piece(text) => Frames::bytes(text.as_bytes()),
    }
}
