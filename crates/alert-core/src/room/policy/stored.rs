//! A policy as JSON, as stores keep it and servers tell each other. What a later version adds is passed over, and what an
//! earlier one left out is at its default.

use std::num::NonZeroU32;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::{KeyHash, Looks, PasswordHash, Policy, Whom};
use crate::names::UserName;
use crate::room::alerts::Prepared;
use crate::room::alerts::stored::{Kept as KeptAlerts, KeptPrepared};
use crate::room::bells::stored::Kept as KeptBells;
use crate::room::hooks::Hooks;
use crate::room::hooks::stored::Kept as KeptHook;

/// A text that is no policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no policy of a room that this version of Alert knows")]
pub struct NotAPolicy;

/// Times are milliseconds since 1970; 0 for what has no end.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Kept {
    revision: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<(String, u64)>,
    #[serde(skip_serializing_if = "is_false")]
    announce: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    locked: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    slow: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    most: Option<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reserved: Vec<String>,
    #[serde(skip_serializing_if = "is_false")]
    hides_history: bool,
    #[serde(skip_serializing_if = "is_false")]
    closed: bool,
    #[serde(skip_serializing_if = "is_false")]
    two_person: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    mutes: Vec<(String, u64)>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    bans: Vec<(Kind, String, u64)>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    with_address: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    kicks: Vec<(String, u64, u64)>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hands: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    words: Vec<String>,
    #[serde(skip_serializing_if = "KeptAlerts::is_empty")]
    alerts: KeptAlerts,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    prepared: Vec<KeptPrepared>,
    #[serde(skip_serializing_if = "KeptBells::is_empty")]
    bells: KeptBells,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hooks: Vec<KeptHook>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Name,
    Network,
}

impl Policy {
    /// As JSON.
    #[must_use]
    pub fn write(&self) -> String {
        let ban = |(whom, until): &(Whom, Option<SystemTime>)| match whom {
            Whom::Name(name) => (Kind::Name, name.to_string(), millis(*until)),
            Whom::Network(network) => (Kind::Network, network.to_string(), millis(*until)),
        };
        let kept = Kept {
            revision: self.revision,
            host: self.host.map(KeyHash::text),
            password: self.password.as_ref().map(|(hash, at)| (hash.as_str().to_owned(), millis(Some(*at)))),
            announce: self.announce,
            locked: self.locked.as_deref().map(texts),
            slow: self.slow.map(|slow| slow.as_secs()),
            most: self.most.map(NonZeroU32::get),
            reserved: texts(&self.reserved),
            hides_history: self.hides_history,
            closed: self.closed,
            two_person: self.two_person,
            mutes: self.mutes.iter().map(|(name, until)| (name.to_string(), millis(*until))).collect(),
            bans: self.bans.iter().map(ban).collect(),
            kicks: self
                .kicks
                .iter()
                .map(|(name, kicked, at)| (name.to_string(), *kicked, millis(Some(*at))))
                .collect(),
            with_address: texts(&self.with_address),
            hands: texts(&self.hands),
            words: texts(&self.words),
            alerts: (&self.alerts).into(),
            prepared: self.prepared.iter().map(KeptPrepared::from).collect(),
            bells: (&self.bells).into(),
            hooks: self.hooks.kept(),
        };
        // Texts, numbers and lists of them: there is always a JSON for them.
        serde_json::to_string(&kept).unwrap_or_default()
    }

    /// The other way. Limits were checked when it was made.
    ///
    /// # Errors
    /// If it is something else.
    pub fn read(text: &str) -> Result<Self, NotAPolicy> {
        let kept: Kept = serde_json::from_str(text).map_err(|_| NotAPolicy)?;
        let host = match &kept.host {
            Some(text) => Some(KeyHash::parse(text).ok_or(NotAPolicy)?),
            None => None,
        };
        let ban = |(kind, text, until): &(Kind, String, u64)| {
            let whom = match kind {
                Kind::Name => Whom::Name(name(text)?),
                Kind::Network => Whom::Network(text.parse().map_err(|_| NotAPolicy)?),
            };
            Ok((whom, time(*until)))
        };
        Ok(Self {
            revision: kept.revision,
            host,
            password: kept.password.map(|(hash, at)| (PasswordHash::new(&hash), since(at))),
            announce: kept.announce,
            locked: kept.locked.as_deref().map(names_of).transpose()?,
            slow: kept.slow.map(Duration::from_secs),
            most: kept.most.and_then(NonZeroU32::new),
            reserved: names_of(&kept.reserved)?,
            hides_history: kept.hides_history,
            closed: kept.closed,
            two_person: kept.two_person,
            mutes: kept
                .mutes
                .iter()
                .map(|(text, until)| Ok((name(text)?, time(*until))))
                .collect::<Result<_, _>>()?,
            bans: kept.bans.iter().map(ban).collect::<Result<_, _>>()?,
            kicks: kept
                .kicks
                .iter()
                .map(|(text, kicked, at)| Ok((name(text)?, *kicked, since(*at))))
                .collect::<Result<_, _>>()?,
            with_address: names_of(&kept.with_address)?,
            hands: names_of(&kept.hands)?,
            words: names_of(&kept.words)?,
            alerts: kept.alerts.try_into()?,
            prepared: kept.prepared.into_iter().map(Prepared::try_from).collect::<Result<_, _>>()?,
            bells: kept.bells.try_into()?,
            hooks: Hooks::read(kept.hooks)?,
            looks: Looks::default(),
        })
    }
}

fn texts(names: &[UserName]) -> Vec<String> {
    names.iter().map(UserName::to_string).collect()
}

fn names_of(texts: &[String]) -> Result<Vec<UserName>, NotAPolicy> {
    texts.iter().map(|text| name(text)).collect()
}

pub(in crate::room) fn name(text: &str) -> Result<UserName, NotAPolicy> {
    UserName::parse(text, usize::MAX).map_err(|_| NotAPolicy)
}

pub(crate) fn millis(at: Option<SystemTime>) -> u64 {
    let since = at.map_or(Duration::ZERO, |at| at.duration_since(UNIX_EPOCH).unwrap_or_default());
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

pub(crate) fn since(millis: u64) -> SystemTime {
    UNIX_EPOCH.checked_add(Duration::from_millis(millis)).unwrap_or(UNIX_EPOCH)
}

pub(crate) fn time(millis: u64) -> Option<SystemTime> {
    (millis > 0).then(|| since(millis))
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_false(value: &bool) -> bool {
    !value
}
