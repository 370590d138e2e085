//! Random sequences of calls against the simplest model that could be right: a list of people, searched from the
//! front, and a list of what was announced for each.

use proptest::prelude::*;

use super::*;

#[derive(Clone, Copy, Debug)]
enum Call {
    Enter(usize),
    Leave(usize),
    Lose(usize),
    /// Time passes, then whoever is due expires.
    Wait(u64),
}

#[derive(Debug, PartialEq, Eq)]
struct ModelPerson {
    who: usize,
    connections: u32,
    deadline: Option<u64>,
}

/// In milliseconds; a deadline of `None` means connected.
#[derive(Default)]
struct Model {
    people: Vec<ModelPerson>,
    grace: u64,
    now: u64,
}

impl Model {
    fn connected(&mut self, who: usize) -> Option<usize> {
        self.people.iter().position(|person| person.who == who && person.connections > 0)
    }

    fn enter(&mut self, who: usize) -> bool {
        if let Some(person) = self.people.iter_mut().find(|person| person.who == who) {
            person.connections += 1;
            person.deadline = None;
            return false;
        }
        self.people.push(ModelPerson { who, connections: 1, deadline: None });
        true
    }

    fn leave(&mut self, who: usize) -> bool {
        let Some(at) = self.connected(who) else {
            return false;
        };
        self.people[at].connections -= 1;
        let last = self.people[at].connections == 0;
        if last {
            self.people.remove(at);
        }
        last
    }

    /// The deadline if this was the last connection.
    fn lose(&mut self, who: usize) -> Option<u64> {
        let at = self.connected(who)?;
        if self.people[at].connections > 1 {
            self.people[at].connections -= 1;
            return None;
        }
        let deadline = self.now + self.grace;
        if self.grace == 0 {
            self.people.remove(at);
        } else {
            self.people[at].connections = 0;
            self.people[at].deadline = Some(deadline);
        }
        Some(deadline)
    }

    fn expire(&mut self) -> Vec<usize> {
        let now = self.now;
        let due = |person: &ModelPerson| person.deadline.is_some_and(|deadline| deadline <= now);
        let mut gone: Vec<_> = self.people.extract_if(.., |person| due(person)).collect();
        gone.sort_by_key(|person| person.deadline);
        gone.into_iter().map(|person| person.who).collect()
    }
}

fn calls() -> impl Strategy<Value = Vec<Call>> {
    let who = 0_usize..4;
    let call = prop_oneof![
        3 => who.clone().prop_map(Call::Enter),
        1 => who.clone().prop_map(Call::Leave),
        3 => who.prop_map(Call::Lose),
        2 => (0_u64..1_500).prop_map(Call::Wait),
    ];
    prop::collection::vec(call, 0..80)
}

proptest! {
    #[test]
    fn given_any_calls_then_the_room_does_what_the_model_does(
        calls in calls(),
        grace in prop_oneof![Just(0_u64), Just(1_000), Just(2_000)],
        most in 1_usize..6,
    ) {
        let names = ["Ada", "Bob", "Cy", "Dan"].map(|text| UserName::parse(text, 64).unwrap());
        let start = Instant::now();
        let at = |millis: u64| start + Duration::from_millis(millis);
        let mut room = Room::new(Duration::from_millis(grace), most);
        let mut model = Model { grace, ..Model::default() };
        // Who is in the room by the announcements alone: they alternate if each of them changes that.
        let mut announced = [false; 4];
        // The list before the last change, which somebody still holds.
        let mut held: Option<(Arc<Members>, Vec<UserName>)> = None;

        for call in calls {
            let mut entered = None;
            let mut left = Vec::new();
            match call {
                Call::Enter(who) => {
                    let entry = room.enter(&names[who]);
                    prop_assert_eq!(entry == Entry::Announced, model.enter(who));
                    entered = (entry == Entry::Announced).then_some(who);
                }
                Call::Leave(who) => {
                    let departure = room.leave(&names[who]);
                    prop_assert_eq!(departure == Departure::Announced, model.leave(who));
                    left.extend((departure == Departure::Announced).then_some(who));
                }
                Call::Lose(who) => {
                    let loss = room.lose(&names[who], at(model.now));
                    let expected = match model.lose(who) {
                        None => Loss::Quiet,
                        Some(_) if grace == 0 => Loss::Announced,
                        Some(deadline) => Loss::Grace(at(deadline)),
                    };
                    prop_assert_eq!(loss, expected);
                    left.extend((loss == Loss::Announced).then_some(who));
                }
                Call::Wait(millis) => {
                    model.now += millis;
                    let gone = room.expire(at(model.now), usize::MAX);
                    left = gone.iter().filter_map(|name| names.iter().position(|other| other == name)).collect();
                    let mut expected = model.expire();
                    if expected.len() > 1 {
                        // Equal deadlines end in the order of entering; that order is not part of the contract.
                        expected.sort_unstable();
                        left.sort_unstable();
                    }
                    prop_assert_eq!(&left, &expected);
                }
            }
            if let Some(who) = entered {
                prop_assert!(!std::mem::replace(&mut announced[who], true), "entered twice: {:?}", call);
            }
            for who in left {
                prop_assert!(std::mem::replace(&mut announced[who], false), "left twice: {:?}", call);
            }

            let members: Vec<_> = model.people.iter().map(|person| names[person.who].clone()).collect();
            let list = room.members();
            prop_assert_eq!((list.names(), list.count()), (&members[..members.len().min(most)], members.len()));
            let names_then = list.names().to_vec();
            if let Some((list, names)) = held.replace((list, names_then)) {
                prop_assert_eq!(list.names(), names);
            }
            prop_assert_eq!(room.count(), model.people.len());
            prop_assert_eq!(room.is_empty(), model.people.is_empty());
            let deadline = model.people.iter().filter_map(|person| person.deadline).min();
            prop_assert_eq!(room.next_deadline(), deadline.map(at));
            for (who, name) in names.iter().enumerate() {
                prop_assert_eq!(announced[who], members.contains(name));
            }
        }
    }
}
