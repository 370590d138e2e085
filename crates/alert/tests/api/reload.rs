//! SIGHUP: what changes, what needs a restart, and that a mistake changes nothing.

use std::path::PathBuf;

use crate::certificates::Folder;
use crate::server::Server;

/// A server with a configuration file.
struct Configured {
    server: Server,
    folder: tempfile::TempDir,
}

impl Configured {
    fn start(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("alert.toml");
        std::fs::write(&file, text).unwrap();
        let server = Server::start(&["--config", file.to_str().unwrap()]);
        Self { server, folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Has another text read, and waits for what is said of it.
    fn reread(&self, text: &str, said: &str) {
        std::fs::write(self.path("alert.toml"), text).unwrap();
        self.server.signal("HUP");
        self.server.wait_for_log(said);
    }

    /// What a room says to somebody who asks for it.
    fn names(&self, room: &str) -> u16 {
        self.server.get(&format!("/v1/rooms/{room}")).status
    }
}

#[test]
fn given_another_level_then_it_is_logged_at_that_level_from_now_on() {
    let configured = Configured::start("log_level = \"warn\"");
    let again = "SIGHUP: the settings have been read again changed=\"log_level\"";
    let _ada = configured.server.join("D5DB", "Ada");
    configured.reread("log_level = \"info\"", again);
    let _bea = configured.server.join("D5DB", "Bea");
    configured.server.wait_for_log("Bea");
    configured.reread("log_level = \"error\"", again);
    let _cleo = configured.server.join("D5DB", "Cleo");
    let mut server = configured.server;
    server.signal("TERM");
    server.wait();
    let rest = server.rest_of_log();
    assert!(rest.is_empty(), "{rest:#?}");
}

#[test]
fn given_other_limits_then_they_are_those_of_whoever_comes_next() {
    let configured = Configured::start("max_people = 1\nmax_rooms = 1\nroom_tries = 0\nmax_connections = 50");
    let _ada = configured.server.join("D5DB", "Ada");
    for room in ["D5DB", "other"] {
        let mut bea = configured.server.connect();
        bea.emit_joined(room, "Bea");
        configured.server.wait_for_log("no way into a room");
    }
    configured.reread(
        "max_people = 2\nmax_rooms = 2\nroom_tries = 15\nmax_connections = 100",
        "changed=\"room_tries, max_rooms, max_people, max_connections\"",
    );
    let _bea = configured.server.join("D5DB", "Bea");
    let _cleo = configured.server.join("other", "Cleo");
    // A room that is named over HTTP counts ten times.
    assert_eq!([configured.names("a"), configured.names("b")], [200, 429]);
    configured
        .reread("max_people = 2\nmax_rooms = 2\nroom_tries = 0\nmax_connections = 1", "max_connections");
    assert_eq!(configured.server.get("/livez").status, 503);
    // Those who are there stay.
    configured.reread("max_people = 2\nmax_rooms = 2\nroom_tries = 0", "changed=\"max_connections\"");
    assert_eq!([configured.names("a"), configured.names("b")], [200, 200]);
}

#[test]
fn given_a_mistake_then_everything_stays_as_it_was_and_it_is_said() {
    let configured = Configured::start("room_tries = 0");
    for mistake in [
        "room_tries = 10\nlog_level = \"loud\"",
        "room_tries = 10\nping_interval = \"never\"",
        "room_tries = 10\nmax_payload = 5000",
        "room_tries = 10\napi_token_file = \"/nowhere\"",
        "room_tries = 10\nroom_trys = 10",
        "room_tries = 10\nroom_tries",
    ] {
        configured.reread(mistake, "SIGHUP: everything stays as it was: ");
        assert_eq!([configured.names("a"), configured.names("b")], [200, 200], "{mistake}");
    }
    std::fs::remove_file(configured.path("alert.toml")).unwrap();
    configured.server.signal("HUP");
    configured.server.wait_for_log("SIGHUP: everything stays as it was: cannot read the configuration file");
}

#[test]
fn given_settings_that_need_a_restart_then_the_line_names_them_each_time() {
    let configured = Configured::start("");
    let text = "queue_limit = 2000000\nleave_grace = 3\nmax_people = 9";
    let needs = "needs_restart=\"leave_grace, queue_limit\"";
    configured.reread(text, &format!("changed=\"max_people\" {needs}"));
    configured.reread(text, &format!("changed=\"nothing\" {needs}"));
    configured.reread("max_people = 9", "changed=\"nothing\"");
}

#[test]
fn given_another_drain_wait_then_the_next_stop_takes_it() {
    let configured = Configured::start("drain_wait = \"1h\"");
    configured.reread("drain_wait = 0", "changed=\"drain_wait\"");
    let mut server = configured.server;
    server.signal("TERM");
    assert!(server.wait().success());
}

#[test]
fn given_certificates_of_which_one_is_wrong_then_nothing_else_changes() {
    let folder = Folder::new();
    let path = |name: &str| folder.path(name).to_str().unwrap().to_owned();
    folder.certificate("a", "DNS:a.example", 9);
    let tls = format!("tls_cert = \"{}\"\ntls_key = \"{}\"\n", path("a.pem"), path("a.key"));
    std::fs::write(folder.path("alert.toml"), &tls).unwrap();
    let server = Server::start(&["--config", &path("alert.toml")]);
    folder.certificate("a", "DNS:a.example", 9);
    server.signal("HUP");
    server.wait_for_log("changed=\"tls_cert\"");
    std::fs::write(folder.path("a.key"), "nothing").unwrap();
    std::fs::write(folder.path("alert.toml"), format!("{tls}log_level = \"error\"")).unwrap();
    server.signal("HUP");
    server.wait_for_log("SIGHUP: everything stays as it was: ");
    // The level has not changed, or this would not be logged.
    folder.certificate("a", "DNS:a.example", 9);
    std::fs::write(folder.path("alert.toml"), format!("{tls}drain_wait = 1")).unwrap();
    server.signal("HUP");
    server.wait_for_log("changed=\"drain_wait, tls_cert\"");
}
