//! Time zones, of the IANA database that is in the program: one that the system has may differ from server to server.

use std::fmt;
use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};

static DATABASE: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// A place whose clocks count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    name: Box<str>,
    zone: TimeZone,
}

/// A text that names no time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no such time zone: give a name of the IANA database, such as Europe/Berlin or America/New_York"
)]
pub struct NotAZone;

impl Zone {
    /// The name that was asked for.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// All names that there are.
    pub fn all() -> impl Iterator<Item = String> {
        DATABASE.available().map(|name| name.as_str().to_owned())
    }

    /// As `jiff` has it.
    #[must_use]
    pub fn time_zone(&self) -> &TimeZone {
        &self.zone
    }

    /// Which day it is there.
    #[must_use]
    pub fn date(&self, at: Timestamp) -> Date {
        self.zone.to_datetime(at).date()
    }

    /// When a clock there shows this. Where clocks are put forward and leave it out, it is as long after that as it would be
    /// if they had not been: 2:30 is then 3:30. Where they are put back and show it twice, it is the first time. That is how
    /// RFC 5545, 3.3.5 reads a time. A day that a zone leaves out altogether has no times.
    #[must_use]
    pub fn instant(&self, shown: DateTime) -> Option<Timestamp> {
        let ambiguous = self.zone.to_ambiguous_timestamp(shown);
        match ambiguous.offset() {
            AmbiguousOffset::Gap { before, after } if after.seconds() - before.seconds() >= 24 * 3600 => None,
            AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Gap { .. } => ambiguous.compatible().ok(),
            // jiff 0.2.46 also takes a change of the clocks for a fold that is none, as that of Nuuk in October 2023.
            AmbiguousOffset::Fold { .. } => {
                let moments = [ambiguous.earlier(), ambiguous.later()].into_iter().flatten();
                moments.into_iter().find(|at| self.zone.to_datetime(*at) == shown)
            }
        }
    }
}

impl std::str::FromStr for Zone {
    type Err = NotAZone;

    fn from_str(name: &str) -> Result<Self, NotAZone> {
        let zone = DATABASE.get(name).map_err(|_| NotAZone)?;
        Ok(Self { name: zone.iana_name().unwrap_or(name).into(), zone })
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn instant(zone: &str, shown: DateTime) -> Option<String> {
        let zone: Zone = zone.parse().unwrap();
        zone.instant(shown).map(|at| at.to_string())
    }

    #[test]
    fn given_a_clock_that_is_put_forward_then_a_time_that_it_leaves_out_is_an_hour_later() {
        let shown = date(2027, 3, 28).at(2, 30, 0, 0);
        // 3:30 in summer.
        assert_eq!(instant("Europe/Berlin", shown).as_deref(), Some("2027-03-28T01:30:00Z"));
    }

    #[test]
    fn given_a_clock_that_is_put_back_then_a_time_that_it_shows_twice_is_the_first() {
        let shown = date(2027, 10, 31).at(2, 30, 0, 0);
        assert_eq!(instant("Europe/Berlin", shown).as_deref(), Some("2027-10-31T00:30:00Z"));
        let no_fold = date(2023, 10, 28).at(23, 30, 0, 0);
        assert_eq!(instant("America/Nuuk", no_fold).as_deref(), Some("2023-10-29T01:30:00Z"));
    }

    #[test]
    fn given_a_day_that_a_zone_left_out_then_it_has_no_times() {
        assert_eq!(instant("Pacific/Apia", date(2011, 12, 30).at(9, 0, 0, 0)), None);
        assert!(instant("Pacific/Apia", date(2011, 12, 31).at(9, 0, 0, 0)).is_some());
    }

    #[test]
    fn given_no_name_of_a_zone_then_it_is_refused() {
        for name in ["", "Europe/Nowhere", "CEST+2", "local"] {
            assert_eq!(name.parse::<Zone>(), Err(NotAZone), "{name}");
        }
        assert_eq!("europe/berlin".parse::<Zone>().unwrap().name(), "Europe/Berlin");
    }
}
