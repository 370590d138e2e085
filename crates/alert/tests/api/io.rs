//! `--io`: with io_uring, without it, and where the system forbids it.

use std::ffi::OsStr;
use std::net::SocketAddr;
use std::process::{Command, Stdio};

use crate::metrics::{HERE, eventually, samples};
use crate::server::Server;

/// Five members hear three messages. Returns how many of the sends had no system call of their own.
fn batched_sends(server: &Server, admin: SocketAddr, way: &str) -> f64 {
    eventually(admin, &format!("alert_shards{{io=\"{way}\"}}"), 2.0);
    let mut members: Vec<_> = ["A", "B", "C", "D", "E"].map(|name| server.join("D5DB", name)).into();
    for count in 0..3 {
        members[0].send(&format!(r#"42["text",{{"msg":"{count}"}}]"#));
        for member in &mut members {
            while member.hears().1 != format!("A: {count}") {}
        }
    }
    samples(admin)["alert_batched_sends_total"]
}

/// The binary on a system whose kernel refuses io_uring with this error; nothing where that cannot be played.
#[expect(clippy::print_stdout, reason = "whoever runs the tests has to see what was not tested")]
fn refused(errno: &str, flags: &[&str]) -> Option<Command> {
    let inject = format!("inject=io_uring_setup:error={errno}");
    let strace = |program: &OsStr| {
        let mut strace = Command::new("strace");
        // As a process beside the program, which stays this one's child.
        strace.args(["-D", "-f", "--seccomp-bpf", "-qq", "-o", "/dev/null", "-e", "trace=io_uring_setup"]);
        strace.args(["-e", &inject]).arg(program);
        strace
    };
    let tried = strace(OsStr::new("true")).stderr(Stdio::null()).status();
    if !tried.is_ok_and(|status| status.success()) {
        println!("SKIPPED: a kernel without io_uring: install strace, and run it as a user who may trace");
        return None;
    }
    let binary = Server::command(0, flags);
    let mut command = strace(binary.get_program());
    command.args(binary.get_args()).env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.envs(binary.get_envs().filter_map(|(name, value)| Some((name, value?))));
    Some(command)
}

#[test]
fn given_epoll_then_each_member_is_sent_to_by_itself() {
    let server = Server::start(&[&HERE[..], &["--io", "epoll"]].concat());
    assert_eq!(batched_sends(&server, server.admin(), "epoll"), 0.0);
}

#[test]
fn given_auto_then_members_are_sent_to_together_where_the_system_permits_it() {
    let server = Server::start(&[&HERE[..], &["--io", "auto"]].concat());
    if server.has_logged("there is no io_uring") {
        println!("SKIPPED: sending through io_uring: this system has none");
        return;
    }
    let server = Server::start(&[&HERE[..], &["--io", "uring"]].concat());
    assert!(batched_sends(&server, server.admin(), "uring") >= 6.0);
}

#[test]
fn given_a_system_that_refuses_io_uring_then_auto_does_without_and_says_why_once() {
    for (errno, why) in [("EPERM", "permit"), ("ENOSYS", "needs Linux 6.1"), ("ENOMEM", "ulimit -l")] {
        let flags = [&HERE[..], &["--io", "auto"]].concat();
        let Some(command) = refused(errno, &flags) else { return };
        let server = Server::spawn(command, true);
        let lines = server.log_until("metrics for Prometheus");
        let said: Vec<_> = lines.iter().filter(|line| line.contains("io_uring")).collect();
        assert!(said.len() == 1 && said[0].contains(why), "{errno}: {lines:#?}");
        let admin = lines.last().unwrap().split("http://").nth(1).unwrap().trim_end_matches('"').parse();
        assert_eq!(batched_sends(&server, admin.unwrap(), "epoll"), 0.0);
    }
}

#[test]
fn given_a_system_that_refuses_io_uring_then_a_server_that_has_to_use_it_does_not_start() {
    let Some(mut command) = refused("EPERM", &["--io", "uring"]) else { return };
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("io = \"uring\" is not possible here"), "{said}");
    assert!(said.contains("--io auto") && said.contains("permit"), "{said}");
}
