//! Flags, `ALERT_*` environment and file, made into one validated [`Config`]. The only reader of the environment.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::num::{NonZeroU16, NonZeroU32};
use std::path::PathBuf;
use std::time::Duration;

use alert_core::ApiToken;
use alert_core::wire::v1::Limits;
use alert_settings::value::{bytes, time, whole, word, workers};
use alert_settings::{ConfigErrors, Environment, Given, MOST_CHARS, Setting, Source};
use ipnet::IpNet;
use socketio_server::host::HostPolicy;
use socketio_server::origin::OriginPolicy;
use socketio_server::{Bounds, ListenAddr, Rate, TrustedProxies};

mod acme;
mod admin;
mod advertise;
mod api_tokens;
mod flags;
mod history;
mod hosts;
mod listen;
mod origins;
mod proxy;
mod push;
mod reader;
mod redis;
pub(crate) mod secret_file;
mod session_key;
mod settings;
mod source;
#[cfg(test)]
mod tests;
mod tls;
mod together;

pub use acme::AcmeSettings;
pub use api_tokens::{ApiTokenFile, ApiTokens};
pub use flags::{Flags, RedisFlags};
pub use history::{History, HistoryKind, Retention};
pub use listen::ListenError;
pub use origins::{AllowOrigin, FrameAncestor, PublicUrl};
pub use push::PushContact;
pub use redis::{Place, RedisAddress, RedisSettings};
pub use session_key::{SessionKey, SessionKeyError, SessionKeySource};
pub use settings::SETTINGS;
pub use tls::CertificateFiles;

use reader::{Reader, per_minute};
use source::Sources;

/// Everything that can be set, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen; at least one address, none twice.
    pub listen: Vec<ListenAddr>,
    /// What TLS is spoken with on every TCP address; nothing is plain HTTP.
    pub tls: Vec<CertificateFiles>,
    /// How an authority gives the certificates, if there are none in files.
    pub acme: Option<AcmeSettings>,
    /// Addresses that send http to https.
    pub redirect_listen: Vec<ListenAddr>,
    /// Addresses of the metrics and of the page for whoever runs the server.
    pub admin_listen: Vec<SocketAddr>,
    /// Who may come in there; without any, everybody who reaches it, which is this machine.
    pub admin_tokens: ApiTokens,
    /// Threads that serve connections.
    pub workers: NonZeroU16,
    /// How messages go to members.
    pub io: Io,
    /// How long a person whose connections were lost stays in the room.
    pub leave_grace: Duration,
    /// Where other servers reach this one, if it is not to find that by itself.
    pub advertise: Option<String>,
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
    /// Whose pages may show ours in a frame.
    pub frame_ancestors: Vec<FrameAncestor>,
    /// Our address as users see it.
    pub public_url: Option<PublicUrl>,
    /// Whom push services may write to; without it no Web Push is sent.
    pub web_push_contact: Option<PushContact>,
    /// Proxies whose `X-Forwarded-For` is taken.
    pub trusted_proxies: TrustedProxies,
    /// Networks that addresses which users give may lead to, besides the public ones.
    pub outbound_networks: Vec<IpNet>,
    /// Where the key of the login cookies comes from.
    pub session_key: SessionKeySource,
    /// A key whose cookies still count, though no more are made with it.
    pub session_key_previous: Option<SessionKey>,
    /// Who may post over HTTP and list the rooms.
    pub api_tokens: ApiTokens,
    /// Who gets in.
    pub access: AccessMode,
    /// Files with the keys of signed tokens.
    pub token_keys: Vec<PathBuf>,
    /// The file with what happens again and again.
    pub bells: Option<PathBuf>,
    /// Time between `/readyz` turning 503 and the closing of the listeners.
    pub drain_wait: Duration,
    /// The log's form.
    pub log_format: LogFormat,
    /// The log's detail.
    pub log_level: tracing::Level,
    /// Whether a terminal may be written to in colour.
    pub color: bool,
    /// Whether a service manager is to be told how the server is.
    pub is_supervised: bool,
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

/// How messages go to members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Io {
    /// Through io_uring, if the system permits it.
    Auto,
    /// Through io_uring: several in one system call.
    Uring,
    /// With a system call for each.
    Epoll,
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

/// Who gets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessMode {
    /// Whoever knows a room's code reads and speaks there.
    Open,
    /// Nobody without a token.
    Token,
}

