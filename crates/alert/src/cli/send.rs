//! `alert send`.

use std::io::{self, BufRead, ErrorKind, IsTerminal, Read, Write};
use std::process::ExitCode;
use std::time::Duration;

use alert_client::{ClientError, ClientFlags, Poster, Receipt, RoomArgument, ServerAddress, Target};
use alert_core::names::RoomCode;
use alert_core::printable::one_line;
use alert_settings::value::time;
use alert_settings::{NotUtf8, line, text};

pub(super) const EXAMPLES: &str = "\
Examples:
  alert send K7Q-FM2-XD9 \"Class ends in 5 minutes\"
  alert send K7Q-FM2-XD9 --name Bell --url https://alert.example.org Ring now
  uptime | alert send K7Q-FM2-XD9
      all of the input is one message
  tail -f app.log | alert send K7Q-FM2-XD9 --lines
      each line is a message, sent as it comes
  alert send K7Q-FM2-XD9 --quiet Ring || mail -s \"not told\" root < /dev/null

The server answers when it has stored the message. --wait-stored makes it an error if it could not,
since whoever is away may then miss it.

Nobody hears an \"entered\" or a \"left\". A message is said once, even if the connection breaks and it
has to be sent again. With --lines, messages are heard in the order of the input; empty lines are
left out, and a line that the server refuses (too long) is reported, and the others go on.

URL, name and token also come from ALERT_URL, ALERT_NAME and ALERT_TOKEN, or from url, name and
token in ~/.config/alert/client.toml.

Exit codes: 0 sent; 1 refused by the server (all of it, or a line); 2 wrong usage; 3 the server
cannot be reached; 4 with --wait-stored: sent, but not stored on disk.";

/// The exit code for messages that were sent but are not on disk.
const NOT_STORED: u8 = 4;
const NOT_ON_DISK: &str = "is not on the server's disk (its history is in memory or off, or its disk failed): whoever is away may \
                           miss it";

const UNTIL_CTRL_D: &str = "reads the message from here until Ctrl-D";

/// The longest message that a server can be set to take.
const MOST_BYTES: u64 = 64 << 20;
/// After this time, the user is told what it is waiting for.
const PATIENCE: Duration = Duration::from_secs(1);

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The room's code, in any spelling, or the link to it
    #[arg(value_parser = RoomArgument::parse)]
    room: RoomArgument,
    /// What to say, in one word or several; standard input without it, or for -
    #[arg(value_name = "MSG")]
    msg: Vec<String>,
    #[arg(long, help = format!("{} [default: http]", ClientFlags::NAME))]
    name: Option<String>,
    #[arg(long, help = ClientFlags::URL)]
    url: Option<String>,
    #[arg(long, help = ClientFlags::TOKEN)]
    token: Option<String>,
    /// Send each line of standard input as a message, as it comes
    #[arg(long)]
    lines: bool,
    /// Longest time for one message, with all attempts
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = time(Duration::from_millis(1)..=Duration::from_hours(24)))]
    timeout: Duration,
    /// Report it, with exit code 4, if a message was sent but the server could not store it on disk
    #[arg(long)]
    wait_stored: bool,
    /// Print nothing but errors
    #[arg(long, short, conflicts_with = "json")]
    quiet: bool,
    /// Print the server's answer to each message: {"id", "position", "connections", "stored"}
    #[arg(long)]
    json: bool,
}

/// Sends messages and reports the outcome.
struct Sender {
    poster: Poster,
    server: ServerAddress,
    room: RoomCode,
    report: Report,
    /// Whether the sender wants to know what is not on disk.
    wait_stored: bool,
    not_stored: u64,
    sent: u64,
    last: Option<Receipt>,
    has_told_to_wait: bool,
    has_told_of_output: bool,
}

enum Report {
    Nothing,
    Json,
    /// A sentence for a person.
    Sentence,
}

impl Args {
    /// Sends the message, or each line.
    pub(super) fn run(self) -> ExitCode {
        let from_input = is_from_input(&self.msg);
        let msg = self.msg.join(" ");
        if self.lines && !from_input {
            return fail(
                super::USAGE_ERROR,
                "--lines reads standard input, so there can be no MSG beside it",
            );
        }
        let RoomArgument { code: room, server: link } = self.room;
        let flags = ClientFlags { url: self.url, name: self.name, token: self.token, link };
        let config = match super::load_client(&flags) {
            Ok(config) => config,
            Err(code) => return code,
        };
        if !self.quiet {
            super::warn_of_token(&flags);
        }
        let report = match (self.quiet, self.json) {
            (true, _) => Report::Nothing,
            (_, true) => Report::Json,
            _ if io::stdout().is_terminal() => Report::Sentence,
            _ => Report::Nothing,
        };
        if from_input && io::stdin().is_terminal() && !self.quiet {
            super::complain(if self.lines {
                "each line is sent to the room; Ctrl-D ends it"
            } else {
                UNTIL_CTRL_D
            });
        }
        let target = Target::new(&config, room.clone());
        let mut sender = Sender {
            poster: Poster::new(target, config.name, self.timeout),
            server: config.server.address,
            room,
            report,
            wait_stored: self.wait_stored,
            not_stored: 0,
            sent: 0,
            last: None,
            has_told_to_wait: false,
            has_told_of_output: false,
        };
        let sending = async {
            match from_input {
                false => sender.send_one(&msg).await,
                true if self.lines => sender.send_lines(&mut io::stdin().lock()).await,
                true => match read_all(io::stdin().lock()) {
                    Ok(msg) => sender.send_one(&msg).await,
                    Err(code) => code,
                },
            }
        };
        alert_client::block_on(sending).unwrap_or_else(|error| fail(1, &error.to_string()))
    }
}

