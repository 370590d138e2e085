//! Roll calls: who is expected when an alert is raised, whom it reaches, who confirms it, and who may see that.

use super::allowance::Cost;
use super::moderation::now;
use super::{Actor, Admitted, Alerted, Presence, Refused, Rooms};
use crate::log::{Marking, RollError, Stored};
use alert_core::access::Right;
use alert_core::names::{RoomCode, UserName};
use alert_core::room::alerts::{Alert, AlertId};
use alert_core::room::policy::{Forbidden, NotDone};
use alert_core::room::roll_call::{Counts, Mark, Person, RollCall, Roster, Stage};
use alert_core::wire::v2::{Rolled, Rolling, Rostering};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Anybody who may hear a room may ask who is missing, again and again: for so long the answer is the same one.
pub(super) const ANSWERED: Duration = Duration::from_secs(1);
/// The alerts of which such an answer is kept. Then the oldest is forgotten.
pub(super) const MOST_ANSWERED: usize = 1_000;
/// The most names of such an answer.
const MOST_MISSING: usize = 200;

/// The person, and whether that is on disk.
type Confirmed = (UserName, Person, bool);

impl Rooms {
    /// Does something with the roll call of an alert in somebody's name.
    ///
    /// # Errors
    /// If they may not, or it cannot be done.
    pub(super) async fn roll(
        &self,
        room: &Admitted,
        name: &UserName,
        id: AlertId,
        rolling: Rolling,
    ) -> Result<Alerted, Refused> {
        let confirmed = |(name, person, stored)| Alerted::Confirmed(Box::new((name, person)), stored);
        match rolling {
            Rolling::Confirm { answer, person: None } => {
                self.confirm(room, name, id, answer.as_deref()).await.map(confirmed)
            }
            Rolling::Confirm { answer, person: Some(person) } => {
                self.confirm_for(room, name, &person, (id, answer.as_deref())).await.map(confirmed)
            }
            Rolling::Shown => self.shows(room, name, id).await.map(|()| Alerted::Shown),
            Rolling::Call { skip, limit } => {
                let rolled = self.called(room, id, (skip, limit)).await?;
                Ok(Alerted::Called(Box::new(rolled)))
            }
        }
    }

    /// Who has confirmed an alert, for a host: so many people are passed over, and so many come at most.
    ///
    /// # Errors
    /// If they are no host, or there is no such roll call.
    pub async fn called(
        &self,
        room: &Admitted,
        id: AlertId,
        (skip, limit): (usize, usize),
    ) -> Result<Rolled, Refused> {
        let roll = self.roll_call(room, id).await?;
        let all = roll.people();
        let people = all.iter().skip(skip).take(limit);
        let people: Vec<_> = people.map(|(name, person)| ((*name).clone(), (*person).clone())).collect();
        let more = skip.saturating_add(people.len()) < all.len();
        Ok(Rolled { id, counts: roll.counts().clone(), people, more })
    }

    /// Who has not confirmed an alert, for whoever may hear the room, where its host wants that: names, and no answers.
    ///
    /// # Errors
    /// If hosts alone may see it, there is no such alert, or the store does not answer.
    pub async fn missing(&self, room: &Admitted, id: AlertId) -> Result<Arc<Rolled>, Refused> {
        room.may(Right::Read)?;
        if !self.asked(room.code(), id).await?.show_missing {
            return Err(Forbidden::NotHost.into());
        }
        let known = (room.code().clone(), id);
        if let Some(rolled) = self.0.missing.at(Instant::now()).get(&known) {
            return Ok(Arc::clone(rolled));
        }
        let roll = self.log().roll_call(room.code(), id).await?.unwrap_or_default();
        let mut open = roll.people().into_iter().filter(|(_, person)| person.stage < Stage::Confirmed);
        let people: Vec<_> =
            open.by_ref().take(MOST_MISSING).map(|(name, person)| (name.clone(), person.clone())).collect();
        let more = open.next().is_some();
        let counts = Counts { answers: BTreeMap::new(), ..roll.counts().clone() };
        let rolled = Arc::new(Rolled { id, counts, people, more });
        self.0.missing.at(Instant::now()).insert(known, Arc::clone(&rolled));
        Ok(rolled)
    }

