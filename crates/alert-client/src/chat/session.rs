//! A stay in a room from the first connection to leaving, as a state machine: no I/O, no clock.
//!
//! What is typed without a connection waits, and is sent in order when we are in the room again. What was sent but not
//! acknowledged when a connection ended is sent again first, with its key, so that it is said once. What was said
//! meanwhile is read, page by page, before what is live.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use socketio_protocol::socket::AckId;

use super::command::{HELP, Typed, UNKNOWN};
use super::line::Line;
use alert_core::position::Gap;
use alert_core::wire::v2::client::{self, Answer, Incoming};

mod asked;
mod catch_up;
mod exchange;
mod outbox;
#[cfg(test)]
mod tests;

use asked::Asked;
pub use exchange::Ending;
pub(super) use exchange::{Identity, Input, Output};
use outbox::{Confirmation, Outbox};

/// How long a new connection may take to let us in.
const TIME_TO_JOIN: Duration = Duration::from_secs(10);
/// How long the ack of `leave` may take.
const TIME_TO_LEAVE: Duration = Duration::from_secs(1);
/// How servers refuse a namespace that they do not have: JavaScript's and Alert, and python-socketio.
const NO_SUCH_NAMESPACE: [&str; 2] = ["Invalid namespace", "Unable to connect"];
const TOO_OLD: &str =
    "it is older than this program and does not speak v2: update it, or join on its web page, below /v1";
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// There is no connection; one has been asked for.
    Away,
    /// Connected; `join` is not acknowledged yet.
    Joining,
    /// In the room; what was said meanwhile is being read, and live messages are read with it.
    CatchingUp {
        /// A message has come since the last page was asked for.
        misses: bool,
    },
    In,
    /// `leave` is not acknowledged yet.
    Leaving,
    Ended,
}

/// One user's stay in one room.
#[derive(Debug)]
pub(super) struct Session {
    me: Identity,
    phase: Phase,
    has_been_in: bool,
    /// No more lines will come.
    is_last: bool,
    /// The position of the last message that we have.
    position: Option<String>,
    /// Connections since the last `join` that was carried out.
    attempts: u32,
    max_payload: usize,
    /// The time without a ping after which the server is gone.
    silence: Option<Duration>,
    ping_due: Option<Instant>,
    /// When joining or leaving has taken too long.
    step_due: Option<Instant>,
    last_id: u64,
    /// Joining or leaving, to be acknowledged.
    step: Option<AckId>,
    asked: Asked,
    outbox: Outbox,
    all_sent: bool,
    outputs: VecDeque<Output>,
}

impl Session {
    /// A session that asks for its first connection.
    pub(super) fn new(me: Identity) -> Self {
        Self {
            me,
            phase: Phase::Away,
            has_been_in: false,
            position: None,
            is_last: false,
            attempts: 0,
            max_payload: usize::MAX,
            silence: None,
            ping_due: None,
            step_due: None,
            last_id: 0,
            step: None,
            asked: Asked::default(),
            outbox: Outbox::default(),
            all_sent: true,
            outputs: VecDeque::from([Output::Connect(Duration::ZERO)]),
        }
    }

    /// Takes what happened at `now`; [`next`](Self::next) returns what to do about it.
    pub(super) fn handle(&mut self, input: Input, now: Instant) {
        match input {
            _ if self.phase == Phase::Ended => {}
            Input::Opened => {
                self.phase = Phase::Joining;
                self.step_due = Some(now + TIME_TO_JOIN);
            }
            Input::Frame(text) => match Incoming::read(&text) {
                Ok(incoming) => self.incoming(incoming, now),
                Err(problem) => self.lost(&format!("what it sent is not Socket.IO: {problem}")),
            },
            Input::Lost(why) => self.lost(&why),
            Input::Line(text) => self.line(text),
            Input::Unreadable(number) => {
                let msg = format!("line {number}");
                self.not_sent(Line::Refused { msg, why: "it is not UTF-8".to_owned() });
            }
            Input::LastLine => self.is_last = true,
            Input::Leave => self.leave(now),
            Input::Deadline => self.overdue(now),
        }
        self.go_on(now);
    }

