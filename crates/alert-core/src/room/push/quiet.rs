//! Hours of each day in which a device is quiet, by the clocks of a place. They may go past midnight.

use std::time::SystemTime;

use alert_schedule::Zone;
use jiff::Timestamp;

/// Hours of each day. Where both ends are the same, it is the whole day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuietHours {
    from: Minutes,
    to: Minutes,
    zone: Zone,
}

/// Minutes after midnight.
type Minutes = u16;

/// Texts that give no quiet hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "quiet must have from and to, such as 22:00 and 07:00, and in zone a name of the IANA database, such as Europe/Berlin"
)]
pub struct NotQuietHours;

impl QuietHours {
    /// From a time of day such as `22:00` to another one, in a zone of the IANA database.
    ///
    /// # Errors
    /// If they are none.
    pub fn parse(from: &str, to: &str, zone: &str) -> Result<Self, NotQuietHours> {
        let minutes = |text| minutes(text).ok_or(NotQuietHours);
        let zone = zone.parse().map_err(|_| NotQuietHours)?;
        Ok(Self { from: minutes(from)?, to: minutes(to)?, zone })
    }

    /// When they begin and end, as [`Self::parse`] reads it, and where.
    #[must_use]
    pub fn texts(&self) -> [String; 3] {
        let text = |minutes: Minutes| format!("{:02}:{:02}", minutes / 60, minutes % 60);
        [text(self.from), text(self.to), self.zone.to_string()]
    }

    /// Whether it is one of them.
    #[must_use]
    pub fn holds(&self, now: SystemTime) -> bool {
        let Ok(now) = Timestamp::try_from(now) else { return false };
        let clock = self.zone.time_zone().to_datetime(now);
        // A clock shows neither less than 0 nor more than 23:59.
        let at = Minutes::try_from(clock.hour()).unwrap_or(0) * 60
            + Minutes::try_from(clock.minute()).unwrap_or(0);
        if self.from < self.to { (self.from..self.to).contains(&at) } else { at >= self.from || at < self.to }
    }
}

fn minutes(text: &str) -> Option<Minutes> {
    let (hour, minute) = text.split_once(':')?;
    let number = |text: &str, below: Minutes| {
        let is_written = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<Minutes>().ok().filter(|number| is_written && *number < below)
    };
    Some(number(hour, 24)? * 60 + number(minute, 60)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(from: &str, to: &str, zone: &str, now: &str) -> bool {
        QuietHours::parse(from, to, zone).unwrap().holds(now.parse::<Timestamp>().unwrap().into())
    }

    #[test]
    fn given_hours_past_midnight_then_they_begin_with_their_first_minute_and_end_before_their_last() {
        for (now, quiet) in [
            ("2026-11-30T20:59:59Z", false),
            ("2026-11-30T21:00:00Z", true),
            ("2026-12-01T00:00:00Z", true),
            ("2026-12-01T05:59:59Z", true),
            ("2026-12-01T06:00:00Z", false),
        ] {
            assert_eq!(holds("22:00", "07:00", "Europe/Berlin", now), quiet, "{now}");
        }
    }

    #[test]
    fn given_summer_time_then_the_clocks_of_the_place_count() {
        for (now, quiet) in [("2026-07-01T19:59:00Z", false), ("2026-07-01T20:00:00Z", true)] {
            assert_eq!(holds("22:00", "07:00", "Europe/Berlin", now), quiet, "{now}");
        }
        assert!(holds("12:00", "13:00", "Asia/Kathmandu", "2026-07-01T06:15:00Z"));
    }

    #[test]
    fn given_the_same_time_twice_then_it_is_quiet_all_day() {
        assert!(holds("08:00", "08:00", "UTC", "2026-07-01T03:00:00Z"));
    }

    #[test]
    fn given_something_else_then_it_is_refused_and_what_is_right_is_written_as_it_was() {
        for (from, to, zone) in [
            ("24:00", "07:00", "UTC"),
            ("7:00", "08:00", "UTC"),
            ("07:00", "08:60", "UTC"),
            ("+7:00", "08:00", "UTC"),
        ] {
            assert_eq!(QuietHours::parse(from, to, zone), Err(NotQuietHours));
        }
        assert_eq!(QuietHours::parse("22:00", "07:00", "Nowhere"), Err(NotQuietHours));
        let quiet = QuietHours::parse("22:05", "07:00", "Europe/Berlin").unwrap();
        assert_eq!(quiet.texts(), ["22:05", "07:00", "Europe/Berlin"]);
    }
}
