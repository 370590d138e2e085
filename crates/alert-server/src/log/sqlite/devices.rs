//! The devices that are told of alerts, in the file. All of them are in memory too; what changes there is written by the
//! writer.

use super::runs::micros;
use super::state::Shared;
use crate::log::devices::{Change, DeviceError, Devices, Held, InMemory, OnDevices, OnPutDevice};
use alert_core::names::{RoomCode, UserName};
use alert_core::room::push::{AGE, Device, DeviceId};
use rusqlite::{Connection, params};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::SystemTime;

/// Devices, in memory and in the file.
pub(super) struct InFile {
    memory: InMemory,
    shared: Arc<Shared>,
}

/// What has to be written of them, where `None` is one that is forgotten: for each device once.
pub(super) type Changed = HashMap<(RoomCode, DeviceId), Option<Device>>;

impl InFile {
    /// What the file has. Those that are too old are removed from it.
    pub(super) fn read(connection: &Connection, shared: Arc<Shared>) -> rusqlite::Result<Self> {
        let horizon = micros(SystemTime::now().checked_sub(AGE).unwrap_or(SystemTime::UNIX_EPOCH));
        connection.execute("DELETE FROM devices WHERE renewed < ?1", [horizon])?;
        let mut held = Held::default();
        let mut found = connection.prepare("SELECT room, known FROM devices ORDER BY renewed")?;
        let mut rows = found.query([])?;
        while let Some(row) = rows.next()? {
            let room = RoomCode::parse(row.get_ref(0)?.as_str()?, usize::MAX);
            if let (Ok(room), Ok(device)) = (room, Device::read(row.get_ref(1)?.as_str()?)) {
                // There are no more of them than a server has taken before.
                let _ = held.put(&room, device, &mut Vec::new());
            }
        }
        Ok(Self { memory: InMemory::of(held), shared })
    }
}

/// Writes them, within a transaction.
pub(super) fn write(connection: &Connection, devices: &Changed) -> rusqlite::Result<()> {
    for ((room, id), device) in devices {
        let id = id.to_string();
        let Some(device) = device else {
            let sql = "DELETE FROM devices WHERE room = ?1 AND device = ?2";
            connection.prepare_cached(sql)?.execute([room.as_str(), &id])?;
            continue;
        };
        let sql = "INSERT OR REPLACE INTO devices (room, device, known, renewed) VALUES (?1, ?2, ?3, ?4)";
        let renewed = micros(device.renewed);
        connection.prepare_cached(sql)?.execute(params![room.as_str(), id, device.write(), renewed])?;
    }
    Ok(())
}

fn note(devices: &mut Changed, changes: Vec<Change>) {
    for change in changes {
        match change {
            Change::Keep(room, device) => {
                devices.insert((room, device.subscription.id()), Some(*device));
            }
            Change::Forget(room, id) => _ = devices.insert((room, id), None),
        }
    }
}

impl Devices for InFile {
    fn put_device(&self, room: &RoomCode, device: Device, done: OnPutDevice) {
        let mut changes = Vec::new();
        let mut held = self.memory.lock();
        let kept: Result<(), DeviceError> = held.put(room, device, &mut changes);
        // Under the lock, so that they are written in the order in which they were noted. Nobody waits for the disk: a
        // page that comes again renews what was lost.
        self.shared.put_devices(|devices| note(devices, changes));
        drop(held);
        done(kept);
    }

    fn drop_devices(&self, room: &RoomCode, devices: &[DeviceId]) {
        let mut changes = Vec::new();
        let mut held = self.memory.lock();
        devices.iter().for_each(|id| held.forget(room, *id, &mut changes));
        if !changes.is_empty() {
            self.shared.put_devices(|devices| note(devices, changes));
        }
    }

    fn devices_of(&self, room: &RoomCode, of: Option<&UserName>, done: OnDevices) {
        self.memory.devices_of(room, of, done);
    }
}
