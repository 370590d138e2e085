//! How fast the hosts of one network make rooms and act in them: what they decide is kept for long, told to everybody and
//! written down, so it costs more than a message.

use super::Refused;
use super::admission::{Admitted, Network};
use crate::recent::Recent;
use alert_core::room::policy::Forbidden;
use socketio_server::{Meter, Rate};
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

/// What a room that is made costs: 200 at once, and then two a minute. So one network needs weeks to make as many as are
/// kept, and a school makes all that it needs of a morning.
const MAKE: u64 = 30;
const MAKES: Rate = Rate { per_second: NonZeroU32::MIN, burst: NonZeroU32::new(200 * 30).unwrap() };
/// What a webhook costs: 40 at once, and then two an hour. So one network needs weeks to make as many as there may be.
const HOOK: u64 = 1800;
const HOOKS: Rate = Rate { per_second: NonZeroU32::MIN, burst: NonZeroU32::new(40 * 1800).unwrap() };
/// What the hosts of each room may do first, so that a neighbour who does too much keeps no host from putting somebody out.
const OWN: Rate = Rate { per_second: NonZeroU32::MIN, burst: NonZeroU32::new(60).unwrap() };
/// What deeds cost beyond that, those of all rooms together: 600 at once, and then ten a second.
const DEEDS: Rate = Rate { per_second: NonZeroU32::new(10).unwrap(), burst: NonZeroU32::new(600).unwrap() };
/// What a deed costs besides its [`LISTED`].
const DEED: u64 = 1;
/// How many bytes of names cost as much as a deed.
const LISTED: usize = 256;
/// What a password costs that is to be hashed.
const HASH: u64 = 20;
/// Networks that are remembered. Then whoever has been quiet longest is forgotten.
const MOST: usize = 10_000;

/// Rooms, each of a network. Then the one that was quiet longest is forgotten.
const MOST_ROOMS: usize = 100_000;

/// Entries leave when they are as good as new, or there are too many.
pub(super) struct Allowances {
    by_network: Recent<Network, Used>,
    /// By [`Admitted::key`].
    by_room: Recent<u64, Meter>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Used {
    makes: Meter,
    hooks: Meter,
    deeds: Meter,
}

/// What a deed costs.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cost {
    /// Bytes of the names that it brings.
    pub(super) listed: usize,
    /// It brings a password.
    pub(super) hashes: bool,
}

impl Cost {
    fn units(self) -> u64 {
        let listed = u64::try_from(self.listed / LISTED).unwrap_or(u64::MAX);
        // One that costs more than there is of it at a time can be done all the same.
        (DEED + listed + if self.hashes { HASH } else { 0 }).min(DEEDS.burst.get().into())
    }
}

impl Allowances {
    pub(super) fn new() -> Self {
        Self {
            by_network: Recent::new(MAKES.recovery().max(HOOKS.recovery()).max(DEEDS.recovery()), MOST),
            by_room: Recent::new(OWN.recovery(), MOST_ROOMS),
        }
    }

    /// Somebody makes a room; the network is that of [`Admitted`].
    ///
    /// # Errors
    /// If too many were made from there.
    pub(super) fn make(&self, network: Option<Network>, now: Instant) -> Result<(), Refused> {
        let taken = self.take(network, now, |used| (&mut used.makes, MAKES, MAKE));
        taken.map_err(Refused::TooManyMakes)
    }

    /// Somebody makes a webhook.
    ///
    /// # Errors
    /// If too many were made from there.
    pub(super) fn hook(&self, network: Option<Network>, now: Instant) -> Result<(), Refused> {
        let taken = self.take(network, now, |used| (&mut used.hooks, HOOKS, HOOK));
        taken.map_err(|wait| Forbidden::TooManyHooks(wait).into())
    }

    /// A host acts.
    ///
    /// # Errors
    /// If too much was done from there.
    pub(super) fn act(&self, room: &Admitted, cost: Cost, now: Instant) -> Result<(), Refused> {
        self.act_in(room.key(), room.network(), cost, now)
    }

