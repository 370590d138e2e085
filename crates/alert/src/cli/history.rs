//! `alert history export`, `delete` and `stats`: the file, or the Redis, that a server keeps its history in.

use std::io::{self, BufRead, BufWriter, IsTerminal, Write};
use std::process::ExitCode;
use std::time::SystemTime;

use alert_core::csv;
use alert_core::event::{RoomEvent, What};
use alert_core::names::RoomCode;
use alert_core::printable::{is_unsafe, one_line};
use alert_core::since::Since;
use alert_core::wire::history::{At, Message};
use alert_server::config::{Flags, History};
use alert_server::log::{self, Archive, ArchiveError, Gap, Page, Query, Start, Stats};
use alert_settings::MOST_CHARS;
use clap::{Subcommand, ValueEnum};
use serde_json::json;

use super::USAGE_ERROR;

pub(super) const EXAMPLES: &str = "\
Examples:
  alert history stats                     how much there is
  alert history export K7Q-FM2-XD9 > lesson.jsonl
  alert history export K7Q-FM2-XD9 --since 2h --format txt
  alert history delete K7Q-FM2-XD9        asks first; --yes does not
  STATE_DIRECTORY=/var/lib/alert alert history stats
                                          the history of a systemd service

csv is for spreadsheets: if a name, a text or a part of one would begin a formula there (= + - @), a '
is put in front. Control characters are escaped in every format; only jsonl has everything as it was said.

