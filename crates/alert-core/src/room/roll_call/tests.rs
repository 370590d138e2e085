use std::time::Duration;

use proptest::prelude::*;

use super::*;

const START: SystemTime = SystemTime::UNIX_EPOCH;

fn name(text: &str) -> UserName {
    UserName::parse(text, 64).unwrap()
}

fn confirmed(answer: Option<&str>, by: Option<&str>) -> Mark {
    Mark::Confirmed { answer: answer.map(Into::into), by: by.map(name) }
}

fn after(seconds: u64) -> SystemTime {
    START + Duration::from_secs(seconds)
}

#[test]
fn a_person_is_counted_once_at_the_furthest_stage() {
    let (mut roll, ada) = (RollCall::default(), name("Ada"));
    let found = |roll: &RollCall| (roll.counts().expected, roll.counts().stages);
    roll.mark(&ada, &Mark::Expected, START).unwrap();
    assert_eq!(found(&roll), (1, [1, 0, 0, 0]));
    roll.mark(&ada, &Mark::Shown, after(1)).unwrap();
    assert_eq!(found(&roll), (1, [0, 0, 1, 0]));
    assert_eq!(roll.mark(&ada, &Mark::Reached, after(2)), Ok(None), "it is known that they see it");
    roll.mark(&ada, &confirmed(None, None), after(3)).unwrap();
    assert_eq!((found(&roll), roll.get(&ada).unwrap().at), ((1, [0, 0, 0, 1]), Some(after(3))));
    // Whoever was not expected confirms as well.
    roll.mark(&name("Bea"), &confirmed(None, None), after(4)).unwrap();
    assert_eq!(found(&roll), (1, [0, 0, 0, 2]));
}

#[test]
fn an_answer_is_changed_by_another_one_and_by_nothing_else() {
    let (mut roll, ada) = (RollCall::default(), name("Ada"));
    roll.mark(&ada, &confirmed(Some("safe"), Some("Ms Ortega")), START).unwrap();
    let person = roll.get(&ada).unwrap().clone();
    assert_eq!((person.answer.as_deref(), person.by), (Some("safe"), Some(name("Ms Ortega"))));
    for mark in [confirmed(None, None), confirmed(Some("safe"), None), Mark::Shown, Mark::Reached] {
        assert_eq!(roll.mark(&ada, &mark, after(1)), Ok(None), "{mark:?}");
    }
    let changed = roll.mark(&ada, &confirmed(Some("need help"), None), after(2)).unwrap().unwrap();
    assert_eq!(
        (changed.answer.as_deref(), &changed.by, changed.at),
        (Some("need help"), &None, Some(after(2)))
    );
    assert_eq!(roll.counts().answers, BTreeMap::from([("need help".into(), 1)]));
}

#[test]
fn who_is_missing_comes_first() {
    let mut roll = RollCall::default();
    for (who, mark) in [
        ("Cem", Mark::Reached),
        ("Ada", confirmed(None, None)),
        ("Bea", Mark::Expected),
        ("Abe", Mark::Expected),
    ] {
        roll.mark(&name(who), &mark, START).unwrap();
    }
    let names: Vec<_> = roll.people().into_iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["Abe", "Bea", "Cem", "Ada"]);
}

#[test]
fn a_roll_call_that_is_full_takes_nobody_else() {
    let mut roll = RollCall::default();
    for number in 0..MOST_PEOPLE {
        roll.mark(&name(&number.to_string()), &Mark::Expected, START).unwrap();
    }
    assert_eq!(roll.mark(&name("x"), &Mark::Reached, START), Err(Full));
    assert!(roll.mark(&name("0"), &Mark::Reached, START).unwrap().is_some());
}

fn mark() -> impl Strategy<Value = Mark> {
    let answer = prop::option::of(prop::sample::select(vec!["safe", "need help", "away"]));
    let by = prop::option::of(Just("Ms Ortega"));
    prop_oneof![
        Just(Mark::Expected),
        Just(Mark::Reached),
        Just(Mark::Shown),
        (answer, by).prop_map(|(answer, by)| confirmed(answer, by)),
    ]
}

proptest! {
    #[test]
    fn the_counts_are_those_of_the_people_and_nobody_goes_back(
        marks in prop::collection::vec((0_u8..8, mark()), 0..200),
    ) {
        let mut roll = RollCall::default();
        for (second, (who, mark)) in (0..).zip(&marks) {
            let who = name(&format!("P{who}"));
            let before = roll.get(&who).cloned();
            let is_news = roll.mark(&who, mark, after(second)).unwrap().is_some();
            let now = roll.get(&who).unwrap();
            prop_assert_eq!(is_news, before.as_ref() != Some(now));
            let before = before.unwrap_or_default();
            prop_assert!(before.stage <= now.stage && before.is_expected <= now.is_expected);
            prop_assert_eq!(now.at.is_some(), now.stage > Stage::Missing);
            // The same mark again is no news.
            prop_assert_eq!(roll.mark(&who, mark, after(second + 1)), Ok(None));
        }
        let mut counts = Counts::default();
        roll.people().into_iter().for_each(|(_, person)| counts.add(person));
        prop_assert_eq!(roll.counts(), &counts);
    }

    #[test]
    fn a_roll_call_that_a_store_has_kept_or_that_goes_along_is_the_same(marks in prop::collection::vec((0_u8..8, mark()), 0..100)) {
        let mut roll = RollCall::default();
        for (who, mark) in &marks {
            roll.mark(&name(&format!("P{who}")), mark, START).unwrap();
        }
        let mut kept = RollCall::default();
        for (name, person) in roll.people() {
            kept.put(name.clone(), Person::default());
            kept.put(name.clone(), person.clone());
        }
        prop_assert_eq!(&kept, &roll);
        let mut made = RollCall::default();
        for (mark, names) in roll.marks() {
            names.iter().for_each(|name| _ = made.mark(name, &mark, START).unwrap());
        }
        prop_assert_eq!(made, roll);
    }
}
