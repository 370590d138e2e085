//! Where lines are shown and where they come from: a terminal with a prompt, or plain standard input and output.

use std::io::{self, BufRead, ErrorKind, IsTerminal, Read, Write};
use std::time::Duration;

use jiff::Zoned;
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
use rustyline::ExternalPrinter;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::timeout;

use super::line::{Form, Line};
use super::prompt::Prompt;
use super::session::Input;
use alert_core::names::UserName;

/// Lines that wait for the screen, and for the session.
const QUEUE: usize = 64;
/// The longest line of standard input, in bytes: more than any server takes.
const LONGEST_LINE: u64 = 128 << 20;
/// How long a screen, or a pipe that nobody reads, may take for the last lines.
const TIME_TO_SHOW: Duration = Duration::from_secs(2);

/// A user.
pub(super) struct Console {
    /// What to show the user, with its time. It closes when nobody can see anything any more.
    pub(super) shown: Sender<(Zoned, Line)>,
    /// What the user does.
    pub(super) inputs: Receiver<Input>,
    /// Whether the user is at a prompt, and so sees what becomes of each line.
    pub(super) has_prompt: bool,
    screen: JoinHandle<io::Result<()>>,
    terminal: Option<Termios>,
}

impl Console {
    /// A prompt if both input and output are a terminal; otherwise lines in and lines out. Must be called in a
    /// runtime.
    pub(super) fn open(name: &UserName, json: bool) -> Self {
        let (typed, inputs) = channel(QUEUE);
        let (shown, lines) = channel(QUEUE);
        let stdout = io::stdout();
        let color = anstream::AutoStream::choice(&stdout) != anstream::ColorChoice::Never;
        let form = match (json, stdout.is_terminal()) {
            (true, _) => Form::Json,
            (false, true) => Form::Terminal { color },
            (false, false) => Form::Plain,
        };
        let is_person = matches!(form, Form::Terminal { .. }) && io::stdin().is_terminal();
        let prompt = if is_person { Prompt::new(format!("{name}> "), color, &typed) } else { None };
        let terminal = prompt.as_ref().and_then(|_| tcgetattr(io::stdin()).ok());
        let has_prompt = prompt.is_some();
        let screen = match prompt {
            Some((prompt, printer)) => spawn_blocking(move || {
                with_prompt(prompt, printer, lines, form, typed);
                Ok(())
            }),
            None => {
                spawn_blocking(move || read_lines(&typed));
                spawn_blocking(move || without_prompt(lines, form))
            }
        };
        Self { shown, inputs, has_prompt, screen, terminal }
    }

    /// Shows what is left, and restores the terminal. A full disk is an error; a reader that is gone is not.
    pub(super) async fn close(self, rest: impl IntoIterator<Item = (Zoned, Line)>) -> io::Result<()> {
        // This tells a prompt that waits for the session that there is none.
        drop(self.inputs);
        let last = async {
            for line in rest {
                if self.shown.send(line).await.is_err() {
                    break;
                }
            }
            drop(self.shown);
            self.screen.await.unwrap_or(Ok(()))
        };
        let shown = timeout(TIME_TO_SHOW, last).await.unwrap_or(Ok(()));
        if let Some(before) = self.terminal
            && let Ok(now) = tcgetattr(io::stdin())
            && now.local_modes != before.local_modes
        {
            // The prompt is still there: the session ended first. These calls fail when the terminal is gone.
            let _ = tcsetattr(io::stdin(), OptionalActions::Drain, &before);
            let _ = io::stdout().write_all(b"\x1b[?2004l\n");
        }
        shown.map_err(|error| io::Error::new(error.kind(), format!("standard output: {error}")))
    }
}

/// Prints above the prompt, which appears when the user is in the room.
fn with_prompt(
    prompt: Prompt,
    mut printer: impl ExternalPrinter,
    mut lines: Receiver<(Zoned, Line)>,
    form: Form,
    typed: Sender<Input>,
) {
    let mut later = Some((prompt, typed));
    while let Some((at, line)) = lines.blocking_recv() {
        if printer.print(line.render(form, &at)).is_err() {
            return;
        }
        if matches!(line, Line::Joined { .. })
            && let Some((prompt, typed)) = later.take()
        {
            // Anything printed while the prompt comes up would land in it.
            let _ = prompt.show(typed).blocking_recv();
        }
    }
}

/// Prints lines. What was not sent goes to standard error, except in JSON.
fn without_prompt(mut lines: Receiver<(Zoned, Line)>, form: Form) -> io::Result<()> {
    while let Some((at, line)) = lines.blocking_recv() {
        let text = line.render(form, &at);
        let written = if line.is_complaint() && form != Form::Json {
            io::stderr().write_all(text.as_bytes())
        } else {
            let mut stdout = io::stdout();
            stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush())
        };
        match written {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => break,
            written => written?,
        }
    }
    Ok(())
}

/// Reads standard input to its end. Empty lines are nothing to say.
fn read_lines(typed: &Sender<Input>) {
    let mut stdin = io::stdin().lock();
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        let Ok(1..) = (&mut stdin).take(LONGEST_LINE).read_until(b'\n', &mut line) else { break };
        if !line.ends_with(b"\n") && line.len() as u64 == LONGEST_LINE {
            // No server takes that. What follows is part of it.
            let _ = skip_line(&mut stdin);
        }
        let read = if number == 1 { alert_settings::text(&line) } else { alert_settings::line(&line) };
        let input = match read.map(|text| text.strip_suffix('\n').unwrap_or(text)) {
            Ok("" | "\r") => continue,
            Ok(text) => Input::Line(text.strip_suffix('\r').unwrap_or(text).to_owned()),
            Err(_) => Input::Unreadable(number),
        };
        if typed.blocking_send(input).is_err() {
            return;
        }
    }
    let _ = typed.blocking_send(Input::LastLine);
}

fn skip_line(input: &mut impl BufRead) -> io::Result<()> {
    loop {
        let buffer = input.fill_buf()?;
        let (length, is_over) = match buffer.iter().position(|&byte| byte == b'\n') {
            Some(end) => (end + 1, true),
            None => (buffer.len(), buffer.is_empty()),
        };
        input.consume(length);
        if is_over {
            return Ok(());
        }
    }
}
