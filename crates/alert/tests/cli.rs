//! The command as a person or a service manager meets it: output and exit codes.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::process::{Command, Output};

fn alert(words: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_alert"));
    command.env_clear().args(words).envs(variables.iter().copied()).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn given_a_valid_configuration_then_check_exits_with_0() {
    let output = alert(
        &["config", "check", "--listen", "0.0.0.0:80"],
        &[("ALERT_WORKERS", "2"), ("ALERT_LEAVEGRACE", "1")],
    );
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(text(&output.stdout), "The configuration is valid.\n");
    assert!(text(&output.stderr).contains("did you mean ALERT_LEAVE_GRACE?"), "{}", text(&output.stderr));
}

#[test]
fn given_mistakes_then_every_command_names_each_of_them_and_exits_with_2() {
    for words in [&["config", "check"][..], &["config", "show"], &["serve"], &[]] {
        let output = alert(words, &[("ALERT_WORKERS", "0"), ("ALERT_PING_TIMEOUT", "never")]);
        assert_eq!(output.status.code(), Some(2), "{words:?}");
        let wanted = "alert: workers = \"0\" (from ALERT_WORKERS) is not possible; allowed: auto, or a whole number from 1 to 1024\n\
                      alert: ping_timeout = \"never\" (from ALERT_PING_TIMEOUT) is not possible; allowed: a time from 100ms to 1h, \
                      such as 2s or 500ms; a plain number is seconds\n";
        assert_eq!(text(&output.stderr), wanted, "{words:?}");
        assert_eq!(text(&output.stdout), "");
    }
}

#[test]
fn given_a_file_then_show_tells_where_each_value_comes_from_and_hides_the_secret() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let name = file.path().to_str().unwrap();
    std::fs::write(file.path(), "leave_grace = \"5s\"\nlisten = [\"127.0.0.1:1\", \"unix:/a\"]\n").unwrap();
    let key = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
    let client = ("ALERT_URL", "unix:/run/alert.sock");
    let variables = [("ALERT_SESSION_KEY", key), ("ALERT_CONFIG", name), client, ("ALERT_TOKEN", key)];
    let table = alert(&["config", "show", "--workers", "3"], &variables);
    assert_eq!(table.status.code(), Some(0), "{}", text(&table.stderr));
    let rows: Vec<Vec<&str>> =
        text(&table.stdout).lines().map(|row| row.split_whitespace().collect()).collect();
    assert_eq!(rows[0], ["SETTING", "VALUE", "FROM"]);
    for row in [
        &["listen", "127.0.0.1:1,", "unix:/a", name][..],
        &["workers", "3", "--workers"],
        &["session_key", "(hidden)", "ALERT_SESSION_KEY"],
        &["leave_grace", "5s", name],
        &["ping_interval", "25s", "default"],
        &["public_url", "(none)", "default"],
        &["CLIENT", "SETTING", "VALUE", "FROM"],
        &["url", "unix:/run/alert.sock", "ALERT_URL"],
        &["name", "(none)", "default"],
        &["token", "(hidden)", "ALERT_TOKEN"],
    ] {
        assert!(rows.iter().any(|seen| seen == row), "{row:?} in {rows:?}");
    }
    let json = alert(&["config", "show", "--json", "--workers", "3"], &variables);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    let wanted = serde_json::json!({ "value": ["127.0.0.1:1", "unix:/a"], "source": "file", "from": name });
    assert_eq!(json["listen"], wanted);
    assert_eq!(json["workers"], serde_json::json!({ "value": "3", "source": "flag", "from": "--workers" }));
    assert_eq!(json["session_key"]["value"], "(hidden)");
    assert_eq!(json["public_url"]["value"], serde_json::Value::Null);
    let wanted = serde_json::json!({ "value": "unix:/run/alert.sock", "from": "ALERT_URL" });
    assert_eq!(json["client"]["url"], wanted);
    assert_eq!(json["client"]["token"]["value"], "(hidden)");
}

