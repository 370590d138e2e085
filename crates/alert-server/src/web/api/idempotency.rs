//! `Idempotency-Key`, which identifies a message that is sent again (`rooms/once`).

use axum::http::HeaderMap;

use super::Problem;

/// The header's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key(Box<str>);

const MOST_CHARS: usize = 255;

impl Key {
    /// Reads the header, if it is there.
    pub(super) fn read(headers: &HeaderMap) -> Result<Option<Self>, Problem> {
        let mut values = headers.get_all("idempotency-key").iter();
        let Some(value) = values.next() else { return Ok(None) };
        let text = value.to_str().ok().map(str::trim);
        // A tab inside is no visible character, though `to_str` lets it pass.
        let is_key = |text: &&str| (1..=MOST_CHARS).contains(&text.len()) && !text.contains('\t');
        let text = text.filter(is_key).filter(|_| values.next().is_none());
        text.map(|text| Some(Self(text.into()))).ok_or_else(Problem::idempotency_key_invalid)
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_short_visible_and_alone() {
        let read = |values: &[&str]| {
            let pairs =
                values.iter().map(|value| ("idempotency-key".parse().unwrap(), value.parse().unwrap()));
            Key::read(&pairs.collect())
        };
        assert_eq!(read(&[]).unwrap(), None);
        let longest = "k".repeat(255);
        for good in ["\"8e03978e\"", "k", &longest] {
            assert_eq!(read(&[good]).unwrap(), Some(Key(good.into())));
        }
        for bad in [&[""][..], &[" "], &["a", "b"], &[&(longest.clone() + "k")], &["\u{e9}"]] {
            assert!(read(bad).is_err(), "{bad:?}");
        }
    }
}
