//! A room is made with a host: under the code that was asked for, or one that nobody knows yet; or it goes on under such a one.

use super::{Actor, Made, People, now};
use crate::log::RollError;
use crate::log::redis::Of;
use crate::rooms::{Admitted, Refused, Rooms};
use alert_core::access::Right;
use alert_core::names::RoomCode;
use alert_core::room::alerts;
use alert_core::room::policy::{Action, Deed, HostKey, Policy};
use alert_core::room::roll_call::Roster;
use std::sync::Arc;
use std::time::Instant;

/// A code that nobody has is found at once, unless random numbers are none.
const CODES: usize = 5;

impl Rooms {
    /// Makes a room that nobody is in, and where nothing was said, with a host. Whoever has the key that this gives is one.
    ///
    /// # Errors
    /// If the room is in use, or a token is needed here that lets its holder moderate.
    pub async fn make(&self, room: &Admitted, by: &Actor) -> Result<HostKey, Refused> {
        room.may(Right::Read)?;
        if !room.standing().is_open_to(Right::Read) {
            // Whoever has the key is a host: a token that does not make one of its holder gives none.
            room.may(Right::Moderate)?;
        }
        self.0.allowances.make(room.network(), Instant::now())?;
        let key = random_key();
        let action = Action::Key(key.hash());
        let audit = by.did(Deed::Make, None, None);
        let step = move |policy: &Policy, people: &mut People<'_>, now| policy.after(&action, people, now);
        self.rule(room.code(), &step, Of::NewRoom, Some(audit)).await?;
        tracing::info!(room = room.code().as_str(), by = &*by.0, "made, with a host");
        Ok(key)
    }

    /// Makes a room as [`Rooms::make`], with a code that nobody knows yet; `admit` lets the caller name it.
    ///
    /// # Errors
    /// As there.
    pub async fn make_anew(
        &self,
        admit: impl Fn(RoomCode) -> Result<Admitted, Refused>,
        by: &Actor,
    ) -> Result<(RoomCode, HostKey), Refused> {
        for _ in 0..CODES {
            let room = admit(fresh_code())?;
            match self.make(&room, by).await {
                Err(Refused::InUse) => {}
                made => return made.map(|key| (room.code().clone(), key)),
            }
        }
        Err(Refused::InUse)
    }

    /// The room goes on under another code, which only its hosts know, and is closed under this one.
    pub(super) async fn move_room(
        &self,
        room: &Admitted,
        by: &Actor,
        policy: Option<Arc<Policy>>,
    ) -> Result<Made, Refused> {
        self.0.allowances.make(room.network(), Instant::now())?;
        let policy = policy.unwrap_or_default();
        for _ in 0..CODES {
            let code = fresh_code();
            let moved = Policy { revision: 1, kicks: Vec::new(), closed: false, ..Policy::clone(&policy) };
            let step = move |_: &Policy, _: &mut People<'_>, _| Ok(moved.clone());
            let audit = by.did(Deed::Make, None, Some("with the rules of another room".into()));
            match self.rule(&code, &step, Of::NewRoom, Some(audit)).await {
                Err(Refused::InUse) => {}
                Err(refused) => return Err(refused),
                Ok(_) => {
                    let (last, _) =
                        self.act(room, by, Action::Close, Some("it has another code".into())).await?;
                    self.carry_roll_calls(room.code(), &code, &last).await;
                    // They go on there, and nobody here is told that they have ended.
                    let leave = Action::Alert(Box::new(alerts::Step::Move));
                    let step = move |policy: &Policy, people: &mut People<'_>, now| {
                        policy.after(&leave, people, now)
                    };
                    self.rule(room.code(), &step, Of::Any, None).await?;
                    // What was decided meanwhile goes along.
                    let step = move |moved: &Policy, _: &mut People<'_>, _| Ok(follow(moved, &last));
                    let policy = self.rule(&code, &step, Of::Any, None).await?;
                    self.0.hooks.changed();
                    return Ok(Made::NewCode(code, policy));
                }
            }
        }
        Err(Refused::InUse)
    }

    /// The roster of a room, and the roll calls of its alerts, go along to its other code. A room moves without them, too.
    async fn carry_roll_calls(&self, from: &RoomCode, to: &RoomCode, policy: &Policy) {
        let carry = async {
            let roster = self.log().roster(from).await?;
            if !roster.is_empty() {
                self.log().put_roster(to, roster).await?;
                self.log().put_roster(from, Roster::default()).await?;
            }
            for alert in policy.alerts.in_force(now()) {
                let roll = self.log().roll_call(from, alert.id).await?.unwrap_or_default();
                for (mark, names) in roll.marks() {
                    self.note(to, alert.id, names, mark).await?;
                }
            }
            Ok::<_, RollError>(())
        };
        if let Err(problem) = carry.await {
            let room = to.as_str();
            tracing::warn!(
                room,
                "who has confirmed its alerts did not go along to the other code of a room: {problem}"
            );
        }
    }
}

/// The policy of a room that has moved, as it was where it came from when that was closed.
fn follow(moved: &Policy, last: &Policy) -> Policy {
    let mut next = Policy {
        revision: moved.revision,
        closed: false,
        kicks: Vec::new(),
        hands: moved.hands.clone(),
        words: moved.words.clone(),
        ..last.clone()
    };
    next.revision += u64::from(next != *moved);
    next
}

/// A code that nobody knows.
fn fresh_code() -> RoomCode {
    loop {
        if let Some(code) = RoomCode::made_of(random()) {
            return code;
        }
    }
}

/// A key that nobody knows.
pub fn random_key() -> HostKey {
    HostKey::new(random())
}

#[expect(clippy::expect_used, reason = "a system without random numbers cannot make what nobody guesses")]
pub(in crate::rooms) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the system gives random numbers");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use alert_core::names::UserName;
    use alert_core::room::policy::Whom;

    #[test]
    fn given_a_room_that_has_moved_then_what_was_decided_meanwhile_goes_along_and_nothing_else_changes() {
        let name = UserName::parse("Mal", 64).unwrap();
        let ban = Action::Ban(Whom::Name(name.clone()), None, false);
        let before = Policy { announce: true, words: vec![name.clone()], revision: 7, ..Policy::default() };
        let moved = Policy { revision: 1, ..before.clone() };
        let closed = |policy: &Policy| policy.after(&Action::Close, &[], now()).unwrap();
        assert_eq!(follow(&moved, &closed(&before)), moved);
        let banned = before.after(&ban, &[], now()).unwrap();
        let next = follow(&moved, &closed(&banned));
        assert_eq!((next.revision, next.bans, next.closed), (2, banned.bans, false));
    }
}
