//! A panic in the application. The runtime promises nothing of its own after one; what it asks for, and what these
//! tests do, is a hook that aborts. Then nothing that calls the application outlives its panic.

use crate::{
    harness::{DEADLINE, TestServer, heartbeat},
    ws::Ws,
};
use std::{io::Write, os::unix::process::ExitStatusExt, process::Command};

/// Set in the process that is to end.
const DOOMED: &str = "SOCKETIO_SERVER_TEST_DOOMED";
const SIGABRT: i32 = 6;

/// Runs `test`, which has this name within the suite, in a process of its own that must end by a panic of the server.
fn ends_by_panic(name: &str, test: impl FnOnce()) {
    if std::env::var_os(DOOMED).is_some() {
        std::panic::set_hook(Box::new(|panic| {
            let _ = writeln!(std::io::stderr(), "a panic ends the server: {panic}");
            std::process::abort();
        }));
        return test();
    }
    let mut command = Command::new(std::env::current_exe().unwrap());
    let output = command.args(["--exact", name, "--nocapture"]).env(DOOMED, "1").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.signal(), Some(SIGABRT), "{said}");
    assert!(said.contains("chat.rs"), "not a panic of the application: {said}");
}

#[test]
fn a_panic_in_an_event_ends_the_process() {
    ends_by_panic("panics::a_panic_in_an_event_ends_the_process", || {
        let server = TestServer::start(heartbeat(25_000, 20_000));
        Ws::connected(server.address).send(r#"42["panic"]"#);
        std::thread::sleep(DEADLINE);
    });
}

#[test]
fn a_panic_at_the_end_of_a_connection_that_no_client_ended_ends_the_process() {
    ends_by_panic("panics::a_panic_at_the_end_of_a_connection_that_no_client_ended_ends_the_process", || {
        let server = TestServer::start(heartbeat(100, 100));
        let mut ws = Ws::connected(server.address);
        ws.send(r#"42["panic when closed"]"#);
        std::thread::sleep(DEADLINE);
    });
}
