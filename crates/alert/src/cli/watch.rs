//! `alert watch`.

use std::ffi::OsString;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::num::NonZeroU64;
use std::process::ExitCode;
use std::time::Duration;

use alert_client::{
    ClientError, ClientFlags, Event, Form, Heard, Program, Reader, RoomArgument, Target, Watcher,
};
use alert_core::names::RoomCode;
use alert_core::since::Since;
use alert_settings::Environment;
use alert_settings::value::time;
use alert_signals::Signals;
use jiff::Zoned;
use tokio::sync::mpsc::{Receiver, channel};
use tokio::time::{Instant, sleep_until};

pub(super) const EXAMPLES: &str = "\
Examples:
  alert watch K7Q-FM2-XD9
      print what is said, until Ctrl-C
  alert watch K7Q-FM2-XD9 --json | jq -r .msg
  alert watch K7Q-FM2-XD9 --count 1 --timeout 5m
      wait for one event; exit code 1 if none came
  alert watch K7Q-FM2-XD9 --exec notify-send Alert
      run a program for each message
  alert watch K7Q-FM2-XD9 --exec sh -c 'echo \"$ALERT_MESSAGE\" >> log'

Exit codes: 0 stopped, or all of --count; 1 refused by the server, --count not reached within
--timeout, or the program of --exec cannot be started; 2 wrong usage; 3 the server cannot be
reached at the start.";

pub(super) const MORE: &str = "\
A watcher is not in the room and is not announced. When the connection is lost, watch says so on
standard error and comes back by itself, and what was said meanwhile follows. If the server no
longer has it, a line says how many messages are missing.

