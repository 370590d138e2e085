//! What each part of a policy allows, and what holds after any actions.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn name(text: &str) -> UserName {
    UserName::parse(text, 64).unwrap()
}

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_764_400_000 + seconds)
}

fn after(policy: &Policy, action: Action) -> Policy {
    policy.after(&action, &[name("Ada"), name("Bea")], at(10)).unwrap()
}

fn set(change: Change) -> Policy {
    after(&Policy::default(), Action::Set(Box::new(change)))
}

fn visitor(name: &UserName) -> Visitor<'_> {
    Visitor { name: Some(name), ..Visitor::default() }
}

fn password() -> Policy {
    set(Change { password: Some(Some(PasswordHash::new("$argon2id$x"))), ..Change::default() })
}

#[test]
fn given_no_policy_then_everybody_may_do_everything() {
    let (policy, ada) = (Policy::default(), name("Ada"));
    assert!(policy.is_open());
    for who in [visitor(&ada), Visitor::default()] {
        assert_eq!(policy.may_enter(&who, at(0)), Ok(()));
        assert_eq!(policy.may_stay(&who, 0, at(0)), Ok(()));
        assert_eq!(policy.may_speak(&who, &ada, Some(at(0)), at(0)), Ok(()));
    }
}

#[test]
fn given_a_password_then_whoever_shows_it_enters_and_whoever_showed_it_comes_back() {
    let (policy, ada) = (password(), name("Ada"));
    let (stranger, knows) = (visitor(&ada), Visitor { has_password: true, ..visitor(&ada) });
    for outside in [Visitor::default(), stranger] {
        assert_eq!(policy.may_enter(&outside, at(11)), Err(Forbidden::PasswordRequired));
    }
    assert_eq!(policy.may_enter(&knows, at(11)), Ok(()));
    assert_eq!(policy.may_come_back(&stranger, at(11), at(12)), Ok(()));
    assert_eq!(policy.may_come_back(&stranger, at(9), at(12)), Err(Forbidden::PasswordRequired));
    assert_eq!(policy.may_stay(&stranger, 0, at(12)), Ok(()), "whoever is in stays in");
    let outside = Visitor { name: None, ..stranger };
    assert_eq!(policy.may_speak(&outside, &ada, None, at(12)), Err(Forbidden::PasswordRequired));
}

#[test]
fn given_an_alert_of_another_room_then_its_raiser_is_not_heard_who_is_banned_or_muted_or_whose_name_is_not_theirs()
 {
    let ada = name("Ada");
    let heard = |policy: Policy| policy.may_hear_of(&ada, at(12));
    assert_eq!(heard(Policy::default()), Ok(()));
    assert_eq!(heard(after(&Policy::default(), Action::Close)), Err(Forbidden::Closed));
    let ban = Action::Ban(Whom::Name(ada.clone()), None, false);
    assert_eq!(heard(after(&Policy::default(), ban)), Err(Forbidden::Banned(None)));
    let mute = |name| after(&Policy::default(), Action::Mute(name, None));
    assert_eq!(heard(mute(ada.clone())), Err(Forbidden::Muted(None)));
    assert_eq!(heard(mute(name("Bea"))), Ok(()));
    let reserve = |name| set(Change { reserved: Some(vec![name]), ..Change::default() });
    assert_eq!(heard(reserve(name("ada"))), Err(Forbidden::NameReserved));
    assert_eq!(heard(reserve(ada.clone())), Ok(()), "they owned it when they raised the alert");
    assert_eq!(heard(Policy { announce: true, ..password() }), Ok(()));
}

#[test]
fn given_a_locked_room_then_those_who_were_there_come_and_go_and_nobody_else_comes() {
    let policy = set(Change { locked: Some(true), ..Change::default() });
    let (ada, cy) = (name("Ada"), name("Cy"));
    assert_eq!(policy.may_enter(&visitor(&ada), at(11)), Ok(()));
    for who in [visitor(&cy), Visitor::default()] {
        assert_eq!(policy.may_enter(&who, at(11)), Err(Forbidden::Locked));
    }
    assert_eq!(policy.may_enter(&Visitor { is_inside: true, ..visitor(&cy) }, at(11)), Ok(()));
    let kicked = after(&policy, Action::Kick(ada.clone()));
    assert_eq!(kicked.may_enter(&visitor(&ada), at(11)), Err(Forbidden::Locked));
    let again = after(&kicked, Action::Set(Box::new(Change { locked: Some(true), ..Change::default() })));
    assert_eq!(again, kicked, "locking it twice lets nobody in");
}

