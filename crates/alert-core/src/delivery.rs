//! How far a webhook has come in its room, what is told next, and what becomes of what cannot be delivered: it is tried
//! again after pauses that grow, up to about a day, and then put aside as a dead letter. One event at a time, in their order.
//! Pure: the time and what is random are passed in.

mod stored;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::event::{RoomEvent, What};
use crate::position::{Gap, Position};
use crate::room::alerts::{Alerts, Change, Fate};
use crate::room::hooks::Tells;

/// How long nobody is asked after each attempt that fails: 28 hours in all.
const PAUSES: [Duration; 11] = {
    const MINUTE: u64 = 60;
    const HOUR: u64 = 3600;
    [
        Duration::from_secs(1),
        Duration::from_secs(5),
        Duration::from_secs(30),
        Duration::from_secs(2 * MINUTE),
        Duration::from_secs(10 * MINUTE),
        Duration::from_secs(30 * MINUTE),
        Duration::from_secs(HOUR),
        Duration::from_secs(2 * HOUR),
        Duration::from_secs(4 * HOUR),
        Duration::from_secs(8 * HOUR),
        Duration::from_secs(12 * HOUR),
    ]
};
/// The longest that a receiver may ask to be left alone.
const LONGEST: Duration = Duration::from_secs(12 * 3600);

/// The words of an alert are said when it is raised, and may be dated a little later. They come first.
const WORDS: Duration = Duration::from_secs(1);

/// The most events whose tries are counted at a time: one, unless alerts change between them. Then the oldest is forgotten.
const MOST_TRIED: usize = 32;

/// How often something is tried.
pub const ATTEMPTS: u32 = PAUSES.len() as u32 + 1;

/// How far a webhook has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delivery {
    /// Up to this message, everything is told; without one, nothing was said when it was made.
    pub after: Option<Position>,
    /// The alerts in force, as they were told.
    pub alerts: Alerts,
    /// What fails now.
    pub failing: Option<Failing>,
    /// How long nothing is sent, whatever it is.
    pub pause: Pause,
    /// How often each that was not delivered was tried. An alert is one, however often it changes. Entries leave in `passed`.
    tried: Vec<(Box<str>, u32)>,
    /// When something was delivered last.
    pub delivered: Option<SystemTime>,
    /// Its receiver has said that it is gone for good: nothing is sent any more.
    pub is_gone: bool,
}

/// An event that could not be delivered yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failing {
    /// Which one.
    pub event: Box<str>,
    /// How often it was tried.
    pub attempts: u32,
    /// Why it failed last.
    pub why: Box<str>,
}

/// A time in which a receiver is left alone; at first, none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pause {
    from: SystemTime,
    length: Duration,
}

/// What a webhook tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// Messages are gone that it has not told. It goes on after this position.
    Gap(Gap, Position),
    /// Something was said.
    Said(Arc<RoomEvent>),
    /// Something has become of an alert, at that time.
    Alert(Box<Change>, SystemTime),
}

impl Item {
    /// What is tried: the same for an alert that has changed since.
    fn subject(&self) -> Box<str> {
        match self {
            Self::Gap(..) => "gap".into(),
            Self::Said(event) => event.position.to_string().into(),
            Self::Alert(change, _) => change.alert.id.to_string().into(),
        }
    }
}

/// What there is to read.
#[derive(Clone, Copy, Debug)]
pub struct News<'a> {
    /// The messages that come after the last one that was told.
    pub messages: &'a [Arc<RoomEvent>],
    /// What is missing before them.
    pub gap: Option<Gap>,
    /// There are more behind them.
    pub more: bool,
    /// The alerts of the room, without those whose time is over.
    pub alerts: &'a Alerts,
}

/// What becomes of an event that was not delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is tried again.
    Again,
    /// It is a dead letter, and the next one's turn.
    Dead,
}

impl Delivery {
    /// Of a webhook that is made now: it tells what comes after this.
    #[must_use]
    pub fn begin(after: Option<Position>, alerts: &Alerts) -> Self {
        Self { after, alerts: alerts.in_force_only(), ..Self::default() }
    }

