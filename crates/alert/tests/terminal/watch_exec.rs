//! `alert watch --exec`: a program for each message.

use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::Instant;

use crate::command::{Running, alert, run_with};
use crate::server::{DEADLINE, NO_RATES, Server};

#[test]
fn given_a_program_then_it_gets_the_message_in_its_environment_and_on_its_input() {
    let server = Server::start(&[]);
    let script = "echo \"$ALERT_ROOM $ALERT_EVENT $ALERT_MESSAGE; $0 $1\"; cat; echo .";
    let watch = server.watch(&["--exec", "sh", "-c", script, "name", "--json"]);
    assert_eq!([watch.line(), watch.line()], ["D5DB message http: up?; name --json", "http: up?."]);
    server.say("Ada", "one\ntwo");
    let lines = [watch.line(), watch.line(), watch.line(), watch.line()];
    assert_eq!(lines, ["D5DB message Ada: one", "two; name --json", "Ada: one", "two."]);
}

#[test]
fn given_a_message_that_is_a_command_then_nothing_runs_it() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&[]);
    let watch = server.watch(&["--exec", "env"]);
    let trap = folder.path().join("trap");
    for msg in [format!("$(touch {0})", trap.display()), format!("`touch {0}`; touch {0}", trap.display())] {
        server.say("Ada", &msg);
        let wanted = format!("ALERT_MESSAGE=Ada: {msg}");
        while watch.line() != wanted {}
    }
    assert!(!trap.exists());
}

#[test]
fn given_statuses_then_they_start_nothing_and_do_not_count() {
    let server = Server::start(&["--leave-grace", "0"]);
    let watch = server.watch(&["--count", "2", "--exec", "sh", "-c", "echo \"$ALERT_MESSAGE\""]);
    assert_eq!(watch.line(), "http: up?");
    drop(server.join("D5DB", "Bea"));
    server.say("Ada", "hello");
    assert_eq!(watch.line(), "Ada: hello");
    let done = watch.end();
    assert_eq!((done.code, done.out.as_str()), (Some(0), ""));
}

#[test]
fn given_many_messages_then_one_program_runs_at_a_time_and_in_order() {
    let server = Server::start(&[]);
    let script = "echo begin; sleep 0.01; echo \"$ALERT_MESSAGE\"";
    let watch = server.watch(&["--exec", "sh", "-c", script]);
    (0..50).for_each(|number| server.say("Ada", &number.to_string()));
    assert_eq!([watch.line(), watch.line()], ["begin", "http: up?"]);
    for number in 0..50 {
        assert_eq!([watch.line(), watch.line()], ["begin".to_owned(), format!("Ada: {number}")]);
    }
}

#[test]
fn given_a_program_that_fails_then_its_code_is_reported_and_watching_goes_on() {
    let server = Server::start(&[]);
    let script =
        "case \"$ALERT_MESSAGE\" in *fail) exit 7;; *kill) kill -9 $$;; *) echo \"$ALERT_MESSAGE\";; esac";
    let watch = server.watch(&["--exec", "sh", "-c", script]);
    watch.line();
    ["fail", "kill", "good"].iter().for_each(|msg| server.say("Ada", msg));
    assert_eq!(watch.error(), "alert: sh ended with exit code 7");
    assert_eq!(watch.error(), "alert: sh was ended by signal 9");
    assert_eq!(watch.line(), "Ada: good");
}

#[test]
fn given_a_program_that_does_not_exist_then_it_ends_at_the_start_with_1() {
    // There is no server either: nothing was tried.
    let nowhere = "http://127.0.0.1:9";
    for (program, problem) in [
        ("/no/such/program", "there is no such program"),
        ("no-such-program", "there is no such program"),
        ("/etc/passwd", "this file is not executable"),
        ("/etc", "there is no such program"),
        ("", "there is no such program"),
    ] {
        let words = ["watch", "D5DB", "--url", nowhere, "--exec", program];
        let done = run_with(alert(&words).env("PATH", "/usr/bin:/bin"), "");
        let said = format!("alert: cannot run {program} ({problem}): check --exec\n");
        assert_eq!((done.code, done.out.as_str(), done.err), (Some(1), "", said));
    }
}

