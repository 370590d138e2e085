//! What was said before, for `join` and `history`. An answer is bounded, and says whether there is more.

use super::member::Member;
use super::{Outcome, Then, V2};
use crate::log::{Gap, Page, ReadError};
use crate::rooms::{self, CatchUp, Wanted, Way};
use alert_core::access::Right;
use alert_core::event::{RoomEvent, What};
use alert_core::since::Since;
use alert_core::wire;
use alert_core::wire::v1::Refusal;
use alert_core::wire::v2::{Answer, History, MOST_MESSAGES, Start};
use socketio_server::Socket;
use std::{sync::Arc, time::Duration};

/// A store that is busy is asked again after this time,
const AGAIN: Duration = Duration::from_millis(100);
/// this many times.
const MOST_TRIES: usize = 50;

/// What was found for somebody who joins.
pub(super) struct Found {
    pub(super) messages: Vec<Arc<RoomEvent>>,
    pub(super) gap: Option<Gap>,
    pub(super) more: bool,
    /// This many of the newest were wanted. Otherwise, reading starts with the oldest.
    newest: Option<usize>,
}

/// Reads what somebody who joins wants. A failing store must keep nobody out: then there is a gap.
pub(super) async fn read(catch_up: &mut CatchUp, since: Since) -> Found {
    let newest = match since {
        Since::Last(number) if number > 0 => Some(number.min(MOST_MESSAGES)),
        _ => None,
    };
    let Some(query) = Wanted::Since(since).query(MOST_MESSAGES) else {
        return Found { messages: Vec::new(), gap: None, more: false, newest };
    };
    for _ in 0..MOST_TRIES {
        match catch_up.page(query).await {
            Ok(Page { messages, gap, more }) => {
                return Found { messages: messages.to_vec(), gap, more, newest };
            }
            Err(ReadError::Busy) => tokio::time::sleep(AGAIN).await,
            Err(ReadError::Failed) => break,
        }
    }
    Found { messages: Vec::new(), gap: Some(Gap { missed: None }), more: false, newest }
}

impl Found {
    /// Adds what was said since it was read.
    pub(super) fn and(mut self, later: Vec<Arc<RoomEvent>>) -> Self {
        if self.newest.is_some() || !self.more {
            self.messages.extend(later);
        }
        self
    }

    /// Too much has been said since it was read to be added here: the client has to ask for the rest.
    pub(super) fn and_the_rest_later(self) -> Self {
        if self.newest.is_none() && !self.messages.is_empty() {
            return Self { more: true, ..self };
        }
        Self { messages: Vec::new(), gap: Some(Gap { missed: None }), more: false, ..self }
    }

    /// As much of it as one answer may have.
    pub(super) fn within(self, most_bytes: usize) -> Self {
        let Self { messages, gap, more, newest } = self;
        let most = newest.unwrap_or(MOST_MESSAGES);
        let (messages, is_cut) = cut(messages, most, most_bytes, newest.is_some());
        Self { messages, gap, more: more || is_cut, newest }
    }
}

/// The first messages, or the last, as many as one answer may have; and whether that leaves some out.
fn cut(
    mut messages: Vec<Arc<RoomEvent>>,
    most: usize,
    most_bytes: usize,
    keeps_last: bool,
) -> (Vec<Arc<RoomEvent>>, bool) {
    let mut bytes = 0;
    let mut fits = |message: &Arc<RoomEvent>| {
        bytes += size(message);
        bytes <= most_bytes
    };
    let count = messages.len();
    let fitting = if keeps_last {
        messages.iter().rev().take_while(|message| fits(message)).count()
    } else {
        messages.iter().take_while(|message| fits(message)).count()
    };
    // At least one, so that reading goes on.
    let kept = fitting.max(1).min(most).min(count);
    if keeps_last {
        messages.drain(..count - kept);
    } else {
        messages.truncate(kept);
    }
    (messages, kept < count)
}

/// The most bytes that a message has in an answer.
fn size(message: &RoomEvent) -> usize {
    /// Room for an id, a position and a time.
    const AROUND: usize = 100;
    match &message.what {
        What::Said { name, text } => AROUND + wire::size(name, text),
        _ => 0,
    }
}

