//! What is kept of webhooks in memory, of a server that orders rooms itself. What changes is handed out as rows, for a store
//! that survives the process.

use super::{
    Claim, HookKey, HookStore, Letter, MOST_IN_ALL, MOST_LETTERS, OnClaim, OnHookKept, OnLetters, OnLook,
};
use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// All webhooks that something is kept of.
#[derive(Default)]
pub(in crate::log) struct Held {
    /// Entries leave in `forget`.
    hooks: HashMap<HookKey, Kept>,
    /// Of all of them.
    letters: usize,
}

#[derive(Default)]
struct Kept {
    /// Empty for one that is new.
    state: String,
    letters: VecDeque<Letter>,
}

/// What has changed: the state of a webhook, or the letter of this id, which may be gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::log) struct Row {
    pub(in crate::log) of: HookKey,
    /// Empty for the state.
    pub(in crate::log) letter: Box<str>,
    pub(in crate::log) text: Option<Box<str>>,
}

impl Row {
    fn state(of: &HookKey, text: Option<Box<str>>) -> Self {
        Self { of: of.clone(), letter: "".into(), text }
    }

    fn letter(of: &HookKey, letter: Box<str>, text: Option<Box<str>>) -> Self {
        Self { of: of.clone(), letter, text }
    }
}

impl Held {
    /// Puts back what a row says, in the order in which they were kept.
    pub(in crate::log) fn put(&mut self, Row { of, letter, text }: Row) {
        let kept = self.hooks.entry(of).or_default();
        let Some(text) = text else { return };
        if letter.is_empty() {
            kept.state = text.into();
        } else {
            kept.letters.push_back(Letter { id: letter, text });
            self.letters += 1;
        }
    }

    pub(in crate::log) fn claim(&mut self, of: &HookKey) -> Claim {
        self.hooks.entry(of.clone()).or_default();
        Claim::Yours(self.look(of))
    }

    pub(in crate::log) fn look(&self, of: &HookKey) -> Option<String> {
        self.hooks.get(of).map(|kept| &kept.state).filter(|state| !state.is_empty()).cloned()
    }

    /// What has to be stored; nothing if it was forgotten.
    pub(in crate::log) fn keep(
        &mut self,
        of: &HookKey,
        state: String,
        letter: Option<Letter>,
    ) -> Option<Vec<Row>> {
        let kept = self.hooks.get_mut(of)?;
        kept.state = state;
        let mut rows = vec![Row::state(of, Some(kept.state.as_str().into()))];
        if let Some(letter) = letter {
            rows.push(Row::letter(of, letter.id.clone(), Some(letter.text.clone())));
            let before = kept.letters.len();
            kept.letters.retain(|other| other.id != letter.id);
            kept.letters.push_back(letter);
            self.letters = self.letters + kept.letters.len() - before;
            while kept.letters.len() > 1 && (kept.letters.len() > MOST_LETTERS || self.letters > MOST_IN_ALL)
            {
                let oldest = kept.letters.pop_front();
                self.letters -= 1;
                rows.extend(oldest.map(|oldest| Row::letter(of, oldest.id, None)));
            }
        }
        Some(rows)
    }

    pub(in crate::log) fn letters(&self, of: &HookKey) -> Vec<Letter> {
        self.hooks.get(of).map(|kept| kept.letters.iter().cloned().collect()).unwrap_or_default()
    }

    /// What has to be stored; nothing if it is not there.
    pub(in crate::log) fn put_letter(
        &mut self,
        of: &HookKey,
        id: &str,
        text: Option<Box<str>>,
    ) -> Option<Row> {
        let letters = &mut self.hooks.get_mut(of)?.letters;
        let place = letters.iter().position(|letter| *letter.id == *id)?;
        match &text {
            Some(text) => letters[place].text.clone_from(text),
            None => {
                letters.remove(place);
                self.letters -= 1;
            }
        }
        Some(Row::letter(of, id.into(), text))
    }

    /// What has to be stored.
    pub(in crate::log) fn forget(&mut self, of: &HookKey) -> Vec<Row> {
        let Some(kept) = self.hooks.remove(of) else { return Vec::new() };
        self.letters -= kept.letters.len();
        let letters = kept.letters.into_iter().map(|letter| Row::letter(of, letter.id, None));
        std::iter::once(Row::state(of, None)).chain(letters).collect()
    }
}

/// Those of a server that keeps nothing which survives it, or as its file has them.
#[derive(Default)]
pub(in crate::log) struct InMemory(Mutex<Held>);

impl InMemory {
    pub(in crate::log) fn of(held: Held) -> Self {
        Self(Mutex::new(held))
    }

    pub(in crate::log) fn lock(&self) -> MutexGuard<'_, Held> {
        // What a panic halfway leaves is one letter too many or too few.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HookStore for InMemory {
    fn claim(&self, of: &HookKey, done: OnClaim) {
        let claim = self.lock().claim(of);
        done(Ok(claim));
    }

    fn look(&self, of: &HookKey, done: OnLook) {
        let found = self.lock().look(of);
        done(Ok(found));
    }

    fn keep(&self, of: &HookKey, state: String, letter: Option<Letter>, done: OnHookKept) {
        let kept = self.lock().keep(of, state, letter);
        done(Ok(kept.is_some()));
    }

    fn letters(&self, of: &HookKey, done: OnLetters) {
        let letters = self.lock().letters(of);
        done(Ok(letters));
    }

    fn put_letter(&self, of: &HookKey, id: &str, text: Option<Box<str>>, done: OnHookKept) {
        let put = self.lock().put_letter(of, id, text);
        done(Ok(put.is_some()));
    }

    fn forget(&self, of: &HookKey) {
        self.lock().forget(of);
    }
}
