//! The winning texts, made into values. What is wrong is collected, so that all mistakes are told at once.

use std::num::NonZeroU32;

use alert_settings::value::{whole, word};
use alert_settings::{Allowed, ConfigError, Given, Setting, Source};
use socketio_server::Rate;

use super::source::Sources;
use super::{CertificateFiles, HistoryKind, MOST_EVENTS, MOST_HELD, SETTINGS, TWICE, history, tls};

/// `count` in a burst, and as many again each minute. 0 is no limit.
pub(super) fn per_minute(count: u32) -> Option<Rate> {
    Some(Rate { per_second: NonZeroU32::new(count.div_ceil(60))?, burst: NonZeroU32::new(count)? })
}

/// Turns the winning texts into values, collecting what is wrong.
pub(super) struct Reader(pub(super) Sources);

impl Reader {
    pub(super) fn many<T>(
        &mut self,
        name: &'static str,
        parse: impl Fn(&str) -> Result<T, Allowed>,
    ) -> Vec<T> {
        let Given { values, source } = self.0.given[name].clone();
        let mut parsed = Vec::new();
        for text in &values {
            match parse(text) {
                Ok(value) => parsed.push(value),
                Err(allowed) => self.0.errors.push(ConfigError::value(&source, setting(name), text, allowed)),
            }
        }
        parsed
    }

    pub(super) fn optional<T>(
        &mut self,
        name: &'static str,
        parse: impl Fn(&str) -> Result<T, Allowed>,
    ) -> Option<T> {
        self.many(name, parse).pop()
    }

    /// The value. If it is wrong, that is noted, and the default stands in so that the others are looked at too.
    #[expect(
        clippy::expect_used,
        reason = "settings read with this have a default, and a test loads all of them"
    )]
    pub(super) fn one<T>(&mut self, name: &'static str, parse: impl Fn(&str) -> Result<T, Allowed>) -> T {
        let default = || setting(name).default.first().and_then(|text| parse(text).ok());
        self.optional(name, &parse).or_else(default).expect("a default that its own parser accepts")
    }

    pub(super) fn event_rate(&mut self) -> Option<Rate> {
        let per_second = self.one("event_rate", whole(0..=MOST_EVENTS));
        let burst = self.one("event_burst", whole(0..=MOST_EVENTS));
        if per_second > 0 && burst == 0 {
            self.refuse(
                "event_burst",
                format!("1 to {MOST_EVENTS}; event_rate 0 is what turns the limit off"),
            );
        }
        Some(Rate { per_second: NonZeroU32::new(per_second)?, burst: NonZeroU32::new(burst)? })
    }

    /// A bound; 0 is none.
    pub(super) fn bound(&mut self, name: &'static str) -> usize {
        match self.one(name, whole(0..=MOST_HELD)) {
            0 => usize::MAX,
            bound => bound,
        }
    }

    /// Each certificate with its key.
    pub(super) fn tls(&mut self) -> Vec<CertificateFiles> {
        let (chains, keys) = (self.many("tls_cert", tls::file), self.many("tls_key", tls::file));
        if !keys.is_empty() && keys.len() != chains.len() {
            let allowed = format!("one for each tls_cert ({}), in the same order", chains.len());
            self.refuse("tls_key", allowed);
        }
        let keys = if keys.is_empty() { chains.clone() } else { keys };
        chains.into_iter().zip(keys).map(|(chain, key)| CertificateFiles { chain, key }).collect()
    }

    /// With Redis, it is there.
    pub(super) fn history_kind(&mut self) -> HistoryKind {
        let kind = self.one("history", word(history::KINDS));
        if self.0.given["redis"].values.is_empty() {
            return kind;
        }
        if self.0.given["history"].source != Source::Default {
            self.refuse("history", "nothing where redis is set: the history is in Redis then".to_owned());
        }
        HistoryKind::Redis
    }

    pub(super) fn byte_rate(&mut self, name: &'static str) -> Option<Rate> {
        let per_second = NonZeroU32::new(self.one(name, whole(0..=MOST_EVENTS)))?;
        Some(Rate { per_second, burst: per_second.saturating_mul(TWICE) })
    }

    pub(super) fn refuse(&mut self, name: &'static str, allowed: Allowed) {
        let Given { values, source } = &self.0.given[name];
        let error = ConfigError::value(source, setting(name), &values.join(", "), allowed);
        self.0.errors.push(error);
    }
}

#[expect(
    clippy::expect_used,
    reason = "names are literals of the configuration, and a test reads every one of them"
)]
pub(super) fn setting(name: &str) -> &'static Setting {
    SETTINGS.iter().find(|setting| setting.name == name).expect("a setting of the list")
}
