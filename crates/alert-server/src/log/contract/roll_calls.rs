//! What every store promises of roll calls and rosters.

use super::{Open, RETENTION, Stage, room};
use crate::log::contract::DEADLINE;
use crate::log::roll_calls::{Marking, RollError};
use crate::log::{RollCalls, Stored};
use alert_core::names::UserName;
use alert_core::room::alerts::AlertId;
use alert_core::room::roll_call::{MOST_PEOPLE, Mark, RollCall, Roster, Stage as At};
use std::sync::mpsc;
use std::time::SystemTime;

pub(in crate::log) fn alert(number: u8) -> AlertId {
    let mut digits = [7; 8];
    (digits[0], digits[1]) = (number % 32, number / 32);
    AlertId::made_of(digits)
}

pub(in crate::log) fn names(names: &[&str]) -> Vec<UserName> {
    names.iter().map(|name| UserName::parse(name, 64).unwrap()).collect()
}

pub(in crate::log) fn confirmed(answer: &str) -> Mark {
    let answer = (!answer.is_empty()).then(|| answer.into());
    Mark::Confirmed { answer, by: names(&["Ms Ortega"]).pop() }
}

/// Marks people, and waits until that is stored.
pub(in crate::log) fn mark<S: Stage>(
    desk: &S,
    (code, alert): (&str, AlertId),
    names: Vec<UserName>,
    mark: Mark,
) -> Result<Stored, RollError> {
    let (tell, told) = mpsc::channel();
    let marking = Marking { room: room(code), alert, names, mark, at: SystemTime::now() };
    desk.backend().roll_calls().mark(marking, Box::new(move |kept| tell.send(kept).unwrap()));
    told.recv_timeout(DEADLINE).unwrap()
}

pub(in crate::log) fn roll<S: Stage>(desk: &S, code: &str, alert: AlertId) -> Option<RollCall> {
    let rolls: &dyn RollCalls = desk.backend().roll_calls();
    let (tell, told) = mpsc::channel();
    rolls.roll_call(&room(code), alert, Box::new(move |found| tell.send(found).unwrap()));
    let found = told.recv_timeout(DEADLINE).unwrap().unwrap();
    let (tell, told) = mpsc::channel();
    rolls.roll_counts(&room(code), alert, Box::new(move |found| tell.send(found).unwrap()));
    let counts = told.recv_timeout(DEADLINE).unwrap().unwrap();
    for (name, person) in found.iter().flat_map(RollCall::people) {
        let (tell, told) = mpsc::channel();
        rolls.roll_person(&room(code), alert, name, Box::new(move |found| tell.send(found).unwrap()));
        assert_eq!(told.recv_timeout(DEADLINE).unwrap().unwrap().as_ref(), Some(person));
        if found.as_ref().is_some_and(|found| found.len() > 10) {
            break;
        }
    }
    assert_eq!(counts.as_ref(), found.as_ref().map(RollCall::counts), "it was counted as it changed");
    found
}

pub(in crate::log) fn roster<S: Stage>(desk: &S, code: &str) -> Roster {
    let (tell, told) = mpsc::channel();
    desk.backend().roll_calls().roster(&room(code), Box::new(move |found| tell.send(found).unwrap()));
    told.recv_timeout(DEADLINE).unwrap().unwrap()
}

pub(in crate::log) fn put_roster<S: Stage>(
    desk: &S,
    code: &str,
    roster: Roster,
) -> Result<Stored, RollError> {
    let (tell, told) = mpsc::channel();
    let done = Box::new(move |kept| tell.send(kept).unwrap());
    desk.backend().roll_calls().put_roster(&room(code), roster, done);
    told.recv_timeout(DEADLINE).unwrap()
}

