//! `GET .../events`: what is said in a room, as it is said, for listeners who are not in it.

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use socketio_server::{CloseReason, Subscriber};

use super::caller::Caller;
use super::{Api, Problem, RoomPath};
use crate::rooms::Subscription;
use crate::web::accept;
use alert_core::names::RoomCode;
use alert_core::wire::stream::StreamForm;

/// A response that becomes a stream. It travels through axum as an extension of the response's head.
#[derive(Clone)]
pub(in crate::web) struct Opening {
    subscription: Subscription,
    caller: Caller,
}

impl Opening {
    pub(in crate::web) fn subscriber(self) -> Subscriber {
        let Self { subscription, caller } = self;
        Subscriber {
            keep_alive: subscription.form().keep_alive(),
            open: Box::new(move |hub, connection| {
                let listening = subscription.open(hub, connection);
                Box::new(move |reason| {
                    drop(listening);
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
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let room = api.room(&caller, path)?;
    let form = preferred(&headers);
    let subscription = api.0.rooms.subscribe(caller.principal(), &caller.origin(), room, form)?;
    tracing::info!(room = subscription.room().as_str(), address = caller.address(), "listens");
    let head = [
        (header::CONTENT_TYPE, form.content_type()),
        (header::CACHE_CONTROL, "no-store"),
        // nginx gathers answers otherwise.
        (header::HeaderName::from_static("x-accel-buffering"), "no"),
        (header::VARY, "Accept"),
    ];
    Ok((head, Extension(Opening { subscription, caller })).into_response())
}

fn ended(room: &RoomCode, caller: &Caller, reason: &CloseReason) {
    let (room, address) = (room.as_str(), caller.address());
    if let CloseReason::SlowConsumer(_) = reason {
        tracing::warn!(room, address, %reason, "listener closed: raise --queue-limit if its network is just slow");
    } else {
        tracing::info!(room, address, %reason, "listens no more");
    }
}

/// NDJSON where it is asked for by name, SSE otherwise.
fn preferred(headers: &HeaderMap) -> StreamForm {
    let ndjson = accept::quality(headers, "application/x-ndjson");
    if ndjson > accept::quality(headers, "text/event-stream") { StreamForm::NdJson } else { StreamForm::Sse }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
