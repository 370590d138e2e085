//! The report as people read it.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use alert_client::doctor::{Advice, Config, Finding, Outcome, Report, Verdict, Watch};
use alert_core::printable::one_line;
use anstyle::{AnsiColor, Style};

const CLEAR: &str = "\r\x1B[K";

/// Prints findings and, if a person watches, how a long wait goes.
pub(super) struct Lines {
    prints: bool,
    progress: bool,
    progress_shown: bool,
    width: usize,
    /// What was advised, and for which check, so that nobody reads it twice.
    advised: Vec<(Advice, &'static str)>,
    pub(super) failure: Option<io::Error>,
}

impl Lines {
    pub(super) fn new(prints: bool) -> Self {
        // The reader of a pipe breaks lines itself.
        let width = if io::stdout().is_terminal() { 80 } else { usize::MAX };
        let progress = io::stderr().is_terminal();
        Self { prints, progress, progress_shown: false, width, advised: Vec::new(), failure: None }
    }

    pub(super) fn write(&mut self, text: &str) {
        let mut out = anstream::stdout().lock();
        let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
        if let Err(error) = written {
            self.failure.get_or_insert(error);
        }
    }

    pub(super) fn clear_progress(&mut self) {
        if std::mem::take(&mut self.progress_shown) {
            // Perhaps nobody is there to read it.
            let _ = io::stderr().write_all(CLEAR.as_bytes());
        }
    }
}

impl Watch for Lines {
    fn found(&mut self, finding: &Finding) {
        self.clear_progress();
        if self.prints {
            let mut text = render(finding, self.width);
            if let Some(advice) = &finding.advice {
                match self.advised.iter().find(|(earlier, _)| earlier == advice) {
                    Some((_, title)) => text += &format!("    As above, at {title}.\n"),
                    None => {
                        text += &render_advice(advice, self.width);
                        self.advised.push((advice.clone(), finding.check.title()));
                    }
                }
            }
            self.write(&text);
        }
    }

    fn waiting(&mut self, passed: Duration, of: Duration) {
        if self.progress && passed.as_secs() > 0 {
            self.progress_shown = true;
            let line =
                format!("{CLEAR}  waiting for a heartbeat: {} of {} s", passed.as_secs(), of.as_secs());
            let _ = io::stderr().write_all(line.as_bytes());
        }
    }
}

/// The mark and the word say the same, for readers who cannot see colours or marks.
const WORD: usize = 10;
const TITLE: usize = 21;

fn render(finding: &Finding, width: usize) -> String {
    let (mark, word, style) = match finding.outcome {
        Outcome::Ok => ("\u{2713}", "ok", AnsiColor::Green.on_default()),
        Outcome::Warning => ("!", "warning", AnsiColor::Yellow.on_default().bold()),
        Outcome::Failed => ("\u{2717}", "failed", AnsiColor::Red.on_default().bold()),
        Outcome::Skipped => ("-", "skipped", Style::new().dimmed()),
    };
    let label = format!("{mark} {word}");
    let title = finding.check.title();
    let mut text = format!("{style}{label:<WORD$}{style:#} {title:<TITLE$} ");
    let indent = WORD + 1 + TITLE + 1;
    let seen = wrap(&one_line(&finding.seen), width.saturating_sub(indent));
    text += &seen.join(&format!("\n{:indent$}", ""));
    text += "\n";
    text
}

fn render_advice(advice: &Advice, width: usize) -> String {
    let (mut text, indent, bold) = (String::new(), 4, Style::new().bold());
    for line in wrap(&one_line(&advice.text), width.saturating_sub(indent)) {
        text += &format!("{:indent$}{line}\n", "");
    }
    for Config { program, lines } in &advice.config {
        text += &format!("{:indent$}{bold}{}{bold:#}\n", "", program.title());
        for line in lines {
            text += &format!("{:indent$}    {}\n", "", one_line(line));
        }
    }
    text
}

/// Breaks a text between words.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().filter(|line| {
            line.is_empty() || line.chars().count().saturating_add(1 + word.chars().count()) <= width
        });
        match line {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) => {
                line.push(' ');
                line.push_str(word);
            }
            None => lines.push(word.to_owned()),
        }
    }
    lines
}

/// The last line.
pub(super) fn summary(report: &Report) -> String {
    let count = |outcome, one: &str, many: &str| match report.count(outcome) {
        0 => None,
        1 => Some(format!("1 {one}")),
        more => Some(format!("{more} {many}")),
    };
    let parts = [
        count(Outcome::Ok, "is well", "are well"),
        count(Outcome::Warning, "warning", "warnings"),
        count(Outcome::Failed, "failed", "failed"),
        count(Outcome::Skipped, "skipped", "skipped"),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    let first = match (report.verdict(), report.count(Outcome::Warning)) {
        (Verdict::Well, 0) => "All well.",
        (Verdict::Well, _) => "It works.",
        (Verdict::Failed, _) => "Not well.",
        (Verdict::Unreachable, _) => "Not reachable.",
    };
    format!("{first} Of {} checks: {}.", report.findings.len(), parts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_a_long_text_then_it_breaks_between_words() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("one two three", usize::MAX), ["one two three"]);
        assert_eq!(wrap("extraordinary", 5), ["extraordinary"]);
    }
}
