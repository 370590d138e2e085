//! A disk that hangs or fails under a server that runs. `strace` stands between the server and the real file: what it is
//! told to hold up or to fail is each synchronisation with the disk, or each write.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::server::{DEADLINE, Server};

/// The disk does this until it is dropped.
struct Disk(Child);

impl Disk {
    /// Nothing, with words, where this user may not trace a process, or has no `strace`.
    #[expect(clippy::print_stdout, reason = "whoever runs the tests has to see what was not tested")]
    fn that(server: &Server, does: &str) -> Option<Self> {
        let (calls, _) = does.split_once(':').unwrap();
        let (trace, inject) = (format!("trace={calls}"), format!("inject={does}"));
        let mut strace = Command::new("strace");
        strace.args(["-f", "-e", &trace, "-e", &inject, "-p", &server.pid().to_string()]);
        let strace = strace.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
        let skipped = |why| println!("SKIPPED: {why}: install strace, and run it as a user who may trace");
        let Ok(mut strace) = strace else {
            skipped("there is no strace".to_owned());
            return None;
        };
        let mut lines = BufReader::new(strace.stderr.take().unwrap()).lines();
        let first = lines.next().map_or_else(String::new, Result::unwrap);
        // It must not be held up by a full pipe.
        thread::spawn(move || lines.for_each(drop));
        if first.contains("attached") {
            return Some(Self(strace));
        }
        skipped(first);
        drop(Self(strace));
        None
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // It lets go of the server, which a kill would not do in good order.
        let _ = Command::new("kill").args(["-s", "INT", &self.0.id().to_string()]).status();
        let _ = self.0.wait();
    }
}

fn wait_until_stored(server: &Server) {
    let until = Instant::now() + DEADLINE;
    while server.get("/readyz").body != "ok\n" {
        assert!(Instant::now() < until, "{}", server.get("/readyz").body);
        thread::sleep(Duration::from_millis(20));
    }
}

/// While the disk does this, people hear what is said, and those who say it that it is not stored, for `reason`. After
/// it, everything is stored.
fn delivery_goes_on(does: &str, reason: &str) {
    let state = tempfile::tempdir().unwrap();
    let mut server = Server::start_in(state.path(), &["--history", "sqlite"]);
    let say = |text| server.post("/v1/rooms/D5DB?name=Ada", &[], text).json();
    assert_eq!(say("before")["stored"], true);
    let mut listening = server.listen("D5DB", "text/event-stream");
    let Some(disk) = Disk::that(&server, does) else { return };
    assert_eq!(listening.chunk(), ":\n\n");
    thread::scope(|scope| {
        let first = scope.spawn(|| say("first"));
        assert_eq!(listening.event().unwrap(), ("message".to_owned(), "Ada: first".to_owned()));
        assert_eq!(first.join().unwrap()["stored"], false);
    });
    // It is known by now.
    assert_eq!(say("second")["stored"], false);
    assert_eq!(listening.event().unwrap(), ("message".to_owned(), "Ada: second".to_owned()));
    let ready = server.get("/readyz").body;
    assert!(ready.starts_with("ok, but the history is not stored: ") && ready.contains(reason), "{ready}");
    let texts = |server: &Server| {
        let page = server.get("/v1/rooms/D5DB/messages").json();
        assert!(page["gap"].is_null(), "{page}");
        let texts = page["messages"].as_array().unwrap().iter().map(|message| message["msg"].to_string());
        texts.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(texts(&server), r#""before" "first" "second""#, "what waits is read from memory");
    server.wait_for_log("the history");
    drop(disk);
    wait_until_stored(&server);
    assert_eq!(say("after")["stored"], true);
    server.signal("KILL");
    server.wait();
    let again = Server::start_in(state.path(), &["--history", "sqlite"]);
    assert_eq!(texts(&again), r#""before" "first" "second" "after""#);
}

#[test]
fn given_a_disk_that_hangs_then_people_hear_each_other_and_everything_is_stored_when_it_goes_on() {
    delivery_goes_on("fsync,fdatasync:delay_enter=600000000", "the disk does not answer");
}

#[test]
fn given_a_disk_that_fails_then_people_hear_each_other_and_everything_is_stored_when_it_works_again() {
    delivery_goes_on("fsync,fdatasync:error=EIO", "disk I/O error");
}

#[test]
fn given_a_disk_that_becomes_full_then_people_hear_each_other_and_everything_is_stored_when_there_is_room() {
    delivery_goes_on("pwrite64:error=ENOSPC", "make room on the disk");
}