    /// The next thing to do.
    pub(super) fn next(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`Input::Deadline`] is due.
    pub(super) fn deadline(&self) -> Option<Instant> {
        [self.step_due, self.ping_due].into_iter().flatten().min()
    }

    /// Whether another line can wait; one that comes anyway is refused.
    pub(super) fn has_room(&self) -> bool {
        self.outbox.has_room()
    }

    fn incoming(&mut self, incoming: Incoming, now: Instant) {
        if let (Incoming::Ping(_), Some(silence)) = (&incoming, self.silence) {
            self.ping_due = Some(now + silence);
        }
        match incoming {
            Incoming::Open { silence, max_payload } => {
                self.silence = Some(silence);
                self.ping_due = Some(now + silence);
                self.max_payload = max_payload;
                let id = self.new_id();
                self.step = Some(id);
                self.send(client::connect());
                let since = self.position.as_ref().unwrap_or(&self.me.since);
                self.send(client::join(id, &self.me.room, &self.me.name, since));
            }
            Incoming::Ping(data) => self.send(client::pong(data)),
            Incoming::Close => self.lost("the server closed it"),
            Incoming::Refused(why) if NO_SUCH_NAMESPACE.contains(&why.as_str()) => {
                self.end(Ending::Refused(TOO_OLD.into()));
            }
            Incoming::Refused(why) => self.end(Ending::Refused(why)),
            Incoming::Message(message) => self.heard(message),
            Incoming::Status(msg) => self.show(Line::Status { msg }),
            Incoming::Alert(news) => self.alert(*news),
            Incoming::Reminder(reminder) => self.reminded(&reminder),
            Incoming::Confirmed(confirmed) => self.confirmed(&confirmed),
            Incoming::Gap(Gap { missed }) => self.show(Line::Gap { missed }),
            Incoming::Ack(id, answer) if self.step.is_some_and(|step| step.get() == id) => {
                self.step_done(answer, now)
            }
            Incoming::Ack(id, answer) => self.text_done(id, answer),
            Incoming::Other => {}
        }
    }

    /// `join`, `history` or `leave` is acknowledged.
    fn step_done(&mut self, answer: Answer, now: Instant) {
        self.step = None;
        self.step_due = None;
        match (self.phase, answer) {
            (Phase::Leaving, _) => self.end_as_left(),
            (Phase::CatchingUp { misses }, answer) => match answer {
                Answer::Page { messages, gap, more } => {
                    self.said_before(messages, gap);
                    self.catch_up(more || misses, now);
                }
                _ => {
                    self.show(Line::Gap { missed: None });
                    self.phase = Phase::In;
                }
            },
            (_, Answer::Refused(why)) => self.end(Ending::Refused(why)),
            (_, Answer::Joined(joined)) => self.joined(joined, now),
            (_, _) => self.lost("it did not say who is in the room"),
        }
    }

    fn text_done(&mut self, id: u64, answer: Answer) {
        if let (Some(msg), Answer::Refused(why)) = (self.outbox.answered(id), answer) {
            self.not_sent(Line::Refused { msg, why });
        }
    }

    fn line(&mut self, line: String) {
        match Typed::read(line.clone()) {
            Typed::Message(msg) => self.say(msg, None),
            Typed::Confirm(answer) => self.confirm(line, answer),
            Typed::Quit => self.is_last = true,
            Typed::Help => self.show(Line::Help { msg: HELP.to_owned() }),
            Typed::Unknown => self.not_sent(Line::Refused { msg: line, why: UNKNOWN.to_owned() }),
        }
    }

    fn say(&mut self, msg: String, confirms: Option<Confirmation>) {
        if self.phase == Phase::Leaving || self.is_last || !self.has_room() {
            return self.not_sent(Line::NotSent { msg });
        }
        if self.has_been_in && matches!(self.phase, Phase::Away | Phase::Joining) {
            self.show(Line::Waits { msg: msg.clone() });
        }
        self.outbox.wait(msg, confirms);
    }

