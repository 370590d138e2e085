//! Why Redis cannot be used, in words.

use redis::{ErrorKind, RedisError};

/// Why Redis cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// There is no thread for it.
    #[error("the system gives no thread for Redis ({0}): raise its limits")]
    Thread(std::io::Error),
    /// It does not answer.
    #[error("{0} does not answer ({1}): start it there, or correct --redis")]
    Away(String, String),
    /// Its certificate is none that is trusted, or Alert's is not.
    #[error("{0}: {1}")]
    Tls(String, String),
    /// It lets nobody in without a password, or not with this one.
    #[error(
        "{0} refuses the user or the password ({1}): give them in ALERT_REDIS as redis://USER:PASSWORD@HOST, or the \
         password in --redis-password-file"
    )]
    Refused(String, String),
    /// It takes connections from its own machine only.
    #[error(
        "{0} is in protected mode: it has no password, and so refuses everybody from another machine. Give it one \
         (requirepass, or ACL SETUSER) and Alert the same, in ALERT_REDIS or --redis-password-file; or, if nobody else \
         reaches it, set protected-mode no there"
    )]
    Protected(String),
    /// It has as many connections as it may.
    #[error(
        "{0} has as many connections as it may: raise its maxclients, or find out who has them with CLIENT LIST"
    )]
    Full(String),
    /// Its user may not do what is needed.
    #[error("{0} does not allow its user what Alert does ({1}): {NEEDED}")]
    Forbidden(String, String),
    /// A sentinel lets nobody in without a password, or not with this one.
    #[error(
        "the sentinel {0} refuses the user or the password ({1}): give them in --redis-sentinel-user and \
         --redis-sentinel-password-file"
    )]
    SentinelRefused(String, String),
    /// No sentinel knows the master.
    #[error("the sentinel {0} knows no master named {1}: correct the name at the end of --redis")]
    UnknownService(String, String),
    /// What is asked is no sentinel.
    #[error("{0} is no sentinel: give the sentinels' addresses in --redis, or redis:// for a single Redis")]
    NotASentinel(String),
    /// A sentinel where a Redis is looked for.
    #[error("{0} is a sentinel: give --redis as redis+sentinel://HOST:PORT/SERVICE")]
    Sentinel(String),
    /// It is too old.
    #[error("{0} is Redis {1}; Alert needs Redis 7.0 or newer, or Valkey")]
    TooOld(String, String),
    /// It only follows another one.
    #[error("{0} is a replica; give the address of its master in --redis, or those of the sentinels")]
    Replica(String),
    /// Whoever came to another of them would find other rooms there.
    #[error(
        "{0} belongs to no cluster: give a single Redis in --redis, or the sentinels that watch over it and its replicas"
    )]
    NotACluster(String),
    /// It has no such database; a cluster has one only.
    #[error("{0} has no database of that number ({1}): correct it at the end of --redis, or leave it out")]
    Database(String, String),
    /// It belongs to a cluster that does not serve every slot.
    #[error("{0} belongs to a cluster that is not whole: see `redis-cli --cluster check` there")]
    Cluster(String),
    /// It does not take the library.
    #[error("{0} does not take Alert's functions ({1}): {NEEDED}")]
    Library(String, String),
}

/// What the user of Alert needs.
const NEEDED: &str = "give it ~PREFIX:* &PREFIX:* +@all -@dangerous +info +function +fcall (with --redis-prefix as the prefix)";

const NO_TLS: &str = "it does not answer, or speaks no TLS there: start it, or give redis:// instead of rediss://, or its port for TLS";

impl ConnectError {
    pub(super) fn of(shown: &str, error: &RedisError, is_tls: bool) -> Self {
        let (shown, text) = (shown.to_owned(), error.to_string());
        match error.code() {
            Some("NOPERM") => return Self::Forbidden(shown, text),
            Some("NOAUTH" | "WRONGPASS") => return Self::Refused(shown, text),
            Some("DENIED") => return Self::Protected(shown),
            _ => {}
        }
        if error.kind() == ErrorKind::AuthenticationFailed {
            return Self::Refused(shown, text);
        }
        if text.contains("SELECT is not allowed") || text.contains("DB index is out of range") {
            return Self::Database(shown, text);
        }
        if text.contains("max number of clients") {
            return Self::Full(shown);
        }
        match tls(&text) {
            Some(words) => Self::Tls(shown, format!("{words} ({text})")),
            // A Redis without TLS waits for the rest of what it takes for a command.
            None if is_tls && error.is_timeout() => Self::Tls(shown, format!("{NO_TLS} ({text})")),
            None => Self::Away(shown, text),
        }
    }

    /// What it said of its own accord before it closed the connection, if that says why.
    pub(super) fn of_greeting(shown: &str, greeting: &str) -> Option<Self> {
        if greeting.starts_with("-DENIED") {
            Some(Self::Protected(shown.to_owned()))
        } else if greeting.starts_with("-ERR max number of clients") {
            Some(Self::Full(shown.to_owned()))
        } else {
            None
        }
    }

    pub(in crate::log::redis) fn of_sentinel(shown: &str, error: &RedisError, is_tls: bool) -> Self {
        match Self::of(shown, error, is_tls) {
            Self::Refused(shown, text) | Self::Forbidden(shown, text) => Self::SentinelRefused(shown, text),
            other => other,
        }
    }
}

/// What a fault of TLS means. The library that connects gives it as a text only.
fn tls(text: &str) -> Option<&'static str> {
    const WORDS: &[(&str, &str)] = &[
        (
            "UnknownIssuer",
            "its certificate is signed by nobody that is trusted here: give its authority in --redis-ca",
        ),
        // An authority of the same name, with another key.
        (
            "BadSignature",
            "its certificate is signed by nobody that is trusted here: give its authority in --redis-ca",
        ),
        ("Expired", "its certificate has expired: renew it"),
        ("NotValidYet", "its certificate is not valid yet: correct the clock, or renew it"),
        (
            "not valid for name",
            "its certificate is for another name: give the host in --redis as the certificate names it",
        ),
        ("CaUsedAsEndEntity", "its certificate is that of an authority: give Redis one that it has signed"),
        ("invalid peer certificate", "its certificate is not one that can be trusted"),
        ("CertificateRequired", "it wants a certificate of Alert: give --redis-cert and --redis-key"),
        ("UnknownCA", "it does not trust the certificate of Alert: give another one in --redis-cert"),
        ("received fatal alert", "it refuses TLS as Alert speaks it: see its log"),
        ("inconsistent keys", "--redis-key is not the key of --redis-cert: give the one that belongs to it"),
        ("InvalidContentType", NO_TLS),
        ("corrupt message", NO_TLS),
        ("TLS parameters", "--redis-cert or --redis-key cannot be used: give a certificate and its own key"),
    ];
    WORDS.iter().find(|(part, _)| text.contains(part)).map(|(_, words)| *words)
}