impl Sender {
    async fn send_one(&mut self, msg: &str) -> ExitCode {
        if msg.is_empty() {
            return fail(super::USAGE_ERROR, "the message is empty; say something");
        }
        match self.send(msg).await {
            Ok(()) => self.summarize(),
            Err(error) => super::client_failure(&error),
        }
    }

    /// Reads and sends in turn. Nothing else has to go on while it waits for a line: a connection that ends meanwhile
    /// is noticed, and reopened, with the next message.
    async fn send_lines(&mut self, input: &mut impl BufRead) -> ExitCode {
        let mut outcome = ExitCode::SUCCESS;
        let mut bytes = Vec::new();
        for number in 1_u64.. {
            bytes.clear();
            match input.take(MOST_BYTES).read_until(b'\n', &mut bytes) {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) => return fail(1, &format!("standard input, line {number}: {error}")),
            }
            let read = if number == 1 { text(&bytes) } else { line(&bytes) };
            let Ok(msg) = read.map(without_end) else {
                outcome = fail(1, &format!("line {number} is not UTF-8 and was not sent"));
                continue;
            };
            if msg.is_empty() {
                continue;
            }
            match self.send(msg).await {
                Ok(()) => {}
                Err(ClientError::Refused(problem)) if problem.is_of_message() => {
                    outcome = fail(1, &format!("line {number} was not sent: {problem}"));
                }
                Err(error) => {
                    super::complain(format_args!("line {number} was not sent, nor what follows it"));
                    return super::client_failure(&error);
                }
            }
        }
        if outcome == ExitCode::SUCCESS && self.sent > 0 { self.summarize() } else { outcome }
    }

    /// Sends one message; tells the user if it takes long.
    async fn send(&mut self, msg: &str) -> Result<(), ClientError> {
        let posting = self.poster.post(msg);
        tokio::pin!(posting);
        let receipt = tokio::select! {
            receipt = &mut posting => receipt,
            () = tokio::time::sleep(PATIENCE) => {
                if !std::mem::replace(&mut self.has_told_to_wait, true) {
                    super::complain(format_args!("waiting for {}", self.server));
                }
                posting.await
            }
        }?;
        self.sent += 1;
        self.not_stored += u64::from(receipt.stored != Some(true));
        if let Report::Json = self.report {
            print(&serde_json::to_string(&receipt).unwrap_or_default(), &mut self.has_told_of_output);
        }
        self.last = Some(receipt);
        Ok(())
    }

    fn summarize(&mut self) -> ExitCode {
        if let (Report::Sentence, Some(last)) = (&self.report, &self.last) {
            let room = one_line(self.room.as_str());
            let reached = match last.connections {
                Some(0) => format!("nobody is in {room}"),
                Some(1) => format!("1 connection in {room}"),
                Some(number) => format!("{number} connections in {room}"),
                None => room.to_string(),
            };
            let sentence = match (self.sent, last.connections) {
                (1, Some(0)) => format!("sent, but {reached}"),
                (1, _) => format!("sent to {reached}"),
                (sent, Some(0)) => format!("sent {sent} messages, but {reached}"),
                (sent, _) => format!("sent {sent} messages, the last to {reached}"),
            };
            print(&sentence, &mut self.has_told_of_output);
        }
        match self.not_stored {
            0 => ExitCode::SUCCESS,
            _ if !self.wait_stored => ExitCode::SUCCESS,
            1 if self.sent == 1 => fail(NOT_STORED, &format!("the message was sent, but it {NOT_ON_DISK}")),
            number => fail(
                NOT_STORED,
                &format!("{number} of {} messages were sent, but each {NOT_ON_DISK}", self.sent),
            ),
        }
    }
}

/// Whoever no longer listens to the answers still wants the messages sent, and the exit code says whether they are.
fn print(line: &str, has_told: &mut bool) {
    match writeln!(io::stdout(), "{line}") {
        Err(error) if error.kind() != ErrorKind::BrokenPipe && !*has_told => {
            super::complain(format_args!("standard output: {error}"));
            *has_told = true;
        }
        _ => {}
    }
}

/// Words are one message; without any, or for `-`, standard input is.
pub(super) fn said(words: &[String]) -> Result<String, ExitCode> {
    if !is_from_input(words) {
        return Ok(words.join(" "));
    }
    if io::stdin().is_terminal() {
        super::complain(UNTIL_CTRL_D);
    }
    read_all(io::stdin().lock())
}

fn is_from_input(words: &[String]) -> bool {
    words.is_empty() || words == ["-"]
}

/// The whole input as one message.
fn read_all(input: impl Read) -> Result<String, ExitCode> {
    let mut bytes = Vec::new();
    input
        .take(MOST_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| fail(1, &format!("standard input: {error}")))?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(fail(1, "standard input is longer than any message may be; --lines sends each line"));
    }
    let text = text(&bytes).map_err(|NotUtf8 { line }| {
        fail(super::USAGE_ERROR, &format!("standard input is not text: its line {line} is not UTF-8"))
    })?;
    Ok(without_end(text).to_owned())
}

/// Without one line break at the end.
fn without_end(text: &str) -> &str {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.strip_suffix('\r').unwrap_or(text)
}

fn fail(code: u8, problem: &str) -> ExitCode {
    super::complain(problem);
    ExitCode::from(code)
}