    /// Sends what waits, as far as possible, and leaves after the last line.
    fn go_on(&mut self, now: Instant) {
        if self.is_done() && matches!(self.phase, Phase::Away | Phase::Joining) {
            return self.end_as_left();
        }
        if self.phase != Phase::In {
            return;
        }
        while let Some(message) = self.outbox.next() {
            let id = self.new_id();
            let frame = match &message.confirms {
                Some(confirmation) => match self.asked.meant(confirmation) {
                    Ok(alert) => client::confirm(id, &self.me.room, &alert, confirmation.answer.as_deref()),
                    Err(why) => {
                        self.not_sent(Line::Refused { msg: message.text, why });
                        continue;
                    }
                },
                None => {
                    let key = format!("{}-{}", self.me.key, message.key);
                    client::send(id, &self.me.room, &message.text, &key)
                }
            };
            if frame.len() > self.max_payload {
                let why = format!("the server takes at most {} bytes at once.", self.max_payload);
                self.not_sent(Line::Refused { msg: message.text, why });
            } else {
                self.send(frame);
                self.outbox.sent(id, message);
            }
        }
        if self.is_last && self.outbox.is_acknowledged() {
            self.leave(now);
        }
    }

    fn leave(&mut self, now: Instant) {
        for msg in self.outbox.leave_behind() {
            self.not_sent(Line::NotSent { msg });
        }
        match self.phase {
            Phase::In | Phase::CatchingUp { .. } => {
                self.phase = Phase::Leaving;
                self.step_due = Some(now + TIME_TO_LEAVE);
                let id = self.new_id();
                self.step = Some(id);
                self.send(client::leave(id, &self.me.room));
            }
            Phase::Away | Phase::Joining if self.has_been_in => self.end_as_left(),
            _ => self.end(Ending::Interrupted),
        }
    }

    fn overdue(&mut self, now: Instant) {
        let is_due = |due: Option<Instant>| due.is_some_and(|due| due <= now);
        if is_due(self.step_due) {
            self.lost("the server did not let us into the room in time");
        } else if is_due(self.ping_due) {
            self.lost("the server has gone silent");
        }
    }

    fn lost(&mut self, why: &str) {
        if self.phase == Phase::Leaving {
            return self.end_as_left();
        }
        if !self.has_been_in {
            return self.end(Ending::Unreachable(why.to_owned()));
        }
        if matches!(self.phase, Phase::In | Phase::CatchingUp { .. }) {
            self.show(Line::Lost { why: why.to_owned() });
        }
        let waiting: Vec<String> = self.outbox.take_back().map(str::to_owned).collect();
        for msg in waiting {
            self.show(Line::Waits { msg });
        }
        (self.phase, self.silence, self.ping_due, self.step_due, self.step) =
            (Phase::Away, None, None, None, None);
        if self.is_done() {
            return self.end_as_left();
        }
        let pause = FIRST_PAUSE.saturating_mul(1 << self.attempts.min(16)).min(LONGEST_PAUSE);
        self.attempts += 1;
        self.outputs.push_back(Output::Connect(pause));
    }

    /// Whether there is nothing to come back for.
    fn is_done(&self) -> bool {
        self.is_last && self.has_been_in && !self.outbox.is_waiting()
    }

    /// We will never know what became of the messages under way.
    fn unconfirmed(&mut self) {
        for msg in self.outbox.lose() {
            self.not_sent(Line::Unconfirmed { msg });
        }
    }

    fn end_as_left(&mut self) {
        self.unconfirmed();
        self.end(Ending::Left { all_sent: self.all_sent });
    }

    fn end(&mut self, ending: Ending) {
        (self.phase, self.ping_due, self.step_due) = (Phase::Ended, None, None);
        self.outputs.push_back(Output::End(ending));
    }

    fn not_sent(&mut self, line: Line) {
        self.all_sent = false;
        self.show(line);
    }

    fn show(&mut self, line: Line) {
        self.outputs.push_back(Output::Show(line));
    }

    fn send(&mut self, frame: String) {
        self.outputs.push_back(Output::Send(frame));
    }

    #[expect(clippy::expect_used, reason = "nobody says 2^53 things")]
    fn new_id(&mut self) -> AckId {
        self.last_id += 1;
        AckId::new(self.last_id).expect("nobody says 2^53 things")
    }
}
