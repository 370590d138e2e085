//! What somebody asks for, as an alert, or as what is to be changed of one: times by the clock, and blanks filled.

use crate::log::KeyDigest;
use crate::rooms::moderation::{now, random};
use alert_core::names::{RoomCode, UserName};
use alert_core::room::alerts::{
    Alert, AlertId, Amendment, Countdown, Draft, Escalation, Filled, Key, Level, Prepared, Reminders,
    Unfilled,
};
use alert_core::wire::v2::{Changes, Raise, Recounting, When, Wording};
use std::time::{Duration, SystemTime};

/// Why there is no alert to be raised.
#[derive(Debug)]
pub(super) enum Undrafted {
    /// Nothing is prepared under the name.
    NotPrepared,
    /// The blanks are not filled as they should be.
    Unfilled(Unfilled),
}

/// What an alert is unless something else is asked for.
#[derive(Default)]
struct Base {
    text: Box<str>,
    level: Level,
    drill: bool,
    confirm: bool,
    answers: Box<[Box<str>]>,
    word: Option<Box<str>>,
    show_missing: bool,
    remind: Option<Duration>,
    escalation: (Option<Duration>, Option<RoomCode>),
    countdown: Option<Duration>,
    lasts: Option<Duration>,
    audience: Option<Box<str>>,
    all_clear: Option<Box<str>>,
}

impl Base {
    fn of(words: Wording, all: &[Prepared]) -> Result<Self, Undrafted> {
        let (name, blanks) = match words {
            Wording::Text(text) => return Ok(Self { text, ..Self::default() }),
            Wording::Prepared(name, blanks) => (name, blanks),
        };
        let prepared = all.iter().find(|one| one.name == name).ok_or(Undrafted::NotPrepared)?;
        let Filled { text, audience, all_clear } = prepared.fill(&blanks).map_err(Undrafted::Unfilled)?;
        let Prepared { level, drill, confirm, show_missing, remind, countdown, lasts, .. } = *prepared;
        let escalation = (prepared.escalate_after, prepared.escalate_to.clone());
        Ok(Self {
            text,
            level,
            drill,
            confirm,
            answers: prepared.answers.clone(),
            word: prepared.word.clone(),
            show_missing,
            remind,
            escalation,
            countdown,
            lasts,
            audience,
            all_clear,
        })
    }
}

/// The alert that is to be raised, in somebody's name. What is prepared as a drill stays one.
pub(super) fn draft(
    raise: Raise,
    name: &UserName,
    key: Option<KeyDigest>,
    prepared: &[Prepared],
) -> Result<Draft, Undrafted> {
    let now = now();
    let key = key.map(|KeyDigest(digest)| Key { digest, asked: raise.digest(name) });
    let base = Base::of(raise.words, prepared)?;
    let Changes { text: _, level, confirm, show_missing, remind, countdown, ends_at, audience, all_clear } =
        raise.with;
    let countdown = match countdown {
        Some(Recounting::To(when) | Recounting::PausedBefore(when)) => Some(when),
        Some(Recounting::Instead(_, next)) => Some(next.when()),
        Some(Recounting::Cancel) => None,
        Some(Recounting::Pause | Recounting::Resume) | None => base.countdown.map(When::In),
    };
    let ends_at = ends_at.unwrap_or(base.lasts.map(When::In));
    let (answers, word) = (raise.answers.unwrap_or(base.answers), raise.word.unwrap_or(base.word));
    let remind = remind.unwrap_or(base.remind).map(|every| Reminders { every, since: now });
    let (after, to) = raise.escalation.unwrap_or(base.escalation);
    let escalation = after.map(|after| Box::new(Escalation { after, to, done: None }));
    // Whoever says how it is confirmed, or what happens where it is not, wants that.
    let asks = !answers.is_empty() || word.is_some() || remind.is_some() || escalation.is_some();
    let alert = Alert {
        id: AlertId::made_of(random()),
        by: name.clone(),
        at: now,
        text: base.text,
        level: level.unwrap_or(base.level),
        confirm: confirm.unwrap_or(base.confirm) || asks,
        answers,
        word,
        show_missing: show_missing.unwrap_or(base.show_missing),
        remind,
        escalation,
        drill: raise.drill || base.drill,
        countdown: at(countdown, now).map(Countdown::To),
        ends_at: at(ends_at, now),
        audience: audience.unwrap_or(base.audience),
        all_clear: all_clear.unwrap_or(base.all_clear),
        released_by: None,
        changed: None,
        key,
    };
    let time = |when: Option<When>| when.and_then(When::time);
    Ok(Draft { alert, subject: None, countdown: time(countdown), lasts: time(ends_at) })
}

/// What is to be changed.
pub(super) fn amendment(changes: Changes) -> Amendment {
    let now = now();
    let Changes { text, level, confirm, show_missing, remind, countdown, ends_at, audience, all_clear } =
        changes;
    let countdown = countdown.map(|countdown| countdown.at(now));
    let ends_at = ends_at.map(|when| at(when, now));
    Amendment { text, level, confirm, show_missing, countdown, remind, ends_at, audience, all_clear }
}

fn at(when: Option<When>, now: SystemTime) -> Option<SystemTime> {
    when.map(|when| when.at(now))
}
