//! Nothing is lost, doubled or reordered while a session moves from long-polling to WebSocket, in either direction.

use crate::{
    harness::{TestServer, workers},
    http::Polling,
    ws::{WEBSOCKET, Ws, texts},
};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

const ROUNDS: usize = 12;
const MINE: usize = 60;

/// Checks what a client hears: the room's numbers without a gap, and its own messages in its own order.
#[derive(Default)]
struct Ear {
    last: Option<u64>,
    own: usize,
}

impl Ear {
    #[track_caller]
    fn hear(&mut self, packet: &str) {
        let Some(event) = packet.strip_prefix("42") else {
            assert_eq!(packet, "6", "nothing else but the noop");
            return;
        };
        let (name, number, text): (String, u64, String) = serde_json::from_str(event).unwrap();
        assert_eq!(name, "said");
        assert!(self.last.is_none_or(|last| number == last + 1), "{number} after {:?}", self.last);
        self.last = Some(number);
        if let Some(own) = text.strip_prefix("mine ") {
            assert_eq!(own.parse(), Ok(self.own));
            self.own += 1;
        }
    }
}

fn mine(n: usize) -> String {
    format!("42[\"say\",\"a\",\"mine {n}\"]")
}

#[test]
fn a_client_that_moves_in_the_middle_of_it_all_misses_nothing() {
    let server = TestServer::start(workers(3));
    let address = server.address;
    let stop = Arc::new(AtomicBool::new(false));
    // Given two who talk all the time.
    let talkers = [(); 2].map(|()| {
        let stop = Arc::clone(&stop);
        std::thread::spawn(move || {
            let mut ws = Ws::connected(address);
            ws.send(r#"42["join","a"]"#);
            while !stop.load(Ordering::Relaxed) {
                ws.raw(texts((0..5).map(|_| r#"42["say","a","talk"]"#)));
                ws.settle();
            }
        })
    });
    for _ in 0..ROUNDS {
        let mut client = Polling::connected(address);
        let mut ear = Ear::default();
        client.send(r#"42["join","a"]"#);
        for n in 0..MINE / 3 {
            client.send(mine(n));
            ear.hear(&client.next());
        }
        // When it probes, and goes on with polling until that is ended...
        let mut ws = Ws::shake_hands(address, &format!("{WEBSOCKET}&sid={}", client.sid));
        ws.send("2probe");
        for n in MINE / 3..MINE * 2 / 3 {
            client.send(mine(n));
            ear.hear(&client.next());
        }
        assert_eq!(ws.text(), "3probe");
        loop {
            let packet = client.next();
            ear.hear(&packet);
            if packet == "6" {
                break;
            }
        }
        // ...and then goes on over the WebSocket.
        ws.send("5");
        ws.raw(texts((MINE * 2 / 3..MINE).map(mine)));
        while ear.own < MINE {
            ear.hear(&ws.text());
        }
    }
    stop.store(true, Ordering::Relaxed);
    for talker in talkers {
        talker.join().unwrap();
    }
}
