//! Wrong usage, reported like other errors, with a tip for words that people know from other programs.

use std::borrow::Cow;
use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use clap::CommandFactory;
use clap::error::{ContextKind, ContextValue, ErrorKind};

/// Words that people try as a command, and what they may mean.
const COMMANDS: &[(&[&str], &str)] = &[
    (&["start", "run", "server", "up", "daemon", "launch"], "alert serve (or alert alone) runs the server"),
    (&["listen"], "alert serve runs the server; alert watch ROOM listens to a room"),
    (&["chat", "talk", "enter", "connect", "login", "client"], "alert join ROOM is a seat in a room"),
    (
        &["say", "post", "publish", "message", "notify", "push", "emit"],
        "alert send ROOM MSG says something to a room",
    ),
    (&["subscribe", "follow", "tail", "hear", "read", "monitor"], "alert watch ROOM listens to a room"),
    (&["check", "diagnose", "test", "ping", "status"], "alert doctor URL examines a server"),
    (&["settings", "configure", "env"], "alert config show prints every setting"),
    (&["benchmark", "load", "stress"], "alert bench measures a server"),
    (&["manual", "docs"], "alert man prints the manual"),
    (&["completion", "complete"], "alert completions SHELL prints what a shell needs"),
    (&["version"], "alert --version prints it"),
];

/// Words for the same, of which a command with commands of its own has one.
const SAME: [&[&str]; 3] = [
    &["remove", "delete", "revoke", "rm", "del", "erase", "drop"],
    &["add", "make", "mint", "create", "new", "set"],
    &["list", "show", "ls", "all", "print"],
];

/// Flags that people try instead of others: of the server, then of the clients.
const SERVER_FLAGS: &[(&[&str], &str)] = &[
    (&["--port", "-p", "-P"], "the port belongs to --listen, as in --listen 127.0.0.1:5001"),
    (
        &["--host", "-H", "--bind", "-b", "--address", "--addr", "--interface", "-l"],
        "the address belongs to --listen, as in --listen 0.0.0.0:5000",
    ),
    (&["-c"], "the configuration file is --config FILE"),
    (&["--cors", "--origin", "--origins"], "pages of other sites are allowed by --allow-origin ORIGIN"),
    (
        &["-v", "--verbose", "--debug", "-d", "--quiet", "-q"],
        "how much is logged is --log, as in --log debug",
    ),
    (&["--threads", "-w", "-j"], "the number of threads is --workers COUNT"),
];
const CLIENT_FLAGS: &[(&[&str], &str)] = &[
    (
        &["--port", "-p", "-P", "--host", "-H", "--server", "-s", "--address", "--addr", "-u", "--uri"],
        "the server is --url, as in --url http://127.0.0.1:5001",
    ),
    (&["--room", "-r", "--code", "--channel"], "the room's code stands by itself, without a flag"),
    (&["--message", "--msg", "-m", "--text"], "the message stands by itself, behind the room's code"),
    (&["--user", "--username", "--nick", "-n", "--from", "--as"], "the name is --name NAME"),
    (
        &["--exec-command", "-e", "--command", "--run"],
        "a program for each message is --exec, the last option",
    ),
    (&["-c"], "a number of events is --count COUNT"),
    (&["-f", "--follow"], "alert watch ROOM listens until Ctrl-C; nothing has to be said for that"),
];
const CLIENTS: [&str; 4] = ["send", "watch", "join", "doctor"];

/// `alert help send --help` asks for what `alert help send` says.
pub(super) fn without_help_of_help(mut words: Vec<OsString>) -> Vec<OsString> {
    if words.get(1).is_some_and(|word| word == "help") {
        words.retain(|word| word != "--help" && word != "-h");
    }
    words
}

/// Prints what was asked for (help, version), or what is wrong with these words, and returns the exit code.
pub(super) fn refuse(mut error: clap::Error, words: &[OsString]) -> ExitCode {
    if !error.use_stderr() {
        return match error.print() {
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => ExitCode::FAILURE,
            _ => ExitCode::SUCCESS,
        };
    }
    if error.kind() == ErrorKind::InvalidUtf8
        && let Some(word) = words.iter().find(|word| word.to_str().is_none())
    {
        super::complain(format_args!("the argument {word:?} is not UTF-8"));
        return ExitCode::from(super::USAGE_ERROR);
    }
    if let Some(tip) = tip(&error, words) {
        for other in
            [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedCommand]
        {
            error.remove(other);
        }
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into_owned().into()]));
    }
    let text = error.render().to_string();
    let text = text.strip_prefix("error: ").unwrap_or(&text);
    let _ = write!(std::io::stderr(), "alert: {text}");
    ExitCode::from(super::USAGE_ERROR)
}

fn tip(error: &clap::Error, words: &[OsString]) -> Option<Cow<'static, str>> {
    let found = |list: &[(&[&str], &'static str)], word: &str| {
        list.iter().find(|(tried, _)| tried.contains(&word)).map(|&(_, tip)| Cow::Borrowed(tip))
    };
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    if let Some(command) = text(ContextKind::InvalidSubcommand) {
        let command = command.to_ascii_lowercase();
        let all = super::Cli::command();
        let parent = words.get(1).and_then(|word| all.find_subcommand(word));
        return parent
            .map_or_else(|| found(COMMANDS, &command), |parent| same(parent, &command).map(Cow::Owned));
    }
    let flag = text(ContextKind::InvalidArg).filter(|_| error.kind() == ErrorKind::UnknownArgument)?;
    let is_client = words.get(1).is_some_and(|word| CLIENTS.iter().any(|client| word == client));
    found(if is_client { CLIENT_FLAGS } else { SERVER_FLAGS }, flag)
}

/// The command of `parent` that does what another word says.
fn same(parent: &clap::Command, word: &str) -> Option<String> {
    let words = SAME.iter().find(|words| words.contains(&word))?;
    let meant = words.iter().find(|word| parent.find_subcommand(word).is_some())?;
    Some(format!("alert {} {meant} does that", parent.get_name()))
}

/// The notes below a command's options: lines that begin with a space stay as they are, the others are one paragraph,
/// which the help wraps to the width of the terminal.
pub(super) fn notes(text: &str) -> String {
    let mut notes = String::with_capacity(text.len());
    let mut is_open = false;
    for line in text.lines() {
        let is_prose = !line.is_empty() && !line.starts_with(' ') && !line.ends_with(':');
        if !notes.is_empty() {
            notes.push(if is_open && is_prose { ' ' } else { '\n' });
        }
        notes.push_str(line);
        is_open = is_prose;
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_notes_then_prose_is_joined_and_tables_stay() {
        let text = "Examples:\n  alert a\n  alert b\n\nOne\ntwo.\n\nIt has\n  x  y\nand more\nlines.";
        let joined = "Examples:\n  alert a\n  alert b\n\nOne two.\n\nIt has\n  x  y\nand more lines.";
        assert_eq!(notes(text), joined);
    }
}
