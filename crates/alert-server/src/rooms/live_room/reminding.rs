//! Reminders, where everything that happens in a room is ordered: which are due, and whoever has not confirmed is sent one on
//! each of their connections here. Whoever confirms while one is on its way is passed over.

use super::super::audience::publication;
use super::super::{Refused, Rooms};
use super::{LiveRoom, State};
use alert_core::event::What;
use alert_core::names::{RoomCode, UserName};
use alert_core::room::alerts::{Alert, AlertId, Alerts, Change, Fate, Reminded};
use alert_core::room::roll_call::{Person, Stage};
use alert_core::wire::{self, Form};
use socketio_server::Hub;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// People who are reminded under one lock. Then every shard does what else it has to, before the next.
const PORTION: usize = 256;
/// How long a shard that does not come round is waited for.
const TURN: Duration = Duration::from_secs(1);

/// What a room knows of reminders.
#[derive(Default)]
pub(super) struct Reminding {
    /// How far it has come with those of each alert. Entries leave when nobody is to be reminded of it any more.
    said: HashMap<AlertId, Reminded>,
    /// The alert of which people are being reminded, and who has confirmed it since that began. Emptied at the end.
    under_way: Option<(AlertId, HashSet<UserName>)>,
}

impl Reminding {
    /// Those alerts of which people are reminded from now on. What was due before is over.
    pub(super) fn follow(&mut self, alerts: &Alerts, wall: SystemTime, now: Instant) {
        let all: HashMap<_, _> =
            alerts.reminding(wall).map(|(alert, reminders)| (alert.id, reminders)).collect();
        self.said.retain(|id, reminded| all.get(id) == Some(&reminded.of));
        for (id, reminders) in all {
            self.said.entry(id).or_insert_with(|| Reminded::begin(reminders, wall, now));
        }
    }

    /// When the next is due.
    pub(super) fn next(&self) -> Option<Instant> {
        self.said.values().filter_map(Reminded::next).min()
    }

    /// Those that are due now: of each alert the last one, and which that is.
    fn take(&mut self, now: Instant) -> Vec<(AlertId, u32)> {
        self.said.iter_mut().filter_map(|(id, reminded)| Some((*id, reminded.take(now)?))).collect()
    }

    /// Nobody has been reminded after all.
    fn put_back(&mut self, id: AlertId, number: u32) {
        if let Some(reminded) = self.said.get_mut(&id) {
            reminded.put_back(number);
        }
    }

    /// Somebody has confirmed an alert.
    pub(super) fn is_confirmed(&mut self, id: AlertId, name: &UserName) {
        if let Some((of, confirmed)) = &mut self.under_way
            && *of == id
        {
            confirmed.insert(name.clone());
        }
    }
}

impl Rooms {
    /// Reminds everybody here of the alerts of which that is due. Says whether it has: else it is due still.
    pub(in crate::rooms) async fn remind(&self, room: &Arc<LiveRoom>) -> bool {
        let mut is_done = true;
        let due = room.lock().calling.reminding.take(Instant::now());
        for (of, number) in due {
            let reminded = self.remind_of(room, of, number).await;
            let mut state = room.lock();
            state.calling.reminding.under_way = None;
            if reminded.is_err() {
                state.calling.reminding.put_back(of, number);
            }
            drop(state);
            let (code, id) = (room.code.as_str(), of.as_str());
            match reminded {
                Ok(people) => {
                    tracing::info!(room = code, id, number, people, "people are reminded of an alert");
                }
                // Nobody is reminded who may have confirmed.
                Err(problem) => {
                    is_done = false;
                    tracing::warn!(
                        room = code,
                        id,
                        number,
                        "people could not be reminded of an alert: {problem}"
                    );
                }
            }
        }
        is_done
    }

    /// The store is asked once who has confirmed.
    async fn remind_of(&self, room: &Arc<LiveRoom>, id: AlertId, number: u32) -> Result<usize, Refused> {
        let Some((alert, here, hub)) = room.begin_to_remind(id) else { return Ok(0) };
        let roll = self.roll_call_of(&room.code, &alert).await?;
        // Where there is a roster, others who are there are not expected to confirm.
        let has_roster = !self.log().roster(&room.code).await?.is_empty();
        let is_missing = |name: &UserName| match roll.get(name) {
            Some(Person { is_expected, stage, .. }) => {
                *stage < Stage::Confirmed && (*is_expected || !has_roster)
            }
            None => !has_roster,
        };
        let missing: Vec<_> = here.into_iter().filter(is_missing).collect();
        let mut people = 0;
        let mut portions = missing.chunks(PORTION).peekable();
        while let Some(portion) = portions.next() {
            match room.remind_some(id, number, portion) {
                Some(reminded) => people += reminded,
                // It has ended meanwhile.
                None => break,
            }
            if portions.peek().is_some() {
                // One that is stuck keeps nobody from being reminded.
                _ = tokio::time::timeout(TURN, hub.turn()).await;
            }
        }
        Ok(people)
    }
}

impl LiveRoom {
    /// Those who are here and have not raised the alert. Whoever confirms it from now on is noted.
    fn begin_to_remind(&self, id: AlertId) -> Option<(Alert, Vec<UserName>, Hub)> {
        let mut state = self.lock();
        let alert = state.ruling.as_ref()?.policy.alerts.get(id)?.clone();
        let hub = state.calling.hub.clone()?;
        state.calling.reminding.under_way = Some((id, HashSet::new()));
        let here = state.calling.here.keys().filter(|name| **name != alert.by).cloned().collect();
        Some((alert, here, hub))
    }

    /// Reminds those of these people who have not confirmed meanwhile; says how many. `None`, if nobody is to be reminded any
    /// more.
    fn remind_some(&self, id: AlertId, number: u32, names: &[UserName]) -> Option<usize> {
        let state = self.lock();
        let alerts = &state.ruling.as_ref()?.policy.alerts;
        let (alert, _) = alerts.reminding(SystemTime::now()).find(|(alert, _)| alert.id == id)?;
        let change = Change { alert: alert.clone(), fate: Fate::Reminded(number) };
        Some(state.send_to(names, &self.code, What::Alert(Arc::new(change))))
    }
}

impl State {
    /// Sends something to all connections here of people who have not confirmed the alert of which people are being reminded.
    /// It is rendered once for each form.
    fn send_to(&self, names: &[UserName], code: &RoomCode, what: What) -> usize {
        let size = wire::size_of(&what);
        let event = self.event(what);
        let Some(hub) = &self.calling.hub else { return 0 };
        let forms =
            Form::ALL.map(|form| form.tells(&event.what).then(|| publication(form, code, &event, size)));
        let confirmed = self.calling.reminding.under_way.as_ref().map(|(_, confirmed)| confirmed);
        let mut people = 0;
        for name in names.iter().filter(|name| !confirmed.is_some_and(|all| all.contains(*name))) {
            let connections = self.calling.here.get(name).into_iter().flatten();
            let told = connections.filter_map(|(connection, form)| {
                let publication = forms[form.index()].clone()?;
                hub.send(*connection, publication);
                Some(())
            });
            people += usize::from(told.count() > 0);
        }
        people
    }
}
