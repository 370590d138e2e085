//! Whole stays, packet by packet. Each step says what happens and everything that follows from it.

use super::*;
use alert_core::names::{RoomCode, UserName};

mod asked;

const OPEN: &str = r#"0{"sid":"a","upgrades":[],"pingInterval":20000,"pingTimeout":10000,"maxPayload":200}"#;

/// A session, and its clock in seconds.
struct Stay {
    session: Session,
    start: Instant,
}

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

impl Stay {
    fn new() -> Self {
        Self::since("20")
    }

    fn since(since: &str) -> Self {
        let me = Identity {
            name: UserName::parse("Ada", 64).unwrap(),
            room: RoomCode::parse("R1", 64).unwrap(),
            since: since.to_owned(),
            key: "k".to_owned(),
            reads: true,
        };
        let mut stay = Self { session: Session::new(me), start: Instant::now() };
        assert_eq!(stay.outputs(), [Output::Connect(Duration::ZERO)]);
        stay
    }

    /// In the room at second 0, at position 1. `join` has id 1, what is said after it 2 and so on.
    fn joined() -> Self {
        let mut stay = Self::new();
        assert_eq!(stay.at(0, Input::Opened), []);
        assert_eq!(stay.frame(0, OPEN), [send("40/v2,"), join(1, "20")]);
        assert_eq!(stay.frame(0, r#"40/v2,{"sid":"b"}"#), []);
        assert_eq!(stay.frame(0, &in_room(1, "p1", "[]", false)), [entered()]);
        stay
    }

    /// Back in the room after a loss, with this id of `join`. Nothing was said since position 1.
    fn rejoin(&mut self, seconds: u64, id: u64) -> Vec<Output> {
        self.rejoin_with(seconds, id, &in_room(id, "p1", "[]", false))
    }

    fn rejoin_with(&mut self, seconds: u64, id: u64, answer: &str) -> Vec<Output> {
        assert_eq!(self.at(seconds, Input::Opened), []);
        assert_eq!(self.frame(seconds, OPEN), [send("40/v2,"), join(id, "p1")]);
        self.frame(seconds, answer)
    }

    fn at(&mut self, seconds: u64, input: Input) -> Vec<Output> {
        self.session.handle(input, self.start + secs(seconds));
        self.outputs()
    }

    fn frame(&mut self, seconds: u64, text: &str) -> Vec<Output> {
        self.at(seconds, Input::Frame(text.to_owned()))
    }

    fn say(&mut self, seconds: u64, text: &str) -> Vec<Output> {
        self.at(seconds, Input::Line(text.to_owned()))
    }

    fn outputs(&mut self) -> Vec<Output> {
        std::iter::from_fn(|| self.session.next()).collect()
    }

    fn deadline(&self) -> Option<Duration> {
        self.session.deadline().map(|deadline| deadline - self.start)
    }
}

fn send(text: &str) -> Output {
    Output::Send(text.to_owned())
}

fn show(line: Line) -> Output {
    Output::Show(line)
}

fn join(id: u64, since: &str) -> Output {
    Output::Send(format!(r#"42/v2,{id}["join",{{"room":"R1","name":"Ada","since":"{since}"}}]"#))
}

/// The answer to `join`.
fn in_room(id: u64, position: &str, history: &str, more: bool) -> String {
    format!(
        r#"43/v2,{id}[{{"ok":true,"position":"{position}","members":["Ada"],"count":1,"history":{history},"gap":null,"more":{more}}}]"#
    )
}

fn entered() -> Output {
    show(Line::Joined { members: vec!["Ada".into()], count: 1 })
}

/// A message of Bob as JSON.
fn said(number: u64) -> String {
    format!(r#"{{"position":"p{number}","at":"2026-11-28T21:43:45.007Z","name":"Bob","msg":"m{number}"}}"#)
}

fn live(number: u64) -> String {
    format!(r#"42/v2,["message",{}]"#, said(number))
}

fn hears(number: u64) -> Output {
    show(Line::message("Bob", &format!("m{number}"), None))
}

/// As [`hears`], of before.
fn reads(number: u64) -> Output {
    show(Line::message("Bob", &format!("m{number}"), "2026-11-28T21:43:45.007Z".parse().ok()))
}

fn done(id: u64) -> String {
    format!(r#"43/v2,{id}[{{"ok":true}}]"#)
}

/// The line with this number, sent with this id.
fn text(id: u64, number: u64, msg: &str) -> Output {
    Output::Send(format!(r#"42/v2,{id}["send",{{"room":"R1","msg":"{msg}","key":"k-{number}"}}]"#))
}

fn history(id: u64, after: &str) -> Output {
    Output::Send(format!(r#"42/v2,{id}["history",{{"room":"R1","after":"{after}","limit":200}}]"#))
}

fn left(id: u64) -> Output {
    Output::Send(format!(r#"42/v2,{id}["leave",{{"room":"R1"}}]"#))
}

fn ended(all_sent: bool) -> Output {
    Output::End(Ending::Left { all_sent })
}

fn back() -> Output {
    show(Line::Back { members: vec!["Ada".into()], count: 1 })
}

fn lost(why: &str) -> Output {
    show(Line::Lost { why: why.to_owned() })
}

fn gone() -> Input {
    Input::Lost("gone".to_owned())
}

fn waits(msg: &str) -> Output {
    show(Line::Waits { msg: msg.to_owned() })
}

fn pause(milliseconds: u64) -> Output {
    Output::Connect(Duration::from_millis(milliseconds))
}

#[test]
fn given_a_stay_then_what_is_heard_is_shown_and_what_is_typed_is_sent() {
    let mut stay = Stay::joined();
    let status = |msg: &str| show(Line::Status { msg: msg.to_owned() });
    let bob = r#"{"room":"R1","name":"Bob","at":"","count":2}"#;
    let came = stay.frame(1, &format!(r#"42/v2,["entered",{bob}]"#));
    assert_eq!(came, [status("Bob has entered the room.")]);
    assert_eq!(stay.frame(1, &format!(r#"42/v2,["left",{bob}]"#)), [status("Bob has left the room.")]);
    assert_eq!(stay.say(2, "hi"), [text(2, 1, "hi")]);
    assert_eq!(stay.frame(2, &live(2)), [hears(2)]);
    assert_eq!(stay.frame(2, &done(2)), []);
    assert_eq!(stay.at(3, Input::Leave), [left(3)]);
    assert_eq!(stay.frame(3, &done(3)), [ended(true)]);
    assert_eq!(stay.at(4, Input::Leave), []);
    assert_eq!(stay.deadline(), None);
}

#[test]
fn given_history_on_entering_then_it_comes_before_who_is_there() {
    let mut stay = Stay::new();
    stay.at(0, Input::Opened);
    stay.frame(0, OPEN);
    let history = format!("[{},{}]", said(1), said(2));
    // Of a number of messages more means older ones, which nobody asked for.
    assert_eq!(stay.frame(0, &in_room(1, "p2", &history, true)), [reads(1), reads(2), entered()]);
    let mut stay = Stay::since("all");
    stay.at(0, Input::Opened);
    assert_eq!(stay.frame(0, OPEN), [send("40/v2,"), join(1, "all")]);
    let first = stay.frame(0, &in_room(1, "p9", &history, true));
    assert_eq!(first, [reads(1), reads(2), entered(), self::history(2, "p2")]);
}

#[test]
fn given_alerts_in_force_then_they_are_shown_on_entering_and_on_coming_back() {
    let mut stay = Stay::new();
    stay.at(0, Input::Opened);
    stay.frame(0, OPEN);
    let state = r#""state":[{"id":"k3v8x0mz","level":"warning","text":"Ice","by":"Bob"}]"#;
    let in_room = |id| in_room(id, "p1", "[]", false).replace("\"gap\"", &format!("{state},\"gap\""));
    let entered_with = stay.frame(0, &in_room(1));
    let [first, Output::Show(line @ Line::InForce { msg, .. })] = &*entered_with else {
        panic!("{entered_with:?}")
    };
    assert_eq!((first, msg.as_str()), (&entered(), "In force, from Bob: WARNING: Ice"));
    stay.at(1, gone());
    assert_eq!(stay.rejoin_with(2, 2, &in_room(2)), [back(), show(line.clone())]);
}

#[test]
fn given_messages_said_while_it_was_away_then_they_are_shown_each_once_and_in_order() {
    let mut stay = Stay::joined();
    stay.at(1, gone());
    stay.say(1, "hi");
    let answer = in_room(2, "p5", &format!("[{},{}]", said(2), said(3)), true);
    assert_eq!(stay.rejoin_with(2, 2, &answer), [back(), reads(2), reads(3), history(3, "p3")]);
    // What comes live meanwhile is read with the rest.
    assert_eq!(stay.frame(2, &live(6)), []);
    let page = |id, messages: &[u64], more| {
        let messages: Vec<String> = messages.iter().copied().map(said).collect();
        let messages = messages.join(",");
        format!(
            r#"43/v2,{id}[{{"ok":true,"messages":[{messages}],"position":"p","gap":null,"more":{more}}}]"#
        )
    };
    assert_eq!(stay.frame(2, &page(3, &[4, 5], true)), [reads(4), reads(5), history(4, "p5")]);
    assert_eq!(stay.frame(2, &live(7)), []);
    assert_eq!(stay.frame(2, &page(4, &[6], false)), [reads(6), history(5, "p6")]);
    assert_eq!(stay.frame(2, &page(5, &[7], false)), [reads(7), text(6, 1, "hi")]);
    assert_eq!(stay.frame(2, &live(8)), [hears(8)]);
    stay.frame(2, &done(6));
    stay.at(3, gone());
    stay.at(3, Input::Opened);
    assert_eq!(stay.frame(3, OPEN), [send("40/v2,"), join(7, "p8")]);
}

#[test]
fn given_messages_that_are_not_kept_any_more_then_the_user_hears_of_it() {
    let mut stay = Stay::joined();
    stay.at(1, gone());
    let gap = |missed| show(Line::Gap { missed });
    let answer = in_room(2, "p9", &format!("[{}]", said(9)), false);
    let answer = answer.replace(r#""gap":null"#, r#""gap":{"missed":7}"#);
    assert_eq!(stay.rejoin_with(2, 2, &answer), [back(), gap(Some(7)), reads(9)]);
    let mut stay = Stay::joined();
    stay.at(1, gone());
    let answer = in_room(2, "p9", &format!("[{}]", said(2)), true);
    assert_eq!(stay.rejoin_with(2, 2, &answer).last(), Some(&history(3, "p2")));
    let refused = r#"43/v2,3[{"ok":false,"error":{"code":"history_unavailable","message":"no."}}]"#;
    assert_eq!(stay.frame(2, refused), [gap(None)]);
    assert_eq!(stay.frame(2, &live(10)), [hears(10)]);
    let lost = r#"42/v2,["gap",{"room":"r","at":"2026-11-28T21:43:45.007Z","missed":3}]"#;
    assert_eq!(stay.frame(2, lost), [gap(Some(3))], "while it is there");
}

#[test]
fn given_pings_then_they_are_answered_and_their_absence_is_a_lost_connection() {
    let mut stay = Stay::joined();
    assert_eq!(stay.deadline(), Some(secs(30)));
    assert_eq!(stay.frame(20, "2"), [send("3")]);
    assert_eq!(stay.deadline(), Some(secs(50)));
    assert_eq!(stay.at(49, Input::Deadline), []);
    let why = "the server has gone silent";
    assert_eq!(stay.at(50, Input::Deadline), [lost(why), pause(100)]);
    assert_eq!(stay.deadline(), None);
}

#[test]
fn given_lost_connections_then_it_comes_back_with_growing_pauses_and_says_both_once() {
    let mut stay = Stay::joined();
    assert_eq!(stay.at(1, gone()), [lost("gone"), pause(100)]);
    let pauses = [200, 400, 800, 1600, 3200, 6400, 10_000, 10_000];
    for milliseconds in pauses {
        assert_eq!(stay.at(2, gone()), [pause(milliseconds)]);
    }
    assert_eq!(stay.rejoin(3, 2), [back()]);
    assert_eq!(stay.frame(4, "1"), [lost("the server closed it"), pause(100)]);
    // A connection that does not lead into the room counts as one more attempt.
    assert_eq!(stay.at(5, Input::Opened), []);
    assert_eq!(stay.deadline(), Some(secs(15)));
    assert_eq!(stay.at(15, Input::Deadline), [pause(200)]);
}

#[test]
fn given_no_connection_then_lines_wait_and_are_sent_once_in_order() {
    let mut stay = Stay::joined();
    stay.at(1, gone());
    assert_eq!(stay.say(2, "one"), [waits("one")]);
    assert_eq!(stay.at(2, Input::Opened), []);
    assert_eq!(stay.say(3, "two"), [waits("two")]);
    assert_eq!(stay.frame(3, OPEN).len(), 2);
    let answer = in_room(2, "p1", "[]", false);
    assert_eq!(stay.frame(3, &answer), [back(), text(3, 1, "one"), text(4, 2, "two")]);
    assert_eq!(stay.frame(3, &done(3)), []);
    assert_eq!(stay.frame(3, &done(4)), []);
    stay.at(4, gone());
    assert_eq!(stay.rejoin(5, 5), [back()]);
}

#[test]
fn given_an_unacknowledged_message_when_the_connection_ends_then_it_is_sent_again_with_its_key() {
    let mut stay = Stay::joined();
    assert_eq!(stay.say(1, "hi"), [text(2, 1, "hi")]);
    assert_eq!(stay.say(1, "you"), [text(3, 2, "you")]);
    assert_eq!(stay.at(1, gone()), [lost("gone"), waits("hi"), waits("you"), pause(100)]);
    assert_eq!(stay.say(1, "there"), [waits("there")]);
    let again = [back(), text(5, 1, "hi"), text(6, 2, "you"), text(7, 3, "there")];
    assert_eq!(stay.rejoin(2, 4), again);
    for id in 5..=7 {
        assert_eq!(stay.frame(2, &done(id)), []);
    }
    assert_eq!(stay.at(3, Input::LastLine), [left(8)]);
    assert_eq!(stay.frame(3, &done(8)), [ended(true)]);
}

#[test]
fn given_what_the_server_does_not_take_then_the_user_hears_why() {
    let mut stay = Stay::joined();
    stay.say(1, "hi");
    let why = "msg is longer than 1 bytes.";
    let ack = format!(r#"43/v2,2[{{"ok":false,"error":{{"code":"msg_too_long","message":"{why}"}}}}]"#);
    let refused = |msg: &str, why: &str| show(Line::Refused { msg: msg.into(), why: why.into() });
    assert_eq!(stay.frame(1, &ack), [refused("hi", why)]);
    // Over the payload limit the server would close the connection.
    let long = "x".repeat(200);
    assert_eq!(stay.say(2, &long), [refused(&long, "the server takes at most 200 bytes at once.")]);
    assert_eq!(stay.say(2, "short"), [text(4, 3, "short")]);
}

#[test]
fn given_many_lines_then_few_are_under_way_and_a_flood_is_refused() {
    let mut stay = Stay::joined();
    for number in 0..16 {
        assert_eq!(stay.say(1, "x"), [text(2 + number, 1 + number, "x")]);
    }
    for _ in 0..100 {
        assert!(stay.session.has_room());
        assert_eq!(stay.say(1, "y"), []);
    }
    assert!(!stay.session.has_room());
    assert_eq!(stay.say(1, "z"), [show(Line::NotSent { msg: "z".into() })]);
    assert_eq!(stay.frame(1, &done(2)), [text(18, 17, "y")]);
    assert!(stay.session.has_room());
}

#[test]
fn given_the_last_line_then_it_leaves_when_everything_is_acknowledged() {
    let mut stay = Stay::new();
    assert_eq!(stay.say(0, "hi"), []);
    assert_eq!(stay.at(0, Input::LastLine), []);
    stay.at(0, Input::Opened);
    stay.frame(0, OPEN);
    assert_eq!(stay.frame(0, &in_room(1, "p1", "[]", false)), [entered(), text(2, 1, "hi")]);
    assert_eq!(stay.frame(0, &done(2)), [left(3)]);
    assert_eq!(stay.frame(0, &done(3)), [ended(true)]);
}

#[test]
fn given_the_last_line_and_no_connection_then_it_comes_back_until_all_is_acknowledged() {
    let mut stay = Stay::joined();
    stay.at(1, gone());
    stay.say(1, "hi");
    assert_eq!(stay.at(1, Input::LastLine), []);
    assert_eq!(stay.rejoin(2, 2), [back(), text(3, 1, "hi")]);
    assert_eq!(stay.at(2, gone()), [lost("gone"), waits("hi"), pause(100)]);
    assert_eq!(stay.rejoin(3, 4), [back(), text(5, 1, "hi")]);
    assert_eq!(stay.frame(3, &done(5)), [left(6)]);
}

#[test]
fn given_a_wish_to_leave_then_what_waits_is_left_behind_by_name() {
    let mut stay = Stay::joined();
    stay.at(1, gone());
    stay.say(1, "hi");
    assert_eq!(stay.at(2, Input::Leave), [show(Line::NotSent { msg: "hi".into() }), ended(false)]);
}

#[test]
fn given_a_server_that_does_not_let_us_leave_then_leaving_ends_all_the_same() {
    let late = |stay: &mut Stay| stay.at(2, Input::Deadline);
    let lost = |stay: &mut Stay| stay.at(1, gone());
    for end in [late, lost] {
        let mut stay = Stay::joined();
        assert_eq!(stay.at(1, Input::Leave), [left(2)]);
        assert_eq!(stay.deadline(), Some(secs(2)));
        assert_eq!(end(&mut stay), [ended(true)]);
    }
    let mut stay = Stay::joined();
    stay.at(1, Input::Leave);
    assert_eq!(stay.at(1, Input::Leave), [Output::End(Ending::Interrupted)]);
}

#[test]
fn given_no_way_in_then_it_ends_and_says_why() {
    let unreachable = |why: &str| Output::End(Ending::Unreachable(why.into()));
    let refused = |why: &str| Output::End(Ending::Refused(why.into()));
    assert_eq!(Stay::new().at(1, gone()), [unreachable("gone")]);
    assert_eq!(Stay::new().at(1, Input::Leave), [Output::End(Ending::Interrupted)]);
    let mut stay = Stay::new();
    stay.at(0, Input::Opened);
    let late = "the server did not let us into the room in time";
    assert_eq!(stay.at(10, Input::Deadline), [unreachable(late)]);
    let mut stay = Stay::new();
    stay.at(0, Input::Opened);
    stay.frame(0, OPEN);
    let ack = r#"43/v2,1[{"ok":false,"error":{"code":"name_too_long","message":"name is longer than 64 characters."}}]"#;
    assert_eq!(stay.frame(0, ack), [refused("name is longer than 64 characters.")]);
    let mut stay = Stay::new();
    stay.at(0, Input::Opened);
    assert_eq!(stay.frame(0, r#"44/v2,{"message":"no"}"#), [refused("no")]);
    for no_v2 in [r#"44/v2,{"message":"Invalid namespace"}"#, r#"44/v2,"Unable to connect""#] {
        let mut stay = Stay::new();
        stay.at(0, Input::Opened);
        assert_eq!(stay.frame(0, no_v2), [refused(TOO_OLD)]);
    }
    let mut stay = Stay::new();
    stay.at(0, Input::Opened);
    assert!(matches!(&stay.frame(0, "HTTP")[..], [Output::End(Ending::Unreachable(_))]));
}
