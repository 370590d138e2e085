use std::time::SystemTime;

use super::*;
use crate::position::{Epoch, Run};

fn position(number: u64) -> Position {
    Position { epoch: Epoch { run: Run::new(7), part: 1 }, number }
}

#[test]
fn given_any_text_in_a_message_then_it_stays_in_its_event_and_its_line() {
    let name = UserName::parse("Ada", 64).unwrap();
    let at = SystemTime::UNIX_EPOCH;
    let text = "a\nevent: status\r\n\ndata: x\u{2028}".into();
    let said = RoomEvent { at, position: position(57), what: What::Said { name: name.clone(), text } };
    let told = "\"msg\":\"Ada: a\\nevent: status\\r\\n\\ndata: x\u{2028}\",\"id\":\"00000000000700000000100000000039\",\
                \"at\":\"1970-01-01T00:00:00.000Z\",\"name\":\"Ada\"";
    assert_eq!(
        StreamForm::Sse.render(&said),
        format!("id: 0000000000071-57\nevent: message\ndata: {{{told}}}\n\n")
    );
    assert_eq!(
        StreamForm::NdJson.render(&said),
        format!("{{\"event\":\"message\",{told},\"position\":\"0000000000071-57\"}}\n")
    );
    let entered = RoomEvent { at, position: position(57), what: What::Entered { name, count: 1 } };
    assert_eq!(
        StreamForm::NdJson.render(&entered),
        "{\"event\":\"status\",\"msg\":\"Ada has entered the room.\",\"at\":\"1970-01-01T00:00:00.000Z\",\"name\":\"Ada\",\
         \"position\":\"0000000000071-57\"}\n"
    );
}

#[test]
fn given_a_clock_that_was_set_then_both_forms_say_what_it_says_now() {
    let set = RoomEvent { at: SystemTime::UNIX_EPOCH, position: position(57), what: What::ClockSet };
    let data = r#""msg":"The server's clock was set.","at":"1970-01-01T00:00:00.000Z""#;
    assert_eq!(StreamForm::Sse.render(&set), format!("event: time\ndata: {{{data}}}\n\n"));
    assert_eq!(StreamForm::NdJson.render(&set), format!("{{\"event\":\"time\",{data}}}\n"));
}

#[test]
fn given_a_place_or_a_gap_then_both_forms_say_so() {
    let [sse, ndjson] = [StreamForm::Sse, StreamForm::NdJson];
    assert_eq!(sse.position(position(0)), "id: 0000000000071-0\n\n");
    assert_eq!(ndjson.position(position(0)), "{\"event\":\"position\",\"position\":\"0000000000071-0\"}\n");
    for (missed, data) in [
        (None, r#""msg":"Messages may be missing here.","missed":null"#),
        (Some(1), r#""msg":"1 message is missing here.","missed":1"#),
        (Some(12), r#""msg":"12 messages are missing here.","missed":12"#),
    ] {
        assert_eq!(sse.gap(Gap { missed }), format!("event: gap\ndata: {{{data}}}\n\n"));
        assert_eq!(ndjson.gap(Gap { missed }), format!("{{\"event\":\"gap\",{data}}}\n"));
        let what = What::Missing(Gap { missed });
        let live = RoomEvent { at: SystemTime::UNIX_EPOCH, position: position(57), what };
        assert_eq!(sse.render(&live), sse.gap(Gap { missed }), "also where it is noticed live");
    }
}
