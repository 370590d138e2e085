//! A message, and a page of them, as JSON: the same wherever a client gets one.

use std::time::SystemTime;

use serde::ser::{SerializeSeq, SerializeStruct};
use serde::{Serialize, Serializer};

use crate::event::{RoomEvent, What};
use crate::position::Position;

/// A message: `{"id":...,"position":...,"at":...,"name":...,"msg":...}`. Other events are none, and become null.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a>(pub &'a RoomEvent);

/// Messages as a list, oldest first.
#[derive(Clone, Copy, Debug)]
pub struct Messages<'a, E>(pub &'a [E]);

/// Messages that are missing before the first of a page, because they are not kept any more:
/// `{"missed":12}`, or `{"missed":null}` where nobody knows how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// How many, where it is known.
    pub missed: Option<u64>,
}

/// When something happened: RFC 3339 in UTC, with milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct At(pub SystemTime);

impl Serialize for At {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&humantime::format_rfc3339_millis(self.0))
    }
}

/// The keys of a message, for objects that have more than these.
pub(super) fn fields<S: SerializeStruct>(
    object: &mut S,
    (at, position): (SystemTime, Position),
    name: &str,
    text: &str,
) -> Result<(), S::Error> {
    object.serialize_field("id", &position.message_id())?;
    object.serialize_field("position", &position)?;
    object.serialize_field("at", &At(at))?;
    object.serialize_field("name", name)?;
    object.serialize_field("msg", text)
}

impl Serialize for Message<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let RoomEvent { at, position, what: What::Said { name, text } } = self.0 else {
            return serializer.serialize_none();
        };
        let mut object = serializer.serialize_struct("Message", 5)?;
        fields(&mut object, (*at, *position), name.as_str(), text)?;
        object.end()
    }
}

impl<E: AsRef<RoomEvent>> Serialize for Messages<'_, E> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.0.len()))?;
        for message in self.0 {
            list.serialize_element(&Message(message.as_ref()))?;
        }
        list.end()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::names::UserName;
    use crate::position::{Epoch, Run};

    #[test]
    fn given_a_message_then_its_json_is_the_contract_s() {
        let position = Position { epoch: Epoch { run: Run::new(0x8f3a_1c20_b7d4), part: 1 }, number: 57 };
        let what = What::Said { name: UserName::parse("Ada", 64).unwrap(), text: "a\"\n<b>".into() };
        let at = SystemTime::UNIX_EPOCH + Duration::from_millis(1_795_902_225_007);
        let message = RoomEvent { at, position, what };
        let json = concat!(
            r#"{"id":"8f3a1c20b7d400000000100000000039","position":"8f3a1c20b7d41-57","#,
            r#""at":"2026-11-28T21:43:45.007Z","name":"Ada","msg":"a\"\n<b>"}"#
        );
        assert_eq!(serde_json::to_string(&Message(&message)).unwrap(), json);
        let list = [std::sync::Arc::new(message)];
        assert_eq!(serde_json::to_string(&Messages(&list)).unwrap(), format!("[{json}]"));
        let gaps = [Gap { missed: Some(12) }, Gap { missed: None }].map(|gap| serde_json::to_string(&gap));
        assert_eq!(gaps.map(Result::unwrap), [r#"{"missed":12}"#, r#"{"missed":null}"#]);
    }
}
