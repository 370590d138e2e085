//! Taking signed tokens back, and what has been taken back: what `alert token revoke` does beside a server.

use std::time::{Duration, SystemTime};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::caller::Caller;
use super::{Api, Problem, json};
use crate::auth::token::Shown;
use crate::log::{Revocation, YEAR};
use alert_core::access::{Denied, Revoked, Subject, TokenId};
use alert_core::object::Object;
use alert_core::wire::history::At;
use alert_core::wire::v1::Refusal;

/// What is to be taken back: one of the first three.
#[derive(Deserialize)]
struct Asked {
    token: Option<String>,
    sub: Option<String>,
    jti: Option<String>,
    #[serde(rename = "for")]
    lasting: Option<Value>,
}

/// One of the first two.
#[derive(Serialize)]
struct Answer<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jti: Option<&'a str>,
    /// Nothing, if it counts again.
    until: Option<At>,
}

pub(super) async fn list(State(api): State<Api>, caller: Caller) -> Result<Response, Problem> {
    check(&api, &caller)?;
    let all = api.log().revoked().await.ok_or_else(Problem::unavailable)?;
    let all: Vec<Answer<'_>> = all.iter().map(|one| Answer::of(one, Some(At(one.until)))).collect();
    json::long(&api.0.unread, caller.origin(), &all)
}

pub(super) async fn add(State(api): State<Api>, caller: Caller, body: Bytes) -> Result<Response, Problem> {
    check(&api, &caller)?;
    let now = SystemTime::now();
    let new = read(&body, now).map_err(|wrong| Problem::from(Refusal::invalid_body(wrong)))?;
    {
        // Each may be a thread for a moment.
        let _turn = api.0.revoking.lock().await;
        api.log().revoke(new.clone()).await?;
    }
    // Here at once, and on other servers as soon as they look.
    api.0.access.take_up_revoked(api.log()).await;
    let until = Some(At(new.until)).filter(|_| new.until > now);
    tracing::info!(
        what = new.what.to_string(),
        address = caller.address(),
        "tokens were taken back over HTTP"
    );
    Ok(json::done(StatusCode::OK, &Answer::of(&new, until)))
}

/// Only callers with an API token: those who run the server have given it to them.
fn check(api: &Api, caller: &Caller) -> Result<(), Problem> {
    match (caller.token(), caller.principal().token()) {
        (Some(_), _) => Ok(()),
        (None, Some(_)) => Err(Denied::Revoke.into()),
        (None, None) if api.0.access.has_api_tokens() => Err(Denied::NoToken.into()),
        (None, None) => Err(Problem::no_tokens()),
    }
}

fn read(body: &[u8], now: SystemTime) -> Result<Revocation, &'static str> {
    const ONE: &str = "the body must be a JSON object with one of token, sub and jti, and perhaps for.";
    const ID: &str = "sub and jti must be texts of 1 to 255 bytes in one line.";
    const FOR: &str =
        "for must be a time up to 100 years, such as 30d, or a number of seconds; 0 takes it back.";
    let Object(Asked { token, sub, jti, lasting }) = serde_json::from_slice(body).map_err(|_| ONE)?;
    let (what, expires) = match (token, sub, jti) {
        (Some(token), None, None) => {
            let shown = Shown::of(token.trim()).and_then(|shown| shown.revocable());
            shown.ok_or("token must be a signed token with a jti.")?
        }
        (None, Some(sub), None) => (Revoked::Subject(Subject::parse(&sub).ok_or(ID)?), None),
        (None, None, Some(jti)) => (Revoked::Token(TokenId::parse(&jti).ok_or(ID)?), None),
        _ => return Err(ONE),
    };
    let time = alert_settings::value::time(Duration::ZERO..=100 * YEAR);
    let lasting = match lasting {
        None => None,
        Some(Value::String(text)) => Some(time(&text).map_err(|_| FOR)?),
        Some(Value::Number(seconds)) => Some(time(&seconds.to_string()).map_err(|_| FOR)?),
        Some(_) => return Err(FOR),
    };
    Ok(Revocation::new(what, expires, lasting, now))
}

impl<'a> Answer<'a> {
    fn of(revocation: &'a Revocation, until: Option<At>) -> Self {
        match &revocation.what {
            Revoked::Subject(sub) => Self { sub: Some(sub.as_str()), jti: None, until },
            Revoked::Token(jti) => Self { sub: None, jti: Some(jti.as_str()), until },
        }
    }
}
