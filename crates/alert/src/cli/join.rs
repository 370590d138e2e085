//! `alert join`.

use std::process::ExitCode;

use alert_client::{Chat, ClientFlags, Ended, Ending, RoomArgument, account_name};
use alert_core::printable::one_line;
use alert_core::since::{NotSince, Since};

/// What a shell expects from a program that Ctrl-C ended.
const INTERRUPTED: u8 = 130;

pub(super) const EXAMPLES: &str = "\
Examples:
  alert join K7Q-FM2-XD9
      talk in that room of this machine's server
  alert join K7Q-FM2-XD9 --name Ada --url https://alert.example.org
  echo \"Class ends in 5 minutes\" | alert join K7Q-FM2-XD9
      say it and leave
  alert join K7Q-FM2-XD9 --json < questions.txt | tee log.json

At a terminal, Enter sends the line, the arrow keys bring back what you said, and Ctrl-C or Ctrl-D
leaves. When the connection is lost, join comes back by itself and says so; what you type meanwhile
is sent, in order, when it is back. /confirm confirms an alert that asks for it, /quit leaves, /help
lists the commands; a line that begins with a slash and another word is not said, and // at the start
says a slash. What was said while it was away is shown then, and nothing is said twice.

Without a terminal, each line of standard input is said, and join leaves at its end. To listen
without entering the room, use alert watch; to say something without entering it, alert send.

Exit codes: 0 left; 1 refused, or (without a terminal) something could not be said; 2 wrong usage;
3 the server cannot be reached; 130 ended by Ctrl-C before it could leave.";

pub(super) const JSON: &str = "\
--json prints one object a line: {\"time\", \"event\", ...}, where event is one of
  message, status          msg: what was said, or who came and went
  joined, back             members (the first names), count: in the room, for
                           the first time or again
  in_force                 msg, alert: this was in force when you came
  asks                     msg, alert: this asks to be confirmed, and how
  confirmed                msg, id: you have confirmed this alert
  reminder                 msg: you have not confirmed this alert
  lost                     why: the connection ended
  gap                      missed: how many messages are no longer kept; null
                           if that is not known
  waits                    msg: will be sent when it is back
  refused                  msg, why: not sent, since the server does not take it
  unconfirmed              msg: the server may not have it, since you left
  not_sent                 msg: left behind when leaving
  help                     msg: the answer to /help";

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The room's code, in any spelling, or the link to it
    #[arg(value_parser = RoomArgument::parse)]
    room: RoomArgument,
    #[arg(long, help = format!("{} [default: your login]", ClientFlags::NAME))]
    name: Option<String>,
    #[arg(long, help = ClientFlags::URL)]
    url: Option<String>,
    /// Show what was said before, from here on: a number of messages, a time such as 15m, a position, all, or none
    /// [default: 20 at a terminal, otherwise none]
    #[arg(long, value_parser = since)]
    since: Option<String>,
    /// Print each event as a JSON object, one per line; --help describes it
    #[arg(long)]
    json: bool,
}

impl Args {
    /// Joins the room, and stays in it until the user leaves.
    pub(super) fn run(self) -> ExitCode {
        let RoomArgument { code: room, server: link } = self.room;
        let flags = ClientFlags { url: self.url, name: self.name, token: None, link };
        let config = match super::load_client(&flags) {
            Ok(config) => config,
            Err(code) => return code,
        };
        let Some(name) = config.name.or(config.login_name).or_else(account_name) else {
            return fail(super::USAGE_ERROR, "a name is needed to join: give one with --name or ALERT_NAME");
        };
        let chat = Chat { server: config.server, room, name, since: self.since, json: self.json };
        match alert_client::block_on(chat.run()).and_then(|ended| ended) {
            Ok(Ended { ending, has_seen }) => match ending {
                Ending::Left { all_sent } if all_sent || has_seen => ExitCode::SUCCESS,
                Ending::Left { .. } => ExitCode::FAILURE,
                Ending::Interrupted => ExitCode::from(INTERRUPTED),
                Ending::Refused(why) => fail(1, &format!("the server refused: {}", one_line(&why))),
                Ending::Unreachable(why) => fail(super::UNREACHABLE, &one_line(&why)),
            },
            Err(error) => fail(1, &error.to_string()),
        }
    }
}

/// As it was written; the server reads it.
fn since(text: &str) -> Result<String, NotSince> {
    text.parse::<Since>().map(|_| text.to_owned())
}

fn fail(code: u8, problem: &str) -> ExitCode {
    super::complain(problem);
    ExitCode::from(code)
}
