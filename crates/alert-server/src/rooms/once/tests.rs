use super::*;
use alert_core::event::RoomEvent;
use alert_core::position::{Epoch, Numbering, Run};
use std::cell::{Cell, RefCell};
use std::sync::mpsc::{Receiver, channel};

/// Says messages, and leaves it to the test when they are stored.
struct Desk {
    keys: Keys,
    start: Instant,
    numbering: RefCell<Numbering>,
    said: Cell<usize>,
    storing: RefCell<Vec<OnStored>>,
}

type Told = Result<Receipt, Refused>;

impl Desk {
    fn new() -> Self {
        let numbering = RefCell::new(Numbering::new(Epoch { run: Run::new(0), part: 0 }));
        let keys = Keys { said: Recent::new(KEPT, MOST_KEYS), hasher: RandomState::new() };
        Self { keys, start: Instant::now(), numbering, said: Cell::new(0), storing: RefCell::default() }
    }

    fn send(
        &self,
        key: KeyDigest,
        name: &str,
        text: &str,
        seconds: u64,
    ) -> Result<Receiver<Told>, KeyReused> {
        let name = UserName::parse(name, 64).unwrap();
        let (tell, told) = channel();
        let done = Box::new(move |receipt| tell.send(receipt).unwrap());
        let now = self.start + Duration::from_secs(seconds);
        self.keys.once(Some(key), (&name, text), now, done, |stored| {
            self.said.set(self.said.get() + 1);
            self.storing.borrow_mut().push(stored);
            let position = self.numbering.borrow_mut().advance();
            Ok(Said { position, at: SystemTime::UNIX_EPOCH, connections: self.said.get() })
        })?;
        Ok(told)
    }

    fn stored(&self, stored: Stored) {
        self.storing.take().into_iter().for_each(|on_stored| on_stored(stored));
    }
}

fn room(code: &str) -> RoomCode {
    RoomCode::parse(code, 64).unwrap()
}

fn key(text: &str) -> KeyDigest {
    KeyDigest::new(Sender::Token(None), &room("one"), text)
}

#[test]
fn a_retry_waits_for_the_first_and_gets_the_same_receipt() {
    let desk = Desk::new();
    let first = desk.send(key("k"), "Ada", "hello", 0).unwrap();
    let early = desk.send(key("k"), "Ada", "hello", 0).unwrap();
    assert!(first.try_recv().is_err() && early.try_recv().is_err(), "it is on its way to the disk");
    desk.stored(Stored::Durably);
    let receipt = first.recv().unwrap().unwrap();
    assert_eq!((receipt.connections, receipt.stored), (Some(1), Stored::Durably));
    let late = desk.send(key("k"), "Ada", "hello", 599).unwrap();
    assert_eq!([early.recv().unwrap(), late.recv().unwrap()], [Ok(receipt); 2]);
    assert_eq!(desk.said.get(), 1);
    let after = desk.send(key("k"), "Ada", "hello", 600).unwrap();
    desk.stored(Stored::Failed);
    assert_eq!(
        after.recv().unwrap().unwrap().stored,
        Stored::Failed,
        "ten minutes after the first it is another"
    );
    assert_eq!(desk.said.get(), 2);
}

#[test]
fn retries_beyond_those_that_may_wait_hear_that_it_is_not_stored_yet() {
    let desk = Desk::new();
    let all: Vec<_> = (0..=MOST_WAITING).map(|_| desk.send(key("k"), "Ada", "hello", 0).unwrap()).collect();
    assert_eq!(all[MOST_WAITING].recv().unwrap().unwrap().stored, Stored::Failed);
    desk.stored(Stored::Durably);
    for told in &all[..MOST_WAITING] {
        assert_eq!(told.recv().unwrap().unwrap().stored, Stored::Durably);
    }
}

#[test]
fn another_message_with_the_same_key_is_refused() {
    let desk = Desk::new();
    desk.send(key("k"), "Ada", "hello", 0).unwrap();
    assert!(desk.send(key("k"), "Ada", "hello!", 1).is_err());
    assert!(desk.send(key("k"), "Bea", "hello", 1).is_err(), "another name is another message");
    assert_eq!(desk.said.get(), 1);
}

#[test]
fn a_message_that_is_refused_uses_no_key_up() {
    let desk = Desk::new();
    let name = UserName::parse("Ada", 64).unwrap();
    let (tell, told) = channel();
    let done = Box::new(move |receipt| tell.send(receipt).unwrap());
    let refuse = |_: OnStored| Err(Refused::ServerFull);
    desk.keys.once(Some(key("k")), (&name, "hello"), desk.start, done, refuse).unwrap();
    assert_eq!(told.recv().unwrap(), Err(Refused::ServerFull));
    desk.send(key("k"), "Ada", "another", 0).unwrap();
    assert_eq!(desk.said.get(), 1);
}

#[test]
fn a_key_counts_for_one_sender_and_one_room_and_its_digest_never_changes() {
    let [a, b] = ["aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb"].map(|token| ApiToken::parse(token).unwrap());
    let ada = UserName::parse("Ada", 64).unwrap();
    let token_like = UserName::parse("aaaaaaaaaaaaaaaa", 64).unwrap();
    let (one, two) = (room("one"), room("two"));
    let digests = [
        KeyDigest::new(Sender::Token(None), &one, "k"),
        KeyDigest::new(Sender::Token(None), &two, "k"),
        KeyDigest::new(Sender::Token(None), &one, "l"),
        KeyDigest::new(Sender::Token(None), &room("on"), "ek"),
        KeyDigest::new(Sender::Token(Some(&a)), &one, "k"),
        KeyDigest::new(Sender::Token(Some(&b)), &one, "k"),
        KeyDigest::new(Sender::Person(&ada), &one, "k"),
        KeyDigest::new(Sender::Person(&token_like), &one, "k"),
    ];
    let all: std::collections::HashSet<_> = digests.into_iter().collect();
    assert_eq!(all.len(), digests.len());
    // Files of earlier versions hold it.
    let hex: String = digests[0].0.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, "c58ae99dbd6514b3ac708e0af0f3eccd");
}

#[test]
fn keys_of_before_a_restart_are_known_for_the_rest_of_their_time() {
    let desk = Desk::new();
    let (name, text) = (UserName::parse("Ada", 64).unwrap(), "hello");
    let position = desk.numbering.borrow_mut().advance();
    let now = SystemTime::now();
    let at = now - Duration::from_secs(500);
    let event = RoomEvent { at, position, what: What::Said { name, text: text.into() } };
    desk.keys.remember(vec![(key("k"), room("one"), Arc::new(event))], now, desk.start + KEPT);
    let told = desk.send(key("k"), "Ada", "hello", 600).unwrap();
    let receipt = Receipt { position, at, connections: None, stored: Stored::Durably };
    assert_eq!(told.recv().unwrap(), Ok(receipt));
    assert!(desk.send(key("k"), "Ada", "another", 699).is_err());
    desk.send(key("k"), "Ada", "another", 700).unwrap();
    assert_eq!(desk.said.get(), 1);
}
