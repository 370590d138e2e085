//! The one way to a room: whoever names a code is held back here, whatever the code is for. Room codes are the only key
//! to a room, so it must not be possible to find them by trying.
//!
//! What counts is a room that is new to the origin, whether or not somebody is in it: a refusal must not tell. Rooms
//! that people of the origin are in, or were in lately, cost nothing, so a neighbour who tries codes shuts nobody out.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use alert_core::access::{Denied, Right, Standing};
use alert_core::names::{RoomCode, UserName};
use socketio_server::{Meter, Rate};

use super::door::Badge;
use crate::auth::Origin;
use crate::recent::Recent;

/// A room that somebody may name, and what they may do there. There is no other way into [`super::Rooms`].
#[derive(Clone, Debug)]
pub struct Admitted {
    pub(super) code: RoomCode,
    standing: Standing,
    pub(super) badge: Badge,
    key: Key,
    network: Option<Network>,
}

/// Why a room is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// To enter. Whoever enters is seen there, and may be the first of a class.
    Enter,
    /// To ask about it, speak to it or listen to it from outside, where nobody notices.
    FromOutside,
}

/// How long to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wait(pub(super) Duration);

/// A keyed hash of an origin and a room, so that a long code costs no more than a short one.
type Key = u64;
/// A keyed hash of where an origin is: an IPv4 address, or the /48 of an IPv6 one, since a site has all of that.
pub(super) type Network = u64;

/// Which origin named which room, and how often people entered.
pub(super) struct Admission {
    limits: RwLock<Limits>,
    used: Recent<Origin, Used>,
    named: Recent<Key, ()>,
    /// Rooms that an origin was in.
    lately: Recent<Key, ()>,
    /// How many connections of an origin are in a room or hear it. Entries leave with the last [`Held`].
    held: Mutex<HashMap<Key, u32>>,
    hasher: RandomState,
    refused: AtomicU64,
}

/// How fast one origin may name rooms, and enter them.
#[derive(Clone, Copy, Debug)]
struct Limits {
    tries: Option<Rate>,
    joins: Option<Rate>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Used {
    tries: Meter,
    joins: Meter,
}

/// A connection in a room. While there is one, the room is known to its origin.
pub(super) struct Held {
    admission: Arc<Admission>,
    key: Key,
    since: Instant,
}

/// The bits of an IPv6 address that say which site it is of.
const SITE: u32 = 48;
/// How many of the tries in `room_tries` a room costs that is named from outside.
const OUTSIDE: u64 = 10;
/// A room that was named is not counted again within this time.
const NAMED: Duration = Duration::from_secs(60);
/// A room that people of an origin were in stays known to it for this time: a restart, a lunch break.
const LATELY: Duration = Duration::from_secs(3600);
/// It becomes known when somebody has stayed for this time. Whoever tries codes does not.
const STAYED: Duration = Duration::from_secs(20);
/// About 1 MB. Then whoever has been quiet longest is forgotten.
const MOST_ORIGINS: usize = 10_000;
/// About 8 MB for each of the two tables. Then the oldest is forgotten, and counts again.
const MOST_ROOMS: usize = 100_000;

impl Limits {
    /// After this time an untouched meter is as good as new.
    fn recovery(self) -> Duration {
        self.tries.map(Rate::recovery).max(self.joins.map(Rate::recovery)).unwrap_or_default()
    }
}

impl Admission {
    pub(super) fn new(tries: Option<Rate>, joins: Option<Rate>) -> Arc<Self> {
        let limits = Limits { tries, joins };
        Arc::new(Self {
            limits: RwLock::new(limits),
            used: Recent::new(limits.recovery(), MOST_ORIGINS),
            named: Recent::new(NAMED, MOST_ROOMS),
            lately: Recent::new(LATELY, MOST_ROOMS),
            held: Mutex::default(),
            hasher: RandomState::new(),
            refused: AtomicU64::new(0),
        })
    }

    /// Other limits, from now on.
    pub(super) fn limit(&self, tries: Option<Rate>, joins: Option<Rate>) {
        let limits = Limits { tries, joins };
        self.used.keep_for(limits.recovery());
        *self.limits.write().unwrap_or_else(PoisonError::into_inner) = limits;
    }

