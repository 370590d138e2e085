//! Which clients recover their state: only they get a `pid`, and one more argument in each event. Others would pass it
//! to handlers that do not expect it (python-socketio), or make a list of the arguments (Dart).
//!
//! A client may say so itself; otherwise the official JavaScript client is known by its handshake.

use crate::config::RecoveryMode;
use alert_core::room::policy::{HostKey, Password, Shown};
use http::{HeaderMap, HeaderValue, header, request::Parts};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What a handshake says about its client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::socket) enum Client {
    /// It asked for recovery, or asked for none.
    Says(bool),
    /// It is an official JavaScript client.
    JavaScript,
    /// It says nothing.
    Unknown,
}

/// What we read of a CONNECT's payload. Anything else in it is ignored, and so are values of other types.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::socket) struct Auth {
    recovery: Option<serde_json::Value>,
    pid: Option<serde_json::Value>,
    offset: Option<serde_json::Value>,
    token: Option<serde_json::Value>,
    host: Option<serde_json::Value>,
    password: Option<serde_json::Value>,
}

impl Client {
    /// Reads a handshake.
    pub(in crate::socket) fn of(handshake: &Parts, now: SystemTime) -> Self {
        let query = handshake.uri.query().unwrap_or_default();
        let (mut timestamp, mut wish) = (None, None);
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*key {
                "t" => timestamp = Some(value),
                "recovery" => wish = said(&value),
                _ => {}
            }
        }
        let agent = text(&handshake.headers, &header::USER_AGENT);
        if let Some(wish) = wish {
            return Self::Says(wish);
        }
        let is_official = match timestamp.as_deref() {
            _ if agent.contains("Dart") => false,
            Some(timestamp) if is_time(timestamp, now) => false,
            Some(timestamp) if is_random(timestamp) => true,
            Some(timestamp) if is_yeast(timestamp) => is_javascript(agent),
            Some(_) => false,
            None => handshake.headers.contains_key(header::ORIGIN) && is_browser(agent),
        };
        if is_official { Self::JavaScript } else { Self::Unknown }
    }

    /// Whether the client is to be given a `pid`.
    pub(in crate::socket) fn recovers(self, mode: RecoveryMode, auth: &Auth) -> bool {
        let says = auth.recovery.as_ref().and_then(|value| match value {
            serde_json::Value::Bool(wish) => Some(*wish),
            serde_json::Value::Number(number) => said(&number.to_string()),
            serde_json::Value::String(text) => said(text),
            _ => None,
        });
        match (mode, says, self) {
            (RecoveryMode::Off, ..) => false,
            (_, Some(wish), _) | (_, None, Self::Says(wish)) => wish,
            (RecoveryMode::On, ..) => true,
            (RecoveryMode::Auto, None, client) => client == Self::JavaScript,
        }
    }
}

impl Auth {
    /// What the client shows to whichever room it comes into.
    pub(in crate::socket) fn shown(&self) -> Shown {
        let text = |value: &Option<serde_json::Value>| {
            value.as_ref().and_then(|value| value.as_str().map(str::to_owned))
        };
        Shown {
            host: text(&self.host).map(|text| HostKey::shown(&text)),
            password: text(&self.password).map(|text| Password::new(&text)),
            is_for_any: self.host.is_some(),
        }
    }

    pub(in crate::socket) fn read(auth: Option<&RawValue>) -> Self {
        // serde would read a list as the fields in order.
        let auth = auth.map(RawValue::get).filter(|auth| auth.starts_with('{'));
        auth.and_then(|auth| serde_json::from_str(auth).ok()).unwrap_or_default()
    }

    /// The token that it shows; an empty one is none.
    pub(in crate::socket) fn token(&self) -> Option<&str> {
        self.token.as_ref()?.as_str().filter(|token| !token.is_empty())
    }

    /// What it was given as its `pid`.
    pub(in crate::socket) fn pid(&self) -> Option<&str> {
        self.pid.as_ref()?.as_str()
    }

    /// The last argument of the last event.
    pub(in crate::socket) fn offset(&self) -> Option<&str> {
        self.offset.as_ref()?.as_str()
    }
}

fn said(text: &str) -> Option<bool> {
    match text {
        "1" | "true" => Some(true),
        "0" | "false" => Some(false),
        _ => None,
    }
}

/// `t` of JavaScript 4.8 and later: the end of the time in base 36 and a random number.
fn is_random(timestamp: &str) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_lowercase();
    (6..=8).contains(&timestamp.len()) && timestamp.bytes().all(is_digit) && has_letter(timestamp)
}

/// `t` of earlier ones, and of the Java client: the time in base 64, and after a dot a count within the
/// millisecond.
fn is_yeast(timestamp: &str) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    let (time, count) = timestamp.split_once('.').unwrap_or((timestamp, "0"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(is_digit);
    time.len() == 7 && is_number(time) && is_number(count) && has_letter(time)
}

/// `t` of Dart: the whole time in base 36.
fn is_time(timestamp: &str, now: SystemTime) -> bool {
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    let time = u64::from_str_radix(timestamp, 36).ok().map(Duration::from_millis);
    let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    time.is_some_and(|time| time.abs_diff(now) < DAY)
}

fn has_letter(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_alphabetic())
}

fn is_browser(agent: &str) -> bool {
    agent.starts_with("Mozilla/")
}

fn is_javascript(agent: &str) -> bool {
    is_browser(agent) || agent == "node-XMLHttpRequest"
}

fn text<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> &'a str {
    headers.get(name).map(HeaderValue::to_str).and_then(Result::ok).unwrap_or_default()
}

#[cfg(test)]
mod tests;
