//! Messages that are missing between others.

use super::super::page::{Row, backward, forward};
use super::*;
use alert_core::position::{Epoch, Position};

fn place(part: i64, number: i64) -> Place {
    Place { run: 1, part, number }
}

fn message(part: i64, number: i64) -> Row {
    let name = UserName::parse("Ada", 64).unwrap();
    let epoch = Epoch { run: Run::new(1), part: part as u64 };
    let position = Position { epoch, number: number as u64 };
    let what = What::Said { name, text: format!("{part}-{number}").into() };
    let event = RoomEvent { at: SystemTime::UNIX_EPOCH, position, what };
    Row { place: place(part, number), message: Some(Arc::new(event)) }
}

fn lost(part: i64, number: i64) -> Row {
    Row { place: place(part, number), message: None }
}

fn gap(missed: impl Into<Option<u64>>) -> Option<Gap> {
    Some(Gap { missed: missed.into() })
}

#[test]
fn a_page_ends_before_what_is_missing_and_the_next_begins_with_a_gap() {
    let rows = [message(1, 1), message(1, 2), lost(1, 5), message(1, 6), message(2, 1)];
    let page = forward(&rows, 9, Some(place(1, 0)), None);
    assert_eq!(shown(&page), (vec!["1-1", "1-2"], None, true));
    let page = forward(&rows[2..], 9, Some(place(1, 2)), None);
    assert_eq!(shown(&page), (vec!["1-6", "2-1"], gap(3), false));
    let page = forward(&rows[2..3], 9, Some(place(1, 2)), None);
    assert_eq!(shown(&page), (vec![], gap(3), false));
}

#[test]
fn a_number_that_is_missing_is_a_gap_even_where_nothing_says_so() {
    let rows = [message(1, 1), message(1, 4), message(2, 3)];
    let page = forward(&rows, 9, Some(place(1, 0)), None);
    assert_eq!(shown(&page), (vec!["1-1"], None, true));
    let page = forward(&rows[1..], 9, Some(place(1, 1)), None);
    assert_eq!(shown(&page), (vec!["1-4"], gap(2), true));
    let page = forward(&rows[2..], 9, Some(place(1, 4)), None);
    assert_eq!(shown(&page), (vec!["2-3"], gap(None), false));
    let back: Vec<_> = rows.iter().rev().cloned().collect();
    assert_eq!(shown(&backward(&back, 9, None)), (vec!["2-3"], None, true));
    assert_eq!(shown(&backward(&back[1..], 9, Some(place(2, 3)))), (vec!["1-4"], gap(None), true));
    assert_eq!(shown(&backward(&back[2..], 9, Some(place(1, 4)))), (vec!["1-1"], gap(None), false));
}

#[test]
fn what_is_lost_at_the_end_of_an_epoch_is_a_gap_before_the_next() {
    let rows = [message(1, 1), lost(1, 4), message(2, 1)];
    assert_eq!(shown(&forward(&rows, 9, Some(place(1, 0)), None)), (vec!["1-1"], None, true));
    assert_eq!(shown(&forward(&rows[1..], 9, Some(place(1, 1)), None)), (vec!["2-1"], gap(3), false));
}

#[test]
fn what_was_dropped_and_what_was_lost_are_one_gap() {
    let rows = [lost(1, 7), message(1, 8)];
    let page = forward(&rows, 9, Some(place(1, 1)), Some(place(1, 4)));
    assert_eq!(shown(&page), (vec!["1-8"], gap(6), false));
}

#[test]
fn rows_that_stand_for_lost_messages_do_not_end_the_reading() {
    let rows = [lost(1, 3), message(1, 4), message(1, 5)];
    assert_eq!(shown(&forward(&rows, 2, Some(place(1, 0)), None)), (vec!["1-4", "1-5"], gap(3), true));
}
