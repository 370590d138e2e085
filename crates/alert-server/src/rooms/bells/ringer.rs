//! Rings bells at their times, and has alerts passed on. Every server does so; the room's one order decides which of them does
//! it.

use super::super::escalations::{Pending, UnderWay};
use super::plan::{Due, Plan, Planned};
use super::{Kept, Refused, Rooms, now};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// The clock is looked at this often, since somebody may put it.
const LOOK: Duration = Duration::from_secs(1);
/// How often the bells are asked for: another server may have set some, or a room gone on under another code.
const ASK: Duration = Duration::from_secs(5);
/// How long to wait where the store cannot be reached.
const AGAIN: Duration = Duration::from_millis(250);
/// A clock that is put back by more than this has everything planned anew.
const BACK: Duration = Duration::from_secs(1);

impl Rooms {
    /// Rings bells for as long as there are rooms.
    pub fn begin_to_ring(&self) {
        let rooms = Arc::downgrade(&self.0);
        self.runtime().spawn(async move {
            let (mut plan, mut seen) = (Plan::default(), None::<SystemTime>);
            let (mut asked, mut escalations) = (None::<Instant>, Pending::default());
            let under_way = UnderWay::default();
            loop {
                let Some(rooms) = rooms.upgrade().map(Rooms) else { return };
                let now = SystemTime::now();
                let is_back = seen.is_some_and(|seen| now + BACK < seen);
                if is_back || asked.is_none_or(|asked| asked.elapsed() >= ASK) {
                    match rooms.planned(seen.is_none(), &mut escalations).await {
                        Ok(bells) => {
                            let before = if is_back { Plan::default() } else { plan };
                            // Many bells take a while: no connection waits for that.
                            let planning = move || Plan::of(bells, &before, seen, now);
                            plan = rooms.runtime().spawn_blocking(planning).await.unwrap_or_default();
                            (seen, asked) = (Some(now), Some(Instant::now()));
                        }
                        // Those that are known ring all the same.
                        Err(refused) => tracing::warn!("the bells of rooms cannot be read: {refused}"),
                    }
                }
                let now = SystemTime::now();
                while let Some(due) = plan.take(now) {
                    rooms.deal_with(due, now);
                }
                escalations.take(Instant::now()).for_each(|due| rooms.pass_on(due, &under_way));
                seen = seen.map(|_| now);
                let ring = plan.next().and_then(|next| next.duration_since(now).ok());
                let next = escalations.next().map(|next| next.saturating_duration_since(Instant::now()));
                let wait = ring.into_iter().chain(next).min().map_or(LOOK, |next| next.min(LOOK));
                let wait = if asked.is_none() { wait.min(AGAIN) } else { wait };
                tokio::select! {
                    () = tokio::time::sleep(wait) => {}
                    () = rooms.0.bells.changed.notified() => asked = None,
                }
            }
        });
    }

    /// All bells, as they ring; the alerts that may be passed on are noted. At the start, the log says of bells that were missed.
    async fn planned(&self, is_start: bool, pending: &mut Pending) -> Result<Vec<Planned>, Refused> {
        let mut policies: HashMap<_, _> = self.timed().await?.into_iter().collect();
        pending.follow(&policies, now(), Instant::now());
        let file = self.of_file();
        for (room, _) in file.all() {
            if !policies.contains_key(room)
                && let Some(policy) = self.policy(room).await?
            {
                policies.insert(room.clone(), policy);
            }
        }
        let mut all = Vec::new();
        let nothing = Kept::default();
        for (room, bell) in file.all() {
            let kept = policies.get(room).map_or(&nothing, |policy| &policy.bells);
            let (of_file, bell) = (Some(Arc::new(bell.clone())), Arc::new(kept.as_it_rings(bell)));
            all.push(Planned { room: room.clone(), bell, of_file });
        }
        for (room, policy) in &policies {
            let own = policy.bells.kept().iter().filter(|bell| file.get(room, &bell.id).is_none());
            all.extend(own.map(|bell| Planned {
                room: room.clone(),
                bell: Arc::new(policy.bells.as_it_rings(bell)),
                of_file: None,
            }));
        }
        if is_start {
            for planned in &all {
                let kept = policies.get(&planned.room).map_or(&nothing, |policy| &policy.bells);
                tell_missed(planned, kept, now());
            }
        }
        Ok(all)
    }

    fn deal_with(&self, due: Due, now: SystemTime) {
        match due {
            Due::Missed(planned, at) => missed(&planned, at, now),
            // Each by itself: one room that waits for its store holds no other up.
            Due::Rings(planned, at) => {
                let rooms = self.clone();
                self.runtime().spawn(async move { rooms.ring_in_time(&planned, at).await });
            }
        }
    }

    async fn ring_in_time(&self, planned: &Planned, at: SystemTime) {
        let (room, bell) = (planned.room.as_str(), planned.id().as_str());
        loop {
            let late = SystemTime::now().duration_since(at).unwrap_or_default();
            match self.ring(&planned.room, planned.of_file.as_deref(), (planned.id(), at)).await {
                Ok(true) => return tracing::info!(room, bell, late = late.as_millis(), "a bell has rung"),
                Ok(false) => return tracing::debug!(room, bell, "a bell had rung, or is not to ring now"),
                Err(Refused::Unavailable) if late <= planned.bell.missed.most() => {
                    tokio::time::sleep(AGAIN).await;
                }
                Err(refused) => return tracing::error!(room, bell, "a bell could not ring: {refused}"),
            }
        }
    }
}

/// Says of a bell that was missed while no server could ring it, if that is known, and it is not to ring any more.
fn tell_missed(planned: &Planned, kept: &Kept, now: SystemTime) {
    let earliest = now.checked_sub(planned.bell.missed.most()).unwrap_or(now);
    let next = kept.rung(planned.id(), now).and_then(|rung| planned.bell.next(rung));
    if let Some(at) = next.filter(|at| *at < earliest) {
        missed(planned, at, now);
    }
}

fn missed(planned: &Planned, at: SystemTime, now: SystemTime) {
    let (room, bell) = (planned.room.as_str(), planned.id().as_str());
    let late = now.duration_since(at).unwrap_or_default().as_secs();
    tracing::warn!(room, bell, late, "a bell was missed: no server could ring it in time");
}
