//! The one way out for a connection, and for all of them when the server goes.

use super::{ConnectionOf, Shard};
use crate::{
    connection::{CloseReason, Transport},
    engine::Engine,
    frame::Frame,
    sid::Sid,
};
use std::{net::Shutdown, rc::Rc, time::Duration};
use tokio::{sync::oneshot, time::sleep};

/// How long a closed connection may take to read what is still queued for it, and to close its own side.
const LINGER: Duration = Duration::from_secs(3);
/// How long long-polling clients have to fetch their last words when the server goes: about one round trip.
const FAREWELL: Duration = Duration::from_secs(1);

impl<E: Engine> Shard<E> {
    /// Ends a connection: it is forgotten at once, and its client is told why where it can be.
    pub(crate) fn close(self: &Rc<Self>, connection: &ConnectionOf<E>, reason: CloseReason) {
        if connection.closed.replace(true) {
            return;
        }
        self.connections.borrow_mut().remove(connection.id.key);
        self.by_sid.borrow_mut().remove(&connection.sid);
        for seat in connection.rooms.take() {
            self.unseat(connection, seat);
        }
        if let Some(session) = connection.session.take() {
            self.engine.close(&connection.link(&self.hub), session, &reason);
        }
        match &mut *connection.transport.borrow_mut() {
            Transport::WebSocket(stream) => match reason.close_code() {
                None => {
                    connection.queue.borrow_mut().clear();
                    stream.shut(Shutdown::Both);
                }
                Some(code) => {
                    let frame = Frame::close(code, &reason.to_string());
                    connection.queue.borrow_mut().push(Rc::new(frame));
                    self.mark_dirty(connection);
                    // Weak: a client that closes at once has its socket given back at once.
                    let stream = Rc::downgrade(stream);
                    tokio::task::spawn_local(async move {
                        sleep(LINGER).await;
                        if let Some(stream) = stream.upgrade() {
                            stream.shut(Shutdown::Both);
                        }
                    });
                }
            },
            Transport::Polling(polling) => {
                if let Some(probe) = polling.probe.take() {
                    probe.stream.shut(Shutdown::Both);
                }
                let mut payload = connection.queue.borrow_mut().take_payload();
                // A client that closed by itself gets its pending poll back with a noop, as the reference server does.
                payload.text(if reason == CloseReason::ClientClosed { "6" } else { "1" });
                match polling.take_poll() {
                    Some(poll) => poll.answer(payload.finish()),
                    None if matches!(reason, CloseReason::Shutdown | CloseReason::ServerDisconnect) => {
                        self.say_farewell(connection.sid, payload.finish());
                    }
                    None => {}
                }
            }
        }
    }

    /// Keeps the last words to a client that has no poll waiting until it asks.
    fn say_farewell(self: &Rc<Self>, sid: Sid, payload: String) {
        self.farewells.borrow_mut().insert(sid, payload);
        let shard = Rc::clone(self);
        tokio::task::spawn_local(async move {
            sleep(FAREWELL).await;
            shard.farewells.borrow_mut().remove(&sid);
            shard.gone.notify_waiters();
        });
    }

    /// Closes every connection so that it comes back; then lets HTTP end. `done` hears when no socket is left.
    pub(super) fn shut_down(self: &Rc<Self>, done: oneshot::Sender<()>) {
        self.shutting_down.set(true);
        let all: Vec<_> = self.connections.borrow().values().cloned().collect();
        for connection in all {
            self.close(&connection, CloseReason::Shutdown);
        }
        let shard = Rc::clone(self);
        tokio::task::spawn_local(async move {
            shard.until(|shard| shard.farewells.borrow().is_empty()).await;
            shard.wind_up.notify_waiters();
            shard.until(|shard| shard.sockets.get() == 0).await;
            // Nobody listens any more where the server's time to shut down is up.
            let _ = done.send(());
        });
    }

    async fn until(&self, done: impl Fn(&Self) -> bool) {
        loop {
            let gone = self.gone.notified();
            if done(self) {
                return;
            }
            gone.await;
        }
    }
}
