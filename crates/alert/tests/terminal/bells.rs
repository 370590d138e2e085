//! Bells at a terminal: `alert bell`.

use crate::command::{alert, run_with};
use crate::server::Server;

const FILE: &str = "room = \"R1\"\nzone = \"UTC\"\n[[bell]]\nid = \"noon\"\nrule = \"FREQ=DAILY\"\ntimes = [\"12:00\"]\nsay = \"Noon\"\n";

#[test]
fn a_file_is_checked_and_previewed_without_a_server() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bells.toml");
    let file = path.to_str().unwrap();
    std::fs::write(&path, FILE).unwrap();
    let run = |words: &[&str]| run_with(&mut alert(words), "");
    let right = run(&["bell", "check", file]);
    assert_eq!((right.code, &*right.out), (Some(0), "the file is right (bells: 1, rooms: 1)\n"), "{right:?}");
    let rings = run(&["bell", "check", file, "--days", "2"]);
    assert_eq!((rings.code, rings.out.lines().count()), (Some(0), 2), "{rings:?}");
    assert!(rings.out.lines().all(|line| line.ends_with(" 12:00:00 UTC  R1  noon  Noon")), "{rings:?}");
    std::fs::write(&path, FILE.replace("12:00", "noon")).unwrap();
    let wrong = run(&["bell", "check", file]);
    assert!(wrong.code == Some(1) && wrong.err.contains("bells.toml, line 6: times: "), "{wrong:?}");
    assert_eq!(run(&["bell", "preview"]).code, Some(2));
}

#[test]
fn a_host_sets_bells_sees_when_they_ring_skips_one_and_removes_it() {
    let server = Server::start(&["--leave-grace", "0"]);
    let kind = [("content-type", "application/json")];
    let made = server.ask("POST", "/v1/rooms", &kind, br#"{"room":"D5DB"}"#);
    let key = made.json()["host"].as_str().unwrap().to_owned();
    let run = |words: &[&str]| {
        let words = [&["bell"], words].concat();
        run_with(alert(&words).env("ALERT_HOST_KEY", &key).env("ALERT_URL", server.url()), "")
    };
    let noon = ["add", "D5DB", "noon", "Noon", "--at", "12:00", "--zone", "Pacific/Kiritimati"];
    let added = run(&noon);
    let words = "noon  12:00 Pacific/Kiritimati  FREQ=DAILY  Noon  (next 20";
    assert!(added.code == Some(0) && added.out.starts_with(words), "{added:?}");
    let siren = [
        "add",
        "D5DB",
        "siren",
        "Siren test",
        "--at",
        "11:00",
        "--zone",
        "UTC",
        "--alert-for",
        "5m",
        "--level",
        "info",
    ];
    let siren = run(&siren);
    assert!(siren.out.contains("  INFO: Siren test  ("), "{siren:?}");
    let listed = run(&["list", "D5DB"]);
    assert_eq!(listed.out.lines().count(), 2, "{listed:?}");
    assert_eq!(run(&["preview", "D5DB", "--days", "3"]).out.lines().count(), 6);
    let skipped = run(&["skip", "D5DB", "noon"]);
    assert!(skipped.code == Some(0) && skipped.out.contains("; not on 20"), "{skipped:?}");
    let skipped = run(&["skip", "D5DB", "noon", "2099-11-30"]);
    assert!(skipped.code == Some(0) && skipped.out.contains("2099-11-30"), "{skipped:?}");
    assert_eq!(run(&["day", "D5DB", "noon", "2099-11-30"]).code, Some(0));
    let weekly = ["add", "D5DB", "odd", "Odd", "--at", "12:00", "--rule", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO"];
    let weekly = run(&[&weekly[..], &["--zone", "UTC"]].concat());
    let why = "depends on the day on which it begins: give that day as well (from), such as 2026-09-01";
    assert!(weekly.code == Some(1) && weekly.err.contains(why), "{weekly:?}");
    let moved = run(&["day", "D5DB", "noon", "2099-12-01", "11:30"]);
    assert!(moved.out.contains("on 2099-12-01 at 11:30"), "{moved:?}");
    let back = run(&["day", "D5DB", "noon", "2099-12-01"]);
    assert!(!back.out.contains("2099"), "{back:?}");
    assert_eq!(run(&["remove", "D5DB", "noon"]).out, "removed\n");
    let gone = run(&["remove", "D5DB", "noon"]);
    assert!(gone.code == Some(1) && gone.err.contains("there is no such bell"), "{gone:?}");
}
