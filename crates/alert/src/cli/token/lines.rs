//! What is in a token, for people to read.

use std::io::{self, Write};
use std::time::{Duration, UNIX_EPOCH};

use alert_core::printable::one_line;
use alert_core::wire::history::At;
use alert_server::auth::token::Shown;
use serde_json::Value;

pub(super) fn print(out: &mut impl Write, shown: &Shown, counts: Option<bool>) -> io::Result<()> {
    let Shown { header, claims } = shown;
    let text = |value: &Value| match value {
        Value::Null => "(none)".to_owned(),
        Value::String(text) => one_line(text).to_string(),
        other => one_line(&other.to_string()).to_string(),
    };
    let mut row = |what: &str, value: String| writeln!(out, "{what:10}{value}");
    row("Subject", text(&claims["sub"]))?;
    if !claims["name"].is_null() {
        row("Name", text(&claims["name"]))?;
    }
    row("Id", text(&claims["jti"]))?;
    row("Expires", time(&claims["exp"]).unwrap_or_else(|| text(&claims["exp"])))?;
    if !claims["nbf"].is_null() {
        row("From", time(&claims["nbf"]).unwrap_or_else(|| text(&claims["nbf"])))?;
    }
    for room in claims["rooms"].as_array().into_iter().flatten() {
        let rooms = match (&room["name"], &room["prefix"]) {
            (Value::Null, Value::String(prefix)) if prefix.is_empty() => "all rooms".to_owned(),
            (Value::Null, prefix) => format!("rooms that begin with {}", text(prefix)),
            (name, _) => text(name),
        };
        let can: Vec<String> = room["can"].as_array().into_iter().flatten().map(text).collect();
        row("Room", format!("{rooms}: {}", can.join(", ")))?;
    }
    row("Signed", text(&header["alg"]))?;
    match counts {
        Some(true) => row("Counts", "yes".to_owned()),
        Some(false) => row("Counts", "no".to_owned()),
        None => row("Counts", "unknown: name the key in --key, or set token_keys".to_owned()),
    }
}

fn time(claim: &Value) -> Option<String> {
    let seconds = claim.as_f64().filter(|seconds| (0.0..253_402_300_800.0).contains(seconds))?;
    Some(At(UNIX_EPOCH + Duration::from_secs_f64(seconds)).to_string())
}
