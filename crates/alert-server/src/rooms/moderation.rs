//! What hosts do: each action is checked, carried out, told to everybody and written down, and then answered.

mod making;

use super::allowance::Cost;
use super::{Admitted, Refused, Rooms};
use crate::log::redis::{Of, Placed, Ruled, Shared};
use crate::log::{Query, Start, Stored};
use alert_core::access::Right;
use alert_core::names::{RoomCode, UserName};
use alert_core::position::Position;
use alert_core::room::alerts;
use alert_core::room::policy::{
    Action, Audit, Change, Deed, Forbidden, HostKey, NotDone, Policy, Until, Whom,
};
use alert_core::wire::alert::Said;
use alert_core::wire::audit;
use alert_core::wire::v2::{Moderation, Settings};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::oneshot;

pub(super) use making::random;
pub use making::random_key;

/// How often a change is made anew because another server has made one at the same moment.
const TRIES: usize = 50;

/// Whoever acts, for the audit log.
#[derive(Clone, Debug)]
pub struct Actor(pub Box<str>);

/// What came of an action.
#[derive(Clone, Debug)]
pub enum Made {
    /// This policy holds.
    Policy(Arc<Policy>),
    /// This policy holds, of what was done to a name; and whether somebody who is in the room is meant.
    Named(Arc<Policy>, bool),
    /// This policy holds, and so many listen on this server.
    Shown(Arc<Policy>, usize),
    /// The room, or its hosts, have another key.
    NewKey(Arc<Policy>, HostKey),
    /// The room has another code.
    NewCode(RoomCode, Arc<Policy>),
    /// The newest lines of the audit log.
    Audit(Vec<Audit>),
}

/// Those who are in a room, all of them.
pub(super) type People<'a> = dyn Iterator<Item = &'a UserName> + 'a;

