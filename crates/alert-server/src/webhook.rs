//! Posts what webhooks tell, signed as Standard Webhooks has it, and reads what becomes of it.

mod letter;

use crate::outbound::Outbound;
use alert_core::room::hooks::{Hook, Secret};
use alert_core::wire::v1::Refusal;
use alert_core::wire::webhook::Tested;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
pub use letter::DeadLetter;
use ring::hmac;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What a secret begins with when somebody sees it.
const MARK: &str = "whsec_";
const AGENT: &str = concat!("Alert/", env!("CARGO_PKG_VERSION"));

/// Why a receiver that is gone takes nothing.
pub const GONE: &str = "it answers 410 Gone: its receiver takes nothing any more";

/// What became of one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Its receiver has it.
    Delivered(StatusCode),
    /// Its receiver is gone, for good.
    Gone,
    /// It has not been taken.
    Failed {
        /// Why, in words that go on after "it failed: ".
        why: String,
        /// How long the receiver asks to be left alone.
        retry_after: Option<Duration>,
    },
}

impl From<Outcome> for Tested {
    fn from(outcome: Outcome) -> Self {
        let failed = |why| Self { delivered: false, status: None, problem: Some(why) };
        match outcome {
            Outcome::Delivered(status) => {
                Self { delivered: true, status: Some(status.as_u16()), problem: None }
            }
            Outcome::Gone => failed(GONE.to_owned()),
            Outcome::Failed { why, .. } => failed(why),
        }
    }
}

/// The secret, for the one who gets it.
pub fn shown(secret: &Secret) -> String {
    MARK.to_owned() + &STANDARD.encode(secret.bytes())
}

/// Where a webhook is to lead that somebody asks for.
///
/// # Errors
/// A [`Refusal`] to answer with, if nothing is sent there.
pub fn target(outbound: &Outbound, url: &str) -> Result<String, Refusal> {
    let target = outbound
        .target(url)
        .map_err(|problem| Refusal::invalid_body(format!("url {problem}.")).because(problem.reason()))?;
    Ok(target.to_string())
}

/// Posts something.
pub async fn post(outbound: &Outbound, hook: &Hook, id: &str, json: &str) -> Outcome {
    let failed = |why: String| Outcome::Failed { why, retry_after: None };
    // The networks that it may lead to may be others than when it was made.
    let target = match outbound.target(&hook.url) {
        Ok(target) => target,
        Err(problem) => return failed(format!("its address {problem}")),
    };
    let now = SystemTime::now();
    let Some(headers) = headers(hook, id, json, now) else {
        return failed("it cannot be written into a header".to_owned());
    };
    match outbound.post(&target, headers, Bytes::copy_from_slice(json.as_bytes())).await {
        Ok(answer) if answer.status.is_success() => Outcome::Delivered(answer.status),
        Ok(answer) if answer.status == StatusCode::GONE => Outcome::Gone,
        Ok(answer) => {
            let leads = if answer.status.is_redirection() { ", which is not followed" } else { "" };
            let why = format!("it answers {}{leads}", answer.status);
            Outcome::Failed { why, retry_after: answer.retry_after(now) }
        }
        Err(problem) => failed(problem.to_string()),
    }
}

fn headers(hook: &Hook, id: &str, json: &str, now: SystemTime) -> Option<HeaderMap> {
    let at = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let signatures: Vec<_> =
        hook.secrets(now).map(|secret| "v1,".to_owned() + &signature(secret, id, at, json)).collect();
    let mut headers = HeaderMap::new();
    for (name, value) in [
        (header::CONTENT_TYPE, "application/json"),
        (header::USER_AGENT, AGENT),
        (HeaderName::from_static("webhook-id"), id),
        (HeaderName::from_static("webhook-timestamp"), &at.to_string()),
        (HeaderName::from_static("webhook-signature"), &signatures.join(" ")),
    ] {
        headers.insert(name, HeaderValue::from_str(value).ok()?);
    }
    Some(headers)
}

fn signature(secret: &Secret, id: &str, at: u64, json: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.bytes());
    STANDARD.encode(hmac::sign(&key, format!("{id}.{at}.{json}").as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_a_message_then_it_is_signed_as_python_signs_it() {
        // hmac.new(bytes([7] * 32), b'message_1.1764500000.{"a":"\xc3\xa9"}', "sha256").digest(), in base64.
        let secret = Secret::new([7; 32]);
        let signed = signature(&secret, "message_1", 1_764_500_000, "{\"a\":\"\u{e9}\"}");
        assert_eq!(signed, "Ejzdxxg1SyAyIZitv1WFIThpO7zmq2Gei8oVR0mPtog=");
        assert_eq!(shown(&secret), "whsec_BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=");
    }
}
