//! The devices that are told of a room's alerts by Web Push, as every store keeps them: each passes `log/contract`.

use super::{Backend as _, Log, Store};
use alert_core::names::{RoomCode, UserName};
use alert_core::room::push::{AGE, Device, DeviceId, MOST_OF_PERSON, MOST_OF_ROOM};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;
use tokio::sync::oneshot;

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

impl Log {
    fn devices(&self) -> &dyn Devices {
        match &self.0.store {
            Store::None => &self.0.devices,
            Store::Own(recorder) => recorder.devices(),
            Store::Shared(shared) => shared.devices(),
        }
    }

    /// Keeps a device that is told of a room's alerts; see [`Devices::put_device`].
    ///
    /// # Errors
    /// If there are too many, or the store does not answer.
    pub async fn put_device(&self, room: &RoomCode, subscriber: Device) -> Result<(), DeviceError> {
        let (tell, told) = oneshot::channel();
        self.devices().put_device(room, subscriber, Box::new(|kept| _ = tell.send(kept)));
        told.await.unwrap_or(Err(DeviceError::Unavailable))
    }

    /// Forgets devices of a room.
    pub fn drop_devices(&self, room: &RoomCode, devices: &[DeviceId]) {
        if !devices.is_empty() {
            self.devices().drop_devices(room, devices);
        }
    }

    /// The devices of a room, of one person or of all.
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn devices_of(
        &self,
        room: &RoomCode,
        of: Option<&UserName>,
    ) -> Result<Vec<Device>, DeviceError> {
        let (tell, told) = oneshot::channel();
        self.devices().devices_of(room, of, Box::new(|found| _ = tell.send(found)));
        told.await.unwrap_or(Err(DeviceError::Unavailable))
    }
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
        let of_room = |held: &Self| held.rooms.get(room).map_or(0, HashMap::len);
        let is_known = self.rooms.get(room).is_some_and(|devices| devices.contains_key(&id));
        if !is_known && (self.count >= MOST_IN_ALL || of_room(self) >= MOST_OF_ROOM) {
            self.forget_old(now, changes);
            if of_room(self) >= MOST_OF_ROOM {
                return Err(DeviceError::Full);
            }
            if self.count >= MOST_IN_ALL {
                self.make_room(changes);
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

    /// Of the room with most devices, the one that was renewed longest ago goes: whoever makes up many takes none from others.
    fn make_room(&mut self, changes: &mut Vec<Change>) {
        let largest = self.rooms.iter().max_by_key(|(_, devices)| devices.len());
        let oldest = largest.and_then(|(room, devices)| {
            let (id, _) = devices.iter().min_by_key(|(id, kept)| (kept.renewed, **id))?;
            Some((room.clone(), *id))
        });
        if let Some((room, id)) = oldest {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::contract::device;
    use alert_core::names::RoomCode;

    #[test]
    fn given_somebody_who_makes_up_as_many_as_there_may_be_then_others_are_taken_all_the_same() {
        let room = |number: usize| RoomCode::parse(&format!("room {number}"), 64).unwrap();
        let (mut held, mut changes) = (Held::default(), Vec::new());
        for number in 0..MOST_IN_ALL {
            let made_up = device(&format!("name {number}"), u32::try_from(number).unwrap());
            held.put(&room(number / MOST_OF_ROOM), made_up, &mut changes).unwrap();
        }
        assert_eq!(held.put(&room(0), device("Bea", 60_000), &mut changes), Err(DeviceError::Full));
        changes.clear();
        let honest = room(99);
        for number in 0..3 {
            held.put(&honest, device("Ada", 70_000 + number), &mut changes).unwrap();
        }
        assert_eq!((held.count, held.of(&honest, None).len()), (MOST_IN_ALL, 3));
        assert_eq!(changes.iter().filter(|change| matches!(change, Change::Forget(..))).count(), 3);
    }
}