They work on the server's file, even while it runs: alert.db in $STATE_DIRECTORY, $XDG_STATE_HOME/alert
or ~/.local/state/alert. With redis set (ALERT_REDIS, or the configuration's file) they work on what all
servers share there; how much that is, Redis knows. If messages of a room were deleted, a running server
tells whoever comes back to it that there is a gap. Copies elsewhere (backups, logs of clients) are not
touched.

Exit codes: 0 success, 1 failure (no history, or not readable), 2 wrong usage.";

/// Messages that are read at once.
const PAGE: usize = 500;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Print what was said in a room, oldest first
    Export {
        /// The room's code, in any spelling, or the link to it
        #[arg(value_parser = room)]
        room: RoomCode,
        /// From where on: all, a time as in 2h, a number of messages, or a position
        #[arg(long, value_name = "SINCE", default_value = "all")]
        since: Since,
        /// One JSON object a line, a table for spreadsheets, or lines to read
        #[arg(long, value_enum, default_value = "jsonl")]
        format: Format,
    },
    /// Delete what was said in a room
    Delete {
        /// The room's code, in any spelling, or the link to it
        #[arg(value_parser = room)]
        room: RoomCode,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
    /// Print how much is kept
    Stats {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Format {
    Jsonl,
    Csv,
    Txt,
}

#[derive(Debug, thiserror::Error)]
enum HistoryError {
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    #[error(transparent)]
    Redis(#[from] log::redis::ArchiveError),
    #[error(
        "the history is in Redis, which knows how much it holds: redis-cli INFO memory, and XLEN of a room's log"
    )]
    StatsOfRedis,
    #[error("cannot write to standard output: {0}")]
    Output(#[from] io::Error),
}

/// Where the history is kept.
enum Kept {
    File(Box<Archive>),
    Redis(log::redis::Archive),
}

impl Kept {
    fn open(history: &History) -> Result<Self, HistoryError> {
        Ok(match &history.redis {
            Some(_) => Self::Redis(log::redis::Archive::open(history)?),
            None => Self::File(Box::new(Archive::open(history)?)),
        })
    }

    fn page(&self, room: &RoomCode, query: Query) -> Result<Page, HistoryError> {
        Ok(match self {
            Self::File(archive) => archive.page(room, query)?,
            Self::Redis(archive) => archive.page(room, query)?,
        })
    }
}

impl Command {
    pub(super) fn run(&self) -> ExitCode {
        let history = match super::load(&Flags::default()) {
            Ok(config) => config.history,
            Err(code) => return code,
        };
        let done = match self {
            Self::Export { room, since, format } => export(&history, room, *since, *format),
            Self::Delete { room, yes: false } if !is_sure(room) => return ExitCode::from(USAGE_ERROR),
            Self::Delete { room, .. } => delete(&history, room),
            Self::Stats { json } => stats(&history, *json),
        };
        match done {
            Ok(()) => ExitCode::SUCCESS,
            // Whoever reads has seen enough.
            Err(HistoryError::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
                ExitCode::SUCCESS
            }
            Err(error) => {
                super::complain(error);
                ExitCode::FAILURE
            }
        }
    }
}

fn room(text: &str) -> Result<RoomCode, String> {
    RoomCode::typed(text, MOST_CHARS).map_err(|error| format!("a room's code {error}"))
}

fn export(history: &History, room: &RoomCode, since: Since, format: Format) -> Result<(), HistoryError> {
    let kept = Kept::open(history)?;
    let mut out = BufWriter::new(io::stdout().lock());
    if let Format::Csv = format {
        write!(out, "id,position,at,name,msg\r\n")?;
    }
    let (mut start, limit) = match since {
        Since::Position(position) => (Start::After(position), PAGE),
        Since::All => (Start::Oldest, PAGE),
        Since::Nothing => return Ok(()),
        Since::Last(number) => (Start::Newest, number),
        Since::Ago(time) => {
            (Start::Time(SystemTime::now().checked_sub(time).unwrap_or(SystemTime::UNIX_EPOCH)), PAGE)
        }
    };
    let mut is_empty = true;
    loop {
        let Page { messages, gap, more } = kept.page(room, Query { start, limit })?;
        if let Some(Gap { missed }) = gap {
            let count = missed
                .map_or_else(|| "some messages are".to_owned(), |count| format!("{count} messages are"));
            super::complain(format_args!(
                "{count} missing here: they are not kept any more, or could not be stored"
            ));
        }
        for message in messages.iter() {
            write_message(&mut out, message, format)?;
        }
        is_empty &= messages.is_empty() && gap.is_none();
        match messages.last() {
            Some(last) if more && start != Start::Newest => start = Start::After(last.position),
            _ => break,
        }
    }
    out.flush()?;
    if is_empty {
        let (what, look) = match since {
            Since::All => ("nothing", "look at the code"),
            _ => ("nothing since then", "look at the code, or at --since"),
        };
        super::complain(format_args!("{what} of room {room} is kept: {look}"));
    }
    Ok(())
}

fn write_message(out: &mut impl Write, event: &RoomEvent, format: Format) -> io::Result<()> {
    let (Some(message), What::Said { name, text }) = (Message::of(event), &event.what) else { return Ok(()) };
    let (name, at) = (name.as_str(), At(event.at));
    match format {
        Format::Jsonl => {
            writeln!(out, "{}", escaped(&serde_json::to_string(&message)?))
        }
        Format::Csv => {
            write!(
                out,
                "{},{},{at},{},{}\r\n",
                message.id,
                message.position,
                csv::cell(name),
                csv::cell(text)
            )
        }
        Format::Txt => writeln!(out, "{at}  {}: {}", one_line(name), one_line(text)),
    }
}

/// The same JSON, without characters that control a terminal: they can only be in its strings.
fn escaped(json: &str) -> String {
    json.chars().fold(String::with_capacity(json.len()), |mut safe, c| {
        match c {
            c if is_unsafe(c) => safe.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => safe.push(c),
        }
        safe
    })
}

/// Asks whether it is really meant.
fn is_sure(room: &RoomCode) -> bool {
    if !io::stdin().is_terminal() {
        super::complain("there is nobody to ask whether the messages are to be deleted: say so with --yes");
        return false;
    }
    let mut answer = String::new();
    let mut ask = || {
        write!(io::stderr(), "Delete everything that was said in {}? [y/N] ", one_line(room.as_str()))?;
        io::stdin().lock().read_line(&mut answer)
    };
    let is_sure = ask().is_ok() && matches!(answer.trim(), "y" | "Y" | "yes");
    if !is_sure {
        super::complain("nothing was deleted");
    }
    is_sure
}

fn delete(history: &History, room: &RoomCode) -> Result<(), HistoryError> {
    let count = match &history.redis {
        Some(_) => log::redis::Archive::open(history)?.delete(room)?,
        None => log::delete(history, room)?,
    };
    let room = one_line(room.as_str());
    match count {
        0 => writeln!(io::stdout(), "There was nothing of {room}.")?,
        1 => writeln!(io::stdout(), "1 message of {room} was deleted.")?,
        count => writeln!(io::stdout(), "{count} messages of {room} were deleted.")?,
    }
    Ok(())
}

fn stats(history: &History, as_json: bool) -> Result<(), HistoryError> {
    if history.redis.is_some() {
        return Err(HistoryError::StatsOfRedis);
    }
    let archive = Archive::open(history)?;
    let Stats { bytes, messages, rooms, seats, oldest, newest } = archive.stats()?;
    let (oldest, newest) = (oldest.map(At), newest.map(At));
    let file = archive.file().display().to_string();
    let mut out = io::stdout().lock();
    if as_json {
        let stats = json!({
            "file": file, "bytes": bytes, "messages": messages, "rooms": rooms, "seats": seats,
            "oldest": oldest, "newest": newest,
        });
        writeln!(out, "{stats:#}")?;
        return Ok(());
    }
    let at = |at: Option<At>| at.map_or_else(|| "(none)".to_owned(), |at| at.to_string());
    for (what, value) in [
        ("File", file),
        ("Bytes", bytes.to_string()),
        ("Messages", messages.to_string()),
        ("Rooms", rooms.to_string()),
        ("Seats", seats.to_string()),
        ("Oldest", at(oldest)),
        ("Newest", at(newest)),
    ] {
        writeln!(out, "{what:10}{value}")?;
    }
    Ok(())
}
