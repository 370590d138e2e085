//! Flags, `ALERT_*` environment and file, made into one validated [`Config`]. The only reader of the environment.

use std::collections::BTreeMap;
use std::num::{NonZeroU16, NonZeroU32};
use std::time::Duration;

use alert_core::ApiToken;
use alert_core::wire::v1::Limits;
use alert_settings::value::{time, whole, word, workers};
use alert_settings::{Allowed, ConfigError, ConfigErrors, Environment, Given, MOST_CHARS, Setting, Source};
use socketio_server::host::HostPolicy;
use socketio_server::origin::OriginPolicy;
use socketio_server::{Bounds, ListenAddr, Rate, TrustedProxies};

mod api_tokens;
mod flags;
mod history;
mod hosts;
mod listen;
mod origins;
mod proxy;
mod secret_file;
mod session_key;
mod settings;
mod source;
#[cfg(test)]
mod tests;

pub use api_tokens::{ApiTokenFile, ApiTokens};
pub use flags::Flags;
pub use history::{History, HistoryKind, Retention};
pub use listen::ListenError;
pub use origins::{AllowOrigin, PublicUrl};
pub use session_key::{SessionKey, SessionKeyError, SessionKeySource};
pub use settings::SETTINGS;

use source::Sources;

/// Everything that can be set, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen; at least one address, none twice.
    pub listen: Vec<ListenAddr>,
    /// Threads that serve connections.
    pub workers: NonZeroU16,
    /// How long a person whose connections were lost stays in the room.
    pub leave_grace: Duration,
    /// How much of what was said is kept.
    pub history: History,
    /// How long whoever was lost may be away and still get what was said meanwhile.
    pub replay_window: Duration,
    /// Limits of what clients send.
    pub limits: Limits,
    /// Largest request body and WebSocket message, in bytes.
    pub max_payload: usize,
    /// Bytes that may wait for one client.
    pub queue_limit: usize,
    /// How fast one connection may send; `None` is no limit.
    pub event_rate: Option<Rate>,
    /// How many bytes one connection may send; `None` is no limit.
    pub byte_rate: Option<Rate>,
    /// What all clients together, and those of one address, may hold.
    pub bounds: Bounds,
    /// Time that a message may take to arrive.
    pub message_timeout: Duration,
    /// How many bytes may be said in one room; `None` is no limit.
    pub room_byte_rate: Option<Rate>,
    /// How many rooms that are new to it one address may name; `None` is no limit.
    pub room_tries: Option<Rate>,
    /// How often people of one address may enter rooms; `None` is no limit.
    pub join_rate: Option<Rate>,
    /// Rooms in all.
    pub max_rooms: usize,
    /// People in one room.
    pub max_people: usize,
    /// Time between heartbeats.
    pub ping_interval: Duration,
    /// Time to answer a heartbeat.
    pub ping_timeout: Duration,
    /// Which clients recover their state when they reconnect.
    pub recovery: RecoveryMode,
    /// Which host names are ours.
    pub hosts: HostPolicy,
    /// Which pages may connect.
    pub origins: OriginPolicy,
    /// The foreign pages in it, as they were given.
    pub allow_origin: Vec<AllowOrigin>,
    /// Our address as users see it.
    pub public_url: Option<PublicUrl>,
    /// Proxies whose `X-Forwarded-For` is taken.
    pub trusted_proxies: TrustedProxies,
    /// Where the key of the login cookies comes from.
    pub session_key: SessionKeySource,
    /// A key whose cookies still count, though no more are made with it.
    pub session_key_previous: Option<SessionKey>,
    /// Who may post over HTTP and list the rooms.
    pub api_tokens: ApiTokens,
    /// Time between `/readyz` turning 503 and the closing of the listeners.
    pub drain_wait: Duration,
    /// The log's form.
    pub log_format: LogFormat,
    /// The log's detail.
    pub log_level: tracing::Level,
    /// Whether a terminal may be written to in colour.
    pub color: bool,
    /// What is odd but not wrong, to be logged at start.
    pub warnings: Vec<String>,
    given: BTreeMap<&'static str, Given>,
}

/// The log's form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// One line for each event, for people.
    Text,
    /// One JSON object for each event.
    Json,
}

/// Which clients recover their state when they reconnect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecoveryMode {
    /// Those that ask for it, and official JavaScript clients, which are known by their handshake.
    Auto,
    /// All that do not refuse it.
    On,
    /// None.
    Off,
}

const RECOVERIES: &[(&str, RecoveryMode)] =
    &[("auto", RecoveryMode::Auto), ("on", RecoveryMode::On), ("off", RecoveryMode::Off)];