#[test]
fn given_a_locked_room_of_many_people_then_all_of_them_come_back() {
    let people: Vec<_> = (0..20_000).map(|number| name(&format!("n{number}"))).collect();
    let lock = Action::Set(Box::new(Change { locked: Some(true), ..Change::default() }));
    let policy = Policy::default().after(&lock, &people, at(10)).unwrap();
    for who in people.iter().step_by(199).chain(people.last()) {
        assert_eq!(policy.may_enter(&visitor(who), at(11)), Ok(()));
    }
    assert_eq!(policy.may_enter(&visitor(&name("Cy")), at(11)), Err(Forbidden::Locked));
}

#[test]
fn given_whoever_is_put_out_then_recovery_does_not_bring_them_back_and_entering_does() {
    let (before, ada, bea) = (Policy { revision: 6, ..Policy::default() }, name("Ada"), name("Bea"));
    let policy = after(&before, Action::Kick(ada.clone()));
    assert_eq!(policy.may_stay(&visitor(&ada), 6, at(11)), Err(Forbidden::PutOut));
    assert_eq!(policy.may_stay(&visitor(&ada), 7, at(11)), Ok(()));
    assert_eq!(policy.may_stay(&visitor(&bea), 6, at(11)), Ok(()));
    assert_eq!(policy.may_come_back(&visitor(&ada), at(9), at(11)), Err(Forbidden::PutOut));
    assert_eq!(policy.may_come_back(&visitor(&ada), at(11), at(12)), Ok(()));
    assert_eq!(policy.may_enter(&visitor(&ada), at(11)), Ok(()));
}

#[test]
fn given_a_ban_then_nothing_is_allowed_under_a_name_that_looks_like_it_until_it_ends() {
    let policy = after(&Policy::default(), Action::Ban(Whom::Name(name("Ada")), Some(at(100)), false));
    let banned = Err(Forbidden::Banned(Some(at(100))));
    for alike in ["Ada", "ada", "Ad\u{430}", "A da"] {
        let who = name(alike);
        assert_eq!(policy.may_enter(&visitor(&who), at(99)), banned, "{alike}");
        assert_eq!(policy.may_stay(&visitor(&who), 9, at(99)), banned);
        assert_eq!(policy.may_come_back(&visitor(&who), at(50), at(99)), banned);
        // Nor do they speak from outside, or in this name on a connection of another one.
        let bea = name("Bea");
        for speaker in [&Visitor::default(), &visitor(&bea)] {
            assert_eq!(policy.may_speak(speaker, &who, None, at(99)), banned, "{alike}");
            assert_eq!(policy.may_speak(speaker, &who, None, at(100)), Ok(()));
        }
        assert_eq!(policy.may_enter(&visitor(&who), at(100)), Ok(()));
    }
    assert_eq!(policy.may_enter(&visitor(&name("Adam")), at(99)), Ok(()));
    assert_eq!(after(&policy, Action::Unban(Whom::Name(name("Ada")))).bans, []);
}

#[test]
fn given_a_ban_then_nobody_speaks_in_a_name_that_looks_like_it_from_wherever_they_are() {
    let policy = after(&Policy::default(), Action::Ban(Whom::Name(name("Mal")), Some(at(100)), false));
    let (banned, mal, bea) = (Err(Forbidden::Banned(Some(at(100)))), name("Mal"), name("Bea"));
    let insider = Visitor { is_inside: true, ..visitor(&bea) };
    for who in [insider, Visitor::default(), Visitor { address: Some([192, 0, 2, 1].into()), ..insider }] {
        for alike in ["Mal", "mal", "M\u{430}l"] {
            assert_eq!(policy.may_speak(&who, &name(alike), None, at(99)), banned, "{alike}");
        }
        assert_eq!(policy.may_speak(&who, &bea, None, at(99)), Ok(()));
        assert_eq!(policy.may_speak(&who, &mal, None, at(100)), Ok(()));
    }
    assert_eq!(policy.may_speak(&visitor(&mal), &bea, None, at(99)), banned, "before they are put out");
    let host = Visitor { is_host: true, ..insider };
    assert_eq!(policy.may_speak(&host, &mal, None, at(99)), Ok(()));
}