const ACCESSES: &[(&str, AccessMode)] = &[("open", AccessMode::Open), ("token", AccessMode::Token)];
const IOS: &[(&str, Io)] = &[("auto", Io::Auto), ("uring", Io::Uring), ("epoll", Io::Epoll)];
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
            tls: reader.tls(),
            acme: reader.acme(environment),
            redirect_listen: reader.many("redirect_listen", listen::address),
            admin_listen: reader.many("admin_listen", admin::address),
            admin_tokens: ApiTokens {
                given: reader.many("admin_token", ApiToken::parse),
                file: reader.optional("admin_token_file", ApiTokenFile::parse),
            },
            workers: reader.one("workers", workers),
            io: reader.one("io", word(IOS)),
            leave_grace: reader.one("leave_grace", time(Duration::ZERO..=HOUR)),
            advertise: reader.optional("advertise", advertise::address),
            history: History {
                kind: reader.history_kind(),
                is_asked_for: reader.0.given["history"].source != Source::Default,
                redis: reader.redis(),
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
                msg_bytes: reader.one("max_msg_bytes", bytes(1..=64 * MEBIBYTE)),
            },
            max_payload: reader.one("max_payload", bytes(AROUND_MSG..=128 * MEBIBYTE)),
            queue_limit: reader.one("queue_limit", bytes(AROUND_MSG..=1024 * MEBIBYTE)),
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
            frame_ancestors: reader.many("frame_ancestors", FrameAncestor::parse),
            public_url,
            web_push_contact: reader.optional("web_push_contact", PushContact::parse),
            trusted_proxies: TrustedProxies::new(reader.many("trusted_proxy", proxy::network)),
            outbound_networks: reader.many("outbound_networks", proxy::network),
            session_key,
            session_key_previous: reader.optional("session_key_previous", SessionKey::parse),
            api_tokens: ApiTokens {
                given: reader.many("api_token", ApiToken::parse),
                file: reader.optional("api_token_file", ApiTokenFile::parse),
            },
            access: reader.one("access", word(ACCESSES)),
            token_keys: reader.many("token_keys", tls::file),
            bells: reader.optional("bells", tls::file),
            drain_wait: reader.one("drain_wait", time(Duration::ZERO..=HOUR)),
            log_format: reader.one("log_format", word(FORMATS)),
            log_level: reader.one("log_level", word(LEVELS)),
            color: !environment.no_color(),
            is_supervised: environment.is_supervised(),
            warnings: Vec::new(),
            given: reader.0.given.clone(),
        };
        config.warnings = std::mem::take(&mut reader.0.warnings);
        let files = [&config.api_tokens.file, &config.admin_tokens.file].into_iter().flatten();
        let loose: Vec<_> = files.filter_map(|file| file.warning()).map(str::to_owned).collect();
        config.warnings.extend(loose);
        config.warnings.extend(admin::warning(&config));
        config.warnings.extend(config.acme_warnings(environment));
        if reader.0.errors.is_empty() {
            config.check_together(&mut reader);
        }
        if reader.0.errors.is_empty() { Ok(config) } else { Err(ConfigErrors(reader.0.errors)) }
    }

    /// Whether TLS is spoken on every TCP address.
    pub fn has_tls(&self) -> bool {
        !self.tls.is_empty() || self.acme.is_some()
    }

    /// Whether users come by https: here, or by the proxy in front.
    pub fn is_https(&self) -> bool {
        self.has_tls() || self.public_url.as_ref().is_some_and(PublicUrl::is_https)
    }

    /// Whether somebody has set it.
    pub fn is_set(&self, name: &str) -> bool {
        self.given.get(name).is_some_and(|given| given.source != Source::Default)
    }

    /// Takes over what `new` says of these settings. Returns the names of those that have changed, and of the others that
    /// would have.
    pub fn take_over(&mut self, new: &Self, names: &[&str]) -> (Vec<&'static str>, Vec<&'static str>) {
        let is_other = |name: &&str| self.given[*name].values != new.given[*name].values;
        let changed = SETTINGS.iter().map(|setting| setting.name).filter(is_other);
        let (changed, others): (Vec<_>, Vec<_>) = changed.partition(|name| names.contains(name));
        for name in &changed {
            self.given.insert(name, new.given[*name].clone());
        }
        (self.drain_wait, self.log_level) = (new.drain_wait, new.log_level);
        (changed, others)
    }

    /// Each setting with its values and where they came from.
    pub fn shown(&self) -> impl Iterator<Item = (&'static Setting, &Given)> {
        SETTINGS.iter().map(|setting| (setting, &self.given[setting.name]))
    }
}
