//! Bells: who may set them, and that each rings once at its time, on whichever server. Those of the server's file ring as
//! those that rooms keep; only a day of theirs can be changed from outside.

mod plan;
mod ringer;

use super::allowance::Cost;
use super::moderation::{People, now, random};
use super::turns::{Place, Turns};
use super::{Actor, Admitted, Refused, Rooms};
use crate::log::redis::Of;
use crate::timetable::Timetable;
use alert_core::access::Right;
use alert_core::names::RoomCode;
use alert_core::room::alerts::{Alert, AlertId, Draft};
use alert_core::room::bell::{Bell, BellId, Does};
use alert_core::room::bells::{Bells as Kept, Deed, Ringing, Step};
use alert_core::room::policy::{Action, Forbidden, NotDone, Policy};
use alert_core::wire::bell::{Days, ShownBell, ShownBells};
use alert_schedule::Times;
use jiff::civil::Date;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};
use tokio::sync::Notify;

/// The bells of the file, and that some have changed.
pub(super) struct Bells {
    file: RwLock<Arc<Timetable>>,
    changed: Notify,
    /// Whose days are counted next: many bells take a while.
    turns: Arc<Turns>,
}

impl Bells {
    pub(super) fn new() -> Self {
        Self { file: RwLock::default(), changed: Notify::new(), turns: Turns::new(1, Forbidden::BellsBusy) }
    }

    /// Other bells are to ring, or alerts may have to be passed on at other times.
    pub(super) fn changed(&self) {
        self.changed.notify_one();
    }
}

/// A bell of a room.
#[derive(Clone, Debug)]
pub struct Listed {
    /// As it is set.
    pub bell: Bell,
    /// As it rings, with the days on which it rings at other times.
    pub rings: Bell,
    /// It is in the server's file.
    pub is_of_file: bool,
}

impl Listed {
    /// As clients see it, now.
    pub fn shown(&self) -> ShownBell {
        ShownBell::new(&self.bell, &self.rings, self.is_of_file, SystemTime::now())
    }

    /// All of them, and when they ring in the next days.
    fn all(all: &[Self], days: Days) -> ShownBells {
        let all = all.iter().map(|listed| (&listed.bell, &listed.rings, listed.is_of_file));
        ShownBells::new(all, SystemTime::now(), days)
    }
}

impl Rooms {
    /// Has the bells of a file ring from now on, instead of those of before. Returns whether they are others.
    pub fn ring_by(&self, table: Timetable) -> bool {
        let mut file = self.0.bells.file.write().unwrap_or_else(PoisonError::into_inner);
        let is_other = **file != table;
        *file = Arc::new(table);
        drop(file);
        self.0.bells.changed();
        is_other
    }