#[test]
fn given_secrets_in_the_environment_then_the_program_does_not_get_them() {
    let server = Server::start(&[]);
    let mut command = alert(&["watch", "D5DB", "--url", &server.url(), "--count", "1", "--exec", "env"]);
    command.env("PATH", "/usr/bin:/bin").env("ALERT_CONFIG", "/kept");
    for name in ["ALERT_TOKEN", "ALERT_API_TOKEN", "ALERT_API_TOKEN_FILE", "ALERT_SESSION_KEY"] {
        command.env(name, "0123456789abcdef");
    }
    let watch = Running::start(&mut command);
    server.until_heard_by(1);
    let done = watch.end();
    assert!(done.out.contains("ALERT_MESSAGE=http: up?\n") && done.out.contains("ALERT_CONFIG=/kept\n"));
    assert!(!done.out.contains("TOKEN") && !done.out.contains("KEY"), "{done:?}");
}

#[test]
fn given_ctrl_c_at_a_terminal_then_it_does_not_reach_the_program() {
    let server = Server::start(&[]);
    let mut command = alert(&["watch", "D5DB", "--url", &server.url()]);
    command.args(["--exec", "sh", "-c", "echo begin; sleep 0.3; echo end"]);
    let watch = Running::start(command.env("PATH", "/usr/bin:/bin").process_group(0));
    server.until_heard_by(1);
    assert_eq!(watch.line(), "begin");
    watch.signal_group("INT");
    let done = watch.end();
    assert_eq!((done.code, done.out.as_str(), done.err.as_str()), (Some(0), "end\n", ""));
}

#[test]
fn given_a_second_signal_then_the_program_is_asked_to_end_with_all_that_it_started() {
    let server = Server::start(&[]);
    // Whoever prints is past its exec: a shell that has forked, and not yet become `sleep`, would miss the signal.
    let script = "trap 'echo asked; exit' TERM; sh -c 'echo begin; sleep 100' & wait";
    let watch = server.watch(&["--exec", "sh", "-c", script]);
    assert_eq!(watch.line(), "begin");
    watch.signal("INT");
    watch.signal("TERM");
    let done = watch.end();
    assert_eq!((done.code, done.out.as_str()), (Some(130), "asked\n"), "{done:?}");
}

#[test]
fn given_a_message_of_any_size_then_a_program_gets_it_and_need_not_read_it() {
    let limits = ["--max-msg-bytes", "800000", "--max-payload", "1000000", "--queue-limit", "9000000"];
    let server = Server::start(&limits);
    let watch = server.watch(&[
        "--count",
        "4",
        "--exec",
        "sh",
        "-c",
        "echo ${#ALERT_MESSAGE}; [ $ALERT_MESSAGE = http:* ] || wc -c",
    ]);
    server.say("Ada", &"x".repeat(700_000));
    server.say("Ada", "nul \0 in it");
    server.say("Ada", "end");
    let done = watch.end();
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(done.out.contains("100000\n700005\n"), "{done:?}");
    let unread = server.watch(&["--count", "2", "--exec", "true"]);
    server.say("Ada", &"x".repeat(700_000));
    assert!(unread.end().is_silent());
}

#[test]
fn given_ctrl_c_then_the_program_that_runs_comes_to_its_end_first() {
    let server = Server::start(&[]);
    let watch = server.watch(&["--exec", "sh", "-c", "echo begin; sleep 0.3; echo end"]);
    assert_eq!(watch.line(), "begin");
    watch.signal("TERM");
    let done = watch.end();
    assert_eq!((done.code, done.out.as_str(), done.err.as_str()), (Some(0), "end\n", ""));
}

#[test]
fn given_a_program_that_is_too_slow_then_the_server_ends_the_connection_and_watch_says_so() {
    let bounds = ["--max-payload", "32768", "--queue-limit", "32768"];
    let server = Server::start(&[&bounds[..], &NO_RATES].concat());
    let folder = tempfile::tempdir().unwrap();
    let gate = folder.path().join("gate");
    let script = format!("while ! [ -e {} ]; do sleep 0.05; done", gate.display());
    let watch = server.watch(&["--exec", "sh", "-c", &script]);
    let text = "x".repeat(16_000);
    let until = Instant::now() + DEADLINE;
    while !server.has_logged("slow consumer") {
        assert!(Instant::now() < until, "it takes everything");
        server.say("Ada", &text);
    }
    Command::new("touch").arg(&gate).status().unwrap();
    let lost = watch.error();
    assert!(lost.contains("follows then"), "{lost}");
    assert_eq!(watch.error(), "alert: listens again");
}
