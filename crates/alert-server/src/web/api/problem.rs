//! What went wrong, as an RFC 9457 problem document.

use std::time::Duration;

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::json;
use super::unread::Full;
use crate::auth::token::TokenError;
use crate::log::RevokeError;
use crate::rooms::{HistoryError, KeyReused, Refused};
use alert_core::access::Denied;
use alert_core::position::NotAPosition;
use alert_core::room::policy::NotDone;
use alert_core::since::NotSince;
use alert_core::wire::v1::{ErrorCode, Refusal};

/// A request that was not carried out.
#[derive(Debug)]
pub(in crate::web) struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: String,
    header: Option<(HeaderName, HeaderValue)>,
}

/// The code of a response that is a problem, for whoever counts them.
#[derive(Clone, Copy)]
pub(super) struct Code(pub(super) &'static str);

#[derive(Serialize)]
struct Document<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'a str,
    status: u16,
    detail: &'a str,
    code: &'static str,
}

impl Problem {
    pub(super) fn room_not_utf8() -> Self {
        Self::new(StatusCode::BAD_REQUEST, ErrorCode::RoomInvalid.as_str(), "room must be UTF-8.")
    }

    pub(super) fn name_not_utf8() -> Self {
        Self::new(StatusCode::BAD_REQUEST, ErrorCode::NameInvalid.as_str(), "name must be UTF-8.")
    }

    pub(super) fn two_names() -> Self {
        let detail = "there may be only one Alert-Name.";
        Self::new(StatusCode::BAD_REQUEST, ErrorCode::NameInvalid.as_str(), detail)
    }

    pub(super) fn foreign_origin() -> Self {
        let detail = "pages of this origin may not use this server; --allow-origin lets them, and --public-url says what \
                      our own pages' address is.";
        Self::new(StatusCode::FORBIDDEN, "foreign_origin", detail)
    }

    fn token_missing() -> Self {
        let problem = Self::new(
            StatusCode::UNAUTHORIZED,
            "token_required",
            "send a token of this server, as in `Authorization: Bearer TOKEN`.",
        );
        problem.with(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"alert\""))
    }

    pub(super) fn token_wrong(wrong: TokenError) -> Self {
        let challenge = HeaderValue::from_static("Bearer realm=\"alert\", error=\"invalid_token\"");
        Self::new(StatusCode::UNAUTHORIZED, wrong.code(), wrong.to_string())
            .with(header::WWW_AUTHENTICATE, challenge)
    }

    pub(super) fn no_tokens() -> Self {
        let detail = "this is only for callers with an API token, and this server has none; start it with --api-token.";
        Self::new(StatusCode::FORBIDDEN, "no_tokens", detail)
    }

    pub(super) fn too_many_rooms(wait: Duration) -> Self {
        let detail =
            "too many different rooms were named from this address (--room-tries); wait, or use a token.";
        Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_rooms", detail).retry_after(wait)
    }

    fn later(status: StatusCode, refused: Refused) -> Self {
        let (wait, refusal) = (refused.wait(), Refusal::from(refused));
        Self::new(status, refusal.code().as_str(), refusal.message()).retry_after(wait)
    }

    pub(super) fn server_full(wait: Duration) -> Self {
        let detail = "this server has as many rooms as it may have (--max-rooms); wait.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "server_full", detail).retry_after(wait)
    }

    pub(super) fn too_many_messages(wait: Duration) -> Self {
        let detail = "messages come faster than this server takes them (--event-rate); wait.";
        Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_messages", detail).retry_after(wait)
    }

    pub(super) fn idempotency_key_invalid() -> Self {
        let detail = "Idempotency-Key must be 1 to 255 visible ASCII characters, and there may be only one.";
        Self::new(StatusCode::BAD_REQUEST, "idempotency_key_invalid", detail)
    }

    pub(super) fn since_invalid(not: NotSince) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "since_invalid", format!("since {not}."))
    }

    pub(super) fn before_invalid(not: NotAPosition) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "before_invalid", format!("before {not}."))
    }

    pub(super) fn both_ways() -> Self {
        let detail = "since and before exclude each other: messages are read forwards from one, or backwards from the other.";
        Self::new(StatusCode::BAD_REQUEST, "before_invalid", detail)
    }

    pub(super) fn limit_invalid(most: usize) -> Self {
        let detail = format!("limit must be a whole number from 1 to {most}.");
        Self::new(StatusCode::BAD_REQUEST, "limit_invalid", detail)
    }

    pub(super) fn unavailable() -> Self {
        let detail = "the server cannot do this at the moment; try again.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail).retry_after(Duration::from_secs(1))
    }

    fn too_much_unread(full: Full) -> Self {
        let (status, detail) = match full {
            Full::Origin => (
                StatusCode::TOO_MANY_REQUESTS,
                "too many answers wait for you to read them; read those first, or ask for less at a time (limit).",
            ),
            Full::All => {
                (StatusCode::SERVICE_UNAVAILABLE, "too many answers wait for others to read them; try again.")
            }
        };
        Self::new(status, "too_much_unread", detail).retry_after(Duration::from_secs(1))
    }

    pub(super) fn not_utf8() -> Self {
        let detail = "send the message as text in UTF-8, with one Content-Type, no other charset and no Content-Encoding.";
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail)
    }

    pub(super) fn a_form_with_parts() -> Self {
        let detail = "send the message itself as the body, in UTF-8, as `curl -d` does it, not as a form with parts (`curl -F`).";
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail)
    }

    /// `meant`: the address that was meant, if that is known.
    pub(super) fn no_such_resource(meant: Option<&str>) -> Self {
        let detail = match meant {
            Some(meant) => format!("there is nothing here; did you mean {meant}?"),
            None => "there is nothing here; see /docs/http-api.md on this server. A slash in a room code is written %2F."
                .to_owned(),
        };
        Self::new(StatusCode::NOT_FOUND, "not_found", detail)
    }

    pub(super) fn method_not_allowed() -> Self {
        let detail = "this address does not have that method; the Allow header says which it has.";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail)
    }

    fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, detail: detail.into(), header: None }
    }

    fn with(self, name: HeaderName, value: HeaderValue) -> Self {
        Self { header: Some((name, value)), ..self }
    }

    /// Whole seconds, rounded up, so that whoever waits for them does not come too early.
    fn retry_after(self, wait: Duration) -> Self {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        self.with(header::RETRY_AFTER, seconds.max(1).into())
    }
}

