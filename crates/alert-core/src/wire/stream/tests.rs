use std::time::SystemTime;

use super::*;
use crate::event::What;
use crate::names::UserName;
use crate::position::{Epoch, Run};

#[test]
fn given_any_text_in_a_message_then_it_stays_in_its_event_and_its_line() {
    let name = UserName::parse("Ada", 64).unwrap();
    let at = SystemTime::UNIX_EPOCH;
    let text = "a\nevent: status\r\n\ndata: x\u{2028}".into();
    let position = Epoch { run: Run::new(0), part: 0 }.start();
    let said = RoomEvent { at, position, what: What::Said { name: name.clone(), text } };
    let json = "{\"msg\":\"Ada: a\\nevent: status\\r\\n\\ndata: x\u{2028}\"}";
    assert_eq!(StreamForm::Sse.render(&said), format!("event: message\ndata: {json}\n\n"));
    let line = StreamForm::NdJson.render(&RoomEvent { at, position, what: What::Entered { name, count: 1 } });
    assert_eq!(line, "{\"event\":\"status\",\"msg\":\"Ada has entered the room.\"}\n");
}
