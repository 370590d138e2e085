//! Makes a page of a room's rows: where it begins and ends, and what is missing. A page ends before messages that are
//! missing, so that the next one begins with a gap.

use super::runs::Place;
use crate::log::policies::is_removed;
use crate::log::{Gap, Page};
use alert_core::event::RoomEvent;
use std::sync::Arc;

/// A message at its place; without one, the messages up to that place are missing.
#[derive(Clone)]
pub(super) struct Row {
    pub(super) place: Place,
    pub(super) message: Option<Arc<RoomEvent>>,
}

impl Row {
    /// Whether a page shows it, or ends before it. A message that was removed only keeps its place.
    pub(super) fn counts(&self) -> bool {
        self.message.as_ref().is_none_or(|message| !is_removed(message))
    }
}

/// How many of these rows count.
pub(super) fn count(rows: &[Row]) -> usize {
    rows.iter().filter(|row| row.counts()).count()
}

/// The rows up to the last of `most` that count.
pub(super) fn take(rows: impl Iterator<Item = Row>, most: usize) -> Vec<Row> {
    let (mut taken, mut left) = (Vec::new(), most);
    for row in rows {
        if left == 0 {
            break;
        }
        left -= usize::from(row.counts());
        taken.push(row);
    }
    taken
}

/// A page of the rows after `after`, oldest first. `missing` is the last message in front of them that is known to be
/// gone; it makes a gap if it came after `after`. `rows` must hold one more than `limit`, if there are as many.
pub(super) fn forward(rows: &[Row], limit: usize, after: Option<Place>, mut missing: Option<Place>) -> Page {
    let mut page = Vec::new();
    let mut more = count(rows) > limit;
    let mut before = after.max(missing);
    for row in rows {
        let hole = hole_between(before, row);
        if hole.is_some() && !page.is_empty() || page.len() == limit && row.counts() {
            more = true;
            break;
        }
        missing = hole.or(missing);
        before = Some(row.place);
        page.extend(row.message.clone().filter(|_| row.counts()));
    }
    let gap = after.and_then(|after| {
        let missing = missing.filter(|missing| *missing > after)?;
        Some(Gap { missed: missing.is_of_epoch(after).then(|| (missing.number - after.number) as u64) })
    });
    Page { messages: page.into(), gap, more }
}

/// A page of the rows before `before`, or of the newest ones. `rows` has the newest first.
pub(super) fn backward(rows: &[Row], limit: usize, before: Option<Place>) -> Page {
    let mut page = Vec::new();
    let mut more = count(rows) > limit;
    let mut gap = None;
    let mut after = before;
    for row in rows {
        let is_hole = match (&row.message, after) {
            (None, _) => true,
            (Some(_), Some(after)) if after.is_of_epoch(row.place) => after.number > row.place.number + 1,
            (Some(_), Some(after)) => after.number > 1,
            (Some(_), None) => false,
        };
        if is_hole && !page.is_empty() || page.len() == limit && row.counts() {
            more = true;
            break;
        }
        if is_hole {
            gap = Some(Gap { missed: None });
        }
        after = Some(row.place);
        page.extend(row.message.clone().filter(|_| row.counts()));
    }
    page.reverse();
    Page { messages: page.into(), gap, more }
}

/// The last message that is missing between a place and the row that follows it.
fn hole_between(before: Option<Place>, row: &Row) -> Option<Place> {
    let before = before?;
    let last = match row.message {
        None => row.place,
        Some(_) => Place { number: row.place.number - 1, ..row.place },
    };
    // An epoch begins with 1, so nothing can be missing in front of that.
    (last > before && last.number > 0).then_some(last)
}