    /// Somebody confirms an alert that is in force, perhaps with an answer.
    ///
    /// # Errors
    /// If nobody is asked to, the answer is none, or it cannot be kept.
    async fn confirm(
        &self,
        room: &Admitted,
        name: &UserName,
        id: AlertId,
        answer: Option<&str>,
    ) -> Result<Confirmed, Refused> {
        room.may(Right::Read)?;
        let alert = self.asked(room.code(), id).await?;
        let answer = match answer {
            Some(given) if !alert.answers.is_empty() => {
                Some(alert.answer(given).ok_or(NotDone::NoSuchAnswer)?.into())
            }
            None if !alert.answers.is_empty() => return Err(NotDone::NoSuchAnswer.into()),
            // Nobody has asked for one.
            _ => None,
        };
        self.mark_confirmed(room.code(), id, name, Mark::Confirmed { answer, by: None }).await
    }

    /// A host confirms an alert for somebody, also after it has ended.
    ///
    /// # Errors
    /// If they are no host, there is no such roll call, or it cannot be kept.
    async fn confirm_for(
        &self,
        room: &Admitted,
        by: &UserName,
        person: &UserName,
        (id, answer): (AlertId, Option<&str>),
    ) -> Result<Confirmed, Refused> {
        self.calls(room).await?;
        let asked = self.asked(room.code(), id).await;
        let counts = self.log().roll_counts(room.code(), id).await?;
        if let (Err(refused), None) = (&asked, &counts) {
            return Err(*refused);
        }
        let answer = match (answer, self.answers(room.code(), id).await?) {
            (None, _) => None,
            (Some(given), Some(alert)) => Some(alert.answer(given).ok_or(NotDone::NoSuchAnswer)?.into()),
            // Which there were is not known any more, but for those that were given.
            (Some(given), None) => {
                let is_known = counts.is_some_and(|counts| counts.answers.contains_key(given));
                Some(is_known.then(|| given.into()).ok_or(NotDone::NoSuchAnswer)?)
            }
        };
        let mark = Mark::Confirmed { answer, by: Some(by.clone()) };
        self.mark_confirmed(room.code(), id, person, mark).await
    }

    /// Somebody's client shows an alert that is in force.
    ///
    /// # Errors
    /// If nobody is asked to confirm it, or it cannot be kept.
    async fn shows(&self, room: &Admitted, name: &UserName, id: AlertId) -> Result<(), Refused> {
        room.may(Right::Read)?;
        self.asked(room.code(), id).await?;
        self.note(room.code(), id, vec![name.clone()], Mark::Shown).await?;
        Ok(())
    }

    /// Shows a host the room's roster, or gives it another one.
    ///
    /// # Errors
    /// If they are no host, there are too many names, or the store does not answer.
    pub async fn rostered(&self, room: &Admitted, by: &Actor, what: Rostering) -> Result<Alerted, Refused> {
        match what {
            Rostering::Show(skip) => Ok(Alerted::Roster(self.roster(room).await?, skip, None)),
            Rostering::Put(roster) => {
                let stored = self.put_roster(room, by, roster.clone()).await?;
                Ok(Alerted::Roster(roster, 0, Some(stored)))
            }
        }
    }

    /// A room's roster, for a host.
    ///
    /// # Errors
    /// If they are no host, or the store does not answer.
    pub async fn roster(&self, room: &Admitted) -> Result<Roster, Refused> {
        self.calls(room).await?;
        Ok(self.log().roster(room.code()).await?)
    }