On a terminal a line has the time and what people see; in a pipe it has the date too, and a line
break in a message is \\n. Characters that control a terminal are shown as in \\u001b. --json prints
one object a line: {\"time\", \"event\", \"msg\", \"id\", \"at\", \"name\", \"position\"}, where event is
message, status (somebody entered or left) or gap (\"missed\" messages are missing), time is now
and at is when it was said. --since POSITION goes on after that message.

--exec takes the rest of the line and is the last option. The program runs once for each message
(not for a status), one at a time and in order, and never through a shell: no message is ever a
command. It has
  ALERT_MESSAGE            the message (\"Ada: hello\"), its first 100,000 bytes
  its standard input       the message, whole
  ALERT_ROOM, ALERT_EVENT  the room's code; message
and its output goes where that of watch would. If it fails, that is reported and watching goes on.
Up to 256 events wait for it; then watch stops reading, up to 1 MiB more wait in the server (its
queue_limit), and after that the server ends the connection: watch says so and comes back.
--timeout and Ctrl-C let a running program finish; a second Ctrl-C ends it.

URL and token also come from ALERT_URL and ALERT_TOKEN, or from url and token in
~/.config/alert/client.toml.";

/// What a shell expects from a program that Ctrl-C ended.
const ENDED_AT_ONCE: u8 = 130;
/// Events that wait for a program, or for standard output. When that many wait, the socket is not read.
const MOST_WAITING: usize = 256;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The room's code, in any spelling, or the link to it
    #[arg(value_parser = RoomArgument::parse)]
    room: RoomArgument,
    #[arg(long, help = ClientFlags::URL)]
    url: Option<String>,
    #[arg(long, help = ClientFlags::TOKEN)]
    token: Option<String>,
    /// Begin with what was said before: a position, all, a number of messages (20), or a time (10m)
    #[arg(long, value_name = "WHERE", value_parser = since)]
    since: Option<String>,
    /// End after this many events (with --exec: messages)
    #[arg(long, value_name = "COUNT", value_parser = count)]
    count: Option<NonZeroU64>,
    /// End after this time; with exit code 1 if --count was not reached
    #[arg(long, value_name = "TIME", value_parser = time(Duration::from_millis(1)..=Duration::from_hours(24 * 365)))]
    timeout: Option<Duration>,
    /// Print each event as a JSON object, one per line; --help describes it
    #[arg(long, conflicts_with = "exec")]
    json: bool,
    /// Run this program, with these arguments, for each message, instead of printing; the last option
    #[arg(long, value_name = "CMD", num_args = 1.., allow_hyphen_values = true)]
    exec: Vec<OsString>,
}

/// What is done with an event.
enum Use {
    Print(Form),
    Run(Program),
}

struct Watch {
    room: RoomCode,
    purpose: Use,
    signals: Signals,
}

impl Args {
    /// Watches until something ends it.
    pub(super) fn run(self) -> ExitCode {
        let RoomArgument { code: room, server: link } = self.room;
        let flags = ClientFlags { url: self.url, name: None, token: self.token, link };
        let config = match super::load_client(&flags) {
            Ok(config) => config,
            Err(code) => return code,
        };
        super::warn_of_token(&flags);
        let target = Target::new(&config, room.clone());
        let is_terminal = io::stdout().is_terminal();
        let color = anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never;
        let program = match Program::find(self.exec, &Environment::of_process()) {
            Ok(program) => program,
            Err(error) => return fail(error),
        };
        let purpose = match program {
            Some(program) => Use::Run(program),
            None if self.json => Use::Print(Form::Json),
            None if is_terminal => Use::Print(Form::Terminal { color }),
            None => Use::Print(Form::Plain),
        };
        let watching = async {
            let end = self.timeout.map(|time| Instant::now() + time);
            let watcher = match Watcher::open(target, self.since).await {
                Ok(watcher) => watcher,
                Err(error) => return super::client_failure(&error),
            };
            if is_terminal {
                super::complain(format_args!("listens at {}; Ctrl-C ends it", config.server.address));
            }
            match Signals::install() {
                Ok(signals) => Watch { room, purpose, signals }.run(watcher, self.count, end).await,
                Err(error) => fail(format_args!("signals cannot be handled ({error})")),
            }
        };
        alert_client::block_on(watching).unwrap_or_else(fail)
    }
}

impl Watch {
    async fn run(mut self, watcher: Watcher, count: Option<NonZeroU64>, end: Option<Instant>) -> ExitCode {
        let mut left = count.map(NonZeroU64::get);
        let mut heard = watch(watcher);
        let reader = Reader::of_stdout();
        let prints = matches!(self.purpose, Use::Print(_));
        loop {
            let next = tokio::select! {
                () = self.signals.next() => return ExitCode::SUCCESS,
                // As in `alert watch K7Q-FM2-XD9 | head -1`.
                () = reader.gone(), if prints => return ExitCode::SUCCESS,
                () = until(end) => {
                    if let (Some(left), Some(count)) = (left, count) {
                        super::complain(format_args!("the time is over, and {left} of {count} did not come"));
                        return ExitCode::FAILURE;
                    }
                    return ExitCode::SUCCESS;
                }
                next = heard.recv() => next,
            };
            match next {
                Some(Ok(Heard::Event(event))) => match self.take(&event).await {
                    Ok(false) => {}
                    Ok(true) => left = left.map(|left| left - 1),
                    Err(end) => return end,
                },
                Some(Ok(Heard::Lost { why, will_follow: true })) => super::complain(format_args!(
                    "{why}; what is said until there is a connection again follows then. Trying to come back"
                )),
                Some(Ok(Heard::Lost { why, will_follow: false })) => super::complain(format_args!(
                    "{why}; what is said until there is a connection again is missed. Trying to come back"
                )),
                Some(Ok(Heard::Back)) => super::complain("listens again"),
                Some(Err(error)) => return super::client_failure(&error),
                None => return ExitCode::SUCCESS,
            }
            if left == Some(0) {
                return ExitCode::SUCCESS;
            }
        }
    }

    /// Prints it, or runs the program. Returns whether it counts, or the exit code if it was the last.
    async fn take(&mut self, event: &Event) -> Result<bool, ExitCode> {
        match &self.purpose {
            // People have read its words in the message just before.
            Use::Print(form) if *form != Form::Json && event.is_said_before() => Ok(false),
            Use::Print(form) => print(event, *form).map(|()| event.is_news()),
            Use::Run(_) if event.is_gap() => {
                super::complain(&event.told.msg);
                Ok(false)
            }
            Use::Run(_) if !event.is_message() => Ok(false),
            Use::Run(program) => {
                let mut run = program.start(&self.room, event).map_err(fail)?;
                let status = tokio::select! {
                    status = run.ended() => status,
                    () = self.signals.next() => {
                        tokio::select! {
                            _ = run.ended() => return Err(ExitCode::SUCCESS),
                            () = self.signals.next() => {}
                        }
                        run.end().await;
                        return Err(ExitCode::from(ENDED_AT_ONCE));
                    }
                };
                if let Some(complaint) = program.complaint(&status) {
                    super::complain(complaint);
                }
                Ok(true)
            }
        }
    }
}

/// Watches in a separate task: an event that is half read must not be abandoned.
fn watch(mut watcher: Watcher) -> Receiver<Result<Heard, ClientError>> {
    let (sender, heard) = channel(MOST_WAITING);
    tokio::spawn(async move {
        loop {
            let next = watcher.next().await;
            let is_last = next.is_err();
            if sender.send(next).await.is_err() || is_last {
                return;
            }
        }
    });
    heard
}

fn print(event: &Event, form: Form) -> Result<(), ExitCode> {
    let mut out = io::stdout().lock();
    match out.write_all(event.render(form, &Zoned::now()).as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Err(ExitCode::SUCCESS),
        Err(error) => Err(fail(format_args!("standard output: {error}"))),
    }
}

async fn until(end: Option<Instant>) {
    match end {
        Some(end) => sleep_until(end).await,
        None => std::future::pending().await,
    }
}

fn count(text: &str) -> Result<NonZeroU64, &'static str> {
    text.trim().parse().map_err(|_| "must be a whole number from 1")
}

/// What `--since` can be. The server reads it.
fn since(text: &str) -> Result<String, String> {
    text.parse::<Since>().map(|_| text.to_owned()).map_err(|error| error.to_string())
}

fn fail(problem: impl std::fmt::Display) -> ExitCode {
    super::complain(problem);
    ExitCode::FAILURE
}
