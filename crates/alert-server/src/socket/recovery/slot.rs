//! Where the thread that looks for a seat leaves what it found, for the connection's thread.

use super::{Missed, Place};
use crate::log::Seat;
use std::{
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio::sync::OwnedSemaphorePermit;

/// What became of a client that showed a pid.
pub(super) enum Decision {
    /// It has its place back, and was sent what it missed.
    Resumed { place: Place, seat: Seat },
    /// It has not, and must be told what it missed, if anything.
    Not(Option<Missed>),
}

/// One decision, from one thread to another.
#[derive(Default)]
pub(super) struct Slot(Mutex<State>);

#[derive(Default)]
enum State {
    #[default]
    Open,
    /// The turn ends when the decision is taken: so the connection's thread sets the pace.
    Decided { decision: Box<Decision>, _turn: Option<OwnedSemaphorePermit> },
    /// The connection has ended.
    Abandoned,
}

impl Slot {
    /// Puts the decision in; returns it if the connection has ended.
    pub(super) fn put(
        &self,
        decision: Box<Decision>,
        turn: Option<OwnedSemaphorePermit>,
    ) -> Option<Box<Decision>> {
        let mut state = self.lock();
        if let State::Abandoned = *state {
            return Some(decision);
        }
        *state = State::Decided { decision, _turn: turn };
        None
    }

    /// Takes the decision, if there is one.
    pub(super) fn take(&self) -> Option<Box<Decision>> {
        let mut state = self.lock();
        match mem::take(&mut *state) {
            State::Decided { decision, .. } => Some(decision),
            other => {
                *state = other;
                None
            }
        }
    }

    /// The connection has ended. Returns what was decided before.
    pub(super) fn abandon(&self) -> Option<Box<Decision>> {
        match mem::replace(&mut *self.lock(), State::Abandoned) {
            State::Decided { decision, .. } => Some(decision),
            State::Open | State::Abandoned => None,
        }
    }

    pub(super) fn is_abandoned(&self) -> bool {
        matches!(*self.lock(), State::Abandoned)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Each change is one assignment.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
