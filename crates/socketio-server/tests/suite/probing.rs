//! Asking whether a client is still there: a ping at once, and its answer.

use crate::{
    chat::Waiting,
    harness::{DEADLINE, TestServer, heartbeat, workers},
    http::Polling,
    ws::Ws,
};
use socketio_server::{Answer, Config, SocketIds};
use std::future::Future;
use tokio::{sync::oneshot, time::timeout};

fn wait<T>(what: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async { timeout(DEADLINE, what).await.unwrap() })
}

fn is_silent(answer: &mut oneshot::Receiver<()>) -> bool {
    answer.try_recv() == Err(oneshot::error::TryRecvError::Empty)
}

fn connected(server: &TestServer, send: impl FnOnce(&str)) -> Waiting {
    send("40/later,");
    let waiting = server.log.waiting();
    waiting.decide(Answer::Connected(SocketIds::default()));
    waiting.wake();
    waiting
}

#[test]
fn on_a_websocket_a_client_that_is_asked_gets_one_ping_and_its_pong_answers_all_who_ask() {
    let server = TestServer::start(workers(2));
    let mut ws = Ws::connected(server.address);
    let socket = connected(&server, |packet| ws.send(packet));
    let mut answers = [socket.probe(), socket.probe()];
    while ws.text() != "2" {}
    // Something else that it sends, or a look, is no answer.
    ws.send(r#"42["echo",1]"#);
    assert_eq!(ws.text(), r#"42["echo",1]"#);
    assert!(wait(socket.unconfirmed()).is_some_and(|bytes| bytes > 0));
    assert!(answers.iter_mut().all(is_silent));
    ws.send("3");
    for answer in answers {
        assert!(wait(answer).is_ok());
    }
    let answer = socket.probe();
    assert_eq!(ws.text(), "2");
    drop(ws);
    assert!(wait(answer).is_err(), "it has ended");
    assert!(wait(socket.probe()).is_err());
    assert_eq!(wait(socket.unconfirmed()), None);
}

#[test]
fn on_long_polling_the_next_get_is_an_answer_too() {
    let server = TestServer::start(workers(2));
    let mut client = Polling::connected(server.address);
    let socket = connected(&server, |packet| client.send(packet));
    let mut answer = socket.probe();
    assert!(wait(socket.unconfirmed()).is_some_and(|bytes| bytes > 0));
    assert!(is_silent(&mut answer));
    assert!(client.poll().text().ends_with('2'));
    assert!(wait(answer).is_ok(), "it has come for it");
    // The same where a GET waits already: it brings the ping, and the pong answers.
    client.send("3");
    client.begin_poll();
    client.send(r#"42["echo",1]"#);
    assert_eq!(client.next(), r#"42["echo",1]"#);
    client.begin_poll();
    let answer = socket.probe();
    let _ = client.next();
    client.send("3");
    assert!(wait(answer).is_ok());
}

#[test]
fn a_client_that_gives_no_answer_ends_by_its_timeout_from_then_on() {
    let server = TestServer::start(heartbeat(60_000, 300));
    let mut ws = Ws::connected(server.address);
    let socket = connected(&server, |packet| ws.send(packet));
    assert!(wait(socket.probe()).is_err());
    server.log.wait_for_prefix("/ ended: ping timeout");
}

#[test]
fn those_who_ask_for_one_client_are_bounded() {
    let server = TestServer::start(Config::default());
    let mut ws = Ws::connected(server.address);
    let socket = connected(&server, |packet| ws.send(packet));
    let mut answers: Vec<_> = (0..100).map(|_| socket.probe()).collect();
    let refused = answers.split_off(64);
    refused.into_iter().for_each(|answer| assert!(wait(answer).is_err()));
    assert!(answers.iter_mut().all(is_silent));
    drop(answers);
    let answer = socket.probe();
    ws.send("3");
    assert!(wait(answer).is_ok(), "those who gave up leave their places");
}