pub(in crate::log) fn a_roll_call_has_what_was_noted_and_that_of_its_alert_only<S: Stage>(open: Open<S>) {
    let desk = open(RETENTION);
    let place = ("one", alert(1));
    assert_eq!(roll(&desk, "one", alert(1)), None);
    mark(&desk, place, names(&["Ada", "Bea \u{1f600}", "Cem"]), Mark::Expected).unwrap();
    mark(&desk, place, names(&["Ada", "Dan"]), Mark::Reached).unwrap();
    mark(&desk, place, names(&["Ada"]), Mark::Shown).unwrap();
    mark(&desk, place, names(&["Ada"]), confirmed("")).unwrap();
    mark(&desk, place, names(&["Ada"]), confirmed("need help")).unwrap();
    // Whoever asks again is answered as the first time, and at once.
    for _ in 0..3 {
        mark(&desk, place, names(&["Ada"]), Mark::Reached).unwrap();
    }
    mark(&desk, place, names(&["Cem"]), Mark::Shown).unwrap();
    mark(&desk, place, names(&["Dan"]), confirmed("safe")).unwrap();
    mark(&desk, ("one", alert(2)), names(&["Eve"]), Mark::Reached).unwrap();
    mark(&desk, ("two", alert(1)), names(&["Eve"]), Mark::Reached).unwrap();
    let found = roll(&desk, "one", alert(1)).unwrap();
    let told: Vec<_> = found
        .people()
        .into_iter()
        .map(|(name, person)| (name.as_str(), person.is_expected, person.stage, person.answer.as_deref()))
        .collect();
    assert_eq!(
        told,
        [
            ("Bea \u{1f600}", true, At::Missing, None),
            ("Cem", true, At::Shown, None),
            ("Ada", true, At::Confirmed, Some("need help")),
            ("Dan", false, At::Confirmed, Some("safe")),
        ]
    );
    let [ada, bea] = ["Ada", "Bea \u{1f600}"].map(|name| found.get(&names(&[name])[0]).unwrap());
    assert_eq!((&ada.by, &bea.by, bea.at), (&names(&["Ms Ortega"]).pop(), &None, None));
    let age = SystemTime::now().duration_since(ada.at.unwrap()).unwrap_or_default();
    assert!(age < DEADLINE, "{age:?}");
    assert_eq!(roll(&desk, "two", alert(1)).unwrap().len(), 1);
    assert_eq!((roll(&desk, "three", alert(1)), roll(&desk, "one", alert(3))), (None, None));
}

pub(in crate::log) fn a_roll_call_is_bounded_and_those_who_are_in_it_go_on<S: Stage>(open: Open<S>) {
    let desk = open(RETENTION);
    let place = ("one", alert(1));
    let many: Vec<_> =
        (0..MOST_PEOPLE).map(|number| UserName::parse(&number.to_string(), 64).unwrap()).collect();
    mark(&desk, place, many, Mark::Expected).unwrap();
    assert_eq!(mark(&desk, place, names(&["x"]), confirmed("")), Err(RollError::Full));
    mark(&desk, place, names(&["x", "7"]), confirmed("")).unwrap();
    let found = roll(&desk, "one", alert(1)).unwrap();
    assert_eq!((found.len(), found.counts().at(At::Confirmed)), (MOST_PEOPLE, 1));
    for number in 2..=66 {
        mark(&desk, ("one", alert(number)), names(&["Ada"]), Mark::Reached).unwrap();
    }
    assert_eq!((roll(&desk, "one", alert(1)), roll(&desk, "one", alert(2))), (None, None));
    assert_eq!(roll(&desk, "one", alert(3)).map(|roll| roll.len()), Some(1));
}

pub(in crate::log) fn a_roster_is_kept_changed_and_given_up<S: Stage>(open: Open<S>) {
    let desk = open(RETENTION);
    let of = |list: &[&str]| Roster::of(names(list)).unwrap();
    assert!(roster(&desk, "one").is_empty());
    put_roster(&desk, "one", of(&["Bea \u{e9}", "Ada"])).unwrap();
    put_roster(&desk, "two", of(&["Cem"])).unwrap();
    assert_eq!((roster(&desk, "one"), roster(&desk, "two")), (of(&["Bea \u{e9}", "Ada"]), of(&["Cem"])));
    put_roster(&desk, "one", of(&["Dan"])).unwrap();
    assert_eq!(roster(&desk, "one"), of(&["Dan"]));
    put_roster(&desk, "one", Roster::default()).unwrap();
    assert!(roster(&desk, "one").is_empty());
}
