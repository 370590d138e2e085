//! What a line means: something to say, or a command, which begins with a slash.

/// A line that somebody typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Typed {
    /// To be said in the room.
    Message(String),
    /// `/quit`
    Quit,
    /// `/confirm`, perhaps with an answer
    Confirm(Option<String>),
    /// `/help`
    Help,
    /// A slash and a word that is no command.
    Unknown,
}

/// The answer to `/help`.
pub(super) const HELP: &str = "/quit leaves the room, as Ctrl-D does; /confirm confirms the latest alert that asks for it, \
                               perhaps with an answer: /confirm safe; /help says this. A line that begins with // is \
                               said with one slash.";
/// Why an unknown command is not said.
pub(super) const UNKNOWN: &str =
    "there is no such command; /help lists them, and // at the start says a slash";

impl Typed {
    /// Reads a line. A path such as `/usr/bin` has a second slash, so it is not a command.
    pub(super) fn read(line: String) -> Self {
        let Some(rest) = line.strip_prefix('/') else { return Self::Message(line) };
        if rest.starts_with('/') {
            return Self::Message(rest.to_owned());
        }
        let (word, more) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        match word {
            "" => Self::Message(line),
            word if word.contains('/') => Self::Message(line),
            word if word.eq_ignore_ascii_case("quit") => Self::Quit,
            word if word.eq_ignore_ascii_case("confirm") => {
                Self::Confirm(Some(more.trim()).filter(|answer| !answer.is_empty()).map(str::to_owned))
            }
            word if word.eq_ignore_ascii_case("help") => Self::Help,
            _ => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_a_line_then_a_slash_and_a_word_are_a_command_and_all_else_is_said() {
        let says = |text: &str| Typed::Message(text.to_owned());
        for (line, typed) in [
            ("hello /quit", says("hello /quit")),
            (" /quit", says(" /quit")),
            ("/", says("/")),
            ("/ quit", says("/ quit")),
            ("//", says("/")),
            ("//quit", says("/quit")),
            ("///", says("//")),
            ("/usr/bin is full", says("/usr/bin is full")),
            ("/quit", Typed::Quit),
            ("/QUIT now", Typed::Quit),
            ("/confirm", Typed::Confirm(None)),
            ("/CONFIRM ", Typed::Confirm(None)),
            ("/confirm  need help ", Typed::Confirm(Some("need help".to_owned()))),
            ("/confirmed", Typed::Unknown),
            ("/help", Typed::Help),
            ("/help\tme", Typed::Help),
            ("/quitt", Typed::Unknown),
            ("/me waves", Typed::Unknown),
            ("/5", Typed::Unknown),
            ("/?", Typed::Unknown),
        ] {
            assert_eq!(Typed::read(line.to_owned()), typed, "{line:?}");
        }
    }
}
