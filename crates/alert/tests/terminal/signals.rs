//! Signals that were ignored when a command was started, as `nohup` and a shell's `command &` leave them.

use crate::command::{Running, alert};
use crate::server::Server;

/// `alert` with these words, started by a shell that ignores these signals.
fn ignoring(signals: &str, words: &[&str]) -> Running {
    let alert = alert(words);
    let mut shell = std::process::Command::new("/bin/sh");
    shell.env_clear().env("PATH", "/usr/bin:/bin").args(["-c", &format!("trap '' {signals}; exec \"$@\"")]);
    Running::start(shell.arg("sh").arg(alert.get_program()).args(alert.get_args()))
}

#[test]
fn given_signals_that_are_ignored_then_watch_goes_on_and_others_end_it() {
    let server = Server::start(&[]);
    for (ignored, heeded) in [("HUP", "INT"), ("INT QUIT", "TERM"), ("TERM", "HUP")] {
        let watch = ignoring(ignored, &["watch", "D5DB", "--url", &server.url()]);
        server.until_heard_by(1);
        assert!(watch.line().ends_with("http: up?"));
        ignored.split(' ').for_each(|signal| watch.signal(signal));
        server.say("Ada", "still there?");
        assert!(watch.line().ends_with("Ada: still there?"));
        watch.signal(heeded);
        let done = watch.end();
        assert_eq!((done.code, done.err.as_str()), (Some(0), ""), "{ignored}");
        server.until_heard_by(0);
    }
}

#[test]
fn given_signals_that_are_ignored_then_join_goes_on_and_others_end_it() {
    let server = Server::start(&["--leave-grace", "0"]);
    for (ignored, heeded) in [("HUP", "TERM"), ("INT", "HUP")] {
        let join = ignoring(ignored, &["join", "D5DB", "--name", "Bea", "--url", &server.url()]);
        while !join.line().ends_with("* Bea has entered the room.") {}
        join.signal(ignored);
        server.say("Ada", "still there?");
        while !join.line().ends_with("Ada: still there?") {}
        join.signal(heeded);
        let done = join.end();
        assert_eq!((done.code, done.err.as_str()), (Some(0), ""), "{ignored}");
    }
}
