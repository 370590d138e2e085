//! What clients send: one Engine.IO packet at a time, and not more than the sender may.

use super::{ConnectionOf, Shard};
use crate::{
    connection::{CloseReason, Connection},
    engine::Engine,
};
use socketio_protocol::engine::packet::Packet;
use std::{
    rc::Rc,
    time::{Duration, Instant},
};

impl<E: Engine> Shard<E> {
    /// Handles one Engine.IO packet from the client.
    pub(crate) fn receive(
        self: &Rc<Self>,
        connection: &ConnectionOf<E>,
        packet: Packet<'_>,
    ) -> Result<(), CloseReason> {
        let wrong = |rule: &str| Err(CloseReason::ProtocolError(rule.to_owned()));
        let mut session = connection.session.borrow_mut();
        let Some(session) = session.as_mut() else {
            return Ok(());
        };
        let link = connection.link(&self.hub);
        match packet {
            Packet::Message(text) => {
                self.count_message(connection);
                self.engine.text(&link, session, &text)
            }
            Packet::Binary(data) => {
                self.count_message(connection);
                self.engine.binary(&link, session, data)
            }
            Packet::Pong(_) => {
                connection.beat(|heartbeat| heartbeat.pong(Instant::now(), &self.config.timing));
                self.arm(connection);
                Ok(())
            }
            Packet::Close => Err(CloseReason::ClientClosed),
            Packet::Noop => Ok(()),
            Packet::Ping(_) => wrong("the server pings, not the client"),
            Packet::Open(_) => wrong("an open packet from the client"),
            Packet::Upgrade => wrong("an upgrade packet without a probe"),
        }
    }

    fn count_message(&self, connection: &Connection<E::Session>) {
        if self.config.event_rate.is_some() {
            let mut bucket = connection.bucket.get();
            bucket.take();
            connection.bucket.set(bucket);
        }
    }

    /// How long the sender is over its rate.
    pub(crate) fn must_wait(&self, connection: &Connection<E::Session>) -> Option<Duration> {
        let rate = self.config.event_rate?;
        let mut bucket = connection.bucket.get();
        let wait = bucket.wait(Instant::now(), rate);
        connection.bucket.set(bucket);
        wait
    }

    /// Waits until the sender may be read from: it is under its rate, and no inbox is over its limit. Time spent here
    /// does not count towards the ping timeout, since a pong may be among what is not read.
    pub(crate) async fn hold(&self, connection: &Connection<E::Session>) {
        connection.beat(|heartbeat| heartbeat.hold(Instant::now()));
        self.arm(connection);
        while let Some(wait) = self.must_wait(connection) {
            tokio::time::sleep(wait).await;
        }
        self.hub.congestion().relief().await;
        connection.beat(|heartbeat| heartbeat.release(Instant::now()));
    }
}