    fn of_file(&self) -> Arc<Timetable> {
        Arc::clone(&self.0.bells.file.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The bells of a room, and when they ring in the next days, for somebody who may read it, in the order of their names. That
    /// is counted away from the threads that serve connections.
    ///
    /// # Errors
    /// If the store does not answer, or too many wait for this.
    pub async fn bells(&self, room: &Admitted, days: Days) -> Result<ShownBells, Refused> {
        let listed = self.listed(room).await?;
        let turn = self.0.bells.turns.take(Place::of(room)).await?;
        let counting = self.runtime().spawn_blocking(move || {
            let _turn = turn;
            Listed::all(&listed, days)
        });
        counting.await.map_err(|_| Refused::Unavailable)
    }

    /// Looks whether a bell ever rings. That is done there too: it takes longest where it does not.
    async fn rings(&self, room: &Admitted, bell: &Bell) -> Result<(), Refused> {
        let turn = self.0.bells.turns.take(Place::of(room)).await?;
        let bell = bell.clone();
        let looking = self.runtime().spawn_blocking(move || {
            let _turn = turn;
            bell.check()
        });
        looking.await.map_err(|_| Refused::Unavailable)?.map_err(|_| NotDone::BellNever.into())
    }

    async fn listed(&self, room: &Admitted) -> Result<Vec<Listed>, Refused> {
        room.may(Right::Read)?;
        let policy = self.policy(room.code()).await?.unwrap_or_default();
        let file = self.of_file();
        let of_file = file.of(room.code());
        let is_shadowed = |bell: &Bell| of_file.iter().any(|other| other.id == bell.id);
        let kept = policy.bells.kept().iter().filter(|bell| !is_shadowed(bell)).map(|bell| (bell, false));
        let all = of_file.iter().map(|bell| (bell, true)).chain(kept);
        let listed = all.map(|(bell, is_of_file)| Listed {
            bell: bell.clone(),
            rings: policy.bells.as_it_rings(bell),
            is_of_file,
        });
        let mut listed: Vec<_> = listed.collect();
        listed.sort_by(|one, other| one.bell.id.cmp(&other.bell.id));
        Ok(listed)
    }

    /// Sets a bell that the room keeps.
    ///
    /// # Errors
    /// If they are no host, it never rings, it is one of the file, or there are too many.
    pub async fn put_bell(&self, room: &Admitted, by: &Actor, bell: Bell) -> Result<Listed, Refused> {
        self.acts(room, Cost::default()).await?;
        self.not_of_file(room, &bell.id)?;
        self.rings(room, &bell).await?;
        let policy = self.act_on_bell(room, by, Step::Put(Box::new(bell.clone()))).await?;
        Ok(Listed { rings: policy.bells.as_it_rings(&bell), bell, is_of_file: false })
    }

    /// Removes a bell that the room keeps.
    ///
    /// # Errors
    /// If they are no host, or there is none.
    pub async fn remove_bell(&self, room: &Admitted, by: &Actor, id: &BellId) -> Result<(), Refused> {
        self.acts(room, Cost::default()).await?;
        self.not_of_file(room, id)?;
        self.act_on_bell(room, by, Step::Remove(id.clone())).await.map(drop)
    }

    /// Has a bell ring at other times on a day, or not at all; without times, as always.
    ///
    /// # Errors
    /// If they are no host, or there is no such bell.
    pub async fn change_day(
        &self,
        room: &Admitted,
        by: &Actor,
        (id, date): (&BellId, Date),
        times: Option<Times>,
    ) -> Result<Listed, Refused> {
        let policy = self.acts(room, Cost::default()).await?.unwrap_or_default();
        let file = self.of_file();
        let of_file = file.get(room.code(), id);
        let bell = of_file.or_else(|| policy.bells.get(id)).cloned().ok_or(NotDone::NoSuchBell)?;
        let policy = self.act_on_bell(room, by, Step::Day(id.clone(), date, times)).await?;
        Ok(Listed { rings: policy.bells.as_it_rings(&bell), bell, is_of_file: of_file.is_some() })
    }

    async fn act_on_bell(&self, room: &Admitted, by: &Actor, step: Step) -> Result<Arc<Policy>, Refused> {
        let (policy, _) = self.act(room, by, Action::Bell(Box::new(step)), None).await?;
        self.0.bells.changed();
        Ok(policy)
    }

    fn not_of_file(&self, room: &Admitted, id: &BellId) -> Result<(), Refused> {
        match self.of_file().get(room.code(), id) {
            Some(_) => Err(NotDone::BellOfFile.into()),
            None => Ok(()),
        }
    }

    /// Has a bell ring for a time, unless it has done so, on this server or another one, or is not to any more. Says whether
    /// it did now.
    async fn ring(
        &self,
        code: &RoomCode,
        of_file: Option<&Bell>,
        (id, at): (&BellId, SystemTime),
    ) -> Result<bool, Refused> {
        let rings = AtomicBool::new(false);
        let alert_id = AlertId::made_of(random());
        let step = |policy: &Policy, people: &mut People<'_>, now| {
            rings.store(false, Relaxed);
            let bell = of_file.or_else(|| policy.bells.get(id)).map(|bell| policy.bells.as_it_rings(bell));
            let Some(bell) = bell.filter(|bell| !policy.closed && bell.rings_at(at)) else {
                return Ok(policy.clone());
            };
            let ringing = Ringing { bell: id.clone(), at, deed: deed(&bell, alert_id, now) };
            let next = policy.after(&Action::Bell(Box::new(Step::Ring(ringing))), people, now)?;
            let has_rung = policy.bells.rung(id, now).is_some_and(|rung| rung >= at);
            rings.store(!has_rung, Relaxed);
            Ok(if has_rung { policy.clone() } else { next })
        };
        let (policy, _) = self.rule_and_tell(code, &step, Of::Any, None).await?;
        let rings = rings.into_inner();
        if let Some(alert) = policy.alerts.get(alert_id).filter(|_| rings) {
            self.begin_roll_call(code, alert).await;
        }
        Ok(rings)
    }

    /// The policies of rooms where something happens at its time, whoever hears it.
    async fn timed(&self) -> Result<Vec<(RoomCode, Arc<Policy>)>, Refused> {
        match self.log().shared() {
            Some(shared) => Ok(shared.belled().await?),
            None => Ok(self.0.policies.timed()),
        }
    }
}

/// What a bell does, now.
fn deed(bell: &Bell, id: AlertId, now: SystemTime) -> Deed {
    match &bell.does {
        Does::Say(text) => Deed::Say(bell.by.clone(), text.clone()),
        Does::Raise { level, text, drill, confirm, ends_after } => Deed::Raise(Box::new(raised(
            Alert {
                id,
                by: bell.by.clone(),
                at: now,
                text: text.clone(),
                level: *level,
                confirm: *confirm,
                answers: Box::default(),
                word: None,
                show_missing: false,
                remind: None,
                escalation: None,
                drill: *drill,
                countdown: None,
                ends_at: now.checked_add(*ends_after),
                audience: None,
                all_clear: None,
                released_by: None,
                changed: None,
                key: None,
            },
            *ends_after,
        ))),
    }
}

/// It lasts as long where it has to wait for a second person.
fn raised(alert: Alert, lasts: Duration) -> Draft {
    Draft { lasts: Some(lasts), ..alert.into() }
}