impl V2<'_> {
    pub(super) fn history(
        &self,
        socket: &Socket<'_>,
        member: &mut Member,
        History { room, start, limit }: History,
    ) -> Result<Outcome, Refusal> {
        let place = member.place(&room).ok_or_else(Refusal::not_in_room)?;
        let room = place.wearing(self.admit(&place.who, Right::Read, Way::FromOutside, room)?);
        let rooms = self.rooms.clone();
        let wanted = match start {
            Start::Before(position) => Wanted::Before(position),
            Start::After(position) => Wanted::Since(Since::Position(position)),
            Start::Newest => Wanted::Since(Since::Last(limit)),
        };
        let keeps_last = !matches!(start, Start::After(_));
        Ok(self.go_on_after(socket, member, async move {
            let mut found = Err(Refusal::history_unavailable());
            for _ in 0..MOST_TRIES {
                found = match rooms.history(&room, None, wanted, limit).await {
                    Ok(history) => Ok(history),
                    Err(rooms::HistoryError::Denied(denied)) => Err(denied.into()),
                    Err(rooms::HistoryError::Refused(refused)) => Err(refused.into()),
                    Err(rooms::HistoryError::Read(ReadError::Busy)) => {
                        tokio::time::sleep(AGAIN).await;
                        continue;
                    }
                    Err(rooms::HistoryError::Read(ReadError::Failed)) => Err(Refusal::history_unavailable()),
                };
                break;
            }
            let then: Then = Box::new(move |v2, _, _| {
                let rooms::History { messages, mut position, gap, more } = found?;
                let (messages, is_cut) = cut(messages.to_vec(), limit, v2.most_bytes, keeps_last);
                if let Some(last) = messages.last() {
                    position = last.position;
                }
                Ok(Outcome::Answered(Answer::Page { messages, position, gap, more: more || is_cut }))
            });
            then
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alert_core::names::UserName;
    use alert_core::position::{Epoch, Numbering, Run};
    use std::time::SystemTime;

    fn messages(sizes: &[usize]) -> Vec<Arc<RoomEvent>> {
        let mut numbering = Numbering::new(Epoch { run: Run::new(1), part: 0 });
        let name = UserName::parse("Ada", 64).unwrap();
        let event = |size: &usize| {
            let what = What::Said { name: name.clone(), text: "x".repeat(*size).into() };
            Arc::new(RoomEvent { at: SystemTime::UNIX_EPOCH, position: numbering.advance(), what })
        };
        sizes.iter().map(event).collect()
    }

    fn numbers(found: &Found) -> Vec<u64> {
        found.messages.iter().map(|message| message.position.number).collect()
    }

    fn found(sizes: &[usize], newest: Option<usize>) -> Found {
        Found { messages: messages(sizes), gap: None, more: false, newest }
    }

    #[test]
    fn an_answer_has_as_many_messages_as_fit_and_says_whether_there_are_more() {
        for (newest, kept) in [(None, vec![1, 2]), (Some(200), vec![3, 4])] {
            let found = found(&[1000; 4], newest).within(2600);
            assert_eq!((numbers(&found), found.more), (kept, true), "{newest:?}");
        }
        let all = found(&[1000; 4], None).within(1 << 20);
        assert_eq!((numbers(&all), all.more), (vec![1, 2, 3, 4], false));
        let one = found(&[9000, 9000], None).within(2000);
        assert_eq!((numbers(&one), one.more), (vec![1], true), "one at least");
        let none = found(&[], Some(5)).within(2000);
        assert_eq!((numbers(&none), none.more), (vec![], false));
        let many = found(&[1; 300], None).within(1 << 20);
        assert_eq!((many.messages.len(), many.more), (MOST_MESSAGES, true));
    }

    #[test]
    fn what_was_said_since_the_page_follows_it_where_the_page_is_the_last() {
        let later = || messages(&[1; 4]).split_off(2);
        let last = found(&[1, 1], None).and(later());
        assert_eq!(numbers(&last), [1, 2, 3, 4]);
        let middle = Found { more: true, ..found(&[1, 1], None) }.and(later()).within(1 << 20);
        assert_eq!(
            (numbers(&middle), middle.more),
            (vec![1, 2], true),
            "the client asks for what is between"
        );
        let newest = Found { more: true, ..found(&[1, 1], Some(2)) }.and(later()).within(1 << 20);
        assert_eq!((numbers(&newest), newest.more), (vec![3, 4], true));
    }

    #[test]
    fn where_too_much_is_said_meanwhile_nothing_is_passed_over_in_silence() {
        let page = found(&[1, 1], None).and_the_rest_later().and(Vec::new());
        assert_eq!((numbers(&page), page.more, page.gap), (vec![1, 2], true, None));
        for found in [found(&[], None), found(&[1, 1], Some(2))] {
            let found = found.and_the_rest_later();
            assert_eq!((numbers(&found), found.more), (vec![], false));
            assert_eq!(found.gap, Some(Gap { missed: None }));
        }
    }
}