#[test]
fn given_a_ban_then_whoever_is_that_by_their_token_neither_listens_nor_speaks() {
    let policy = after(&Policy::default(), Action::Ban(Whom::Name(name("Mal")), None, false));
    let (mal, bea) = (name("Mal"), name("Bea"));
    for owns_name in [true, false] {
        let listener = Visitor { known_as: Some(&mal), owns_name, ..Visitor::default() };
        assert_eq!(policy.may_enter(&listener, at(11)), Err(Forbidden::Banned(None)));
        assert_eq!(policy.may_stay(&listener, 9, at(11)), Err(Forbidden::Banned(None)));
        assert_eq!(policy.may_speak(&listener, &bea, None, at(11)), Err(Forbidden::Banned(None)));
    }
    let other = Visitor { known_as: Some(&bea), ..Visitor::default() };
    assert_eq!(policy.may_enter(&other, at(11)), Ok(()));
}

#[test]
fn given_a_closed_room_then_nobody_in_it_speaks_before_they_are_put_out() {
    let (policy, ada) = (after(&Policy::default(), Action::Close), name("Ada"));
    let insider = Visitor { is_inside: true, ..visitor(&ada) };
    assert_eq!(policy.may_speak(&insider, &ada, None, at(11)), Err(Forbidden::Closed));
}

#[test]
fn given_a_locked_room_then_whoever_was_there_listens_if_their_token_says_who_they_are() {
    let policy = set(Change { locked: Some(true), ..Change::default() });
    let (ada, cy) = (name("Ada"), name("Cy"));
    let listens = |known_as| policy.may_enter(&Visitor { known_as, ..Visitor::default() }, at(11));
    assert_eq!((listens(Some(&ada)), listens(Some(&cy))), (Ok(()), Err(Forbidden::Locked)));
}

#[test]
fn given_a_banned_network_then_nobody_from_there_enters_or_listens() {
    let network = "192.0.2.0/24".parse().unwrap();
    let policy = after(&Policy::default(), Action::Ban(Whom::Network(network), None, false));
    let from = |address: &str| Visitor { address: Some(address.parse().unwrap()), ..Visitor::default() };
    assert_eq!(policy.may_enter(&from("192.0.2.7"), at(11)), Err(Forbidden::Banned(None)));
    assert_eq!(policy.may_enter(&from("192.0.3.7"), at(11)), Ok(()));
    assert_eq!(policy.may_enter(&Visitor::default(), at(11)), Ok(()), "of a Unix socket");
}

#[test]
fn given_a_reserved_name_then_nobody_has_it_without_a_token_nor_one_that_looks_like_it() {
    let policy = set(Change { reserved: Some(vec![name("Ms Ortega")]), ..Change::default() });
    let (theirs, like) = (name("Ms Ortega"), name("ms \u{41e}rtega"));
    let owner = Visitor { owns_name: true, ..visitor(&theirs) };
    assert_eq!(policy.may_enter(&owner, at(11)), Ok(()));
    for who in [visitor(&theirs), visitor(&like), Visitor { owns_name: true, ..visitor(&like) }] {
        assert_eq!(policy.may_enter(&who, at(11)), Err(Forbidden::NameReserved));
    }
    let bea = name("Bea");
    assert_eq!(policy.may_speak(&visitor(&bea), &like, None, at(11)), Err(Forbidden::NameReserved));
}

#[test]
fn given_hosts_speak_only_then_a_hand_is_raised_the_word_given_and_taken() {
    let (announce, ada) = (set(Change { announce: Some(true), ..Change::default() }), name("Ada"));
    let speaks = |policy: &Policy| policy.may_speak(&visitor(&ada), &ada, None, at(11));
    assert_eq!(speaks(&announce), Err(Forbidden::HostsOnly));
    assert_eq!(announce.may_speak(&Visitor::default(), &ada, None, at(11)), Err(Forbidden::HostsOnly));
    let asked = after(&announce, Action::Hand(ada.clone(), true));
    assert_eq!((&*asked.hands, speaks(&asked)), (&[ada.clone()][..], Err(Forbidden::HostsOnly)));
    let given = after(&asked, Action::Word(ada.clone(), true));
    assert_eq!((&*given.hands, speaks(&given)), (&[][..], Ok(())));
    let bea = name("Bea");
    assert_eq!(given.may_speak(&visitor(&bea), &ada, None, at(11)), Err(Forbidden::HostsOnly), "in her name");
    let taken = after(&given, Action::Word(ada.clone(), false));
    assert_eq!(speaks(&taken), Err(Forbidden::HostsOnly));
    let open = Policy::default().after(&Action::Hand(ada.clone(), true), &[], at(11));
    assert_eq!(open, Err(NotDone::NoNeed));
}

