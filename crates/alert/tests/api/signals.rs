//! Signals to the process.

use std::process::Command;

use crate::server::Server;

/// Starts the binary as a shell does that ignores these signals, as `nohup alert` and `alert &` in a script do.
fn start_ignoring(signals: &str) -> Server {
    let binary = Server::command(0, &[]);
    let mut shell = Command::new("sh");
    shell.env_clear().args(["-c", &format!("trap '' {signals}; exec \"$@\""), "sh"]);
    shell.arg(binary.get_program()).args(binary.get_args());
    Server::spawn(shell, true)
}

#[test]
fn given_signals_that_were_ignored_at_the_start_then_they_stay_ignored() {
    let mut server = start_ignoring("HUP INT");
    for signal in ["INT", "HUP", "INT"] {
        server.signal(signal);
    }
    assert_eq!(server.get("/readyz").status, 200);
    server.signal("TERM");
    assert!(server.wait().success());
    let log = server.rest_of_log();
    assert!(log.iter().any(|line| line.contains("signal=\"SIGTERM\"")), "{log:#?}");
    assert!(!log.iter().any(|line| line.contains("SIGHUP") || line.contains("SIGINT")), "{log:#?}");
}

#[test]
fn given_sighup_and_nothing_new_then_it_is_logged_and_nothing_ends() {
    let mut server = Server::start(&[]);
    let mut ada = server.join("D5DB", "Ada");
    for _ in 0..3 {
        server.signal("HUP");
        server.wait_for_log("SIGHUP: the settings have been read again changed=\"nothing\"");
    }
    assert_eq!(server.post("/v1/rooms/D5DB", &[], "hello").status, 202);
    assert_eq!(ada.hears().1, "http: hello");
    server.signal("INT");
    assert!(server.wait().success());
}
