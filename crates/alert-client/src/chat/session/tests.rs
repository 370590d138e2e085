//! Whole stays, packet by packet. Each step says what happens and everything that follows from it.

use super::*;

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
        let me =
            Identity { name: UserName::parse("Ada", 64).unwrap(), room: RoomCode::parse("R1", 64).unwrap() };
        let mut stay = Self { session: Session::new(me), start: Instant::now() };
        assert_eq!(stay.outputs(), [Output::Connect(Duration::ZERO)]);
        stay
    }

    /// In the room at second 0. `joined` has id 1, what is said after it 2 and so on.
    fn joined() -> Self {
        let mut stay = Self::new();
        assert_eq!(stay.at(0, Input::Opened), []);
        let joined = r#"421["joined",{"name":"Ada","headless":true,"room":"R1"}]"#;
        assert_eq!(stay.frame(0, OPEN), [send("40"), send(joined)]);
        assert_eq!(stay.frame(0, r#"40{"sid":"b"}"#), []);
        let ack = r#"431[{"ok":true,"room":"R1","members":["Ada"],"count":1}]"#;
        assert_eq!(stay.frame(0, ack), [show(Line::Joined { members: vec!["Ada".into()], count: 1 })]);
        stay
    }

    /// Back in the room after a loss, with this id of `joined`.
    fn rejoin(&mut self, seconds: u64, id: u64) -> Vec<Output> {
        assert_eq!(self.at(seconds, Input::Opened), []);
        let joined = format!(r#"42{id}["joined",{{"name":"Ada","headless":true,"room":"R1"}}]"#);
        assert_eq!(self.frame(seconds, OPEN), [send("40"), send(&joined)]);
        self.frame(seconds, &format!("43{id}[]"))
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

fn text(id: u64, msg: &str) -> Output {
    Output::Send(format!(r#"42{id}["text",{{"name":"Ada","headless":true,"msg":"{msg}"}}]"#))
}

fn left(id: u64) -> Output {
    Output::Send(format!(r#"42{id}["left",{{"name":"Ada","headless":true}}]"#))
}

fn ended(all_sent: bool) -> Output {
    Output::End(Ending::Left { all_sent })
}

fn back() -> Output {
    show(Line::Back { members: vec![], count: 0 })
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
    let status = stay.frame(1, r#"42["status",{"msg":"Bob has entered the room."}]"#);
    assert_eq!(status, [show(Line::Status { msg: "Bob has entered the room.".into() })]);
    assert_eq!(stay.say(2, "hi"), [text(2, "hi")]);
    let echo = stay.frame(2, r#"42["message",{"msg":"Ada: hi"}]"#);
    assert_eq!(echo, [show(Line::Message { msg: "Ada: hi".into() })]);
    assert_eq!(stay.frame(2, r#"432[{"ok":true}]"#), []);
    assert_eq!(stay.at(3, Input::Leave), [left(3)]);
    assert_eq!(stay.frame(3, r#"433[{"ok":true}]"#), [ended(true)]);
    assert_eq!(stay.at(4, Input::Leave), []);
    assert_eq!(stay.deadline(), None);
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
    assert_eq!(stay.frame(3, "432[]"), [back(), text(3, "one"), text(4, "two")]);
    assert_eq!(stay.frame(3, "433[]"), []);
    assert_eq!(stay.frame(3, "434[]"), []);
    stay.at(4, gone());
    assert_eq!(stay.rejoin(5, 5), [back()]);
}

#[test]
fn given_an_unacknowledged_message_when_the_connection_ends_then_it_is_said_and_not_sent_again() {
    let mut stay = Stay::joined();
    assert_eq!(stay.say(1, "hi"), [text(2, "hi")]);
    let unconfirmed = show(Line::Unconfirmed { msg: "hi".into() });
    assert_eq!(stay.at(1, gone()), [lost("gone"), unconfirmed, pause(100)]);
    assert_eq!(stay.rejoin(2, 3), [back()]);
    assert_eq!(stay.at(3, Input::LastLine), [left(4)]);
    assert_eq!(stay.frame(3, "434[]"), [ended(false)]);
}

#[test]
fn given_what_the_server_does_not_take_then_the_user_hears_why() {
    let mut stay = Stay::joined();
    stay.say(1, "hi");
    let why = "msg is longer than 1 bytes.";
    let ack = format!(r#"432[{{"ok":false,"error":{{"code":"msg_too_long","message":"{why}"}}}}]"#);
    let refused = |msg: &str, why: &str| show(Line::Refused { msg: msg.into(), why: why.into() });
    assert_eq!(stay.frame(1, &ack), [refused("hi", why)]);
    // Over the payload limit the server would close the connection.
    let long = "x".repeat(200);
    assert_eq!(stay.say(2, &long), [refused(&long, "the server takes at most 200 bytes at once.")]);
    assert_eq!(stay.say(2, "short"), [text(4, "short")]);
}

#[test]
fn given_many_lines_then_few_are_under_way_and_a_flood_is_refused() {
    let mut stay = Stay::joined();
    for number in 0..16 {
        assert_eq!(stay.say(1, "x"), [text(2 + number, "x")]);
    }
    for _ in 0..100 {
        assert!(stay.session.has_room());
        assert_eq!(stay.say(1, "y"), []);
    }
    assert!(!stay.session.has_room());
    assert_eq!(stay.say(1, "z"), [show(Line::NotSent { msg: "z".into() })]);
    assert_eq!(stay.frame(1, "432[]"), [text(18, "y")]);
    assert!(stay.session.has_room());
}

#[test]
fn given_the_last_line_then_it_leaves_when_everything_is_acknowledged() {
    let mut stay = Stay::new();
    assert_eq!(stay.say(0, "hi"), []);
    assert_eq!(stay.at(0, Input::LastLine), []);
    stay.at(0, Input::Opened);
    stay.frame(0, OPEN);
    let joined = show(Line::Joined { members: vec![], count: 0 });
    assert_eq!(stay.frame(0, "431[]"), [joined, text(2, "hi")]);
    assert_eq!(stay.frame(0, "432[]"), [left(3)]);
    assert_eq!(stay.frame(0, "433[]"), [ended(true)]);
}

#[test]
fn given_the_last_line_and_no_connection_then_it_comes_back_for_what_waits_alone() {
    let mut stay = Stay::joined();
    stay.at(1, gone());
    stay.say(1, "hi");
    assert_eq!(stay.at(1, Input::LastLine), []);
    assert_eq!(stay.rejoin(2, 2), [back(), text(3, "hi")]);
    assert_eq!(stay.at(2, gone())[1..], [show(Line::Unconfirmed { msg: "hi".into() }), ended(false)]);
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
    let ack = r#"431[{"ok":false,"error":{"code":"name_too_long","message":"name is longer than 64 characters."}}]"#;
    assert_eq!(stay.frame(0, ack), [refused("name is longer than 64 characters.")]);
    let mut stay = Stay::new();
    stay.at(0, Input::Opened);
    assert_eq!(stay.frame(0, r#"44{"message":"no"}"#), [refused("no")]);
    let mut stay = Stay::new();
    stay.at(0, Input::Opened);
    assert!(matches!(&stay.frame(0, "HTTP")[..], [Output::End(Ending::Unreachable(_))]));
}