#[test]
fn given_people_then_it_is_known_whether_one_of_them_is_meant() {
    let (ada, like, bea) = (name("Ada"), name("\u{410}da"), name("Bea"));
    let ban = |whom| Action::Ban(whom, None, false);
    for (action, among_others, alone, of_a_like_name) in [
        (Action::Kick(ada.clone()), Some(true), Some(false), Some(false)),
        (Action::Mute(ada.clone(), None), Some(true), Some(false), Some(true)),
        (ban(Whom::Name(ada.clone())), Some(true), Some(false), Some(true)),
        (ban(Whom::Network("192.0.2.0/24".parse().unwrap())), None, None, None),
        (Action::Unmute(ada.clone()), None, None, None),
    ] {
        let found = [action.is_about([&bea, &ada]), action.is_about([&bea]), action.is_about([&like])];
        assert_eq!(found, [among_others, alone, of_a_like_name], "{action:?}");
    }
}

#[test]
fn given_a_mute_then_they_do_not_speak_under_any_name_until_it_ends() {
    let (ada, other) = (name("Ada"), name("Someone"));
    let policy = after(&Policy::default(), Action::Mute(ada.clone(), Some(at(100))));
    let muted = Err(Forbidden::Muted(Some(at(100))));
    assert_eq!(policy.may_speak(&visitor(&ada), &other, None, at(99)), muted);
    assert_eq!(policy.may_speak(&visitor(&other), &ada, None, at(99)), muted);
    assert_eq!(policy.may_speak(&Visitor::default(), &ada, None, at(99)), muted);
    assert_eq!(policy.may_speak(&visitor(&ada), &ada, None, at(100)), Ok(()));
}

#[test]
fn given_slow_mode_then_a_person_waits_between_two_messages_and_no_longer_than_that() {
    let slow = Some(Some(Duration::from_secs(30)));
    let (policy, ada) = (set(Change { slow, ..Change::default() }), name("Ada"));
    let speaks = |before, now| policy.may_speak(&visitor(&ada), &ada, before, now);
    assert_eq!(speaks(None, at(11)), Ok(()));
    assert_eq!(speaks(Some(at(11)), at(12)), Err(Forbidden::TooFast(Duration::from_secs(29))));
    assert_eq!(speaks(Some(at(11)), at(41)), Ok(()));
    assert_eq!(speaks(Some(at(5000)), at(12)), Err(Forbidden::TooFast(Duration::from_secs(30))));
}

#[test]
fn given_as_many_people_as_may_be_then_nobody_else_enters_and_whoever_is_inside_does() {
    let most = Some(NonZeroU32::new(2));
    let (policy, ada) = (set(Change { most, ..Change::default() }), name("Ada"));
    let enters =
        |people, is_inside| policy.may_enter(&Visitor { people, is_inside, ..visitor(&ada) }, at(11));
    assert_eq!((enters(1, false), enters(2, true)), (Ok(()), Ok(())));
    assert_eq!(enters(2, false), Err(Forbidden::Full(2)));
}

#[test]
fn given_a_list_that_is_full_then_it_says_so() {
    let mut policy = Policy::default();
    for number in 0..MOST_ENTRIES {
        policy = after(&policy, Action::Mute(name(&format!("n{number}")), None));
    }
    let more = policy.after(&Action::Mute(name("one more"), None), &[], at(11));
    assert_eq!(more, Err(NotDone::TooMany));
    assert_eq!(
        policy.after(&Action::Mute(name("n7"), None), &[], at(11)).map(|next| next.mutes.len()),
        Ok(1000)
    );
}