impl From<Denied> for Problem {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::NoToken => Self::token_missing(),
            Denied::Missing(_) | Denied::List | Denied::Revoke | Denied::Ended(_) => {
                Refusal::from(denied).into()
            }
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let status = match refusal.code() {
            ErrorCode::MsgTooLong => StatusCode::PAYLOAD_TOO_LARGE,
            ErrorCode::NotAllowed | ErrorCode::PasswordRequired => StatusCode::FORBIDDEN,
            ErrorCode::RoomInUse => StatusCode::CONFLICT,
            ErrorCode::NoSuchMessage
            | ErrorCode::NoSuchPerson
            | ErrorCode::NoSuchAlert
            | ErrorCode::NoSuchBell
            | ErrorCode::NoSuchWebhook => StatusCode::NOT_FOUND,
            _ => StatusCode::BAD_REQUEST,
        };
        Self::new(status, refusal.code().as_str(), refusal.message())
    }
}

impl From<Full> for Problem {
    fn from(full: Full) -> Self {
        Self::too_much_unread(full)
    }
}

impl From<RevokeError> for Problem {
    fn from(error: RevokeError) -> Self {
        match error {
            RevokeError::Nowhere => Self::new(StatusCode::CONFLICT, "not_kept", format!("{error}.")),
            RevokeError::Failed => Self::unavailable(),
        }
    }
}

impl From<KeyReused> for Problem {
    fn from(_: KeyReused) -> Self {
        let detail = "this Idempotency-Key was used for another message to this room; use a new key for a new message.";
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused", detail)
    }
}

impl From<HistoryError> for Problem {
    fn from(error: HistoryError) -> Self {
        match error {
            HistoryError::Denied(denied) => denied.into(),
            HistoryError::Refused(refused) => refused.into(),
            HistoryError::Read(_) => Self::unavailable(),
        }
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Denied(denied) => denied.into(),
            Refused::TooManyRooms(wait) => Self::too_many_rooms(wait),
            Refused::ServerFull => Self::server_full(refused.wait()),
            Refused::Unavailable => Self::unavailable(),
            Refused::KeyReused(reused) => reused.into(),
            Refused::TooManyMakes(_) => Self::later(StatusCode::TOO_MANY_REQUESTS, refused),
            Refused::TooManyPolicies => Self::later(StatusCode::SERVICE_UNAVAILABLE, refused),
            Refused::Forbidden(forbidden) if forbidden.wait().is_some() => {
                Self::later(StatusCode::TOO_MANY_REQUESTS, refused)
            }
            Refused::NotDone(NotDone::KeyReused) => KeyReused.into(),
            Refused::Forbidden(_) | Refused::NotDone(_) | Refused::InUse | Refused::NoMessage => {
                Refusal::from(refused).into()
            }
            // Of people who enter, and of their devices, which nobody does over HTTP.
            Refused::TooManyJoins(_) | Refused::RoomFull(_) | Refused::PushFull => {
                Refusal::from(refused).into()
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let document = Document {
            // The status and the code say it all: there is no page for each problem.
            kind: "about:blank",
            title: self.status.canonical_reason().unwrap_or_default(),
            status: self.status.as_u16(),
            detail: &self.detail,
            code: self.code,
        };
        let mut response = json::answer(self.status, "application/problem+json", &document);
        response.headers_mut().extend(self.header);
        response.extensions_mut().insert(Code(self.code));
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_told_in_whole_seconds_and_never_too_short() {
        for (wait, told) in [(0, "1"), (1, "1"), (1000, "1"), (1001, "2"), (59_999, "60")] {
            let response = Problem::too_many_messages(Duration::from_millis(wait)).into_response();
            assert_eq!(response.headers()[header::RETRY_AFTER], told, "{wait}");
        }
    }

    #[test]
    fn a_refusal_keeps_its_code_and_its_words() {
        let problem = Problem::from(Refusal::room(alert_core::names::NameError::TooLong { max: 8 }));
        assert_eq!(
            (problem.status, problem.code, problem.detail.as_str()),
            (StatusCode::BAD_REQUEST, "room_too_long", "room is longer than 8 characters.")
        );
    }
}
