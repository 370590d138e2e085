//! How long something takes, as people write it: `5m`, `1h 30m`.

use std::time::Duration;

/// Reads a time. `M` is nothing: one who writes it means minutes, and it would be months.
#[must_use]
pub fn read(text: &str) -> Option<Duration> {
    if text.contains('M') { None } else { humantime::parse_duration(text).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_capital_m_is_not_taken_for_months() {
        for (text, time) in
            [("5m", Some(300)), ("1h 30m", Some(5400)), ("1month", Some(2_630_016)), ("1M", None), ("", None)]
        {
            assert_eq!(read(text).map(|time| time.as_secs()), time, "{text}");
        }
    }
}
