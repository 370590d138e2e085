//! One order for everybody in a room, however many shards and senders there are.

use crate::{
    harness::{TestServer, workers},
    ws::{Ws, texts},
};

const EACH: usize = 400;

/// The room's numbers in a `said`, and who said it.
fn said(text: &str) -> (u64, String) {
    let event: (String, u64, String) = serde_json::from_str(text.strip_prefix("42").unwrap()).unwrap();
    (event.1, event.2)
}

#[test]
fn several_senders_on_several_shards_are_heard_in_one_order() {
    let server = TestServer::start(workers(3));
    let address = server.address;
    let threads: Vec<_> = (0..6)
        .map(|sender| {
            let mut ws = Ws::connected(address);
            ws.send(r#"42["join","a"]"#);
            ws.settle();
            (sender, ws)
        })
        .collect::<Vec<_>>()
        .into_iter()
        .map(|(sender, mut ws)| {
            std::thread::spawn(move || {
                ws.raw(texts((0..EACH).map(|n| format!("42[\"say\",\"a\",\"{sender}:{n}\"]"))));
                (0..6 * EACH).map(|_| ws.text()).collect::<Vec<_>>()
            })
        })
        .collect();
    let heard: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    for (n, text) in heard[0].iter().enumerate() {
        assert_eq!(said(text).0, n as u64 + 1, "the room's own order");
    }
    for sender in 0..6 {
        let of_sender = heard[0].iter().map(|text| said(text).1);
        let of_sender = of_sender.filter(|text| text.starts_with(&format!("{sender}:")));
        assert!(of_sender.eq((0..EACH).map(|n| format!("{sender}:{n}"))), "the sender's order");
        assert!(heard[sender] == heard[0], "the same for everybody");
    }
}

#[test]
fn who_joins_and_leaves_hears_exactly_what_was_said_in_between() {
    let server = TestServer::start(workers(3));
    let address = server.address;
    let mut speaker = Ws::connected(address);
    speaker.send(r#"42["join","a"]"#);
    speaker.settle();
    let visitors: Vec<_> = (0..3)
        .map(|_| {
            std::thread::spawn(move || {
                let mut ws = Ws::connected(address);
                for round in 0..40 {
                    // The acks frame what was said: each comes in the order of the room's.
                    ws.raw(texts([r#"421["join","a"]"#, r#"42["say","a","in"]"#]));
                    let mut heard = Vec::new();
                    let mut has_joined = false;
                    while !heard.iter().any(|(_, text)| text == "in") || !has_joined {
                        match ws.text().as_str() {
                            r#"431["a"]"# => has_joined = true,
                            text => heard.push(said(text)),
                        }
                    }
                    ws.send(r#"422["leave","a"]"#);
                    loop {
                        match ws.text().as_str() {
                            r#"432["a"]"# => break,
                            text => heard.push(said(text)),
                        }
                    }
                    let first = heard[0].0;
                    for (n, (number, _)) in heard.iter().enumerate() {
                        assert_eq!(*number, first + n as u64, "no gap, round {round}");
                    }
                }
            })
        })
        .collect();
    let mut last = 0;
    while visitors.iter().any(|visitor| !visitor.is_finished()) {
        speaker.raw(texts((0..20).map(|_| r#"42["say","a","out"]"#)));
        for _ in 0..20 {
            while {
                let (number, text) = said(&speaker.text());
                assert_eq!(number, last + 1);
                last = number;
                text != "out"
            } {}
        }
    }
    visitors.into_iter().for_each(|visitor| visitor.join().unwrap());
}
