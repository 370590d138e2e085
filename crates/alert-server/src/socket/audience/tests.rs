use super::*;
use alert_core::names::UserName;

#[test]
fn whatever_is_in_a_message_stays_in_its_event_and_its_line() {
    let name = UserName::parse("Ada", 64).unwrap();
    let notice = Notice::message(&name, "a\nevent: status\r\n\ndata: x\u{2028}");
    let json = "{\"msg\":\"Ada: a\\nevent: status\\r\\n\\ndata: x\u{2028}\"}";
    assert_eq!(ListenForm::Sse.render(&notice), format!("event: message\ndata: {json}\n\n"));
    let line = ListenForm::NdJson.render(&Notice::entered(&name));
    assert_eq!(line, "{\"event\":\"status\",\"msg\":\"Ada has entered the room.\"}\n");
}
