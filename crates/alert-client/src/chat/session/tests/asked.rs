//! Alerts that ask to be confirmed.

use super::*;

const NONE: &str = "no alert that asks to be confirmed is in force";

fn alert(id: &str, more: &str) -> String {
    format!(r#"{{"id":"{id}","level":"warning","text":"Ice","by":"Bob","confirm":true{more}}}"#)
}

fn news(state: &str, alert: &str) -> String {
    format!(r#"42/v2,["alert",{{"room":"R1","state":"{state}","all_clear":null,"alert":{alert}}}]"#)
}

fn confirmed(id: &str, answer: &str) -> String {
    format!(
        r#"42/v2,["confirmed",{{"room":"R1","id":"{id}","person":{{"name":"Ada","answer":{answer},"by":null}}}}]"#
    )
}

fn asks(id: u64, body: &str) -> Output {
    send(&format!(r#"42/v2,{id}["alert",{{"room":"R1",{body}}}]"#))
}

/// What is shown of an output, and what is sent.
fn told(outputs: &[Output]) -> Vec<String> {
    let told = outputs.iter().map(|output| match output {
        Output::Show(Line::InForce { msg, .. } | Line::Asks { msg, .. } | Line::Confirmed { msg, .. }) => {
            msg.clone()
        }
        other => format!("{other:?}"),
    });
    told.collect()
}

#[test]
fn given_an_alert_then_the_user_confirms_it_with_or_without_an_answer_and_can_change_it() {
    let mut stay = Stay::joined();
    let raised = stay.frame(1, &news("raised", &alert("a1", r#","answers":["safe","need help"]"#)));
    assert_eq!(told(&raised[..1]), [r#"To confirm "Ice": /confirm safe or /confirm need help"#]);
    assert_eq!(raised[1..], [asks(2, r#""action":"shown","id":"a1""#)]);
    let unanswered = "it asks for an answer: /confirm safe or /confirm need help".to_owned();
    assert_eq!(
        stay.say(1, "/confirm "),
        [show(Line::Refused { msg: "/confirm ".to_owned(), why: unanswered })]
    );
    let confirm = |id, answer| asks(id, &format!(r#""action":"confirm","id":"a1","answer":"{answer}""#));
    assert_eq!(stay.say(1, "/confirm need help"), [confirm(3, "need help")]);
    assert_eq!(
        told(&stay.frame(1, &confirmed("a1", r#""need help""#))),
        ["You have confirmed: WARNING: Ice (need help)"]
    );
    assert_eq!(stay.frame(1, &done(3)), []);
    assert_eq!(stay.say(1, "/confirm safe"), [confirm(4, "safe")], "it has changed");
    // A reminder that was on its way.
    let reminder =
        r#"42/v2,["reminder",{"room":"R1","id":"a1","number":1,"name":"Bob","msg":"WARNING: Ice"}]"#;
    assert_eq!(stay.frame(1, reminder), []);
    assert_eq!(stay.frame(2, &news("updated", &alert("a1", ""))), [], "asked once");
    let refused = r#"43/v2,4[{"ok":false,"error":{"code":"x","message":"no."}}]"#;
    let line = Line::Refused { msg: "/confirm safe".to_owned(), why: "no.".to_owned() };
    assert_eq!(stay.frame(2, refused), [show(line)]);
}

#[test]
fn given_several_alerts_then_the_latest_that_is_not_confirmed_is_meant_and_none_that_is_over() {
    let mut stay = Stay::joined();
    let none = |msg: &str| show(Line::Refused { msg: msg.to_owned(), why: NONE.to_owned() });
    assert_eq!(stay.say(1, "/confirm"), [none("/confirm")]);
    for (id, more) in [("a1", ""), ("a2", ""), ("a3", r#","confirm":false"#)] {
        stay.frame(
            1,
            &news(
                "raised",
                &alert(id, "")
                    .replace(r#","confirm":true"#, if more.is_empty() { r#","confirm":true"# } else { more }),
            ),
        );
    }
    let confirm = |id, alert| asks(id, &format!(r#""action":"confirm","id":"{alert}""#));
    assert_eq!(stay.say(1, "/confirm"), [confirm(4, "a2")]);
    stay.frame(1, &confirmed("a2", "null"));
    assert_eq!(stay.say(1, "/confirm"), [confirm(5, "a1")]);
    stay.frame(1, &confirmed("a1", "null"));
    assert_eq!(stay.say(1, "/confirm"), [confirm(6, "a2")], "all are: the latest");
    stay.frame(1, &news("ended", &alert("a2", "")));
    stay.frame(1, &news("updated", &alert("a1", "").replace("true", "false")));
    assert_eq!(stay.say(1, "/confirm"), [none("/confirm")]);
}

#[test]
fn given_a_lost_connection_then_what_was_confirmed_is_and_an_alert_that_is_raised_meanwhile_is_not() {
    let mut stay = Stay::joined();
    stay.frame(1, &news("raised", &alert("a1", "")));
    stay.say(1, "/confirm");
    assert_eq!(stay.at(2, gone())[1..2], [show(Line::Waits { msg: "/confirm".to_owned() })]);
    let state = format!(r#""state":[{},{}]"#, alert("a1", ""), alert("a2", ""));
    let answer = in_room(4, "p1", "[]", false).replace("\"gap\"", &format!("{state},\"gap\""));
    let outputs = stay.rejoin_with(3, 4, &answer);
    let in_force = "In force, from Bob: WARNING: Ice";
    assert_eq!(told(&outputs[1..4]), [in_force, in_force, r#"To confirm "Ice": /confirm"#], "known, and new");
    assert_eq!(
        outputs[4..],
        [asks(5, r#""action":"shown","id":"a2""#), asks(6, r#""action":"confirm","id":"a1""#)]
    );
    // Not in force any more.
    stay.at(4, gone());
    stay.rejoin(5, 7);
    assert!(told(&stay.say(5, "/confirm"))[0].contains(NONE));
}

#[test]
fn given_a_line_of_a_pipe_before_we_are_in_the_room_then_the_latest_in_force_is_meant() {
    for (state, confirms) in [(alert("a1", ""), true), (String::new(), false)] {
        let mut stay = Stay::new();
        stay.say(0, "/confirm");
        stay.at(0, Input::Opened);
        stay.frame(0, OPEN);
        let state = format!(r#""state":[{state}]"#);
        let answer = in_room(1, "p1", "[]", false).replace("\"gap\"", &format!("{state},\"gap\""));
        let outputs = stay.frame(0, &answer);
        let is_confirmed = outputs.contains(&asks(3, r#""action":"confirm","id":"a1""#));
        let why = Line::Refused { msg: "/confirm".to_owned(), why: NONE.to_owned() };
        assert_eq!((is_confirmed, outputs.contains(&show(why))), (confirms, !confirms), "{outputs:?}");
    }
}

#[test]
fn given_nobody_who_reads_then_nothing_is_said_to_be_shown() {
    let mut stay = Stay::joined();
    stay.session.me.reads = false;
    assert_eq!(told(&stay.frame(1, &news("raised", &alert("a1", "")))), [r#"To confirm "Ice": /confirm"#]);
}
