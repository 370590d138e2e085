//! A stay in a room as a member, over Socket.IO: `alert join`.
//!
//! `session` decides; this module carries that out, with a `link` to the server and a `console` for the user.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::time::Instant;

use jiff::Zoned;
use tokio::time::sleep_until;

mod command;
mod console;
pub(super) mod line;
mod link;
mod prompt;
mod recall;
mod session;

use super::{Reader, Route};
use alert_core::names::{RoomCode, UserName};
use alert_signals::Signals;
use console::Console;
use line::Line;
use link::Link;
pub use session::Ending;
use session::{Identity, Input, Output, Session};

/// How many earlier messages somebody at a prompt sees.
const SINCE: &str = "20";
const NO_HISTORY: &str = "none";

/// Who joins which room of which server.
#[derive(Clone, Debug)]
pub struct Chat {
    /// The server.
    pub server: Route,
    /// The code of the room.
    pub room: RoomCode,
    /// The name to be known by.
    pub name: UserName,
    /// From where to show what was said before: [`alert_core::since::Since`] as text. Without it, the last 20
    /// messages for somebody at a prompt, and none otherwise.
    pub since: Option<String>,
    /// Whether to write JSON, a line for each event.
    pub json: bool,
}

/// How a stay ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// By whom, and why.
    pub ending: Ending,
    /// Whether the user was at a prompt, and so has seen what became of each line.
    pub has_seen: bool,
}

impl Chat {
    /// Joins, and stays until the user leaves or the server refuses. Without a prompt, the user says the lines of
    /// standard input, and leaves at its end.
    ///
    /// # Errors
    /// If signals cannot be handled, or standard output cannot be written.
    pub async fn run(self) -> io::Result<Ended> {
        let mut signals = Signals::install()?;
        let mut console = Console::open(&self.name, self.json);
        let default = if console.has_prompt { SINCE } else { NO_HISTORY };
        let since = self.since.unwrap_or_else(|| default.to_owned());
        let key = format!("{:016x}", getrandom::u64().unwrap_or_default());
        let reads = console.has_prompt;
        let mut session = Session::new(Identity { name: self.name, room: self.room, since, key, reads });
        let mut way = Way::None;
        let mut lines: VecDeque<(Zoned, Line)> = VecDeque::new();
        let mut has_screen = true;
        let reader = Reader::of_stdout();
        let ending = loop {
            let Some(output) = session.next() else {
                let reads_server = lines.is_empty();
                let input = tokio::select! {
                    biased;
                    () = signals.next() => Input::Leave,
                    () = async { tokio::select! { () = console.shown.closed() => {}, () = reader.gone() => {} } },
                        if has_screen => {
                        has_screen = false;
                        lines.clear();
                        Input::Leave
                    }
                    Ok(place) = console.shown.reserve(), if !lines.is_empty() => {
                        if let Some(line) = lines.pop_front() {
                            place.send(line);
                        }
                        continue;
                    }
                    Some(input) = console.inputs.recv(), if console.has_prompt || session.has_room() => input,
                    input = way.next(), if reads_server => input,
                    () = until(session.deadline()) => Input::Deadline,
                };
                session.handle(input, Instant::now());
                continue;
            };
            match output {
                Output::Connect(pause) => {
                    way = Way::Dialing(Box::pin(Link::open(self.server.clone(), pause)));
                }
                Output::Send(frame) => {
                    let Way::Up(link) = &mut way else { continue };
                    let sent = tokio::select! {
                        sent = link.send(frame) => Some(sent),
                        () = signals.next() => None,
                    };
                    let input = match sent {
                        Some(Ok(())) => continue,
                        Some(Err(why)) => {
                            way = Way::None;
                            Input::Lost(why)
                        }
                        None => Input::Leave,
                    };
                    session.handle(input, Instant::now());
                }
                Output::Show(line) if has_screen => {
                    let now = Zoned::now();
                    let at = line.at().map_or_else(|| now.clone(), |at| at.to_zoned(now.time_zone().clone()));
                    lines.push_back((at, line));
                }
                Output::Show(_) => {}
                Output::End(ending) => break ending,
            }
        };
        let has_seen = console.has_prompt;
        let shown = console.close(lines).await;
        if let Way::Up(link) = way {
            link.close().await;
        }
        shown.map(|()| Ended { ending, has_seen })
    }
}

/// The connection, or the way to it.
enum Way {
    None,
    Dialing(Pin<Box<dyn Future<Output = Result<Link, String>>>>),
    Up(Box<Link>),
}

impl Way {
    /// What happens on it next; never returns if there is none. Nothing is lost when this is dropped.
    async fn next(&mut self) -> Input {
        let ended = match self {
            Self::None => std::future::pending().await,
            Self::Dialing(link) => match link.await {
                Ok(link) => {
                    *self = Self::Up(Box::new(link));
                    return Input::Opened;
                }
                Err(why) => why,
            },
            Self::Up(link) => match link.receive().await {
                Ok(text) => return Input::Frame(text),
                Err(why) => why,
            },
        };
        *self = Self::None;
        Input::Lost(ended)
    }
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline.into()).await,
        None => std::future::pending().await,
    }
}
