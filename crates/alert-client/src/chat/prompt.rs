//! The line that a user types at a terminal, below what is said in the room.
//!
//! The editor reads one line that never ends: Enter sends what is in it and empties it. So the editor keeps control of
//! the terminal, and whatever is printed goes above the prompt through the editor, without disturbing what is typed.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};

use rustyline::completion::Completer;
use rustyline::config::{BellStyle, ColorMode, CompletionType, Config};
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::MemHistory;
use rustyline::validate::Validator;
use rustyline::{
    Cmd, ConditionalEventHandler, Context, Editor, Event, EventContext, EventHandler, ExternalPrinter,
    Helper, KeyCode, KeyEvent, Modifiers, Movement, RepeatCount,
};
use tokio::sync::mpsc::Sender;
use tokio::sync::oneshot;

use super::recall::Recall;
use super::session::Input;

/// A prompt that is not shown yet.
pub(super) struct Prompt {
    editor: Editor<Look, MemHistory>,
    text: String,
    shown: oneshot::Receiver<()>,
}

impl Prompt {
    /// A prompt and what prints above it, or `None` if the terminal cannot have one.
    pub(super) fn new(
        text: String,
        color: bool,
        typed: &Sender<Input>,
    ) -> Option<(Self, impl ExternalPrinter + Send + 'static)> {
        let config = Config::builder()
            .completion_type(CompletionType::List)
            .bell_style(BellStyle::None)
            .color_mode(if color { ColorMode::Forced } else { ColorMode::Disabled })
            .build();
        let mut editor = Editor::with_history(config, MemHistory::new()).ok()?;
        let printer = editor.create_external_printer().ok()?;
        let (show, shown) = oneshot::channel();
        let recall = Arc::new(Mutex::new(Recall::default()));
        let look = Look { recall: Arc::clone(&recall), shown: Mutex::new(Some(show)) };
        editor.set_helper(Some(look));
        let plain = |code| KeyEvent(code, Modifiers::NONE);
        for key in [plain(KeyCode::Enter), KeyEvent::ctrl('J')] {
            let say = Say { typed: typed.clone(), recall: Arc::clone(&recall) };
            editor.bind_sequence(key, EventHandler::Conditional(Box::new(say)));
        }
        for (key, older) in [
            (plain(KeyCode::Up), true),
            (KeyEvent::ctrl('P'), true),
            (plain(KeyCode::Down), false),
            (KeyEvent::ctrl('N'), false),
        ] {
            let step = Step { older, recall: Arc::clone(&recall) };
            editor.bind_sequence(key, EventHandler::Conditional(Box::new(step)));
        }
        Some((Self { editor, text, shown }, printer))
    }

    /// Shows the prompt until the user wants to go (Ctrl-C, Ctrl-D, or the terminal is gone). The receiver is told when
    /// it is there.
    pub(super) fn show(self, typed: Sender<Input>) -> oneshot::Receiver<()> {
        let Self { mut editor, text, shown } = self;
        tokio::task::spawn_blocking(move || {
            // Only the keys with which a user goes end the line, and `typed` has been told of them.
            let _ = editor.readline(&text);
            let _ = typed.blocking_send(Input::Leave);
        });
        shown
    }
}

/// Enter: says the line and empties it.
struct Say {
    typed: Sender<Input>,
    recall: Arc<Mutex<Recall>>,
}

impl ConditionalEventHandler for Say {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, context: &EventContext<'_>) -> Option<Cmd> {
        let line = context.line();
        if line.is_empty() {
            return Some(Cmd::Noop);
        }
        self.recall.lock().unwrap_or_else(PoisonError::into_inner).keep(line);
        match self.typed.blocking_send(Input::Line(line.to_owned())) {
            Ok(()) => Some(Cmd::Kill(Movement::WholeBuffer)),
            // The session has ended: so does the prompt.
            Err(_) => Some(Cmd::Interrupt),
        }
    }
}

/// An arrow key: recalls what was said before. Inside a text of several lines, arrows keep their usual meaning.
struct Step {
    older: bool,
    recall: Arc<Mutex<Recall>>,
}

impl ConditionalEventHandler for Step {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, context: &EventContext<'_>) -> Option<Cmd> {
        let (before, after) = context.line().split_at(context.pos());
        let has_line_there = if self.older { before.contains('\n') } else { after.contains('\n') };
        if has_line_there {
            return None;
        }
        if !after.is_empty() {
            return Some(Cmd::Move(Movement::EndOfBuffer));
        }
        let mut recall = self.recall.lock().unwrap_or_else(PoisonError::into_inner);
        let is_there = if self.older { recall.older(before) } else { recall.newer() };
        Some(if is_there { Cmd::Complete } else { Cmd::Noop })
    }
}

/// What the editor asks while it reads: how the prompt looks, and what an arrow key puts there.
struct Look {
    recall: Arc<Mutex<Recall>>,
    shown: Mutex<Option<oneshot::Sender<()>>>,
}

/// Only a completion can replace the text and put the cursor behind it.
impl Completer for Look {
    type Candidate = String;

    fn complete(&self, _: &str, _: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<String>)> {
        let recalled = self.recall.lock().unwrap_or_else(PoisonError::into_inner).take();
        Ok((0, recalled.into_iter().collect()))
    }
}

impl Highlighter for Look {
    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, _default: bool) -> Cow<'b, str> {
        let bold = anstyle::Style::new().bold();
        format!("{bold}{prompt}{bold:#}").into()
    }
}

/// It gives no hints. Being asked for one means that the editor has the terminal, and prints go above the prompt.
impl Hinter for Look {
    type Hint = String;

    fn hint(&self, _: &str, _: usize, _: &Context<'_>) -> Option<String> {
        if let Some(shown) = self.shown.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // Nobody waits if the session has ended already.
            let _ = shown.send(());
        }
        None
    }
}

impl Validator for Look {}

impl Helper for Look {}
