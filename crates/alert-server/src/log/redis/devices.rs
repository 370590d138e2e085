//! The devices that are told of alerts, in Redis: those of a room in one key, and those of each person in it in another.

use super::{Shared, Unavailable, bytes};
use crate::log::devices::{DeviceError, Devices, OnDevices, OnPutDevice};
use alert_core::names::{RoomCode, UserName};
use alert_core::room::push::{AGE, Device, DeviceId, MOST_OF_PERSON, MOST_OF_ROOM};
use redis::from_redis_value;

impl From<Unavailable> for DeviceError {
    fn from(_: Unavailable) -> Self {
        Self::Unavailable
    }
}

impl Devices for Shared {
    fn put_device(&self, room: &RoomCode, device: Device, done: OnPutDevice) {
        let id = device.subscription.id().to_string();
        let name = device.name.as_str().as_bytes().to_vec();
        let mut args = vec![id.into_bytes(), name, device.write().into_bytes()];
        args.extend([bytes(MOST_OF_PERSON), bytes(MOST_OF_ROOM), bytes(AGE.as_millis())]);
        self.call("put_device", vec![self.0.keys.room(room)], args, |answer| {
            let kept = answer.map_err(DeviceError::from).and_then(|kept| {
                let kept: i64 = from_redis_value(kept).map_err(|_| DeviceError::Unavailable)?;
                if kept == 1 { Ok(()) } else { Err(DeviceError::Full) }
            });
            done(kept);
        });
    }

    fn drop_devices(&self, room: &RoomCode, devices: &[DeviceId]) {
        let args = devices.iter().map(|id| id.to_string().into_bytes()).collect();
        self.call("drop_devices", vec![self.0.keys.room(room)], args, |_| {});
    }

    fn devices_of(&self, room: &RoomCode, of: Option<&UserName>, done: OnDevices) {
        let args = of.map(|name| name.as_str().as_bytes().to_vec()).into_iter().collect();
        self.call("devices_of", vec![self.0.keys.room(room)], args, |answer| {
            let found = answer.map_err(DeviceError::from).and_then(|found| {
                let found: Vec<String> = from_redis_value(found).map_err(|_| DeviceError::Unavailable)?;
                // What a later version has written otherwise is for that.
                Ok(found.iter().filter_map(|text| Device::read(text).ok()).collect())
            });
            done(found);
        });
    }
}
