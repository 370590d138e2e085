//! Pages of the log as recovering clients get them. When many come back together, most of them have missed the same: it
//! is rendered once, and all are sent the same bytes.

use crate::rooms;
use alert_core::event::RoomEvent;
use alert_core::names::RoomCode;
use alert_core::wire::Form;
use socketio_server::Publication;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};
use tokio::runtime::Handle;

/// How clients hear a room that recover.
const FORM: Form = Form::V1Recovery;
/// Larger pages are sent message by message, as the client takes them.
const MOST_BYTES: usize = 64 << 10;
/// 16 MiB of them at most. Beyond that each client has its page rendered for itself.
const MOST: usize = 256;
/// When all are forgotten. The log keeps its pages for as long.
const KEPT: Duration = Duration::from_secs(5);

/// Messages of one room as the log read them.
type Messages = [Arc<RoomEvent>];

/// Pages that have been rendered, by where the log has them in memory. `forget` empties it some seconds later.
#[derive(Clone, Default)]
pub(super) struct Pages(Arc<Mutex<HashMap<usize, Rendered>>>);

struct Rendered {
    /// While this is there, no other page can have its place.
    of: Weak<Messages>,
    publication: Publication,
}

impl Pages {
    /// All messages of a page in one publication, if that has no more than `most_bytes` and can be shared.
    pub(super) fn publication(
        &self,
        room: &RoomCode,
        messages: &Arc<Messages>,
        most_bytes: usize,
        runtime: &Handle,
    ) -> Option<Publication> {
        if messages.is_empty() || rooms::replayed_size(FORM, room, messages) > most_bytes.min(MOST_BYTES) {
            return None;
        }
        let place = Arc::as_ptr(messages).addr();
        if let Some(rendered) = self.lock().get(&place).filter(|rendered| rendered.of.strong_count() > 0) {
            return Some(rendered.publication.clone());
        }
        let publication = rooms::replay_all(FORM, room, messages);
        let mut pages = self.lock();
        if pages.is_empty() {
            let all = self.clone();
            runtime.spawn(async move {
                tokio::time::sleep(KEPT).await;
                all.forget();
            });
        }
        if pages.len() < MOST {
            pages.insert(place, Rendered { of: Arc::downgrade(messages), publication: publication.clone() });
        }
        drop(pages);
        publication.render();
        Some(publication)
    }

    fn forget(&self) {
        *self.lock() = HashMap::new();
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<usize, Rendered>> {
        // The map is whole between any two calls.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One message of the log, as a recovering client gets it.
pub(super) fn in_form(room: &RoomCode, message: &Arc<RoomEvent>) -> Publication {
    rooms::replay(FORM, room, message)
}
