//! The devices that are told of a room's alerts by Web Push, as every store keeps them: each passes `log/contract`.

use alert_core::names::{RoomCode, UserName};
use alert_core::room::push::{AGE, Device, DeviceId, MOST_OF_PERSON, MOST_OF_ROOM};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

/// The devices of all rooms of a server that orders rooms itself. Some 600 bytes each.
pub(super) const MOST_IN_ALL: usize = 50_000;

/// Why a device is not kept, or none were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeviceError {
    /// There are too many already.
    #[error("as many devices are told of alerts as may be")]
    Full,
    /// The store does not answer.
    #[error("the store cannot be reached at the moment: try again in a few seconds")]
    Unavailable,
}

/// Called with whether a device is kept, from any thread.
pub type OnPutDevice = Box<dyn FnOnce(Result<(), DeviceError>) + Send>;
/// Called with the devices of a room.
pub type OnDevices = Box<dyn FnOnce(Result<Vec<Device>, DeviceError>) + Send>;

/// What a store does with devices. Nothing here waits.
pub trait Devices {
    /// Keeps a device of a room, or renews it. Of those of a person, the one that was renewed longest ago goes.
    fn put_device(&self, room: &RoomCode, device: Device, done: OnPutDevice);

    /// Forgets devices of a room.
    fn drop_devices(&self, room: &RoomCode, devices: &[DeviceId]);

    /// The devices of a room: of one person, or of all.
    fn devices_of(&self, room: &RoomCode, of: Option<&UserName>, done: OnDevices);
}

/// Devices in memory: of a server that keeps nothing which survives it, or as its file has them.
#[derive(Default)]
pub(super) struct InMemory(Mutex<Held>);

/// All devices.
#[derive(Default)]
pub(super) struct Held {
    /// Entries leave with their last device: given up, one too many, or too old when there is no more space.
    rooms: HashMap<RoomCode, HashMap<DeviceId, Device>>,
    count: usize,
}

/// What has to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// A device is kept.
    Keep(RoomCode, Box<Device>),
    /// A device is forgotten.
    Forget(RoomCode, DeviceId),
}

impl Held {
    /// Keeps a device. What has changed goes into `changes`.
    ///
    /// # Errors
    /// If there are too many.
    pub(super) fn put(
        &mut self,
        room: &RoomCode,
        device: Device,
        changes: &mut Vec<Change>,
    ) -> Result<(), DeviceError> {
        let (id, now) = (device.subscription.id(), device.renewed);
        let is_full = |held: &Self| {
            let of_room = held.rooms.get(room);
            let is_known = of_room.is_some_and(|devices| devices.contains_key(&id));
            !is_known
                && (held.count >= MOST_IN_ALL || of_room.is_some_and(|devices| devices.len() >= MOST_OF_ROOM))
        };
        if is_full(self) {
            self.forget_old(now, changes);
            if is_full(self) {
                return Err(DeviceError::Full);
            }
        }
        let devices = self.rooms.entry(room.clone()).or_default();
        let others = devices.iter().filter(|(other, kept)| **other != id && kept.name == device.name);
        let mut others: Vec<_> = others.map(|(other, kept)| (kept.renewed, *other)).collect();
        others.sort_unstable();
        let too_many = others.len().saturating_sub(MOST_OF_PERSON - 1);
        changes.push(Change::Keep(room.clone(), Box::new(device.clone())));
        self.count += usize::from(devices.insert(id, device).is_none());
        for (_, other) in &others[..too_many] {
            self.forget(room, *other, changes);
        }
        Ok(())
    }

    pub(super) fn forget(&mut self, room: &RoomCode, id: DeviceId, changes: &mut Vec<Change>) {
        let Some(devices) = self.rooms.get_mut(room) else { return };
        if devices.remove(&id).is_some() {
            self.count -= 1;
            changes.push(Change::Forget(room.clone(), id));
        }
        if devices.is_empty() {
            self.rooms.remove(room);
        }
    }

    fn forget_old(&mut self, now: SystemTime, changes: &mut Vec<Change>) {
        let is_old = |kept: &Device| kept.renewed.checked_add(AGE).is_some_and(|end| end <= now);
        let of_room = |(room, devices): (&RoomCode, &HashMap<DeviceId, Device>)| {
            let old = devices.iter().filter(|(_, kept)| is_old(kept));
            old.map(|(id, _)| (room.clone(), *id)).collect::<Vec<_>>()
        };
        let old: Vec<_> = self.rooms.iter().flat_map(of_room).collect();
        for (room, id) in old {
            self.forget(&room, id, changes);
        }
    }

    fn of(&self, room: &RoomCode, of: Option<&UserName>) -> Vec<Device> {
        let devices = self.rooms.get(room).into_iter().flat_map(HashMap::values);
        devices.filter(|kept| of.is_none_or(|name| kept.name == *name)).cloned().collect()
    }
}

impl InMemory {
    pub(super) fn of(held: Held) -> Self {
        Self(Mutex::new(held))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Held> {
        // A panic halfway leaves at most one device too many or too few.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Devices for InMemory {
    fn put_device(&self, room: &RoomCode, device: Device, done: OnPutDevice) {
        let kept = self.lock().put(room, device, &mut Vec::new());
        done(kept);
    }

    fn drop_devices(&self, room: &RoomCode, devices: &[DeviceId]) {
        let mut held = self.lock();
        devices.iter().for_each(|id| held.forget(room, *id, &mut Vec::new()));
    }

    fn devices_of(&self, room: &RoomCode, of: Option<&UserName>, done: OnDevices) {
        let found = self.lock().of(room, of);
        done(Ok(found));
    }
}
