//! What is on and what is off, one row for each setting.

use humantime::format_duration;

use crate::config::{Config, HistoryKind, PublicUrl};

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
        0 => "open to anyone with a room code (--api-token asks for a token)".to_owned(),
        1 => "posting needs a token (1 is set)".to_owned(),
        tokens => format!("posting needs a token ({tokens} are set)"),
    };
    let encryption = if config.public_url.as_ref().is_some_and(PublicUrl::is_https) {
        "by the proxy in front (--public-url is https)"
    } else {
        "off: plain HTTP; beyond a trusted network put a TLS proxy in front and set --public-url"
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
        ("Lost clients", format!("leave the room after {}", format_duration(config.leave_grace))),
        ("History", self::history(config, history)),
        ("Other sites", origins),
        ("HTTP API", api),
        ("Encryption", encryption.to_owned()),
    ]
}

fn history(config: &Config, kind: HistoryKind) -> String {
    let retention = config.history.retention(kind);
    let much =
        format!("{} messages of each room, for {}", retention.messages, format_duration(retention.age));
    match (kind, &config.history.file) {
        (HistoryKind::Off, _) => "not kept (--history off)".to_owned(),
        (HistoryKind::Sqlite, Some(file)) => format!("{much}, in {}", file.display()),
        _ => format!("{much}, in memory only: a restart forgets it"),
    }
}
