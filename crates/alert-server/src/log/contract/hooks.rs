//! What every store promises of webhooks.

use super::{Open, RETENTION, Stage, room};
use crate::log::HookStore;
use crate::log::contract::DEADLINE;
use crate::log::hooks::{Claim, HookKey, Letter, MOST_LETTERS};
use alert_core::room::hooks::HookId;
use std::sync::mpsc;

pub(in crate::log) fn key(code: &str, number: u8) -> HookKey {
    HookKey { room: room(code), hook: HookId::made_of([number; 8]) }
}

pub(in crate::log) fn letter(number: usize) -> Letter {
    Letter { id: number.to_string().into(), text: format!("letter {number} \u{e9}").into() }
}

pub(in crate::log) fn claim(hooks: &dyn HookStore, of: &HookKey) -> Claim {
    let (tell, told) = mpsc::channel();
    hooks.claim(of, Box::new(move |claim| tell.send(claim).unwrap()));
    told.recv_timeout(DEADLINE).unwrap().unwrap()
}

pub(in crate::log) fn look(hooks: &dyn HookStore, of: &HookKey) -> Option<String> {
    let (tell, told) = mpsc::channel();
    hooks.look(of, Box::new(move |found| tell.send(found).unwrap()));
    told.recv_timeout(DEADLINE).unwrap().unwrap()
}

pub(in crate::log) fn keep(hooks: &dyn HookStore, of: &HookKey, state: &str, letter: Option<Letter>) -> bool {
    let (tell, told) = mpsc::channel();
    hooks.keep(of, state.to_owned(), letter, Box::new(move |kept| tell.send(kept).unwrap()));
    told.recv_timeout(DEADLINE).unwrap().unwrap()
}

pub(in crate::log) fn letters(hooks: &dyn HookStore, of: &HookKey) -> Vec<Letter> {
    let (tell, told) = mpsc::channel();
    hooks.letters(of, Box::new(move |letters| tell.send(letters).unwrap()));
    told.recv_timeout(DEADLINE).unwrap().unwrap()
}

fn put_letter(hooks: &dyn HookStore, of: &HookKey, id: &str, text: Option<&str>) -> bool {
    let (tell, told) = mpsc::channel();
    hooks.put_letter(of, id, text.map(Into::into), Box::new(move |put| tell.send(put).unwrap()));
    told.recv_timeout(DEADLINE).unwrap().unwrap()
}

pub(in crate::log) fn a_webhook_goes_on_where_it_was_until_it_is_forgotten<S: Stage>(open: Open<S>) {
    let desk = open(RETENTION);
    let hooks = desk.backend().hooks();
    let (one, other) = (key("one", 1), key("two", 1));
    assert!(!keep(hooks, &one, "a", None), "nobody has taken it");
    assert_eq!((look(hooks, &one), claim(hooks, &one)), (None, Claim::Yours(None)));
    assert!(keep(hooks, &one, "a \u{1f600}", None) && keep(hooks, &one, "b \u{1f600}", Some(letter(1))));
    assert_eq!(claim(hooks, &one), Claim::Yours(Some("b \u{1f600}".to_owned())));
    assert_eq!(look(hooks, &one).as_deref(), Some("b \u{1f600}"));
    assert_eq!(
        (claim(hooks, &other), claim(hooks, &key("one", 2))),
        (Claim::Yours(None), Claim::Yours(None))
    );
    hooks.forget(&one);
    assert!(!keep(hooks, &one, "c", None), "it was forgotten");
    assert_eq!((claim(hooks, &one), letters(hooks, &one)), (Claim::Yours(None), vec![]));
}

pub(in crate::log) fn dead_letters_are_kept_changed_and_dropped_and_the_oldest_goes<S: Stage>(open: Open<S>) {
    let desk = open(RETENTION);
    let hooks = desk.backend().hooks();
    let one = key("one", 1);
    claim(hooks, &one);
    assert_eq!(letters(hooks, &one), []);
    for number in 0..=MOST_LETTERS {
        assert!(keep(hooks, &one, "x", Some(letter(number + 100))));
    }
    assert_eq!(letters(hooks, &one), (101..=MOST_LETTERS + 100).map(letter).collect::<Vec<_>>());
    assert!(put_letter(hooks, &one, "102", Some("changed")) && put_letter(hooks, &one, "101", None));
    assert!(!put_letter(hooks, &one, "101", None) && !put_letter(hooks, &one, "100", Some("gone")));
    let left = letters(hooks, &one);
    assert_eq!((left.len(), &*left[0].id, &*left[0].text), (MOST_LETTERS - 1, "102", "changed"));
    assert_eq!(letters(hooks, &key("one", 2)), []);
}
