//! What every store promises of the devices that are told of alerts.

use super::{DEADLINE, Open, RETENTION, Stage, room};
use crate::log::DeviceError;
use alert_core::names::UserName;
use alert_core::room::push::{Device, DeviceId, MOST_OF_PERSON, QuietHours, Subscription};
use std::sync::mpsc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// To the millisecond, as stores keep it.
fn now() -> SystemTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    UNIX_EPOCH + Duration::from_millis(since.as_millis() as u64)
}

/// A device of somebody: the greater its number, the later it was renewed.
pub(in crate::log) fn device(name: &str, number: u32) -> Device {
    let key = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
    let endpoint = format!("https://push.example/{number}");
    Device {
        name: UserName::parse(name, 64).unwrap(),
        subscription: Subscription::parse(&endpoint, key, "BTBZMqHH6r4Tts7J_aSIgg").unwrap(),
        quiet: None,
        entered: 3,
        is_host: false,
        token: None,
        renewed: now() + Duration::from_secs(number.into()),
    }
}

pub(in crate::log) fn subscribe<S: Stage>(desk: &S, code: &str, device: &Device) -> Result<(), DeviceError> {
    let (tell, told) = mpsc::channel();
    let done = Box::new(move |kept| tell.send(kept).unwrap());
    desk.backend().devices().put_device(&room(code), device.clone(), done);
    told.recv_timeout(DEADLINE).unwrap()
}

/// The devices of a room, in the order of their addresses.
pub(in crate::log) fn devices<S: Stage>(desk: &S, code: &str, of: Option<&str>) -> Vec<Device> {
    let name = of.map(|name| UserName::parse(name, 64).unwrap());
    let (tell, told) = mpsc::channel();
    let done = Box::new(move |found| tell.send(found).unwrap());
    desk.backend().devices().devices_of(&room(code), name.as_ref(), done);
    let mut found = told.recv_timeout(DEADLINE).unwrap().unwrap();
    found.sort_by(|one, other| one.subscription.endpoint().cmp(other.subscription.endpoint()));
    found
}

pub(in crate::log) fn a_device_is_kept_renewed_and_forgotten<S: Stage>(open: Open<S>) {
    let desk = open(RETENTION);
    let (ada, bea) = (device("Ada \u{1f600}", 1), device("Bea", 2));
    for (code, one) in [("one", &ada), ("one", &bea), ("two", &ada)] {
        assert_eq!(subscribe(&desk, code, one), Ok(()));
    }
    assert_eq!(devices(&desk, "one", None), [ada.clone(), bea.clone()]);
    assert_eq!(devices(&desk, "one", Some("Bea")), std::slice::from_ref(&bea));
    assert_eq!(devices(&desk, "three", None), []);
    let quiet = QuietHours::parse("22:00", "07:00", "Europe/Berlin").ok();
    let renewed = Device { quiet, entered: 4, ..ada.clone() };
    subscribe(&desk, "one", &renewed).unwrap();
    // The device is another person's now.
    let taken = Device { name: bea.name.clone(), ..renewed.clone() };
    assert_eq!(devices(&desk, "one", Some("Ada \u{1f600}")), [renewed]);
    subscribe(&desk, "one", &taken).unwrap();
    assert_eq!(devices(&desk, "one", Some("Ada \u{1f600}")), []);
    assert_eq!(devices(&desk, "one", Some("Bea")), [taken, bea.clone()]);
    let gone = [ada.subscription.id(), DeviceId::of("https://push.example/nobody")];
    desk.backend().devices().drop_devices(&room("one"), &gone);
    assert_eq!(devices(&desk, "one", None), [bea]);
    assert_eq!(devices(&desk, "two", None), [ada]);
}

pub(in crate::log) fn a_person_has_a_bounded_number_of_devices<S: Stage>(open: Open<S>) {
    let desk = open(RETENTION);
    let most = u32::try_from(MOST_OF_PERSON).unwrap();
    subscribe(&desk, "one", &device("Bea", 9)).unwrap();
    for number in 1..=most {
        subscribe(&desk, "one", &device("Ada", number)).unwrap();
    }
    // The first is renewed, so the second is the one that was not for longest.
    let renewed = Device { renewed: now() + Duration::from_secs(60), ..device("Ada", 1) };
    subscribe(&desk, "one", &renewed).unwrap();
    subscribe(&desk, "one", &device("Ada", 8)).unwrap();
    let left: Vec<_> = devices(&desk, "one", Some("Ada"))
        .iter()
        .map(|one| one.subscription.endpoint().rsplit('/').next().unwrap().to_owned())
        .collect();
    assert_eq!(left, ["1", "3", "4", "5", "8"]);
    assert_eq!(devices(&desk, "one", Some("Bea")).len(), 1);
}
