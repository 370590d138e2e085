//! The door of a room with a policy: what somebody shows there is looked at once, and goes with them.

use super::{Admitted, CatchUp, Refused, Rooms};
use crate::auth::Origin;
use alert_core::access::{Principal, Right, Standing};
use alert_core::names::{RoomCode, UserName};
use alert_core::room::policy::{Forbidden, KeyHash, Password, PasswordHash, Policy, Shown, Visitor};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// What goes with somebody who has been at the door, besides their rights.
#[derive(Clone, Debug, Default)]
pub(super) struct Badge {
    /// From where they come.
    pub(super) address: Option<IpAddr>,
    /// The key of a host that they have shown. It counts while it is the room's.
    pub(super) key: Option<KeyHash>,
    /// Of the key that they are making.
    pub(super) next_key: Option<KeyHash>,
    /// The name that their token fixes.
    pub(super) known_as: Option<UserName>,
    /// Of the password that they have shown. It counts while it is the room's.
    pub(super) password: Option<PasswordHash>,
    /// They are in the room under this name.
    pub(super) inside: Option<UserName>,
    /// Of the policy that was asked first.
    pub(super) revision: u64,
    /// As that policy had it: how long they wait between two messages.
    pub(super) slow: Option<Duration>,
    /// They were let in as a host.
    pub(super) as_host: bool,
    /// They come back, having been let in then.
    pub(super) since: Option<SystemTime>,
}

/// By which policy somebody was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Looked {
    /// By the one that was given.
    Now,
    /// Their password was verified meanwhile, which takes its time: hosts may have decided otherwise.
    Earlier,
}