    fn limits(&self) -> Limits {
        *self.limits.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets `origin` name a room, or says how long it has to wait. Callers with a token are not counted. What may be done
    /// there is not known yet.
    pub(super) fn admit(
        &self,
        origin: &Origin,
        way: Way,
        code: RoomCode,
        now: Instant,
    ) -> Result<Admitted, Wait> {
        let admitted = self.readmit(origin, code);
        let key = admitted.key;
        let Some(rate) = self.limits().tries.filter(|_| !matches!(origin, Origin::Token(_))) else {
            return Ok(admitted);
        };
        let is_known = self.is_known(key, now);
        if !is_known {
            let units = if way == Way::Enter { 1 } else { OUTSIDE.min(rate.burst.get().into()) };
            let mut table = self.used.at(now);
            let tries = &mut table.touch(origin.clone(), Used::default).tries;
            if let Some(wait) = tries.wait_for(now, rate, units) {
                return Err(Wait(wait));
            }
            tries.take(now, rate, units);
        }
        self.named.at(now).touch(key, || ());
        Ok(admitted)
    }

    /// Lets `origin` back into a room that it has shown to have been in: it guesses nothing, and is not counted.
    pub(super) fn readmit(&self, origin: &Origin, code: RoomCode) -> Admitted {
        let key = self.hasher.hash_one((origin, &code));
        let network = match origin {
            Origin::Token(_) => None,
            Origin::Network(IpAddr::V6(v6)) => Some(self.hasher.hash_one(v6.to_bits() >> (128 - SITE))),
            Origin::Network(_) | Origin::UnixSocket => Some(self.hasher.hash_one(origin)),
        };
        Admitted { code, standing: Standing::default(), badge: Badge::at(origin), key, network }
    }

    /// Lets `origin` enter a room once more, or says how long it has to wait.
    pub(super) fn admit_join(&self, origin: &Origin, now: Instant) -> Result<(), Wait> {
        let Some(rate) = self.limits().joins else { return Ok(()) };
        let mut table = self.used.at(now);
        let joins = &mut table.touch(origin.clone(), Used::default).joins;
        match joins.wait(now, rate) {
            Some(wait) => Err(Wait(wait)),
            None => {
                joins.take(now, rate, 1);
                Ok(())
            }
        }
    }

    /// A connection has entered the room, or hears it.
    pub(super) fn hold(self: &Arc<Self>, admitted: &Admitted) -> Held {
        *self.held().entry(admitted.key).or_default() += 1;
        Held { admission: Arc::clone(self), key: admitted.key, since: Instant::now() }
    }

    /// Counts a refusal, and returns how many there were.
    pub(super) fn count_refused(&self) -> u64 {
        self.refused.fetch_add(1, Ordering::Relaxed) + 1
    }

    fn is_known(&self, key: Key, now: Instant) -> bool {
        self.held().contains_key(&key)
            || self.named.at(now).get(&key).is_some()
            || self.lately.at(now).get(&key).is_some()
    }

    fn held(&self) -> MutexGuard<'_, HashMap<Key, u32>> {
        // The counts are whole between any two calls.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Admitted {
    /// The room.
    pub fn code(&self) -> &RoomCode {
        &self.code
    }

    /// What may be done there.
    pub fn standing(&self) -> &Standing {
        &self.standing
    }

    pub(super) fn with(mut self, standing: Standing, known_as: Option<UserName>) -> Self {
        self.badge.known_as = known_as;
        Self { standing, ..self }
    }

    /// The room, named by somebody who has been let in as this.
    pub(super) fn wearing(self, badge: &Badge, inside: Option<&UserName>) -> Self {
        Self { badge: Badge { inside: inside.cloned(), ..badge.clone() }, ..self }
    }

    /// Stands for the origin and the room.
    pub(super) fn key(&self) -> u64 {
        self.key
    }

    /// Stands for the network of the origin; nothing for whoever has a token of the API.
    pub(super) fn network(&self) -> Option<Network> {
        self.network
    }

    /// Succeeds if a right is there now. Whatever is done in a room asks here, or its [`super::Presence`].
    pub(super) fn may(&self, right: Right) -> Result<(), Denied> {
        self.standing.may(right)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut held = self.admission.held();
        if let Some(count) = held.get_mut(&self.key) {
            *count -= 1;
            if *count > 0 {
                return;
            }
        }
        held.remove(&self.key);
        if held.capacity() > 1024 && held.capacity() > 8 * held.len() {
            let space = 2 * held.len();
            held.shrink_to(space);
        }
        drop(held);
        let now = Instant::now();
        if now.saturating_duration_since(self.since) >= STAYED {
            self.admission.lately.at(now).touch(self.key, || ());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn per_minute(count: u32) -> Option<Rate> {
        Some(Rate { per_second: (count / 60).try_into().unwrap(), burst: count.try_into().unwrap() })
    }

    fn admission() -> Arc<Admission> {
        Admission::new(per_minute(600), per_minute(6000))
    }

    fn origin(last: u8) -> Origin {
        Origin::Network([192, 0, 2, last].into())
    }

    fn room(number: usize) -> RoomCode {
        RoomCode::parse(&format!("room {number}"), 64).unwrap()
    }

    const SECOND: Duration = Duration::from_secs(1);

    /// How many new rooms `origin` may name at `now`.
    fn tries(admission: &Admission, origin: &Origin, way: Way, from: usize, now: Instant) -> usize {
        (from..from + 2_000).filter(|&number| admission.admit(origin, way, room(number), now).is_ok()).count()
    }

    #[test]
    fn rooms_that_are_new_to_an_origin_are_counted_together_whatever_the_way() {
        let (admission, start) = (admission(), Instant::now());
        assert_eq!(tries(&admission, &origin(1), Way::Enter, 0, start), 600);
        assert_eq!(tries(&admission, &origin(1), Way::FromOutside, 10_000, start), 0);
        assert_eq!(tries(&admission, &origin(2), Way::FromOutside, 0, start), 60);
        assert_eq!(tries(&admission, &origin(2), Way::Enter, 10_000, start), 0);
        // A minute later they have them again, and not more.
        assert_eq!(tries(&admission, &origin(1), Way::Enter, 20_000, start + 3600 * SECOND), 600);
        let wait = admission.admit(&origin(1), Way::Enter, room(9), start + 3600 * SECOND).unwrap_err();
        assert_eq!(wait, Wait(SECOND / 10));
        let wait = admission.admit(&origin(1), Way::FromOutside, room(9), start + 3600 * SECOND).unwrap_err();
        assert_eq!(wait, Wait(SECOND));
    }

    #[test]
    fn a_room_that_was_named_is_not_counted_again_for_a_minute() {
        let (admission, start) = (admission(), Instant::now());
        for round in 0..5 {
            for number in 0..600 {
                let admitted =
                    admission.admit(&origin(1), Way::Enter, room(number), start + round * 30 * SECOND);
                assert!(admitted.is_ok(), "{number} in round {round}");
            }
        }
    }

    #[test]
    fn a_used_up_allowance_shuts_nobody_out_of_a_room_that_neighbours_are_in_and_tells_nothing_of_others() {
        let (admission, start) = (admission(), Instant::now());
        let enter = |origin: &Origin, number: usize, now: Instant| {
            admission.admit(origin, Way::Enter, room(number), now).map(|admitted| admission.hold(&admitted))
        };
        let ours = enter(&origin(1), 0, start).unwrap();
        let theirs = enter(&origin(2), 1, start).unwrap();
        assert_eq!(tries(&admission, &origin(1), Way::Enter, 10, start), 599);
        let later = start + 50 * SECOND / 1000;
        // Where we are, by every way, and where only others are, as where nobody is.
        assert!(enter(&origin(1), 0, later).is_ok());
        assert!(admission.admit(&origin(1), Way::FromOutside, room(0), later).is_ok());
        let refused = [1, 5_000].map(|number| enter(&origin(1), number, later).err());
        assert!(refused[0].is_some() && refused[0] == refused[1]);
        drop((ours, theirs));
        assert!(admission.held().is_empty());
    }

    #[test]
    fn a_room_that_people_stayed_in_is_known_for_an_hour_and_one_that_was_tried_is_not() {
        let (admission, start) = (admission(), Instant::now());
        for (number, stayed) in [(0, Duration::ZERO), (1, STAYED)] {
            let admitted = admission.admit(&origin(1), Way::Enter, room(number), start).unwrap();
            let mut held = admission.hold(&admitted);
            held.since = start.checked_sub(stayed).unwrap();
        }
        let known = |number, after: u32| {
            admission.is_known(admission.hasher.hash_one((&origin(1), &room(number))), start + after * SECOND)
        };
        assert_eq!([known(0, 61), known(1, 61), known(1, 3500), known(1, 3700)], [false, true, true, false]);
    }

    #[test]
    fn whoever_has_a_token_and_everybody_without_the_limit_may_name_every_room() {
        let start = Instant::now();
        let token = Origin::Token(alert_core::ApiToken::parse("0123456789abcdef").unwrap());
        assert_eq!(tries(&admission(), &token, Way::FromOutside, 0, start), 2_000);
        assert_eq!(tries(&Admission::new(None, None), &origin(1), Way::FromOutside, 0, start), 2_000);
    }

    #[test]
    fn whoever_was_in_a_room_comes_back_without_being_counted() {
        let (admission, start) = (admission(), Instant::now());
        assert_eq!(tries(&admission, &origin(1), Way::Enter, 0, start), 600);
        let back = admission.readmit(&origin(1), room(5_000));
        assert!(admission.admit(&origin(1), Way::Enter, room(5_000), start).is_err(), "it is not there yet");
        let held = admission.hold(&back);
        assert!(admission.admit(&origin(1), Way::FromOutside, room(5_000), start).is_ok());
        drop(held);
        assert_eq!(tries(&admission, &origin(2), Way::Enter, 0, start), 600);
    }

    #[test]
    fn a_site_is_one_network_and_whoever_has_a_token_of_the_api_is_of_none() {
        let admission = admission();
        let network =
            |text: &str| admission.readmit(&Origin::of(None, Some(text.parse().unwrap())), room(1)).network();
        assert_eq!(network("2001:db8:1:2::1"), network("2001:db8:1:ffff::9"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:2:2::1"));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
        assert!(admission.readmit(&Origin::UnixSocket, room(1)).network().is_some());
        let token = Origin::Token(alert_core::ApiToken::parse("0123456789abcdef").unwrap());
        assert_eq!(admission.readmit(&token, room(1)).network(), None);
    }

    #[test]
    fn joins_are_counted_for_each_origin() {
        let (admission, start) = (admission(), Instant::now());
        let joins =
            |origin: &Origin| (0..10_000).filter(|_| admission.admit_join(origin, start).is_ok()).count();
        assert_eq!((joins(&origin(1)), joins(&origin(1)), joins(&origin(2))), (6_000, 0, 6_000));
        assert_eq!(admission.admit_join(&origin(1), start), Err(Wait(SECOND / 100)));
    }
}