    fn act_in(&self, room: u64, network: Option<Network>, cost: Cost, now: Instant) -> Result<(), Refused> {
        // What is kept for long counts for the network at once: it has many rooms.
        if cost.listed < LISTED {
            let mut table = self.by_room.at(now);
            let own = table.touch(room, Meter::default);
            if own.wait_for(now, OWN, cost.units()).is_none() {
                own.take(now, OWN, cost.units());
                return Ok(());
            }
        }
        let taken = self.take(network, now, |used| (&mut used.deeds, DEEDS, cost.units()));
        taken.map_err(|wait| Forbidden::TooManyDeeds(wait).into())
    }

    fn take(
        &self,
        network: Option<Network>,
        now: Instant,
        of: impl FnOnce(&mut Used) -> (&mut Meter, Rate, u64),
    ) -> Result<(), Duration> {
        let Some(network) = network else { return Ok(()) };
        let mut table = self.by_network.at(now);
        let (meter, rate, units) = of(table.touch(network, Used::default));
        match meter.wait_for(now, rate, units) {
            Some(wait) => Err(wait),
            None => {
                meter.take(now, rate, units);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn how_many(mut act: impl FnMut() -> Result<(), Refused>) -> usize {
        (0..10_000).take_while(|_| act().is_ok()).count()
    }

    #[test]
    fn given_a_network_that_makes_rooms_then_it_is_held_back_and_others_are_not() {
        let (allowances, start) = (Allowances::new(), Instant::now());
        let made =
            |network, after: u64| how_many(|| allowances.make(network, start + Duration::from_secs(after)));
        assert_eq!(
            (made(Some(1), 0), made(Some(1), 29), made(Some(1), 30), made(Some(2), 30)),
            (200, 0, 1, 200)
        );
        assert_eq!(made(None, 30), 10_000, "a token of the API is not counted");
        let wait = allowances.make(Some(1), start + Duration::from_secs(40));
        assert_eq!(wait, Err(Refused::TooManyMakes(Duration::from_secs(20))));
        assert_eq!(made(Some(1), 3600 * 24), 200);
    }

    #[test]
    fn given_a_network_that_makes_webhooks_then_it_is_held_back_and_others_are_not() {
        let (allowances, start) = (Allowances::new(), Instant::now());
        let made =
            |network, after: u64| how_many(|| allowances.hook(network, start + Duration::from_secs(after)));
        assert_eq!((made(Some(1), 0), made(Some(1), 1800), made(Some(2), 1800)), (40, 1, 40));
        assert_eq!(made(None, 1800), 10_000, "a token of the API is not counted");
        let wait = allowances.hook(Some(1), start + Duration::from_secs(1900));
        assert_eq!(wait, Err(Forbidden::TooManyHooks(Duration::from_secs(1700)).into()));
        assert_eq!(allowances.make(Some(1), start + Duration::from_secs(1900)), Ok(()));
    }

    #[test]
    fn given_deeds_then_they_cost_what_they_bring() {
        let start = Instant::now();
        let done = |cost: Cost| {
            let allowances = Allowances::new();
            how_many(|| allowances.act_in(7, Some(1), cost, start))
        };
        let listed = |listed| Cost { listed, hashes: false };
        assert_eq!(done(Cost::default()), 660);
        assert_eq!(done(listed(10 * LISTED)), 600 / 11);
        assert_eq!(done(listed(usize::MAX)), 1, "it can be done, once");
        assert_eq!(done(Cost { hashes: true, listed: 0 }), 60 / 21 + 600 / 21);
    }

    #[test]
    fn given_a_neighbour_who_does_too_much_then_the_hosts_of_another_room_go_on() {
        let (allowances, start) = (Allowances::new(), Instant::now());
        let act = |room, after: u64| {
            let now = start + Duration::from_secs(after);
            allowances.act_in(room, Some(1), Cost::default(), now)
        };
        assert_eq!(how_many(|| act(1, 0)), 660);
        assert_eq!((how_many(|| act(2, 0)), how_many(|| act(3, 0))), (60, 60));
        assert_eq!(act(2, 0), Err(Forbidden::TooManyDeeds(Duration::from_millis(100)).into()));
        assert_eq!(how_many(|| act(2, 1)), 11);
    }
}
