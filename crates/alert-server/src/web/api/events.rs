//! `GET .../events`: what is said in a room, as it is said, for who is not in it.

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use socketio_server::{CloseReason, Listen};

use super::caller::Caller;
use super::{Api, Problem, RoomPath};
use crate::socket::ListenForm;
use crate::web::accept;
use alert_core::names::RoomCode;

/// Answers with a head; the runtime sends the rest.
pub(super) async fn listen(
    State(api): State<Api>,
    caller: Caller,
    path: RoomPath,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let room = api.room(&caller, path)?;
    let form = preferred(&headers);
    tracing::info!(room = room.as_str(), address = caller.address(), "listens");
    let rooms = api.0.rooms.clone();
    let listen = Listen::new(form.keep_alive(), move |hub, connection| {
        let place = rooms.listen(hub, connection, &room, form);
        Box::new(move |reason| {
            drop(place);
            ended(&room, &caller, reason);
        })
    });
    let content_type = match form {
        ListenForm::Sse => "text/event-stream; charset=utf-8",
        ListenForm::NdJson => "application/x-ndjson; charset=utf-8",
    };
    let head = [
        (header::CONTENT_TYPE, content_type),
        (header::CACHE_CONTROL, "no-store"),
        // nginx gathers answers otherwise.
        (header::HeaderName::from_static("x-accel-buffering"), "no"),
        (header::VARY, "Accept"),
    ];
    Ok((head, Extension(listen)).into_response())
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
fn preferred(headers: &HeaderMap) -> ListenForm {
    let ndjson = accept::quality(headers, "application/x-ndjson");
    if ndjson > accept::quality(headers, "text/event-stream") { ListenForm::NdJson } else { ListenForm::Sse }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ndjson_is_for_who_prefers_it_by_name() {
        for (accept, form) in [
            ("", ListenForm::Sse),
            ("*/*", ListenForm::Sse),
            ("text/event-stream", ListenForm::Sse),
            ("application/json, text/plain, */*", ListenForm::Sse),
            ("application/x-ndjson", ListenForm::NdJson),
            ("Application/X-NDJSON", ListenForm::NdJson),
            ("application/x-ndjson, */*", ListenForm::NdJson),
            ("text/event-stream;q=0.5, application/x-ndjson;q=0.9", ListenForm::NdJson),
            ("text/event-stream, application/x-ndjson; q=0.9", ListenForm::Sse),
            ("application/x-ndjson;q=0", ListenForm::Sse),
            ("application/x-ndjson;q=rubbish", ListenForm::Sse),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT, accept.parse().unwrap())]);
            assert_eq!(preferred(&headers), form, "{accept}");
        }
        assert_eq!(preferred(&HeaderMap::new()), ListenForm::Sse);
    }
}
