//! What a person, a pipe and a program see.

use super::*;

fn at() -> Zoned {
    "2026-03-01T14:03:59.25+01:00[+01:00]".parse().unwrap()
}

fn message(msg: &str) -> Line {
    Line::Message { msg: msg.to_owned(), at: None }
}

#[test]
fn given_a_terminal_then_messages_stand_out_and_the_rest_is_dimmed() {
    let form = Form::Terminal { color: true };
    let status = Line::Status { msg: "Ada has entered the room.".to_owned() };
    assert_eq!(message("Bob: hi").render(form, &at()), "\u{1b}[2m14:03\u{1b}[0m Bob: hi\n");
    assert_eq!(status.render(form, &at()), "\u{1b}[2m14:03 * Ada has entered the room.\u{1b}[0m\n");
    let form = Form::Terminal { color: false };
    assert_eq!(message("Bob: hi").render(form, &at()), "14:03 Bob: hi\n");
    let reminder = Line::Reminder { msg: "Reminder, from Ada: WARNING: Ice".to_owned() };
    assert_eq!(reminder.render(form, &at()), "\u{7}14:03 * Reminder, from Ada: WARNING: Ice\n");
    let plain = reminder.render(Form::Plain, &at());
    assert_eq!(plain, "2026-03-01 14:03:59 * Reminder, from Ada: WARNING: Ice\n", "nobody hears a pipe");
    assert_eq!(message("Bob: one\r\ntwo").render(form, &at()), "14:03 Bob: one\n      two\n");
}

#[test]
fn given_what_moves_a_screen_then_no_form_passes_it_on() {
    let hostile = message("Eve: \u{1b}[2J\u{1b}]0;x\u{7}\u{9b}1A\rAda: yes");
    for form in [Form::Terminal { color: false }, Form::Plain, Form::Json] {
        let text = hostile.render(form, &at());
        assert!(text.contains("\\u001b[2J"), "{text}");
        assert!(!text.trim_end_matches('\n').contains(char::is_control), "{text:?}");
    }
}

#[test]
fn given_a_pipe_then_an_event_is_one_line_with_the_whole_time() {
    assert_eq!(message("Bob: hi").render(Form::Plain, &at()), "2026-03-01 14:03:59 Bob: hi\n");
    assert_eq!(message("a\nb").render(Form::Plain, &at()).lines().count(), 1);
}

#[test]
fn given_json_then_a_line_is_an_object() {
    for (line, json) in [
        (message("Bob: hi"), r#""event":"message","msg":"Bob: hi""#),
        (
            Line::Joined { members: vec!["Ada".to_owned()], count: 1 },
            r#""event":"joined","members":["Ada"],"count":1"#,
        ),
        (Line::Lost { why: "x".to_owned() }, r#""event":"lost","why":"x""#),
        (Line::NotSent { msg: "x".to_owned() }, r#""event":"not_sent","msg":"x""#),
    ] {
        let wanted = format!("{{\"time\":\"2026-03-01T13:03:59.250Z\",{json}}}\n");
        assert_eq!(line.render(Form::Json, &at()), wanted);
    }
}

#[test]
fn given_many_people_or_a_long_message_then_the_line_stays_short() {
    let members: Vec<_> = (1..=30).map(|number| format!("p{number}")).collect();
    let text = Line::Joined { members: members.clone(), count: 800 }.text();
    assert!(text.starts_with("* In the room: p1, p2, ") && text.ends_with(", p20 and 780 more."), "{text}");
    let text = Line::Joined { members: members[..2].to_vec(), count: 2 }.text();
    assert_eq!(text, "* In the room: p1, p2.");
    let why = "msg is longer than 9 bytes.".to_owned();
    let text = Line::Refused { msg: "ä".repeat(200), why }.text();
    assert_eq!(text, format!("* Not sent (msg is longer than 9 bytes): {}...", "ä".repeat(80)));
}
