//! Text from outside, in standard input, arguments, variables and files: a byte order mark is dropped, and what is not UTF-8 is
//! never changed in silence.

use std::ffi::OsStr;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::process::Stdio;

use crate::command::{Done, alert, run, run_with};
use crate::server::Server;

const LATIN: &[u8] = b"caf\xE9";

/// Runs `alert` with these words and this standard input.
fn given(words: &[&str], input: &[u8]) -> Done {
    let mut command = alert(words);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap().into()
}

#[test]
fn given_input_with_a_byte_order_mark_then_it_is_not_said() {
    let server = Server::start(&[]);
    let mut ada = server.join("D5DB", "Ada");
    let url = server.url();
    for words in [&["send", "D5DB"][..], &["send", "D5DB", "--lines"]] {
        assert!(given(&[words, &["--url", &url]].concat(), "\u{FEFF}one\r\n".as_bytes()).is_silent());
        assert_eq!(ada.hears().1, "http: one");
    }
    let done = given(&["join", "D5DB", "--name", "Bea", "--url", &url], "\u{FEFF}two\n".as_bytes());
    assert_eq!((done.code, done.err.as_str()), (Some(0), ""));
    while ada.hears().1 != "Bea: two" {}
}

#[test]
fn given_a_message_that_is_not_utf_8_then_nothing_is_sent_and_its_line_is_named() {
    let url = Server::start(&[]).url();
    for (input, line) in [(LATIN, 1), (b"a\nb\n\xFF\n", 3), (b"\xFF\xFEa\0", 1), (b"a\n\0b\0", 2)] {
        let done = given(&["send", "D5DB", "--url", &url], input);
        let said = format!("alert: standard input is not text: its line {line} is not UTF-8\n");
        assert_eq!((done.code, done.err), (Some(2), said));
    }
}

#[test]
fn given_a_line_that_is_not_utf_8_then_it_is_named_and_the_others_are_said() {
    let server = Server::start(&[]);
    let mut ada = server.join("D5DB", "Ada");
    let url = server.url();
    for wrong in [LATIN, b"U\0T\0F\0"] {
        let input = [b"one\n", wrong, b"\nthree\n"].concat();
        let done = given(&["send", "D5DB", "--lines", "--url", &url], &input);
        assert_eq!(
            (done.code, done.err.as_str()),
            (Some(1), "alert: line 2 is not UTF-8 and was not sent\n")
        );
        while ada.hears().1 != "http: three" {}
        let done = given(&["join", "D5DB", "--name", "Bea", "--url", &url], &input);
        assert_eq!(done.code, Some(1));
        assert!(done.err.contains("* Not sent (it is not UTF-8): line 2"), "{done:?}");
        while ada.hears().1 != "Bea: three" {}
    }
}

#[test]
fn given_an_argument_a_variable_or_a_file_that_is_not_utf_8_then_it_is_named() {
    let latin = OsStr::from_bytes(LATIN);
    let mut message = alert(&["send", "D5DB"]);
    let done = run_with(message.arg(latin), "");
    assert_eq!((done.code, done.err.as_str()), (Some(2), "alert: the argument \"caf\\xE9\" is not UTF-8\n"));
    let mut name = alert(&["send", "D5DB", "hello", "--name"]);
    assert!(run_with(name.arg(latin), "").err.contains("is not UTF-8"));
    for variable in ["ALERT_NAME", "ALERT_URL", "ALERT_TOKEN"] {
        let done = run_with(alert(&["send", "D5DB", "hello"]).env(variable, latin), "");
        assert_eq!(done.code, Some(2));
        assert!(done.err.contains(&format!("(from {variable})")) && done.err.contains("UTF-8"), "{done:?}");
    }
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("alert/client.toml");
    std::fs::create_dir(file.parent().unwrap()).unwrap();
    let with_file = |content: &[u8]| {
        std::fs::write(&file, content).unwrap();
        run_with(alert(&["send", "D5DB", "hello"]).env("XDG_CONFIG_HOME", home.path()), "")
    };
    let done = with_file(b"# ok\nname = \"caf\xE9\"\n");
    assert_eq!(done.code, Some(2));
    assert!(done.err.contains("client.toml: line 2 is not UTF-8; save it as UTF-8"), "{done:?}");
    let done = with_file("\u{FEFF}url = \"nowhere\"\n".as_bytes());
    assert!(done.err.contains("url = \"nowhere\""), "{done:?}");
}

#[test]
fn given_several_words_then_they_are_one_message() {
    let server = Server::start(&[]);
    let mut ada = server.join("D5DB", "Ada");
    let url = server.url();
    for (words, said) in [
        (&["D5DB", "two", "words"][..], "http: two words"),
        (&["D5DB", "Class", "--name", "Bell", "ends", "now"], "Bell: Class ends now"),
        (&["D5DB", "--", "-5", "degrees", "-"], "http: -5 degrees -"),
    ] {
        assert!(run(&[&["send", "--url", &url], words].concat()).is_silent());
        assert_eq!(ada.hears().1, said);
    }
}
