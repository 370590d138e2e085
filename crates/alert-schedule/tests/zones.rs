//! Every zone of the IANA database over twenty years, against a calculation that knows nothing of rules, days or gaps: it
//! walks from one change of a zone's clocks to the next, with its sums.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use alert_schedule::{Holidays, Rule, Schedule, Times, Zone};
use jiff::Timestamp;
use proptest::prelude::*;

const DAY: i64 = 24 * 3600;
const FIRST_YEAR: &str = "2020-01-01T00:00:00Z";
const LAST_YEAR: &str = "2040-01-01T00:00:00Z";

fn seconds(text: &str) -> i64 {
    text.parse::<Timestamp>().unwrap().as_second()
}

/// Where a zone's clocks stand, in seconds before or after UTC, and from when until when.
fn stretches(zone: &Zone, from: i64, until: i64) -> Vec<(i64, i64, i64)> {
    let start = Timestamp::from_second(from).unwrap();
    let changes = zone.time_zone().following(start).map(|change| change.timestamp().as_second());
    let mut edges = vec![from];
    edges.extend(changes.take_while(|at| *at < until));
    edges.push(until);
    let offset =
        |at: i64| i64::from(zone.time_zone().to_offset(Timestamp::from_second(at).unwrap()).seconds());
    edges
        .windows(2)
        .filter(|edge| edge[0] < edge[1])
        .map(|edge| (edge[0], edge[1], offset(edge[0])))
        .collect()
}

/// When a zone's clocks show this second of this day, counted from 1970 as if the clocks were those of UTC.
fn moment(stretches: &[(i64, i64, i64)], shown: i64) -> Option<i64> {
    // The first stretch in which it is shown at all.
    if let Some(at) = stretches
        .iter()
        .map(|(from, until, offset)| (shown - offset, from, until))
        .find(|(at, from, until)| *from <= at && at < until)
    {
        return Some(at.0);
    }
    // Left out: as if the clocks had not been put forward; but a whole day that is left out has no times.
    let (before, after) = stretches
        .windows(2)
        .map(|pair| (pair[0], pair[1]))
        .find(|(before, after)| shown - before.2 >= before.1 && shown - after.2 < after.0)?;
    (after.2 - before.2 < DAY).then_some(shown - before.2)
}

/// Monday is 0; 1 January 1970 was a Thursday.
fn weekday(day: i64) -> usize {
    usize::try_from((day + 3).rem_euclid(7)).unwrap()
}

fn walk(zone: &Zone, weekdays: [bool; 7], times: &[i64]) -> BTreeSet<i64> {
    let (from, until) = (seconds(FIRST_YEAR), seconds(LAST_YEAR));
    let stretches = stretches(zone, from - 10 * DAY, until + 10 * DAY);
    let days = (from / DAY - 3..=until / DAY + 3).filter(|day| weekdays[weekday(*day)]);
    let all = days.flat_map(|day| times.iter().map(move |time| day * DAY + time));
    all.filter_map(|shown| moment(&stretches, shown)).filter(|at| (from..until).contains(at)).collect()
}

fn schedule(zone: Zone, weekdays: [bool; 7], times: &[i64]) -> Schedule {
    let names = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];
    let days: Vec<_> =
        names.into_iter().zip(weekdays).filter(|(_, is_one)| *is_one).map(|(name, _)| name).collect();
    let times = times.iter().map(|time| format!("{:02}:{:02}:{:02}", time / 3600, time / 60 % 60, time % 60));
    Schedule {
        zone,
        rule: Rule::parse(
            &format!("FREQ=WEEKLY;BYDAY={}", days.join(",")),
            Some("2019-12-30".parse().unwrap()),
        )
        .unwrap(),
        times: Times::parse(&times.collect::<Vec<_>>()).unwrap(),
        except: Vec::new(),
        holidays: Arc::new(Holidays::default()),
        changes: BTreeMap::new(),
    }
}

/// Every time in the twenty years, by portions of a preview.
fn previewed(schedule: &Schedule) -> BTreeSet<i64> {
    let (mut from, until) = (seconds(FIRST_YEAR), seconds(LAST_YEAR));
    let mut all = BTreeSet::new();
    while from < until {
        let days = u16::try_from(((until - from) / DAY).clamp(1, 3000)).unwrap();
        for at in schedule.preview(Timestamp::from_second(from).unwrap(), days) {
            assert!(all.insert(at.as_second()), "no moment comes twice");
        }
        from += i64::from(days) * DAY;
    }
    all
}

#[test]
fn given_any_zone_then_twenty_years_of_bells_are_those_of_a_walk_through_its_days() {
    // A school's, and those at which clocks are put forward and back somewhere.
    let times = [0, 1800, 2 * 3600 + 1800, 8 * 3600 + 55 * 60, 23 * 3600 + 1800];
    let (mut zones, mut walked) = (0, BTreeSet::new());
    for name in Zone::all() {
        // The database also lists what is no zone, such as its licence.
        let Ok(zone) = name.parse::<Zone>() else { continue };
        zones += 1;
        // Many are other names of the same clocks.
        if !walked.insert(stretches(&zone, seconds(FIRST_YEAR), seconds(LAST_YEAR))) {
            continue;
        }
        let expected = walk(&zone, [true; 7], &times);
        let found = previewed(&schedule(zone, [true; 7], &times));
        assert_eq!(found.symmetric_difference(&expected).next(), None, "in {name}");
    }
    assert!(zones > 590 && walked.len() > 50, "{zones} zones, of which {} differ", walked.len());
}

proptest! {
    #[test]
    fn given_any_zone_days_and_times_then_the_next_is_that_of_the_walk(
        pick in any::<prop::sample::Index>(),
        mut weekdays in any::<[bool; 7]>(),
        one in 0_usize..7,
        times in prop::collection::btree_set(0_i64..DAY, 1..5),
        moments in prop::collection::vec(seconds(FIRST_YEAR)..seconds(LAST_YEAR) - 10 * DAY, 10),
    ) {
        weekdays[one] = true;
        let names: Vec<_> = Zone::all().collect();
        let zone: Zone = pick.get(&names).parse().unwrap();
        let times: Vec<_> = times.into_iter().collect();
        let all = walk(&zone, weekdays, &times);
        // Moments anywhere, and those at which the zone's clocks change.
        let changes = stretches(&zone, seconds(FIRST_YEAR), seconds(LAST_YEAR) - 10 * DAY);
        let schedule = schedule(zone, weekdays, &times);
        for moment in moments.into_iter().chain(changes.iter().take(6).map(|(from, ..)| *from)) {
            let next = schedule.next(Timestamp::from_second(moment).unwrap());
            let expected = all.range(moment + 1..).next().copied();
            prop_assert_eq!(next.map(|at| at.as_second()), expected);
        }
    }
}
