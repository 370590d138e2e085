//! `GET .../events`: what is said in a room, as it is said, for listeners who are not in it.

use axum::Extension;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use socketio_server::{CloseReason, Subscriber};

use super::caller::Caller;
use super::{Api, Problem, RoomPath, history};
use crate::auth::Access;
use crate::rooms::{Begin, Hearing, Subscription};
use crate::socket::closing;
use crate::web::accept;
use alert_core::access::{End, Right};
use alert_core::names::RoomCode;
use alert_core::since::Since;
use alert_core::wire::stream::StreamForm;

/// A response that becomes a stream. It passes through axum as an extension of the response's head.
#[derive(Clone)]
pub(in crate::web) struct Opening {
    subscription: Subscription,
    caller: Caller,
    access: Access,
}

impl Opening {
    pub(in crate::web) fn subscriber(self) -> Subscriber {
        let Self { subscription, caller, access } = self;
        Subscriber {
            keep_alive: subscription.form().keep_alive(),
            open: Box::new(move |hub, connection| {
                let hearing = subscription.open(hub, connection);
                if hearing.is_err() {
                    hub.close(connection);
                }
                let may_stay = hearing.as_ref().ok().map(Hearing::watch);
                let holding = caller.principal().token().map(|token| {
                    let (hub, is_open) = (hub.clone(), access.is_open());
                    // Where anybody may hear the room, it is heard on.
                    let on_end = move |end| {
                        if !is_open || end == End::Revoked || may_stay.is_some_and(|may_stay| !may_stay()) {
                            hub.close_for(connection, closing(end));
                        }
                    };
                    access.hold(token, Box::new(on_end))
                });
                Box::new(move |reason| {
                    drop((hearing, holding));
                    ended(subscription.room(), &caller, reason);
                })
            }),
        }
    }
}

/// Answers with a head; the runtime sends the rest.
pub(super) async fn listen(
    State(api): State<Api>,
    caller: Caller,
    path: RoomPath,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let begin = begin(query.as_deref().unwrap_or_default(), &headers)?;
    let room = api.room(&caller, Right::Read, path)?;
    let form = preferred(&headers);
    let subscription = api.0.rooms.subscribe(&caller.origin(), room, caller.shown().clone(), form, begin)?;
    // Whoever has the head listens.
    subscription.ready().await?;
    tracing::info!(room = subscription.room().as_str(), address = caller.address(), "listens");
    let head = [
        (header::CONTENT_TYPE, form.content_type()),
        (header::CACHE_CONTROL, "no-store"),
        // Otherwise nginx buffers the answer.
        (header::HeaderName::from_static("x-accel-buffering"), "no"),
        (header::VARY, "Accept"),
    ];
    Ok((head, Extension(Opening { subscription, caller, access: api.0.access.clone() })).into_response())
}

fn ended(room: &RoomCode, caller: &Caller, reason: &CloseReason) {
    let (room, address, code) = (room.as_str(), caller.address(), reason.kind());
    let request = caller.request();
    if let CloseReason::SlowConsumer(_) = reason {
        tracing::warn!(room, address, request, code, %reason, "listener closed: raise --queue-limit if its network is just slow");
    } else {
        tracing::info!(room, address, request, code, %reason, "stopped listening");
    }
}

/// Where a client begins: a new one, or, with `Last-Event-ID`, one that comes back. An id that is not ours must not be
/// refused: an `EventSource` would never come back.
fn begin(query: &str, headers: &HeaderMap) -> Result<Begin, Problem> {
    let since = history::since(query)?;
    let last = headers.get("last-event-id").map(HeaderValue::as_bytes).filter(|last| !last.is_empty());
    Ok(match (last, since) {
        (Some(last), _) => {
            let position = std::str::from_utf8(last).ok().and_then(|last| last.trim().parse().ok());
            position.map_or(Begin::Unknown, |position| Begin::Since(Since::Position(position)))
        }
        (None, Some(since)) => Begin::Since(since),
        (None, None) => Begin::Now,
    })
}

/// NDJSON if it is asked for by name, otherwise SSE.
fn preferred(headers: &HeaderMap) -> StreamForm {
    let ndjson = accept::quality(headers, "application/x-ndjson");
    if ndjson > accept::quality(headers, "text/event-stream") { StreamForm::NdJson } else { StreamForm::Sse }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderName;

    #[test]
    fn ndjson_is_for_who_prefers_it_by_name() {
        for (accept, form) in [
            ("", StreamForm::Sse),
            ("*/*", StreamForm::Sse),
            ("text/event-stream", StreamForm::Sse),
            ("application/json, text/plain, */*", StreamForm::Sse),
            ("application/x-ndjson", StreamForm::NdJson),
            ("Application/X-NDJSON", StreamForm::NdJson),
            ("application/x-ndjson, */*", StreamForm::NdJson),
            ("text/event-stream;q=0.5, application/x-ndjson;q=0.9", StreamForm::NdJson),
            ("text/event-stream, application/x-ndjson; q=0.9", StreamForm::Sse),
            ("application/x-ndjson;q=0", StreamForm::Sse),
            ("application/x-ndjson;q=rubbish", StreamForm::Sse),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT, accept.parse().unwrap())]);
            assert_eq!(preferred(&headers), form, "{accept}");
        }
        assert_eq!(preferred(&HeaderMap::new()), StreamForm::Sse);
    }

    #[test]
    fn a_client_that_comes_back_goes_on_behind_what_it_had_and_an_odd_id_is_a_gap() {
        let position = "8f3a1c20b7d41-57";
        let at = Begin::Since(Since::Position(position.parse().unwrap()));
        let read = |query: &str, last: Option<&str>| {
            let last = last.map(|last| (HeaderName::from_static("last-event-id"), last.parse().unwrap()));
            begin(query, &last.into_iter().collect())
        };
        for (query, last, expected) in [
            ("", None, Begin::Now),
            ("", Some(""), Begin::Now),
            ("since=all", None, Begin::Since(Since::All)),
            ("since=none", None, Begin::Since(Since::Nothing)),
            ("since=8f3a1c20b7d41-57", None, at),
            ("", Some(position), at),
            ("since=all", Some(position), at),
            ("since=20", Some(""), Begin::Since(Since::Last(20))),
            ("", Some("57"), Begin::Unknown),
            ("since=all", Some("\u{e9}"), Begin::Unknown),
        ] {
            assert_eq!(read(query, last).unwrap(), expected, "{query} {last:?}");
        }
        assert!(read("since=x", None).is_err());
    }
}
