//! Which bells ring next. Pure: the time is passed in.

use alert_core::names::RoomCode;
use alert_core::room::bell::{Bell, BellId};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// A bell that is to ring.
#[derive(Clone, Debug)]
pub(super) struct Planned {
    /// Where.
    pub(super) room: RoomCode,
    /// As it rings, with its days.
    pub(super) bell: Arc<Bell>,
    /// As it is in the file, if it is one of it.
    pub(super) of_file: Option<Arc<Bell>>,
}

/// What is due, in the order of its times.
#[derive(Debug, Default)]
pub(super) struct Plan {
    due: BTreeMap<(SystemTime, usize), Planned>,
    /// Those that do not ring any more, which takes longest to find out.
    over: Vec<Planned>,
    /// Tells those of one moment apart.
    count: usize,
}

/// What has become of what was due.
#[derive(Debug)]
pub(super) enum Due {
    /// It rings, for this time.
    Rings(Planned, SystemTime),
    /// It was to ring then, and it is too late.
    Missed(Planned, SystemTime),
}

impl Plan {
    /// A plan of these bells. What was to ring after `seen` is due; without that, what may still ring. Those that are as they
    /// were `before` ring when they were to.
    pub(super) fn of(
        bells: impl IntoIterator<Item = Planned>,
        before: &Self,
        seen: Option<SystemTime>,
        now: SystemTime,
    ) -> Self {
        let mut plan = Self::default();
        let due = before.due.iter().map(|((at, _), planned)| (planned, Some(*at)));
        let known = due.chain(before.over.iter().map(|planned| (planned, None)));
        let known: HashMap<_, _> =
            known.map(|(planned, at)| ((&planned.room, planned.id()), (planned, at))).collect();
        for planned in bells {
            if let Some((same, at)) = known.get(&(&planned.room, planned.id()))
                && (&same.bell, &same.of_file) == (&planned.bell, &planned.of_file)
            {
                match at {
                    Some(at) => plan.put(*at, planned),
                    None => plan.over.push(planned),
                }
                continue;
            }
            // Of what was missed before the server started, the log tells.
            let most = planned.bell.missed.most();
            let from = seen.map_or_else(|| earliest(now, most), |seen| seen.min(now));
            plan.add(planned, from);
        }
        plan
    }

    fn add(&mut self, planned: Planned, after: SystemTime) {
        match planned.bell.next(after) {
            Some(next) => self.put(next, planned),
            None => self.over.push(planned),
        }
    }

    fn put(&mut self, at: SystemTime, planned: Planned) {
        self.count += 1;
        self.due.insert((at, self.count), planned);
    }

    /// When the next is due.
    pub(super) fn next(&self) -> Option<SystemTime> {
        self.due.first_key_value().map(|((at, _), _)| *at)
    }

    /// Takes the next that is due at `now`, and plans when it rings again.
    pub(super) fn take(&mut self, now: SystemTime) -> Option<Due> {
        let entry = self.due.first_entry().filter(|entry| entry.key().0 <= now)?;
        let ((at, _), planned) = entry.remove_entry();
        let most = planned.bell.missed.most();
        let late = now.duration_since(at).unwrap_or_default();
        // A clock that is put forward by years passes over all that was in between.
        self.add(planned.clone(), earliest(now, most).max(at));
        Some(if late > most { Due::Missed(planned, at) } else { Due::Rings(planned, at) })
    }
}

/// What comes after this is not too late.
fn earliest(now: SystemTime, most: Duration) -> SystemTime {
    now.checked_sub(most + Duration::from_millis(1)).unwrap_or(now)
}

impl Planned {
    /// Of which bell.
    pub(super) fn id(&self) -> &BellId {
        &self.bell.id
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alert_core::room::bell::Form;
    /// A Monday in 2026, 8:00 in Berlin; bells ring at 8:40 and 9:30.
    fn start() -> SystemTime {
        SystemTime::from("2026-11-30T07:00:00Z".parse::<jiff::Timestamp>().unwrap())
    }

    fn after(minutes: u64) -> SystemTime {
        start() + Duration::from_secs(60 * minutes)
    }

    fn planned(missed: &str) -> Planned {
        let form = Form {
            id: "lesson".into(),
            rule: "FREQ=DAILY".into(),
            times: vec!["08:40".into(), "09:30".into()],
            zone: "Europe/Berlin".into(),
            say: Some("x".into()),
            missed: Some(missed.into()),
            ..Form::default()
        };
        let bell = Arc::new(Bell::try_from(&form).unwrap());
        Planned { room: RoomCode::parse("D5DB", 64).unwrap(), bell, of_file: None }
    }

    fn took(plan: &mut Plan, now: SystemTime) -> Vec<(bool, SystemTime)> {
        let due = std::iter::from_fn(|| plan.take(now));
        due.map(|due| match due {
            Due::Rings(_, at) => (true, at),
            Due::Missed(_, at) => (false, at),
        })
        .collect()
    }

    #[test]
    fn what_is_due_rings_and_is_planned_again() {
        let mut plan = Plan::of([planned("1m")], &Plan::default(), None, start());
        assert_eq!((took(&mut plan, after(39)), plan.next()), (vec![], Some(after(40))));
        assert_eq!(took(&mut plan, after(40)), [(true, after(40))]);
        assert_eq!((took(&mut plan, after(40)), plan.next()), (vec![], Some(after(90))));
    }

    #[test]
    fn given_a_server_that_was_down_then_what_is_not_too_late_rings_and_nothing_else() {
        for (missed, now, rings) in [
            ("5m", after(44), vec![(true, after(40))]),
            ("5m", after(46), vec![]),
            ("skip", after(41), vec![]),
        ] {
            assert_eq!(
                took(&mut Plan::of([planned(missed)], &Plan::default(), None, now), now),
                rings,
                "{missed}"
            );
        }
    }

    #[test]
    fn given_a_clock_that_is_put_forward_then_what_is_too_late_is_missed_and_nothing_rings_for_it() {
        let mut plan = Plan::of([planned("1m")], &Plan::default(), None, start());
        let week = after(7 * 24 * 60 + 41);
        assert_eq!(took(&mut plan, week), [(false, after(40)), (true, after(7 * 24 * 60 + 40))]);
    }

    #[test]
    fn given_other_bells_then_those_that_are_new_do_not_ring_for_what_is_over() {
        let seen = Some(after(41));
        let plan = Plan::of([planned("5m")], &Plan::default(), seen, after(42));
        assert_eq!(plan.next(), Some(after(90)));
        // What came due while they were read again rings.
        assert_eq!(
            Plan::of([planned("5m")], &Plan::default(), Some(after(39)), after(41)).next(),
            Some(after(40))
        );
        let same = Plan::of([planned("5m")], &plan, Some(after(300)), after(300));
        assert_eq!(same.next(), Some(after(90)), "what is known is not looked for again");
        let mut over = planned("5m");
        let bell = Arc::make_mut(&mut over.bell);
        bell.id = "over".parse().unwrap();
        bell.schedule.except = vec!["2000-01-01/2199-12-31".parse().unwrap()];
        let none = Plan::of([over.clone()], &Plan::default(), None, start());
        assert_eq!((none.next(), none.over.len()), (None, 1));
        let same = Plan::of([over, planned("5m")], &none, Some(start()), start());
        assert_eq!((same.next(), same.over.len()), (Some(after(40)), 1), "nor is what rings no more");
        // A clock that was put back.
        assert_eq!(
            Plan::of([planned("5m")], &Plan::default(), Some(after(500)), start()).next(),
            Some(after(40))
        );
    }
}