    /// Gives a room another roster, or none where it is empty. Says whether that is on disk.
    ///
    /// # Errors
    /// If they are no host, there are too many names, or the store does not answer.
    async fn put_roster(&self, room: &Admitted, by: &Actor, roster: Roster) -> Result<bool, Refused> {
        self.calls(room).await?;
        let cost =
            Cost { listed: roster.names().iter().map(|name| name.as_str().len()).sum(), hashes: false };
        self.0.allowances.act(room, cost, Instant::now())?;
        let names = roster.len();
        let stored = self.log().put_roster(room.code(), roster).await?;
        tracing::info!(room = room.code().as_str(), by = &*by.0, names, "the room has another roster");
        if stored == Stored::Failed { Err(Refused::Unavailable) } else { Ok(stored == Stored::Durably) }
    }

    async fn roll_call(&self, room: &Admitted, id: AlertId) -> Result<RollCall, Refused> {
        self.calls(room).await?;
        if let Some(roll) = self.log().roll_call(room.code(), id).await? {
            return Ok(roll);
        }
        // One that nobody is in yet.
        self.asked(room.code(), id).await.map(|_| RollCall::default())
    }

    /// Whether somebody may see who has confirmed: whoever moderates the room, or alerts in it.
    async fn calls(&self, room: &Admitted) -> Result<(), Refused> {
        let policy = self.policy(room.code()).await?;
        let is_host = room.badge.is_host(room.standing(), policy.as_deref());
        if is_host || room.may(Right::Alert).is_ok() { Ok(()) } else { Err(Forbidden::NotHost.into()) }
    }

    /// An alert whose answers are known, whether or not it is in force.
    async fn answers(&self, code: &RoomCode, id: AlertId) -> Result<Option<Alert>, Refused> {
        let policy = self.policy(code).await?;
        let alerts = policy.as_deref().map(|policy| &policy.alerts);
        let alert = alerts.and_then(|all| all.get(id).or_else(|| all.ended(id).map(|ended| &ended.alert)));
        Ok(alert.cloned())
    }

    /// An alert that is in force and asks to be confirmed.
    async fn asked(&self, code: &RoomCode, id: AlertId) -> Result<Alert, Refused> {
        let policy = self.policy(code).await?;
        let alert =
            policy.as_deref().and_then(|policy| policy.alerts.in_force(now()).find(|alert| alert.id == id));
        let alert = alert.ok_or(NotDone::NoSuchAlert)?;
        if alert.confirm { Ok(alert.clone()) } else { Err(NotDone::NotAsked.into()) }
    }

    /// Begins the roll call of an alert that asks to be confirmed, unless it has begun: with those on the room's roster, or,
    /// where there is none, with those who are there. Whoever has raised it has it. A store that fails silences no alert.
    pub(super) async fn begin_roll_call(&self, code: &RoomCode, alert: &Alert) {
        if let Err(refused) = self.expect_people(code, alert).await {
            let room = code.as_str();
            tracing::warn!(room, "it could not be noted who is expected to confirm an alert: {refused}");
        }
    }

    /// The roll call of an alert, which begins now where it has not: a server died, or nobody was there, when the alert was
    /// raised.
    ///
    /// # Errors
    /// If the store does not answer.
    pub(super) async fn roll_call_of(&self, code: &RoomCode, alert: &Alert) -> Result<RollCall, RollError> {
        let roll = self.log().roll_call(code, alert.id).await?.unwrap_or_default();
        if roll.counts().expected > 0 {
            return Ok(roll);
        }
        match self.expect_people(code, alert).await {
            Err(Refused::Unavailable) => return Err(RollError::Unavailable),
            Err(refused) => {
                let (room, id) = (code.as_str(), alert.id.as_str());
                tracing::warn!(
                    room,
                    id,
                    "it could not be noted who is expected to confirm an alert: {refused}"
                );
            }
            Ok(()) => {}
        }
        Ok(self.log().roll_call(code, alert.id).await?.unwrap_or_default())
    }

