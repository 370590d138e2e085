//! Messages of a room's history as JSON, the same over plain HTTP and in v2.

use std::{
    fmt::{self, Display, Formatter},
    sync::Arc,
    time::SystemTime,
};

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use crate::event::{RoomEvent, What};
use crate::names::UserName;
use crate::position::{Gap, MessageId, Position};

/// A message: `{"id","position","at","name","msg"}`.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Message<'a> {
    /// Unique over all rooms.
    pub id: MessageId,
    /// Where it stands in its room's history.
    pub position: Position,
    /// When it was said.
    pub at: At,
    /// Who said it.
    pub name: &'a UserName,
    /// What was said, as it was sent.
    pub msg: &'a str,
}

/// Messages as a list, in order. Other events are left out.
#[derive(Clone, Copy, Debug)]
pub struct Messages<'a>(pub &'a [Arc<RoomEvent>]);

/// Part of a room's history: `{"messages","position","gap","more"}`.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Page<'a> {
    /// The messages, oldest first.
    pub messages: Messages<'a>,
    /// The next page begins after this.
    pub position: Position,
    /// What is missing between the position that was asked for and the first message; `null` if nothing is.
    pub gap: Option<Gap>,
    /// There is more in the direction of reading.
    pub more: bool,
}

/// A time in RFC 3339: UTC, with milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct At(pub SystemTime);

impl<'a> Message<'a> {
    /// The message, if the event is one.
    #[must_use]
    pub fn of(event: &'a RoomEvent) -> Option<Self> {
        let RoomEvent { at, position, what: What::Said { name, text } } = event else { return None };
        Some(Self { id: position.message_id(), position: *position, at: At(*at), name, msg: text })
    }
}

impl Serialize for Messages<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().filter_map(|event| Message::of(event)))
    }
}

impl Display for At {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        // Only a clock that is wrong is beyond the year 9999.
        let time = Timestamp::try_from(self.0).unwrap_or(Timestamp::UNIX_EPOCH);
        write!(out, "{time:.3}")
    }
}

impl Serialize for At {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::position::{Epoch, Run};

    #[test]
    fn given_a_page_then_it_has_its_messages_and_says_where_to_go_on() {
        let position = |number| Position { epoch: Epoch { run: Run::new(7), part: 1 }, number };
        let at = SystemTime::UNIX_EPOCH + Duration::from_micros(1_700_000_000_123_456);
        let name = UserName::parse("Ada", 64).unwrap();
        let said = What::Said { name: name.clone(), text: "a \"b\"\n".into() };
        let events = [said, What::Left { name, count: 0 }]
            .map(|what| Arc::new(RoomEvent { at, position: position(57), what }));
        let gap = Some(Gap { missed: Some(12) });
        let page = Page { messages: Messages(&events), position: position(57), gap, more: true };
        let message = r#"{"id":"00000000000700000000100000000039","position":"0000000000071-57","at":"2023-11-14T22:13:20.123Z","name":"Ada","msg":"a \"b\"\n"}"#;
        assert_eq!(
            serde_json::to_string(&page).unwrap(),
            format!(
                r#"{{"messages":[{message}],"position":"0000000000071-57","gap":{{"missed":12}},"more":true}}"#
            )
        );
        let page = Page { messages: Messages(&[]), position: position(0), gap: None, more: false };
        assert_eq!(
            serde_json::to_string(&page).unwrap(),
            r#"{"messages":[],"position":"0000000000071-0","gap":null,"more":false}"#
        );
    }

    #[test]
    fn given_any_time_then_it_is_written_in_utc_with_milliseconds() {
        let after = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        assert_eq!(At(SystemTime::UNIX_EPOCH).to_string(), "1970-01-01T00:00:00.000Z");
        assert_eq!(At(after(1_764_366_249)).to_string(), "2025-11-28T21:44:09.000Z");
        assert_eq!(At(after(1 << 50)).to_string(), "1970-01-01T00:00:00.000Z");
        assert_eq!(
            At(SystemTime::UNIX_EPOCH - Duration::from_millis(1)).to_string(),
            "1969-12-31T23:59:59.999Z"
        );
    }
}