/// How the next policy is made of one.
pub(super) type Step<'a> =
    dyn Fn(&Policy, &mut People<'_>, SystemTime) -> Result<Policy, NotDone> + Send + Sync + 'a;

impl Rooms {
    /// A person raises a hand, or lowers it.
    ///
    /// # Errors
    /// Where everybody may speak.
    pub async fn hand(&self, room: &Admitted, name: &UserName, up: bool) -> Result<Arc<Policy>, Refused> {
        room.may(Right::Speak)?;
        let action = Action::Hand(name.clone(), up);
        let step = move |policy: &Policy, people: &mut People<'_>, now| policy.after(&action, people, now);
        self.rule(room.code(), &step, Of::Any, None).await
    }

    /// Does what a host asks for.
    ///
    /// # Errors
    /// If they are no host, or it cannot be done.
    pub async fn moderate(&self, room: &Admitted, by: &Actor, what: Moderation) -> Result<Made, Refused> {
        let policy = self.acts(room, cost(&what)).await?;
        let now = now();
        let until = |time: Option<Duration>| time.and_then(|time| now.checked_add(time));
        let action = match what {
            Moderation::Show => {
                return Ok(Made::Shown(policy.unwrap_or_default(), self.listeners(room.code())));
            }
            Moderation::Audit(most) => {
                let lines = self.log().audits(room.code(), most).await;
                return lines.map(Made::Audit).ok_or(Refused::Unavailable);
            }
            Moderation::Remove(position) => {
                self.remove(room.code(), position, by).await?;
                return Ok(Made::Policy(policy.unwrap_or_default()));
            }
            Moderation::NewKey => return self.give_key(room, by, random_key()).await,
            Moderation::NewCode => return self.move_room(room, by, policy).await,
            Moderation::Set(settings) => {
                let change = self.change(room, *settings).await?;
                let (policy, _) = self.act(room, by, Action::Set(Box::new(change)), None).await?;
                return Ok(Made::Policy(policy));
            }
            Moderation::Mute(name, time) => Action::Mute(name, until(time)),
            Moderation::Unmute(name) => Action::Unmute(name),
            Moderation::Kick(name) => Action::Kick(name),
            Moderation::Ban(whom, time, with_address) => Action::Ban(whom, until(time), with_address),
            Moderation::Unban(whom) => Action::Unban(whom),
            Moderation::Close => Action::Close,
            Moderation::Word(name, given) => Action::Word(name, given),
        };
        Ok(match self.act(room, by, action, None).await? {
            (policy, None) => Made::Policy(policy),
            (policy, Some(is_here)) => Made::Named(policy, is_here),
        })
    }

    /// Gives the room's hosts another key.
    ///
    /// # Errors
    /// If they are no host.
    pub async fn give_key(&self, room: &Admitted, by: &Actor, key: HostKey) -> Result<Made, Refused> {
        self.acts(room, Cost::default()).await?;
        let (policy, _) = self.act(room, by, Action::Key(key.hash()), None).await?;
        Ok(Made::NewKey(policy, key))
    }

    /// Lets somebody act as a host, and gives the policy that holds.
    pub(super) async fn acts(&self, room: &Admitted, cost: Cost) -> Result<Option<Arc<Policy>>, Refused> {
        let policy = self.policy(room.code()).await?;
        if !room.badge.is_host(room.standing(), policy.as_deref()) {
            return Err(Forbidden::NotHost.into());
        }
        self.0.allowances.act(room, cost, Instant::now())?;
        Ok(policy)
    }

    /// Bans the address of somebody who has just been put out, since whoever banned them asked for that.
    pub fn ban_address(&self, code: &RoomCode, name: &UserName, address: std::net::IpAddr, until: Until) {
        let whom = Whom::Network(alert_core::room::policy::network_of(address));
        let action = Action::Ban(whom, until, false);
        let of = audit::address_of(name);
        let audit = Actor("server".into()).did(Deed::Ban, audit::target(&action), Some(of));
        let (rooms, code) = (self.clone(), code.clone());
        self.runtime().spawn(async move {
            let step =
                move |policy: &Policy, people: &mut People<'_>, now| policy.after(&action, people, now);
            if let Err(refused) = rooms.rule(&code, &step, Of::Any, Some(audit)).await {
                tracing::warn!(room = code.as_str(), "an address could not be banned: {refused}");
            }
        });
    }

    /// Gives the policy that holds then and, of what is done to a name, whether somebody who is in the room is meant.
    pub(super) async fn act(
        &self,
        room: &Admitted,
        by: &Actor,
        action: Action,
        detail: Option<Box<str>>,
    ) -> Result<(Arc<Policy>, Option<bool>), Refused> {
        let (deed, to) = (action.deed(), audit::target(&action));
        let audit = by.did(deed, to.clone(), detail.or_else(|| audit::detail(&action)));
        let is_here = AtomicBool::new(false);
        let step = |policy: &Policy, people: &mut People<'_>, now| {
            // It may be another one than that which let them act: a Redis that has lost its data knows no host.
            if !room.badge.is_host(room.standing(), Some(policy)) {
                return Err(NotDone::NotHost);
            }
            // Such an action does not look at them again.
            let Some(found) = action.is_about(&mut *people) else {
                return policy.after(&action, people, now);
            };
            match &action {
                Action::Kick(name) if !found && !policy.expects(name) => Err(NotDone::NobodyHere),
                _ => policy.after(&action, [], now).inspect(|_| is_here.store(found, Relaxed)),
            }
        };
        let policy = self.rule(room.code(), &step, Of::Any, Some(audit)).await?;
        tracing::info!(
            room = room.code().as_str(),
            by = &*by.0,
            action = deed.as_str(),
            to = to.as_deref(),
            "moderated"
        );
        Ok((policy, action.is_about([]).map(|_| is_here.load(Relaxed))))
    }

    /// A password is hashed; the rest is as it was asked for.
    async fn change(&self, room: &Admitted, settings: Settings) -> Result<Change, Refused> {
        let Settings { password, announce, locked, slow, most, reserved, hides_history, closed, two_person } =
            settings;
        let password = match password {
            None => None,
            Some(None) => Some(None),
            Some(Some(password)) => Some(Some(self.0.passwords.hash(room, password).await?)),
        };
        let slow = slow.map(|slow| (!slow.is_zero()).then_some(slow));
        Ok(Change { password, announce, locked, slow, most, reserved, hides_history, closed, two_person })
    }

    async fn remove(&self, code: &RoomCode, position: Position, by: &Actor) -> Result<(), Refused> {
        let audit = by.did(Deed::Remove, Some(position.message_id().to_string().into()), None);
        if let Some(shared) = self.log().shared() {
            let (tell, told) = oneshot::channel();
            shared.remove(code, position, &audit, |removed| _ = tell.send(removed));
            let placed = told.await.map_err(|_| Refused::Unavailable)??.ok_or(Refused::NoMessage)?;
            self.comes(code, placed).await;
            return Ok(());
        }
        if self.log().is_on() {
            let (tell, told) = oneshot::channel();
            self.log().remove(code, position, audit, Box::new(|was_there| _ = tell.send(was_there)));
            let was_there = told.await.ok().flatten().ok_or(Refused::Unavailable)?;
            if !was_there {
                return Err(Refused::NoMessage);
            }
        }
        // Behind the log: whoever reads it from now on does not get the message.
        let live = self.lock().get(code).cloned();
        live.into_iter().for_each(|live| live.tell_removed(position));
        Ok(())
    }

    /// Has the next policy hold in a room, and waits until that is stored and told.
    async fn rule(
        &self,
        code: &RoomCode,
        step: &Step<'_>,
        of: Of,
        audit: Option<Audit>,
    ) -> Result<Arc<Policy>, Refused> {
        match self.rule_and_tell(code, step, of, audit).await? {
            (_, Some(Stored::Failed)) => Err(Refused::Unavailable),
            (policy, _) => Ok(policy),
        }
    }

    /// The same. Says what became of it in the store, if there was anything to store.
    pub(super) async fn rule_and_tell(
        &self,
        code: &RoomCode,
        step: &Step<'_>,
        of: Of,
        audit: Option<Audit>,
    ) -> Result<(Arc<Policy>, Option<Stored>), Refused> {
        if let Some(shared) = self.log().shared().cloned() {
            return self.rule_shared(&shared, code, step, of, audit).await;
        }
        if of == Of::NewRoom && self.has_history(code).await? {
            return Err(Refused::InUse);
        }
        self.space_for(code)?;
        let (tell, told) = oneshot::channel();
        let mut stored = Some(Box::new(move |stored| _ = tell.send(stored)) as crate::log::OnStored);
        let ruled = self.in_room(code, |room| {
            let ruled = room.rule(self, step, of, audit.as_ref(), &mut stored);
            self.time_alerts(room);
            ruled
        });
        let (policy, said) = ruled?;
        // Where there is nothing to store, nobody tells.
        drop(stored);
        let mut fate = told.await.ok();
        for said in said {
            if let Ok(Stored::Failed) | Err(_) = said.await {
                fate = Some(Stored::Failed);
            }
        }
        Ok((policy, fate))
    }

    async fn rule_shared(
        &self,
        shared: &Shared,
        code: &RoomCode,
        step: &Step<'_>,
        of: Of,
        audit: Option<Audit>,
    ) -> Result<(Arc<Policy>, Option<Stored>), Refused> {
        let mut current = self.policy(code).await?;
        for tries in 0..TRIES {
            if of == Of::NewRoom && current.is_some() {
                return Err(Refused::InUse);
            }
            let (people, last) = shared.people(code).await?;
            let before = current.clone().unwrap_or_default();
            let next = Arc::new(step(&before, &mut people.iter(), now())?);
            if next == before {
                return Ok((next, current.as_ref().map(|_| Stored::Durably)));
            }
            // Whoever is in a room when it is locked may come back. Those who come in all the time do not keep it open.
            let locks = before.locked.is_none() && next.locked.is_some() && tries < TRIES / 2;
            let of = if locks && of == Of::Any { Of::People(last) } else { of };
            let (tell, told) = oneshot::channel();
            let words = spoken(&before, &next);
            shared.rule(code, (&next, &words), of, audit.as_ref(), |ruled| _ = tell.send(ruled));
            match told.await.map_err(|_| Refused::Unavailable)?? {
                Ruled::Holds(placed) => {
                    self.push_changes(code, &before, &next);
                    self.comes(code, placed).await;
                    return Ok((next, Some(Stored::Durably)));
                }
                Ruled::Stale(policy) => current = policy,
                Ruled::InUse => return Err(Refused::InUse),
            }
        }
        Err(Refused::Unavailable)
    }

    /// Waits until those here have heard of something that Redis has placed.
    async fn comes(&self, code: &RoomCode, placed: Placed) {
        let live = self.lock().get(code).cloned();
        if let Some(live) = live {
            live.comes(placed).await;
        }
    }

    async fn has_history(&self, code: &RoomCode) -> Result<bool, Refused> {
        let page = self.log().page(code.clone(), Query { start: Start::Newest, limit: 1 }).await;
        page.map(|page| !page.messages.is_empty()).map_err(|_| Refused::Unavailable)
    }
}