    async fn expect_people(&self, code: &RoomCode, alert: &Alert) -> Result<(), Refused> {
        let counts = self.log().roll_counts(code, alert.id).await?;
        if !alert.confirm || counts.is_some_and(|counts| counts.expected > 0) {
            return Ok(());
        }
        let roster = self.log().roster(code).await?;
        let expected = if roster.is_empty() { self.everybody(code).await? } else { roster.names().to_vec() };
        if expected.is_empty() {
            return Ok(());
        }
        let raiser = expected.contains(&alert.by);
        self.note(code, alert.id, expected, Mark::Expected).await?;
        if raiser {
            let mark = Mark::Confirmed { answer: None, by: None };
            self.note(code, alert.id, vec![alert.by.clone()], mark).await?;
        }
        Ok(())
    }

    async fn everybody(&self, code: &RoomCode) -> Result<Vec<UserName>, Refused> {
        if let Some(shared) = self.log().shared() {
            return Ok(shared.people(code).await?.0);
        }
        let live = self.lock().get(code).cloned();
        Ok(live.map(|live| live.everybody()).unwrap_or_default())
    }

    async fn mark_confirmed(
        &self,
        code: &RoomCode,
        id: AlertId,
        name: &UserName,
        mark: Mark,
    ) -> Result<Confirmed, Refused> {
        let stored = self.note(code, id, vec![name.clone()], mark).await?;
        let person = self.log().roll_person(code, id, name).await?.ok_or(Refused::Unavailable)?;
        self.push_confirmed(code, id, name);
        tracing::info!(room = code.as_str(), name = name.as_str(), id = id.as_str(), "an alert is confirmed");
        Ok((name.clone(), person, stored == Stored::Durably))
    }

    /// Notes something of people, and tells whoever has to know. Where servers share the room, each is told by the store.
    pub(super) async fn note(
        &self,
        code: &RoomCode,
        alert: AlertId,
        names: Vec<UserName>,
        mark: Mark,
    ) -> Result<Stored, RollError> {
        let one = names.first().filter(|_| names.len() == 1).cloned();
        let marking = Marking { room: code.clone(), alert, names, mark, at: now() };
        let stored = self.log().mark(marking).await?;
        let live = self.lock().get(code).cloned();
        if let Some(live) = live.filter(|_| !self.are_shared()) {
            let person = match &one {
                Some(name) => self.log().roll_person(code, alert, name).await?,
                None => None,
            };
            live.hear_roll_call(self, alert, one.zip(person));
        }
        Ok(stored)
    }

    /// A client of v1 has said something: if it is the word of an alert, that is confirmed by it. Says whether it is.
    pub fn confirm_by_word(&self, presence: &Presence, name: &UserName, said: &str) -> bool {
        let Some(policy) = presence.policy() else { return false };
        let now = now();
        let confirmed: Vec<_> = policy
            .alerts
            .in_force(now)
            .filter(|alert| alert.is_confirmed_by(said))
            .map(|alert| alert.id)
            .collect();
        for id in &confirmed {
            let (rooms, code, name, id) = (self.clone(), presence.room().clone(), name.clone(), *id);
            self.runtime().spawn(async move {
                let mark = Mark::Confirmed { answer: None, by: None };
                if let Err(refused) = rooms.mark_confirmed(&code, id, &name, mark).await {
                    tracing::warn!(room = code.as_str(), "a confirmation could not be kept: {refused}");
                }
            });
        }
        !confirmed.is_empty()
    }

    /// Has a connection that has just come in told which of the alerts in force its person has confirmed already.
    pub fn tell_confirmed(&self, presence: &Presence) {
        let asked = presence.policy().map(|policy| {
            policy
                .alerts
                .in_force(now())
                .filter(|alert| alert.confirm)
                .map(|alert| alert.id)
                .collect::<Vec<_>>()
        });
        let asked = asked.unwrap_or_default();
        if asked.is_empty() {
            return;
        }
        let (rooms, code, name) = (self.clone(), presence.room().clone(), presence.name().clone());
        self.runtime().spawn(async move {
            for id in asked {
                let person = rooms.log().roll_person(&code, id, &name).await;
                let live = rooms.lock().get(&code).cloned();
                if let (Ok(Some(person)), Some(live)) = (person, live)
                    && person.stage == Stage::Confirmed
                {
                    live.tell_devices(id, &name, &person);
                }
            }
        });
    }
}
