//! `alert confirm`: somebody confirms an alert, or a host does for them.

use std::process::ExitCode;

use alert_client::{ClientError, ClientFlags, Moderator};
use alert_core::names::UserName;
use alert_core::printable::one_line;
use clap::Args;
use serde_json::{Value, json};

use super::last_asking;
use crate::cli::alerts::name;
use crate::cli::complain;
use crate::cli::host::{Room, print, print_for};

#[derive(Debug, Args)]
pub(in crate::cli) struct Confirm {
    #[command(flatten)]
    room: Room,
    /// The alert's id, as `alert alerts` shows it
    id: Option<String>,
    /// One of the answers that the alert names
    #[arg(long)]
    answer: Option<String>,
    #[arg(long, help = format!("{} [default: your login]", ClientFlags::NAME))]
    name: Option<String>,
    /// As a host, confirm for this person
    #[arg(long, value_name = "NAME", value_parser = name)]
    person: Option<String>,
}

impl Confirm {
    /// Confirms it, and prints who has, and with which answer.
    pub(in crate::cli) fn run(self) -> ExitCode {
        let (client, name) = match self.client() {
            Ok(client) => client,
            Err(code) => return code,
        };
        let name = name.as_ref().map(UserName::as_str);
        let body = json!({ "answer": self.answer, "person": self.person });
        let outcome = alert_client::block_on(async {
            let id = last_asking(&client, self.id.as_deref()).await?;
            let place = ["alerts", &id, "confirmations"];
            let answer = client.at("POST", &place, &body, [("alert-name", name), ("", None)]).await;
            if let Err(ClientError::Refused(problem)) = &answer
                && problem.status == 400
            {
                name_answers(&client, &id).await;
            }
            answer
        });
        if self.person.is_some() {
            return print_for(&client, "alert", outcome, self.room.is_json(), words);
        }
        print(outcome, self.room.is_json(), words)
    }

    /// Who asks, and in whose name: a host's key is shown only for somebody else.
    fn client(&self) -> Result<(Moderator, Option<UserName>), ExitCode> {
        let name = self.room.person(self.name.clone())?;
        match self.person {
            Some(_) => Ok((self.room.moderator()?, name)),
            None => Ok((self.room.anybody()?, name)),
        }
    }
}

/// Says which answers an alert in force takes.
async fn name_answers(client: &Moderator, id: &str) {
    let Ok(listed) = client.at("GET", &["alerts"], &json!({}), [("", None); 2]).await else { return };
    let alert = listed["alerts"].as_array().into_iter().flatten().find(|alert| alert["id"] == id);
    let answers = alert.and_then(|alert| alert["answers"].as_array()).into_iter().flatten();
    let answers: Vec<_> =
        answers.filter_map(Value::as_str).map(|answer| one_line(answer).to_string()).collect();
    if !answers.is_empty() {
        complain(format_args!("it takes --answer with one of: {}", answers.join(", ")));
    }
}

/// `Bea has confirmed (safe)`
fn words(answer: &Value) -> String {
    let text = |key: &str| answer["person"][key].as_str().map(|text| one_line(text).to_string());
    let given = text("answer").map(|answer| format!(" ({answer})")).unwrap_or_default();
    format!("{} has confirmed{given}", text("name").unwrap_or_default())
}
