//! From text to typed value, for the settings that have no type of their own. An error says what is allowed.

use std::fmt::Display;
use std::num::NonZeroU16;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use bytesize::ByteSize;

/// What a setting allows, for its error message.
pub type Allowed = String;

/// The highest limit of characters that a name or a room code can be given: a cookie (4 kB) must hold the longest of
/// both at four bytes a character.
pub const MOST_CHARS: usize = 256;

/// A length of time: `2s`, `500ms`, `1m 30s`; a plain number is seconds.
///
/// # Errors
/// What is allowed instead.
pub fn time(range: RangeInclusive<Duration>) -> impl Fn(&str) -> Result<Duration, Allowed> + Clone {
    move |text| {
        let text = text.trim();
        let seconds = text.parse::<f64>().ok().map(Duration::try_from_secs_f64);
        // One who writes 1M means a minute, and it would be a month.
        let spelled_out = || humantime::parse_duration(text).ok().filter(|_| !text.contains('M'));
        let time = seconds.map_or_else(spelled_out, Result::ok);
        time.filter(|time| range.contains(time)).ok_or_else(|| {
            let [least, most] = [*range.start(), *range.end()].map(spelled);
            format!("a time from {least} to {most}, such as 2s or 500ms; a plain number is seconds")
        })
    }
}

/// A length of time in whole seconds, where nothing shorter can be kept: `10s`, `1m 30s`; a plain number is seconds.
///
/// # Errors
/// What is allowed instead.
pub fn whole_seconds(range: RangeInclusive<Duration>) -> impl Fn(&str) -> Result<Duration, Allowed> + Clone {
    move |text| {
        let [least, most] = [*range.start(), *range.end()].map(spelled);
        time(range.clone())(text).ok().filter(|time| time.subsec_nanos() == 0).ok_or_else(|| {
            format!("whole seconds from {least} to {most}, such as 10s or 5m; a plain number is seconds")
        })
    }
}

/// A whole number.
pub fn whole<N>(range: RangeInclusive<N>) -> impl Fn(&str) -> Result<N, Allowed>
where
    N: FromStr + PartialOrd + Display,
{
    move |text| {
        let number = text.trim().parse().ok().filter(|number| range.contains(number));
        number.ok_or_else(|| format!("a whole number from {} to {}", range.start(), range.end()))
    }
}

/// A number of threads, or `auto` for one per core.
pub fn workers(text: &str) -> Result<NonZeroU16, Allowed> {
    const MOST: u16 = 1024;
    if text.trim() == "auto" {
        let cores = std::thread::available_parallelism().ok().and_then(|cores| cores.try_into().ok());
        return Ok(cores.unwrap_or(NonZeroU16::MIN));
    }
    let number = text.trim().parse().ok().filter(|number: &NonZeroU16| number.get() <= MOST);
    number.ok_or_else(|| format!("auto, or a whole number from 1 to {MOST}"))
}

/// A number of bytes: `64MiB`, `1.5GB`; a plain number is bytes.
///
/// # Errors
/// What is allowed instead.
pub fn size(range: RangeInclusive<u64>) -> impl Fn(&str) -> Result<u64, Allowed> {
    move |text| {
        let size = text.trim().parse().ok().map(|ByteSize(bytes)| bytes);
        size.filter(|bytes| range.contains(bytes)).ok_or_else(|| {
            let [least, most] = [*range.start(), *range.end()].map(ByteSize);
            format!("a size from {least} to {most}, such as 64MiB or 2GiB; a plain number is bytes")
        })
    }
}

/// A number of bytes that is told as such: `16384`, `16KiB`.
pub fn bytes(range: RangeInclusive<usize>) -> impl Fn(&str) -> Result<usize, Allowed> {
    move |text| {
        let size = text.trim().parse().ok().and_then(|ByteSize(bytes)| usize::try_from(bytes).ok());
        size.filter(|bytes| range.contains(bytes)).ok_or_else(|| {
            format!("{} to {} bytes, as a whole number or a size such as 16KiB", range.start(), range.end())
        })
    }
}

/// A length of time for people: whole days in words, anything else as a setting would have it.
pub fn spelled(time: Duration) -> String {
    const DAY: u64 = 24 * 3600;
    match (time.as_secs() / DAY, time.as_secs() % DAY, time.subsec_nanos()) {
        (1, 0, 0) => "1 day".to_owned(),
        (days @ 2.., 0, 0) => format!("{days} days"),
        _ => humantime::format_duration(time).to_string(),
    }
}

/// One of a few words.
pub fn word<T: Copy>(words: &'static [(&'static str, T)]) -> impl Fn(&str) -> Result<T, Allowed> {
    move |text| {
        let found = words.iter().find(|(word, _)| *word == text.trim());
        found
            .map(|&(_, value)| value)
            .ok_or_else(|| words.iter().map(|&(word, _)| word).collect::<Vec<_>>().join(", "))
    }
}