#[test]
fn given_a_stored_policy_of_another_version_then_what_is_unknown_is_passed_over() {
    let policy = Policy::read(r#"{"revision":7,"announce":true,"choir":[1,{}]}"#).unwrap();
    assert_eq!((policy.revision, policy.announce, policy.locked), (7, true, None));
    for bad in ["", "7", r#"{"revision":"7"}"#, r#"{"host":"x"}"#, r#"{"bans":[["network","x",0]]}"#] {
        assert_eq!(Policy::read(bad), Err(NotAPolicy), "{bad}");
    }
}

fn any_name() -> impl Strategy<Value = UserName> {
    prop::sample::select(vec!["Ada", "ada", "Bea", "Cy", "Ms Ortega"]).prop_map(name)
}

fn any_until() -> impl Strategy<Value = Until> {
    prop::option::of((1_u64..200).prop_map(at))
}

fn any_change() -> impl Strategy<Value = Change> {
    let hash = || Some(PasswordHash::new("$argon2id$x"));
    (
        prop::option::of(any::<bool>().prop_map(move |has| if has { hash() } else { None })),
        any::<[Option<bool>; 5]>(),
        prop::option::of(prop::option::of((0_u64..60).prop_map(Duration::from_secs))),
        prop::option::of(any::<u32>().prop_map(NonZeroU32::new)),
        prop::option::of(vec(any_name(), 0..3)),
    )
        .prop_map(
            |(password, [announce, locked, hides_history, closed, two_person], slow, most, reserved)| {
                Change { password, announce, locked, slow, most, reserved, hides_history, closed, two_person }
            },
        )
}

fn any_action() -> impl Strategy<Value = Action> {
    let whom = prop_oneof![
        any_name().prop_map(Whom::Name),
        any::<[u8; 4]>().prop_map(|bytes| Whom::Network(IpAddr::from(bytes).into())),
    ];
    let whom = whom.boxed();
    prop_oneof![
        any_change().prop_map(|change| Action::Set(Box::new(change))),
        (any_name(), any_until()).prop_map(|(name, until)| Action::Mute(name, until)),
        any_name().prop_map(Action::Unmute),
        any_name().prop_map(Action::Kick),
        (whom.clone(), any_until(), any::<bool>())
            .prop_map(|(whom, until, too)| Action::Ban(whom, until, too)),
        whom.prop_map(Action::Unban),
        Just(Action::Close),
        (any_name(), any::<bool>()).prop_map(|(name, up)| Action::Hand(name, up)),
        (any_name(), any::<bool>()).prop_map(|(name, given)| Action::Word(name, given)),
        any::<[u8; 16]>().prop_map(|bytes| Action::Key(HostKey::new(bytes).hash())),
    ]
}

proptest! {
    #[test]
    fn given_any_actions_then_the_policy_is_kept_as_it_is_and_each_change_has_a_revision(
        actions in vec((any_action(), 0_u64..300), 0..40),
    ) {
        let (mut policy, people) = (Policy::default(), [name("Ada"), name("Bea")]);
        for (action, seconds) in actions {
            let next = match policy.after(&action, &people, at(seconds)) {
                Ok(next) => next,
                Err(why) => { prop_assert!(matches!(why, NotDone::NoNeed | NotDone::TooMany)); continue }
            };
            prop_assert_eq!(next.revision, policy.revision + u64::from(next != policy));
            prop_assert_eq!(Policy::read(&next.write()), Ok(next.clone()));
            // Hands and words are for rooms where hosts speak only, and nobody has both.
            prop_assert!(next.announce || next.hands.is_empty() && next.words.is_empty());
            prop_assert!(next.hands.iter().all(|hand| !next.words.contains(hand)));
            policy = next;
        }
    }

    #[test]
    fn given_any_policy_then_a_host_may_do_everything_and_whoever_may_not_enter_does_not_speak_from_outside(
        actions in vec(any_action(), 0..20), who in any_name(), is_host: bool, has_password: bool, seconds in 0_u64..300,
    ) {
        let mut policy = Policy::default();
        for action in actions {
            policy = policy.after(&action, &[name("Ada")], at(5)).unwrap_or(policy);
        }
        let now = at(seconds);
        let visitor = Visitor { name: Some(&who), is_host, has_password, ..Visitor::default() };
        let outside = Visitor { name: None, ..visitor };
        let enters = policy.may_enter(&visitor, now);
        if is_host {
            prop_assert_eq!(enters, Ok(()));
            prop_assert_eq!(policy.may_stay(&visitor, 0, now), Ok(()));
            prop_assert_eq!(policy.may_come_back(&visitor, at(0), now), Ok(()));
            prop_assert_eq!(policy.may_speak(&visitor, &who, Some(now), now), Ok(()));
        }
        if policy.may_enter(&outside, now).is_err() {
            prop_assert!(policy.may_speak(&outside, &who, None, now).is_err());
        }
        // Whoever comes back is let in where they would be let in as new, unless they were put out.
        if enters.is_ok() && policy.kicks.iter().all(|(kicked, ..)| *kicked != who) {
            prop_assert_eq!(policy.may_come_back(&visitor, at(0), now), Ok(()));
        }
        // Whoever may enter may stay, and whoever is not welcome may not do either.
        if policy.may_stay(&visitor, policy.revision, now).is_err() {
            prop_assert!(enters.is_err());
        }
    }
}
