//! What the user said before, for the arrow keys.

use std::collections::VecDeque;

const MOST_LINES: usize = 100;

/// The last lines, and which of them is at the prompt.
#[derive(Debug, Default)]
pub(super) struct Recall {
    lines: VecDeque<String>,
    /// Steps back from the present.
    back: usize,
    /// What was at the prompt before the first step.
    draft: String,
    is_asked: bool,
}

impl Recall {
    /// Keeps a line that was said, and goes back to the present.
    pub(super) fn keep(&mut self, line: &str) {
        self.back = 0;
        if self.lines.back().is_some_and(|last| last == line) {
            return;
        }
        if self.lines.len() == MOST_LINES {
            self.lines.pop_front();
        }
        self.lines.push_back(line.to_owned());
    }

    /// Goes to the line before, if there is one; `at_prompt` is the text there now.
    pub(super) fn older(&mut self, at_prompt: &str) -> bool {
        let is_there = self.back < self.lines.len();
        if is_there {
            if self.back == 0 {
                at_prompt.clone_into(&mut self.draft);
            }
            self.back += 1;
        }
        self.is_asked |= is_there;
        is_there
    }

    /// Goes to the line after, and finally to the draft.
    pub(super) fn newer(&mut self) -> bool {
        let is_there = self.back > 0;
        self.back = self.back.saturating_sub(1);
        self.is_asked |= is_there;
        is_there
    }

    /// What belongs at the prompt now: `Some` once after each step.
    pub(super) fn take(&mut self) -> Option<String> {
        if !std::mem::take(&mut self.is_asked) {
            return None;
        }
        match self.lines.len().checked_sub(self.back) {
            Some(at) if self.back > 0 => self.lines.get(at).cloned(),
            _ => Some(std::mem::take(&mut self.draft)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn older(recall: &mut Recall, at_prompt: &str) -> Option<String> {
        recall.older(at_prompt);
        recall.take()
    }

    fn newer(recall: &mut Recall) -> Option<String> {
        recall.newer();
        recall.take()
    }

    #[test]
    fn given_lines_then_arrows_walk_through_them_and_back_to_the_draft() {
        let mut recall = Recall::default();
        assert_eq!((older(&mut recall, "x"), newer(&mut recall)), (None, None));
        for line in ["one", "two", "two"] {
            recall.keep(line);
        }
        let back = ["half", "two", "one"].map(|at_prompt| older(&mut recall, at_prompt));
        assert_eq!(back, [Some("two".into()), Some("one".into()), None]);
        let forth = [(); 3].map(|()| newer(&mut recall));
        assert_eq!(forth, [Some("two".into()), Some("half".into()), None]);
        older(&mut recall, "");
        recall.keep("three");
        assert_eq!(older(&mut recall, "").as_deref(), Some("three"));
    }

    #[test]
    fn given_more_lines_than_are_kept_then_the_oldest_goes() {
        let mut recall = Recall::default();
        for number in 0..=MOST_LINES {
            recall.keep(&number.to_string());
        }
        let oldest = std::iter::from_fn(|| older(&mut recall, "")).last();
        assert_eq!(oldest.as_deref(), Some("1"));
    }
}
