//! `alert screen`: lines that a shell can run, with the address of the screen.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::command::run;

#[test]
fn given_a_room_then_the_lines_for_a_raspberry_pi_are_those_of_a_shell_script() {
    let url = ["--url", "https://alert.example.org"];
    let done = run(&[&["screen", "it's D5DB", "--lang", "de"], &url[..]].concat());
    assert_eq!((done.code, done.err.as_str()), (Some(0), ""), "{done:?}");
    assert!(done.out.contains("/v1/screen?room=it%27s%20D5DB&lang=de'"), "{done:?}");
    let mut shell = Command::new("sh").arg("-n").stdin(Stdio::piped()).spawn().unwrap();
    shell.stdin.take().unwrap().write_all(done.out.as_bytes()).unwrap();
    assert!(shell.wait().unwrap().success());
    for url in ["http://127.0.0.1:5000", "http://[::1]:5000", "http://localhost", "unix:/run/alert.sock"] {
        let here = run(&["screen", "D5DB", "--url", url]);
        assert!(here.code == Some(0) && here.err.contains("with --url"), "{here:?}");
    }
    let wrong = run(&[&["screen", "D5DB", "--lang", "'; reboot"], &url[..]].concat());
    assert!(wrong.code == Some(2) && wrong.err.contains("a language tag, such as de"), "{wrong:?}");
}