    /// What is told next. Messages that it does not tell are passed over.
    pub fn next(&mut self, news: News<'_>, tells: Tells, now: SystemTime) -> Option<Item> {
        if !tells.messages() {
            self.after = news.messages.last().map_or(self.after, |last| Some(last.position));
        }
        let messages = if tells.messages() { news.messages } else { &[] };
        // While nothing comes after a gap, there is no place to go on from.
        if let Some((gap, first)) = news.gap.zip(messages.first()) {
            return Some(Item::Gap(gap, before(first.position)));
        }
        let said = messages.iter().find(|event| matches!(event.what, What::Said { .. }));
        let change = tells.alerts().then(|| self.change(news.alerts, now)).flatten();
        match (said, change) {
            (Some(said), Some((_, at))) if said.at <= at + WORDS => Some(Item::Said(Arc::clone(said))),
            // What is still to be read may have been said before.
            (None, Some(_)) if news.more => None,
            (_, Some((change, at))) => Some(Item::Alert(Box::new(change), at)),
            (Some(said), None) => Some(Item::Said(Arc::clone(said))),
            (None, None) => None,
        }
    }

    /// The first that has become of an alert since it was told, and when that was.
    fn change(&self, alerts: &Alerts, now: SystemTime) -> Option<(Change, SystemTime)> {
        let changes = alerts.changes_since(&self.alerts).into_iter();
        let dated = changes.map(|change| {
            let at = match &change.fate {
                Fate::Raised => Some(change.alert.at),
                Fate::Ended { .. } => {
                    alerts.ended(change.alert.id).map(|ended| ended.at).or(change.alert.ends_at)
                }
                Fate::Updated { .. } | Fate::Stands | Fate::Escalated(_) | Fate::Reminded(_) => {
                    change.alert.changed.as_ref().map(|(_, at)| *at)
                }
            };
            (change, at.unwrap_or(now))
        });
        dated.min_by_key(|(_, at)| *at)
    }

    /// Something was delivered, or has been put aside: what comes after it is next.
    pub fn passed(&mut self, item: &Item) {
        (self.failing, self.pause) = (None, Pause::default());
        let subject = item.subject();
        self.tried.retain(|(tried, _)| *tried != subject);
        match item {
            Item::Gap(_, after) => self.after = Some(*after),
            Item::Said(event) => self.after = Some(event.position),
            Item::Alert(change, _) => self.alerts.told(change),
        }
    }

    /// Something was not delivered, and its receiver asks to be left alone for a time, or does not say: it is, whatever is
    /// next. `random` spreads the pauses, so that not all come back at once.
    pub fn failed(
        &mut self,
        item: &Item,
        (event, why): (&str, &str),
        retry_after: Option<Duration>,
        random: u8,
        now: SystemTime,
    ) -> Verdict {
        let asked = retry_after.unwrap_or_default().min(LONGEST);
        let attempts = self.count(item.subject());
        let Some(pause) = PAUSES.get(attempts as usize - 1) else {
            self.passed(item);
            self.pause = Pause { from: now, length: asked };
            return Verdict::Dead;
        };
        let pause = *pause + *pause / 10 * u32::from(random) / 255;
        self.pause = Pause { from: now, length: pause.max(asked) };
        self.failing = Some(Failing { event: event.into(), attempts, why: why.into() });
        Verdict::Again
    }

    /// Counts a try.
    fn count(&mut self, subject: Box<str>) -> u32 {
        let before = self.tried.iter().position(|(tried, _)| *tried == subject);
        let attempts = before.map_or(0, |place| self.tried.remove(place).1).saturating_add(1);
        if self.tried.len() >= MOST_TRIED {
            self.tried.remove(0);
        }
        self.tried.push((subject, attempts));
        attempts
    }

    /// How long to wait before anything is sent. A pause that is still to come, because the clock was set back, begins now.
    pub fn wait(&mut self, now: SystemTime) -> Duration {
        self.pause.from = self.pause.from.min(now);
        self.pause.until().duration_since(now).unwrap_or_default()
    }
}

impl Default for Pause {
    fn default() -> Self {
        Self { from: SystemTime::UNIX_EPOCH, length: Duration::ZERO }
    }
}

impl Pause {
    /// When it ends.
    #[must_use]
    pub fn until(self) -> SystemTime {
        self.from.checked_add(self.length).unwrap_or(self.from)
    }
}

/// Just before a message.
fn before(position: Position) -> Position {
    Position { number: position.number.saturating_sub(1), ..position }
}

#[cfg(test)]
mod tests;