/// What is said in the room when alerts are raised, change in their words or are passed on, and when a bell rings: by whom, and
/// what.
pub(super) fn spoken(before: &Policy, next: &Policy) -> Vec<(UserName, Box<str>)> {
    let said = |change: &alerts::Change| {
        let words = Said(change).to_string();
        change.speaker().map(|name| (name.clone(), words.into()))
    };
    let changes = next.alerts.changes_since(&before.alerts);
    let bell = next.bells.said_since(&before.bells).map(|(name, text)| (name.clone(), text.into()));
    let heard = next.alerts.heard_since(&before.alerts).map(|(name, text)| (name.clone(), text.into()));
    changes.iter().filter_map(said).chain(bell).chain(heard).collect()
}

impl Actor {
    pub(super) fn did(&self, deed: Deed, to: Option<Box<str>>, detail: Option<Box<str>>) -> Audit {
        Audit { at: now(), by: self.0.clone(), deed, to, detail }
    }
}

/// To the millisecond, as stores keep it.
pub(super) fn now() -> SystemTime {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

fn cost(what: &Moderation) -> Cost {
    let Moderation::Set(settings) = what else { return Cost::default() };
    let reserved = settings.reserved.iter().flatten();
    let listed = reserved.map(|name| name.as_str().len()).sum();
    Cost { listed, hashes: matches!(settings.password, Some(Some(_))) }
}