/// What somebody wants of a room.
#[derive(Clone, Copy, Debug)]
pub enum Visit<'a> {
    /// To enter it under a name.
    Enter(&'a UserName),
    /// To come back into it, having been let in then.
    Return(&'a UserName, SystemTime),
    /// To hear it, read it, or see who is there, without being in it.
    Look,
    /// To say something from outside, in this name.
    Speak(&'a UserName),
    /// To raise, change or end an alert from outside, in this name; without one, to see what is only for those who may. Only
    /// who is not welcome at all is kept out.
    Alert(Option<&'a UserName>),
    /// To moderate it from outside. They are let in as what they are, and no further.
    Moderate,
}

impl Badge {
    /// Of somebody who comes from there.
    pub(super) fn at(origin: &Origin) -> Self {
        let address = if let Origin::Network(address) = origin { Some(*address) } else { None };
        Self { address, ..Self::default() }
    }

    /// They come to a room with this policy. Whoever is put out of it from now on is meant to be out.
    fn comes_to(&mut self, policy: Option<&Policy>) {
        self.revision = policy.map_or(0, |policy| policy.revision);
        self.slow = policy.and_then(|policy| policy.slow);
    }

    /// They make the hosts another key, and are one by it from the moment at which it holds.
    pub(super) fn makes_key(&mut self, key: KeyHash, policy: Option<&Policy>) {
        if policy.is_some_and(|policy| policy.host.is_some() && policy.host == self.next_key) {
            self.key = self.next_key;
        }
        self.next_key = Some(key);
    }

    /// Whether they are a host of a room with this policy.
    pub(super) fn is_host(&self, standing: &Standing, policy: Option<&Policy>) -> bool {
        let host = policy.and_then(|policy| policy.host);
        let has_key = host.is_some() && (host == self.key || host == self.next_key);
        has_key || standing.may(Right::Moderate).is_ok()
    }

    /// Them, as a policy sees them.
    pub(super) fn visitor<'a>(
        &'a self,
        standing: &Standing,
        policy: &Policy,
        name: Option<&'a UserName>,
    ) -> Visitor<'a> {
        let is_known = |(hash, _): &(PasswordHash, SystemTime)| self.password.as_ref() == Some(hash);
        Visitor {
            name,
            known_as: self.known_as.as_ref(),
            owns_name: self.owns_name(standing),
            address: self.address,
            is_host: self.is_host(standing, Some(policy)),
            has_password: policy.password.as_ref().is_some_and(is_known),
            is_inside: false,
            people: 0,
        }
    }

    /// Whether a token that counts fixes their name.
    pub(super) fn owns_name(&self, standing: &Standing) -> bool {
        self.known_as.is_some() && standing.has_token()
    }
}

impl Rooms {
    /// What the hosts of a room have decided.
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn policy(&self, code: &RoomCode) -> Result<Option<Arc<Policy>>, Refused> {
        let Some(shared) = self.log().shared() else { return Ok(self.own_policy(code)) };
        let live = self.lock().get(code).cloned();
        match live {
            Some(room) => {
                room.is_known().await?;
                Ok(room.policy())
            }
            None => Ok(shared.policy(code).await?),
        }
    }

    /// The policy of a room that this server orders.
    pub(super) fn own_policy(&self, code: &RoomCode) -> Option<Arc<Policy>> {
        // A room that is live knows best.
        let live = self.lock().get(code).cloned();
        live.and_then(|live| live.policy()).or_else(|| self.0.policies.get(code))
    }

    /// Whether whoever enters has to be looked at first. Of rooms that several servers share, that is known later.
    pub fn is_guarded(&self, room: &Admitted) -> bool {
        !self.are_shared() && self.own_policy(room.code()).is_some()
    }

    /// Looks at somebody who wants something of a room.
    ///
    /// # Errors
    /// Why they do not get it.
    pub async fn let_in(&self, room: &mut Admitted, visit: Visit<'_>, shown: &Shown) -> Result<(), Refused> {
        let mut policy = self.policy(room.code()).await?;
        room.badge.comes_to(policy.as_deref());
        while self.look_at(room, policy.as_deref(), visit, shown).await? == Looked::Earlier {
            policy = self.policy(room.code()).await?;
        }
        Ok(())
    }

    async fn look_at(
        &self,
        room: &mut Admitted,
        policy: Option<&Policy>,
        visit: Visit<'_>,
        shown: &Shown,
    ) -> Result<Looked, Refused> {
        let Some(policy) = policy else {
            return if shown.host.is_some() && !shown.is_for_any {
                Err(Forbidden::KeyWrong.into())
            } else {
                Ok(Looked::Now)
            };
        };
        if let Some(key) = &shown.host {
            if policy.host == Some(key.hash()) {
                room.badge.key = Some(key.hash());
            } else if !shown.is_for_any {
                return Err(Forbidden::KeyWrong.into());
            }
        }
        let name = match visit {
            Visit::Enter(name) | Visit::Return(name, _) => Some(name),
            Visit::Look | Visit::Speak(_) | Visit::Alert(_) | Visit::Moderate => None,
        };
        room.badge.since = if let Visit::Return(_, since) = visit { Some(since) } else { None };
        room.badge.as_host = room.badge.is_host(room.standing(), Some(policy));
        let mut visitor = room.badge.visitor(room.standing(), policy, name);
        if visitor.is_host || matches!(visit, Visit::Moderate) {
            return Ok(Looked::Now);
        }
        let live = self.known(room);
        (visitor.people, visitor.is_inside) =
            live.map_or((0, false), |room| (room.count(), name.is_some_and(|name| room.has(name))));
        let now = SystemTime::now();
        let decide = |visitor: &Visitor<'_>| match visit {
            Visit::Enter(_) | Visit::Look => policy.may_enter(visitor, now),
            Visit::Return(_, since) => policy.may_come_back(visitor, since, now),
            Visit::Speak(speaker) => policy.may_speak(visitor, speaker, None, now),
            Visit::Alert(speaker) => policy.may_alert(visitor, speaker, now),
            Visit::Moderate => Ok(()),
        };
        // A password is looked at only where it is what is missing.
        match (decide(&visitor), &shown.password, &policy.password) {
            (Err(Forbidden::PasswordRequired), Some(password), Some((hash, _))) => {
                let verified = self.0.passwords.verify(room, hash, Password::clone(password)).await;
                verified.map(|()| {
                    room.badge.password = Some(hash.clone());
                    Looked::Earlier
                })
            }
            (decided, ..) => decided.map(|()| Looked::Now).map_err(Refused::from),
        }
        .inspect_err(|refused| {
            tracing::info!(room = room.code().as_str(), "not let in: {refused}");
        })
    }
}

impl CatchUp {
    /// Looks at somebody who wants to go on live.
    ///
    /// # Errors
    /// Why they may not.
    pub async fn let_in(&mut self, visit: Visit<'_>, shown: &Shown) -> Result<(), Refused> {
        self.ready().await?;
        let mut policy = self.room_policy();
        self.at_the_door().1.badge.comes_to(policy.as_deref());
        loop {
            let (rooms, room) = self.at_the_door();
            if rooms.look_at(room, policy.as_deref(), visit, shown).await? == Looked::Now {
                break;
            }
            policy = self.room_policy();
        }
        match visit {
            Visit::Enter(name) => self.hide_what_was_before(Some(name)),
            Visit::Look | Visit::Speak(_) | Visit::Alert(_) | Visit::Moderate => {
                self.hide_what_was_before(None)
            }
            // They have what there was when they were let in.
            Visit::Return(..) => {}
        }
        Ok(())
    }
}

/// The name that a credential fixes. A login of the page does not: anybody may log in as anybody.
pub(super) fn known_as(who: &Principal) -> Option<UserName> {
    who.name.clone().filter(|_| who.token().is_some())
}