const FORMATS: &[(&str, LogFormat)] = &[("text", LogFormat::Text), ("json", LogFormat::Json)];
const LEVELS: &[(&str, tracing::Level)] = &[
    ("error", tracing::Level::ERROR),
    ("warn", tracing::Level::WARN),
    ("info", tracing::Level::INFO),
    ("debug", tracing::Level::DEBUG),
    ("trace", tracing::Level::TRACE),
];
/// What a packet needs besides the message: its frame, and a name with every character escaped.
const AROUND_MSG: usize = 4096;
const MOST_EVENTS: u32 = 1_000_000_000;
const TWICE: NonZeroU32 = NonZeroU32::new(2).unwrap();
const MEBIBYTE: usize = 1 << 20;
const HOUR: Duration = Duration::from_secs(3600);
const YEAR: Duration = Duration::from_secs(31_557_600);
/// The most of anything that is counted; a bound beyond it bounds nothing.
const MOST_HELD: usize = 1 << 40;
const SECOND: Duration = Duration::from_secs(1);
const SHORT: Duration = Duration::from_millis(100);

impl Config {
    /// Makes the configuration from its sources, reading the file that `--config` or `ALERT_CONFIG` names.
    ///
    /// # Errors
    /// Everything that is wrong, at once.
    pub fn load(flags: &Flags, environment: &Environment) -> Result<Self, ConfigErrors> {
        let mut reader = Reader(Sources::gather(flags, environment));
        let public_url = reader.optional("public_url", PublicUrl::parse);
        let allow_origin = reader.many("allow_origin", AllowOrigin::parse);
        let session_key = match reader.optional("session_key", SessionKey::parse) {
            Some(key) => SessionKeySource::Given(key),
            None => environment.session_key_file().map_or(SessionKeySource::Nowhere, SessionKeySource::File),
        };
        let mut config = Self {
            listen: reader.many("listen", listen::address),
            workers: reader.one("workers", workers),
            leave_grace: reader.one("leave_grace", time(Duration::ZERO..=HOUR)),
            history: History {
                kind: reader.one("history", word(history::KINDS)),
                is_asked_for: reader.0.given["history"].source != Source::Default,
                file: environment.history_file(),
                retention: Retention {
                    messages: reader.one("history_messages", whole(1..=MOST_EVENTS as usize)),
                    age: reader.one("history_age", time(SECOND..=YEAR * 100)),
                    bytes: reader.one("history_size", history::bytes),
                },
            },
            replay_window: reader.one("replay_window", time(Duration::ZERO..=HOUR * 24)),
            limits: Limits {
                name_chars: reader.one("max_name_chars", whole(1..=MOST_CHARS)),
                room_chars: reader.one("max_room_chars", whole(1..=MOST_CHARS)),
                msg_bytes: reader.one("max_msg_bytes", whole(1..=64 * MEBIBYTE)),
            },
            max_payload: reader.one("max_payload", whole(AROUND_MSG..=128 * MEBIBYTE)),
            queue_limit: reader.one("queue_limit", whole(AROUND_MSG..=1024 * MEBIBYTE)),
            event_rate: reader.event_rate(),
            byte_rate: reader.byte_rate("byte_rate"),
            bounds: Bounds {
                connections: reader.bound("max_connections"),
                connections_per_address: reader.bound("max_connections_per_address"),
                unfinished_bytes: reader.bound("max_unfinished_bytes"),
            },
            message_timeout: reader.one("message_timeout", time(SECOND..=HOUR)),
            room_byte_rate: reader.byte_rate("room_byte_rate"),
            room_tries: per_minute(reader.one("room_tries", whole(0..=MOST_EVENTS))),
            join_rate: per_minute(reader.one("join_rate", whole(0..=MOST_EVENTS))),
            max_rooms: reader.one("max_rooms", whole(1..=MOST_EVENTS as usize)),
            max_people: reader.one("max_people", whole(1..=MOST_EVENTS as usize)),
            ping_interval: reader.one("ping_interval", time(SHORT..=HOUR)),
            ping_timeout: reader.one("ping_timeout", time(SHORT..=HOUR)),
            recovery: reader.one("recovery", word(RECOVERIES)),
            hosts: hosts::policy(public_url.as_ref(), reader.many("allow_host", hosts::pattern)),
            origins: origins::policy(public_url.as_ref(), &allow_origin),
            allow_origin,
            public_url,
            trusted_proxies: TrustedProxies::new(reader.many("trusted_proxy", proxy::network)),
            session_key,
            session_key_previous: reader.optional("session_key_previous", SessionKey::parse),
            api_tokens: ApiTokens {
                given: reader.many("api_token", ApiToken::parse),
                file: reader.optional("api_token_file", ApiTokenFile::parse),
            },
            drain_wait: reader.one("drain_wait", time(Duration::ZERO..=HOUR)),
            log_format: reader.one("log_format", word(FORMATS)),
            log_level: reader.one("log_level", word(LEVELS)),
            color: !environment.no_color(),
            warnings: Vec::new(),
            given: reader.0.given.clone(),
        };
        config.warnings = std::mem::take(&mut reader.0.warnings);
        let file = config.api_tokens.file.as_ref();
        config.warnings.extend(file.and_then(ApiTokenFile::warning).map(str::to_owned));
        if reader.0.errors.is_empty() {
            config.check_together(&mut reader);
        }
        if reader.0.errors.is_empty() { Ok(config) } else { Err(ConfigErrors(reader.0.errors)) }
    }

