//! `alert webhook`: where programs are told what happens in a room of a running server.

use std::process::ExitCode;

use alert_core::printable::one_line;
use clap::{Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::host::{Room, print_for};

pub(super) const EXAMPLES: &str = "\
Examples:
  export ALERT_HOST_KEY=host_...              the key of the room's host
  alert webhook add K7Q-FM2-XD9 https://school.example.org/hook
  alert webhook list K7Q-FM2-XD9              which there are, and what fails
  alert webhook test K7Q-FM2-XD9 7k3m9q2x     post something at once
  alert webhook secret K7Q-FM2-XD9 7k3m9q2x   another secret
  alert webhook remove K7Q-FM2-XD9 7k3m9q2x

It takes the key of the room's host, or a token with the right moderate. What
is posted is signed with the secret that add prints, and prints only once, as
Standard Webhooks has it.

Exit codes: 0 done; 1 refused by the server, or a test that failed; 2 wrong
usage; 3 the server cannot be reached.";

/// How long to wait for a test: the server waits for the receiver meanwhile.
const TESTED: &str = "30s";

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Tell a program what happens in a room from now on, and print the secret that it verifies that with
    Add {
        #[command(flatten)]
        room: Room,
        /// Where it is posted: https://..
        address: String,
        /// Only this, not both
        #[arg(long, value_name = "WHAT")]
        only: Option<Only>,
    },
    /// Print the webhooks of a room, and what fails
    List {
        #[command(flatten)]
        room: Room,
    },
    /// Remove a webhook
    Remove {
        #[command(flatten)]
        room: Room,
        /// Its id
        id: String,
    },
    /// Give a webhook another secret, and print it; the one before counts for a day too
    Secret {
        #[command(flatten)]
        room: Room,
        /// Its id
        id: String,
    },
    /// Post a test, and say what became of it
    #[command(mut_arg("timeout", |timeout| timeout.default_value(TESTED)))]
    Test {
        #[command(flatten)]
        room: Room,
        /// Its id
        id: String,
    },
}

/// What a program is told, if not everything.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Only {
    /// What is said
    Message,
    /// What becomes of alerts
    Alert,
}

impl Command {
    /// Does it.
    pub(super) fn run(self) -> ExitCode {
        match self {
            Self::Add { room, address, only } => {
                let mut body = json!({ "url": address });
                let name = only.and_then(|only| only.to_possible_value());
                if let Some(name) = name {
                    body["tells"] = json!([name.get_name()]);
                }
                room.ask("moderate", ("POST", "webhooks"), Some(&body), made)
            }
            Self::List { room } => room.ask("moderate", ("GET", "webhooks"), None, all),
            Self::Remove { room, id } => {
                room.ask("moderate", ("DELETE", &path(&id, "")), None, |_| "removed".to_owned())
            }
            Self::Secret { room, id } => room.ask("moderate", ("POST", &path(&id, "/secret")), None, secret),
            Self::Test { room, id } => test(&room, &id),
        }
    }
}

fn path(id: &str, what: &str) -> String {
    let id = percent_encoding::utf8_percent_encode(id, percent_encoding::NON_ALPHANUMERIC);
    format!("webhooks/{id}{what}")
}

/// A test that fails is a failure of the command too.
fn test(room: &Room, id: &str) -> ExitCode {
    let mut has_failed = false;
    let code = {
        let moderator = match room.moderator() {
            Ok(moderator) => moderator,
            Err(code) => return code,
        };
        let answer = alert_client::block_on(moderator.ask_for("POST", &path(id, "/test"), None));
        if let Ok(Ok(answer)) = &answer {
            has_failed = answer["delivered"] == false;
        }
        print_for(&moderator, "moderate", answer, room.is_json(), tested)
    };
    if has_failed { ExitCode::FAILURE } else { code }
}

fn tested(answer: &Value) -> String {
    match answer["problem"].as_str() {
        Some(problem) => format!("it failed: {}", one_line(problem)),
        None => format!("delivered: it answers {}", answer["status"]),
    }
}

fn secret(answer: &Value) -> String {
    one_line(answer["secret"].as_str().unwrap_or_default()).to_string()
}

fn made(answer: &Value) -> String {
    format!("{}\nits secret, which is not shown again: {}", line(&answer["webhook"]), secret(answer))
}

fn all(answer: &Value) -> String {
    match answer["webhooks"].as_array().map(Vec::as_slice) {
        None | Some([]) => "there are no webhooks".to_owned(),
        Some(hooks) => hooks.iter().map(line).collect::<Vec<_>>().join("\n"),
    }
}

/// `7k3m9q2x  https://example.org/hook  message, alert  fails: it answers 500 (attempt 3 of 12)`
fn line(hook: &Value) -> String {
    let text = |key: &str| one_line(hook[key].as_str().unwrap_or_default()).to_string();
    let tells = hook["tells"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let tells = tells.collect::<Vec<_>>().join(", ");
    let failing = &hook["failing"];
    let state = match (hook["gone"] == true, failing["problem"].as_str()) {
        (true, _) => "  its receiver is gone: remove it".to_owned(),
        (false, Some(problem)) => format!(
            "  fails: {} (attempt {} of {})",
            one_line(problem),
            failing["attempts"],
            failing["most_attempts"]
        ),
        (false, None) => String::new(),
    };
    format!("{}  {}  {}{state}", text("id"), text("url"), one_line(&tells))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser as _;

    #[test]
    fn a_test_is_waited_for_longer_than_its_receiver() {
        #[derive(clap::Parser)]
        struct Cli {
            #[command(subcommand)]
            command: Command,
        }
        let timeout = |words: &[&str]| match Cli::parse_from([&["webhook"], words].concat()).command {
            Command::Test { room, .. } | Command::Secret { room, .. } => room.timeout().as_secs(),
            _ => 0,
        };
        assert!(timeout(&["test", "D5DB", "7k3m9q2x"]) > alert_server::outbound::TIME.as_secs());
        assert_eq!(timeout(&["test", "D5DB", "7k3m9q2x", "--timeout", "5s"]), 5);
        assert_eq!(timeout(&["secret", "D5DB", "7k3m9q2x"]), 10);
    }

    #[test]
    fn a_webhook_is_a_line_that_says_what_fails() {
        let hook = json!({ "id": "7k3m9q2x", "url": "https://a.example/", "tells": ["message", "alert"],
            "failing": null, "gone": false });
        assert_eq!(line(&hook), "7k3m9q2x  https://a.example/  message, alert");
        let mut failing = hook.clone();
        failing["failing"] = json!({ "attempts": 3, "most_attempts": 12, "problem": "it answers 500\u{1b}" });
        assert!(line(&failing).ends_with("(attempt 3 of 12)") && !line(&failing).contains('\u{1b}'));
        let mut gone = hook.clone();
        gone["gone"] = json!(true);
        assert!(line(&gone).ends_with("its receiver is gone: remove it"));
        assert_eq!(all(&json!({ "webhooks": [] })), "there are no webhooks");
    }
}
