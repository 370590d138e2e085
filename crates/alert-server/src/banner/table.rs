//! What is on and what is off, one row for each setting.

use alert_settings::value::spelled;

use crate::config::{AccessMode, Config, HistoryKind};

pub(super) fn rows(config: &Config, history: HistoryKind) -> Vec<(&'static str, String)> {
    let limits = config.limits;
    let workers = config.workers.get();
    let rate = match config.event_rate {
        Some(rate) => {
            format!("{} events a second for each connection, in bursts of {}", rate.per_second, rate.burst)
        }
        None => "not limited (--event-rate 0)".to_owned(),
    };
    let origins = match config.allow_origin.as_slice() {
        [] => "may not connect (--allow-origin lets them)".to_owned(),
        allowed => {
            let shown: Vec<String> = allowed.iter().map(ToString::to_string).collect();
            format!("{} may connect, without the login cookie", shown.join(", "))
        }
    };
    let api = match config.api_tokens.iter().count() {
        0 if config.access == AccessMode::Token => "for holders of a token only".to_owned(),
        0 => "open to anyone with a room code (--api-token asks for a token)".to_owned(),
        1 => "posting needs a token (1 is set)".to_owned(),
        tokens => format!("posting needs a token ({tokens} are set)"),
    };
    let ordered = config.acme.as_ref().map(|acme| {
        let (names, authority) = (acme.domains.join(", "), acme.directory.host_str().unwrap_or_default());
        format!("on: https and wss, with certificates for {names} from {authority}")
    });
    let encryption = if let Some(ordered) = &ordered {
        ordered
    } else if config.has_tls() {
        "on: https and wss, with the certificate of --tls-cert"
    } else if config.is_https() {
        "by the proxy in front (--public-url is https)"
    } else {
        "off: plain HTTP; beyond a trusted network give it a certificate (--tls-cert, --acme-domain), or put a TLS proxy in front and set \
         --public-url"
    };
    vec![
        ("Workers", format!("{workers} {}", if workers == 1 { "thread" } else { "threads" })),
        (
            "Limits",
            format!(
                "name {} and room code {} characters, message {} bytes, payload {} bytes",
                limits.name_chars, limits.room_chars, limits.msg_bytes, config.max_payload
            ),
        ),
        ("Rate", rate),
        ("Slow clients", format!("closed with more than {} bytes waiting", config.queue_limit)),
        ("Lost clients", format!("leave the room after {}", spelled(config.leave_grace))),
        ("History", self::history(config, history)),
        ("Other sites", origins),
        ("Access", access(config).to_owned()),
        ("HTTP API", api),
        ("Encryption", encryption.to_owned()),
    ]
}

fn access(config: &Config) -> &'static str {
    match (config.access, config.token_keys.is_empty()) {
        (AccessMode::Open, true) => "open to anyone with a room code (--access token asks for a token)",
        (AccessMode::Open, false) => "open to anyone with a room code, and tokens give more rights",
        (AccessMode::Token, _) => "for holders of a token only (--access token)",
    }
}

fn history(config: &Config, kind: HistoryKind) -> String {
    let retention = config.history.retention(kind);
    let much = format!("{} messages of each room, for {}", retention.messages, spelled(retention.age));
    match (kind, &config.history.file) {
        (HistoryKind::Off, _) => "not kept (--history off)".to_owned(),
        (HistoryKind::Redis, _) => {
            let redis = config.history.redis.as_ref().map_or("Redis", |redis| redis.address.shown());
            format!("{much}, in {redis}, shared with the servers there")
        }
        (HistoryKind::Sqlite, Some(file)) => format!("{much}, in {}", file.display()),
        _ => format!("{much}, in memory only: a restart forgets it"),
    }
}