#[test]
fn given_help_then_it_names_every_setting_and_gives_examples() {
    for words in [&["--help"][..], &["serve", "--help"]] {
        let output = alert(words, &[]);
        assert_eq!(output.status.code(), Some(0));
        let help = text(&output.stdout);
        for setting in alert_server::config::SETTINGS {
            assert!(help.contains(&setting.flag()), "{} in {help}", setting.name);
        }
        assert!(help.contains("Examples:\n  alert "), "{help}");
    }
    let version = alert(&["--version"], &[]);
    assert_eq!(text(&version.stdout), format!("alert {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn given_wrong_usage_then_it_exits_with_2() {
    for words in [
        &["--bogus"][..],
        &["--listen"],
        &["fly"],
        &["--workers", "1", "--workers", "2"],
        &["--workers", "1", "serve"],
    ] {
        assert_eq!(alert(words, &[]).status.code(), Some(2), "{words:?}");
    }
}

#[test]
fn given_a_pipe_or_a_folder_where_a_file_belongs_then_every_command_says_so_and_waits_for_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    for kind in ["folder", "pipe"] {
        for name in ["alert.toml", "xdg/alert/client.toml", "state/session.key", "tokens"] {
            let path = path(&format!("{kind}/{name}"));
            std::fs::create_dir_all(std::path::Path::new(&path).parent().unwrap()).unwrap();
            let make = if kind == "pipe" { "mkfifo" } else { "mkdir" };
            assert!(Command::new(make).arg(path).status().unwrap().success());
        }
        let [file, xdg, state, tokens] =
            ["alert.toml", "xdg", "state", "tokens"].map(|name| path(&format!("{kind}/{name}")));
        let serve = ["serve", "--listen", "127.0.0.1:0"];
        for (words, variables) in [
            (&["config", "check", "--config", &file][..], &[][..]),
            (&[&serve[..], &["--config", &file]].concat(), &[]),
            (&serve, &[("ALERT_CONFIG", file.as_str())]),
            (&["config", "check", "--api-token-file", &tokens], &[]),
            (&serve, &[("STATE_DIRECTORY", state.as_str())]),
            (&["send", "R1", "hello"], &[("XDG_CONFIG_HOME", xdg.as_str())]),
            (&["watch", "R1"], &[("XDG_CONFIG_HOME", xdg.as_str())]),
            (&["join", "R1"], &[("XDG_CONFIG_HOME", xdg.as_str())]),
        ] {
            let output = alert(words, variables);
            let said = text(&output.stderr);
            assert!(
                !output.status.success() && said.contains(&format!("it is a {kind}, not a file")),
                "{said}"
            );
        }
    }
}

#[test]
fn given_a_key_file_that_gives_no_key_then_check_says_which_and_why_as_the_start_does() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (good, bad) = (path("good.pem"), path("bad.pem"));
    assert!(alert(&["token", "keygen", &good], &[]).status.success());
    std::fs::write(&bad, "-----BEGIN PRIVATE KEY-----\nMC4CAQ\n-----END PRIVATE KEY-----\n").unwrap();
    let keys = ["--token-keys", &good, "--token-keys", &bad];
    let check = alert(&[&["config", "check"], &keys[..]].concat(), &[]);
    let start = alert(&[&["serve", "--listen", "127.0.0.1:0"], &keys[..]].concat(), &[]);
    let wanted = format!("the keys of tokens (--token-keys) cannot be read from {bad}: ");
    for output in [&check, &start] {
        assert!(text(&output.stderr).contains(&wanted), "{}", text(&output.stderr));
    }
    assert_eq!((check.status.code(), text(&check.stdout)), (Some(2), ""));
    assert_eq!(alert(&["config", "check", keys[0], keys[1]], &[]).status.code(), Some(0));
}

#[test]
fn given_a_time_that_cannot_be_kept_then_it_is_refused_and_not_cut() {
    for words in [
        &["room", "set", "D5DB", "--slow", "500ms"][..],
        &["room", "set", "D5DB", "--slow", "1.5"],
        &["room", "mute", "D5DB", "Mal", "--for", "1s 500ms"],
        &["room", "ban", "D5DB", "Mal", "--for", "1500ms"],
        &["token", "mint", "Ada", "--room", "D5DB", "--for", "1500ms"],
    ] {
        let output = alert(words, &[]);
        assert_eq!(output.status.code(), Some(2), "{words:?}");
        assert!(text(&output.stderr).contains("whole seconds from "), "{}", text(&output.stderr));
    }
}

#[test]
fn given_a_token_that_other_arguments_would_make_then_the_code_is_that_of_wrong_usage() {
    for words in [
        &["token", "mint", "Ada"][..],
        &["token", "mint", "Ada", "--room", "D5DB"],
        &["token", "mint", "Ada", "--room", "D5DB", "--key", "/none"],
        &["room", "show", "D5DB", "--host-key-file", "/none"],
    ] {
        assert_eq!(alert(words, &[]).status.code(), Some(2), "{words:?}");
    }
}
