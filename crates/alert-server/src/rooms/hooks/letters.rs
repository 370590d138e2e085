//! Dead letters, as whoever runs the server sees them, sends them again or drops them.

use super::{Refused, Rooms, key};
use crate::log::HookKey;
use crate::webhook::{self, DeadLetter, Outcome};
use alert_core::names::RoomCode;
use alert_core::room::hooks::HookId;
use std::cmp::Reverse;

/// A dead letter, and of which webhook.
#[derive(Clone, Debug)]
pub struct Dead {
    /// The room.
    pub room: RoomCode,
    /// The webhook.
    pub hook: HookId,
    /// The event's id.
    pub id: Box<str>,
    /// The rest.
    pub letter: DeadLetter,
}

/// What became of one that was to be sent again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resent {
    /// Its receiver has it now.
    Delivered,
    /// It has failed again: why.
    Failed(String),
    /// It, or its webhook, is not there any more.
    NotThere,
    /// It was too long to be kept.
    TooLong,
}

impl Rooms {
    /// Dead letters of all rooms: `most` of them, the newest first.
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn dead_letters(&self, most: usize) -> Result<Vec<Dead>, Refused> {
        let mut all = Vec::new();
        if !self.log().is_on() {
            return Ok(all);
        }
        for (room, policy) in self.hooked().await? {
            for hook in policy.hooks.all() {
                let letters = self.log().letters(&key(&room, hook.id)).await?;
                all.extend(letters.into_iter().filter_map(|kept| {
                    let letter = DeadLetter::read(&kept)?;
                    Some(Dead { room: room.clone(), hook: hook.id, id: kept.id, letter })
                }));
            }
        }
        // Those of one moment always in the same order.
        all.sort_by_cached_key(|dead| (Reverse(dead.letter.at), dead.hook.to_string(), dead.id.clone()));
        all.truncate(most);
        Ok(all)
    }

    /// Sends one again, once. If it is delivered, it is no dead letter any more.
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn send_again(&self, of: &HookKey, id: &str) -> Result<Resent, Refused> {
        let policy = self.policy(&of.room).await?.unwrap_or_default();
        let letters = self.log().letters(of).await?;
        let letter = letters.iter().find(|letter| *letter.id == *id).and_then(DeadLetter::read);
        let (Some(hook), Some(letter)) = (policy.hooks.get(of.hook), letter) else {
            return Ok(Resent::NotThere);
        };
        let Some(json) = &letter.json else { return Ok(Resent::TooLong) };
        let why = match webhook::post(self.outbound(), hook, id, json).await {
            Outcome::Delivered(_) => {
                self.0.counts.posts.add("delivered", 1);
                self.log().put_letter(of, id, None).await?;
                return Ok(Resent::Delivered);
            }
            Outcome::Gone => webhook::GONE.to_owned(),
            Outcome::Failed { why, .. } => why,
        };
        self.0.counts.posts.add("failed", 1);
        self.log().put_letter(of, id, Some(letter.again(&why).write())).await?;
        Ok(Resent::Failed(why))
    }

    /// Drops one. Says whether it was there.
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn drop_letter(&self, of: &HookKey, id: &str) -> Result<bool, Refused> {
        Ok(self.log().put_letter(of, id, None).await?)
    }
}
