//! When people spoke last in a room in slow mode that this server orders; of others, Redis knows it. Names are free, so
//! whoever speaks from outside counts by their address too.

use crate::log::redis::Who;
use hashlink::LinkedHashMap;
use std::time::{Duration, SystemTime};

/// About 1 MB. Then whoever spoke longest ago is forgotten, and may speak.
const MOST: usize = 10_000;

/// The one who spoke longest ago comes first. Entries leave when they may speak again, with the next message, or there
/// are too many.
#[derive(Debug, Default)]
pub(super) struct Spoken(LinkedHashMap<Who, SystemTime>);

impl Spoken {
    /// When the last of them spoke.
    pub(super) fn last(&self, who: &[Who]) -> Option<SystemTime> {
        who.iter().filter_map(|who| self.0.get(who)).max().copied()
    }

    /// Notes that they have spoken, where people wait so long between two messages.
    pub(super) fn note(&mut self, who: impl IntoIterator<Item = Who>, at: SystemTime, slow: Duration) {
        for who in who {
            self.0.remove(&who);
            self.0.insert(who, at);
        }
        let may_speak = |before: &SystemTime| at.duration_since(*before).is_ok_and(|age| age >= slow);
        while self.0.len() > MOST || self.0.front().is_some_and(|(_, before)| may_speak(before)) {
            self.0.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alert_core::names::UserName;

    const SLOW: Duration = Duration::from_secs(3600);

    fn name(text: &str) -> Who {
        Who::Name(UserName::parse(text, 64).unwrap())
    }

    #[test]
    fn given_many_names_then_those_that_spoke_longest_ago_are_forgotten_and_none_is_looked_through() {
        let (mut spoken, start) = (Spoken::default(), SystemTime::now());
        for number in 0..MOST as u64 + 5 {
            spoken.note([name(&number.to_string())], start + Duration::from_millis(number), SLOW);
        }
        assert_eq!(spoken.0.len(), MOST);
        assert_eq!((spoken.last(&[name("4")]), spoken.last(&[name("5")]).is_some()), (None, true));
        spoken.note([name("x")], start + 2 * SLOW, SLOW);
        assert_eq!(spoken.0.len(), 1, "the others may speak again");
    }

    #[test]
    fn given_somebody_who_speaks_under_several_names_then_the_last_of_these_counts() {
        let (mut spoken, start) = (Spoken::default(), SystemTime::now());
        let from = Who::From([192, 0, 2, 1].into());
        spoken.note([from.clone(), name("Ada")], start, SLOW);
        assert_eq!(spoken.last(&[from.clone(), name("Bea")]), Some(start));
        assert_eq!(spoken.last(&[name("Bea")]), None);
    }
}
