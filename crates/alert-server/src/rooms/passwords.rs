//! The passwords of rooms: hashed with argon2, verified away from the threads that serve connections, and not guessed: an
//! address has some tries for a room, and then one every ten seconds.

use super::Refused;
use super::admission::Admitted;
use super::turns::{Place, Turns};
use crate::recent::Recent;
use alert_core::room::policy::{Forbidden, Password, PasswordHash};
use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use sha2::{Digest, Sha256};
use socketio_server::{Meter, Rate};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Handle;

/// How many are hashed at a time, of some 20 MB and 20 ms each.
const AT_A_TIME: usize = 2;
/// What one wrong password costs, of what an address has for a room: one comes back each second.
const COST: u64 = 10;
const RATE: Rate = Rate { per_second: NonZeroU32::MIN, burst: NonZeroU32::new(200).unwrap() };
/// Addresses and rooms of which wrong passwords are remembered. Then the oldest is forgotten.
const MOST_GUESSED: usize = 10_000;
/// Right passwords that are known again without hashing: a class comes in together.
const MOST_KNOWN: usize = 1000;
const KNOWN: Duration = Duration::from_secs(3600);

pub(super) struct Passwords {
    runtime: Handle,
    turns: Arc<Turns>,
    /// By a keyed hash of an address and a room.
    guessed: Recent<u64, Meter>,
    known: Recent<[u8; 32], ()>,
    /// What makes a digest of a password useless elsewhere.
    secret: [u8; 32],
}

impl Passwords {
    #[expect(clippy::expect_used, reason = "a system without random numbers cannot serve")]
    pub(super) fn new(runtime: Handle) -> Self {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret).expect("the system gives random numbers");
        Self {
            runtime,
            turns: Turns::new(AT_A_TIME, Forbidden::PasswordsBusy),
            guessed: Recent::new(RATE.recovery(), MOST_GUESSED),
            known: Recent::new(KNOWN, MOST_KNOWN),
            secret,
        }
    }

    /// Hashes a new password of a room.
    ///
    /// # Errors
    /// If too many wait.
    pub(super) async fn hash(&self, room: &Admitted, password: Password) -> Result<PasswordHash, Refused> {
        let _turn = self.turns.take(Place::of(room)).await?;
        let hashed = self.runtime.spawn_blocking(move || {
            let hash = Argon2::default().hash_password(password.as_str().as_bytes());
            hash.map(|hash| PasswordHash::new(&hash.to_string()))
        });
        hashed.await.ok().and_then(Result::ok).ok_or(Refused::Unavailable)
    }

    /// Whether this is the password of a room, shown by whoever names it.
    ///
    /// # Errors
    /// If it is not, or their address has no tries left, or too many wait.
    pub(super) async fn verify(
        &self,
        room: &Admitted,
        hash: &PasswordHash,
        password: Password,
    ) -> Result<(), Refused> {
        let digest: [u8; 32] = Sha256::new()
            .chain_update(self.secret)
            .chain_update(hash.as_str())
            .chain_update([0])
            .chain_update(password.as_str())
            .finalize()
            .into();
        if self.is_known(room, &digest)? {
            return Ok(());
        }
        let turn = self.turns.take(Place::of(room)).await?;
        // A class comes in together: the first has shown by now that it is right, or taken the last try.
        if self.is_known(room, &digest)? {
            return Ok(());
        }
        // Taken before it is known whether it is right, so that many at once are no way around; given back if it is.
        let now = Instant::now();
        self.guessed.at(now).touch(room.key(), Meter::default).take(now, RATE, COST);
        let hash = hash.as_str().to_owned();
        let verified = self.runtime.spawn_blocking(move || {
            let hash = argon2::password_hash::phc::PasswordHash::new(&hash);
            hash.is_ok_and(|hash| {
                Argon2::default().verify_password(password.as_str().as_bytes(), &hash).is_ok()
            })
        });
        let is_right = verified.await.unwrap_or(false);
        if is_right {
            let now = Instant::now();
            self.known.at(now).touch(digest, || ());
            self.guessed.at(now).remove(&room.key());
        }
        drop(turn);
        if is_right { Ok(()) } else { Err(Forbidden::PasswordWrong.into()) }
    }

    /// Whether it was right a while ago.
    fn is_known(&self, room: &Admitted, digest: &[u8; 32]) -> Result<bool, Refused> {
        let now = Instant::now();
        // Before it is looked at: otherwise whoever has no tries left could go on.
        let meter = *self.guessed.at(now).touch(room.key(), Meter::default);
        match meter.wait_for(now, RATE, COST) {
            Some(wait) => Err(Forbidden::TooManyGuesses(wait).into()),
            None => Ok(self.known.at(now).get(digest).is_some()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::admission::Admission;
    use super::*;
    use crate::auth::Origin;
    use alert_core::names::RoomCode;

    fn room(last: u8) -> Admitted {
        let origin = Origin::Network([192, 0, 2, last].into());
        Admission::new(None, None).readmit(&origin, RoomCode::parse("room", 64).unwrap())
    }

    #[tokio::test]
    async fn a_password_is_verified_and_guesses_are_limited_for_each_address_and_room() {
        let (passwords, one, two) = (Passwords::new(Handle::current()), room(1), room(2));
        let (right, wrong) = (Password::new("blue sky"), Password::new("blue"));
        let hash = passwords.hash(&one, right.clone()).await.unwrap();
        assert!(hash.as_str().starts_with("$argon2id$"), "{}", hash.as_str());
        let other = passwords.hash(&one, right.clone()).await.unwrap();
        assert!(hash != other, "each has its salt");
        assert_eq!(passwords.verify(&one, &hash, right.clone()).await, Ok(()));
        for _ in 0..20 {
            let verified = passwords.verify(&one, &hash, wrong.clone()).await;
            assert_eq!(verified, Err(Refused::Forbidden(Forbidden::PasswordWrong)));
        }
        for password in [&wrong, &right] {
            let verified = passwords.verify(&one, &hash, password.clone()).await;
            assert!(
                matches!(verified, Err(Refused::Forbidden(Forbidden::TooManyGuesses(_)))),
                "{verified:?}: a right one would tell"
            );
        }
        assert_eq!(passwords.verify(&two, &hash, right).await, Ok(()));
    }

    #[tokio::test]
    async fn given_a_class_that_shows_the_password_at_once_then_all_are_let_in_and_guesses_at_once_are_limited()
     {
        let (passwords, room) = (Arc::new(Passwords::new(Handle::current())), room(1));
        let right = Password::new("blue sky");
        let hash = passwords.hash(&room, right.clone()).await.unwrap();
        let class = async |shown: fn(usize) -> Password| {
            let mut all = tokio::task::JoinSet::new();
            for number in 0..40 {
                let (passwords, room, hash, shown) =
                    (Arc::clone(&passwords), room.clone(), hash.clone(), shown(number));
                all.spawn(async move { passwords.verify(&room, &hash, shown).await });
            }
            all.join_all().await
        };
        assert!(class(|_| Password::new("blue sky")).await.iter().all(Result::is_ok));
        let wrong = Err(Refused::Forbidden(Forbidden::PasswordWrong));
        let guesses = class(|number| Password::new(&format!("guess {number}"))).await;
        assert_eq!(guesses.iter().filter(|guess| **guess == wrong).count(), 20);
    }
}
