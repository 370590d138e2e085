//! Times of a day, as a clock shows them.

use std::fmt;

use jiff::civil::Time;

/// The most times of one day.
pub const MOST_TIMES: usize = 96;

/// Times of a day, in their order; none, where nothing happens on it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Times(Vec<Time>);

/// What is no list of times.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotTimes {
    /// One of them is none.
    #[error("{0:?} is no time of a day: give one such as 08:55 or 08:55:30")]
    NoTime(Box<str>),
    /// One is there twice.
    #[error("{0:?} is there twice")]
    Twice(Box<str>),
    /// There are too many.
    #[error("a day has {MOST_TIMES} times at most")]
    TooMany,
}

impl Times {
    /// Reads times such as `08:55`.
    ///
    /// # Errors
    /// If one is none, or there are too many.
    pub fn parse<T: AsRef<str>>(texts: &[T]) -> Result<Self, NotTimes> {
        if texts.len() > MOST_TIMES {
            return Err(NotTimes::TooMany);
        }
        let mut times = Vec::with_capacity(texts.len());
        for text in texts.iter().map(AsRef::as_ref) {
            let time = read(text).ok_or_else(|| NotTimes::NoTime(text.into()))?;
            if times.contains(&time) {
                return Err(NotTimes::Twice(text.into()));
            }
            times.push(time);
        }
        times.sort_unstable();
        Ok(Self(times))
    }

    /// They, in order.
    #[must_use]
    pub fn as_slice(&self) -> &[Time] {
        &self.0
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As they are read.
    #[must_use]
    pub fn texts(&self) -> Vec<String> {
        self.0.iter().copied().map(write).collect()
    }
}

/// Hours may have one digit: `8:55` is what people write.
fn read(text: &str) -> Option<Time> {
    let parts: Vec<&str> = text.split(':').collect();
    let number = |(place, part): (usize, &&str)| {
        let has_digits = part.len() == 2 || (place == 0 && part.len() == 1);
        let is_number = has_digits && part.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| part.parse::<i8>().ok()).flatten()
    };
    match *parts.iter().enumerate().map(number).collect::<Option<Vec<_>>>()? {
        [hour, minute] => Time::new(hour, minute, 0, 0).ok(),
        [hour, minute, second] => Time::new(hour, minute, second, 0).ok(),
        _ => None,
    }
}

fn write(time: Time) -> String {
    let (hour, minute) = (time.hour(), time.minute());
    match time.second() {
        0 => format!("{hour:02}:{minute:02}"),
        second => format!("{hour:02}:{minute:02}:{second:02}"),
    }
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.texts().join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_put_in_order() {
        let times = Times::parse(&["13:05", "8:55:30", "08:55"]).unwrap();
        assert_eq!(times.to_string(), "08:55, 08:55:30, 13:05");
    }

    #[test]
    fn given_what_is_no_time_then_it_is_named() {
        for text in
            ["", "8:5", "108:55", "24:00", "08:60", "08:55:60", "0855", "08:55 ", "+8:55", "08:55:30:1"]
        {
            assert_eq!(Times::parse(&[text]), Err(NotTimes::NoTime(text.into())), "{text}");
        }
        assert_eq!(Times::parse(&["08:55", "08:55:00"]), Err(NotTimes::Twice("08:55:00".into())));
        assert_eq!(Times::parse(&["08:00"; 97]), Err(NotTimes::TooMany));
    }
}