    /// Each setting with its values and where they came from.
    pub fn shown(&self) -> impl Iterator<Item = (&'static Setting, &Given)> {
        SETTINGS.iter().map(|setting| (setting, &self.given[setting.name]))
    }

    /// Checks what no single value shows.
    fn check_together(&self, reader: &mut Reader) {
        let least = self.limits.msg_bytes + AROUND_MSG;
        if self.max_payload < least {
            let msg = self.limits.msg_bytes;
            let allowed = format!(
                "at least {least}, which is max_msg_bytes ({msg}) and {AROUND_MSG} for what is around it"
            );
            reader.refuse("max_payload", allowed);
        }
        if self.queue_limit < self.max_payload {
            reader.refuse(
                "queue_limit",
                format!("at least max_payload ({}), so that one payload fits", self.max_payload),
            );
        }
        if self.bounds.unfinished_bytes < self.max_payload {
            let allowed =
                format!("0, or at least max_payload ({}), so that one payload can arrive", self.max_payload);
            reader.refuse("max_unfinished_bytes", allowed);
        }
        if self.listen.is_empty() {
            reader.refuse("listen", "at least one address".to_owned());
        }
        let twice = |(index, address)| self.listen[..index].contains(address);
        if self.listen.iter().enumerate().any(twice) {
            reader.refuse("listen", "each address once".to_owned());
        }
    }
}

/// `count` in a burst, and as many again each minute. 0 is no limit.
fn per_minute(count: u32) -> Option<Rate> {
    Some(Rate { per_second: NonZeroU32::new(count.div_ceil(60))?, burst: NonZeroU32::new(count)? })
}

/// Turns the winning texts into values, collecting what is wrong.
struct Reader(Sources);

impl Reader {
    fn many<T>(&mut self, name: &'static str, parse: impl Fn(&str) -> Result<T, Allowed>) -> Vec<T> {
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

    fn optional<T>(&mut self, name: &'static str, parse: impl Fn(&str) -> Result<T, Allowed>) -> Option<T> {
        self.many(name, parse).pop()
    }

    /// The value. If it is wrong, that is noted, and the default stands in so that the others are looked at too.
    #[expect(
        clippy::expect_used,
        reason = "settings read with this have a default, and a test loads all of them"
    )]
    fn one<T>(&mut self, name: &'static str, parse: impl Fn(&str) -> Result<T, Allowed>) -> T {
        let default = || setting(name).default.first().and_then(|text| parse(text).ok());
        self.optional(name, &parse).or_else(default).expect("a default that its own parser accepts")
    }

    fn event_rate(&mut self) -> Option<Rate> {
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
    fn bound(&mut self, name: &'static str) -> usize {
        match self.one(name, whole(0..=MOST_HELD)) {
            0 => usize::MAX,
            bound => bound,
        }
    }

    /// A burst may have twice as much as a second.
    fn byte_rate(&mut self, name: &'static str) -> Option<Rate> {
        let per_second = NonZeroU32::new(self.one(name, whole(0..=MOST_EVENTS)))?;
        Some(Rate { per_second, burst: per_second.saturating_mul(TWICE) })
    }

    fn refuse(&mut self, name: &'static str, allowed: Allowed) {
        let Given { values, source } = &self.0.given[name];
        let error = ConfigError::value(source, setting(name), &values.join(", "), allowed);
        self.0.errors.push(error);
    }
}

#[expect(
    clippy::expect_used,
    reason = "names are literals of this module, and a test reads every one of them"
)]
fn setting(name: &str) -> &'static Setting {
    SETTINGS.iter().find(|setting| setting.name == name).expect("a setting of the list")
}
