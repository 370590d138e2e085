//! The second half of the hot path without a network, for the benchmarks in `bench/micro`: a room full of members on
//! Unix sockets whose other ends nobody reads until [`HotPath::drain`]. Only with the feature `bench`, and for
//! the test below.

use crate::{
    config::Config,
    connection::{CloseReason, Transport},
    engine::{Engine, Handshake, Link},
    frame::Publication,
    http::app::App,
    hub::Hub,
    room::{Delivery, Room},
    shard::Shard,
    stream::Stream,
};
use bytes::Bytes;
use std::{
    io::{self, Read},
    os::unix::net::UnixStream,
    rc::Rc,
    sync::Arc,
    time::Instant,
};

/// A shard with one room.
pub struct HotPath {
    shard: Rc<Shard<Silent>>,
    room: Room,
    clients: Vec<UnixStream>,
}

impl HotPath {
    /// Makes a room of `members`. To be called, and used, on a tokio `LocalRuntime`.
    ///
    /// # Errors
    /// If the system has no more sockets.
    pub fn new(members: usize, app: App) -> io::Result<Self> {
        Self::with(Config::default(), members, app)
    }

    fn with(config: Config, members: usize, app: App) -> io::Result<Self> {
        let hub = Hub::new(&config);
        let room = hub.room();
        let shard = Shard::new(0, hub, Arc::new(config), Arc::new(Silent), app);
        let mut clients = Vec::new();
        for _ in 0..members {
            let (server, client) = UnixStream::pair()?;
            server.set_nonblocking(true)?;
            client.set_nonblocking(true)?;
            let stream = Stream::Unix(tokio::net::UnixStream::from_std(server)?);
            let connection = shard.insert(Transport::WebSocket(Rc::new(stream)));
            shard.seat(room.clone(), connection.id.key);
            clients.push(client);
        }
        Ok(Self { shard, room, clients })
    }

    /// Puts a publication into every member's queue.
    pub fn deliver(&self, publication: &Publication) {
        let (room, publication, members) = (self.room.clone(), publication.clone(), self.clients.len());
        self.shard.deliver(&Delivery::new(room, publication, members, Instant::now()));
    }

    /// Writes every queue to its socket.
    pub fn flush(&self) {
        while !self.shard.flush_dirty() {}
    }

    /// Reads what has been written. Returns how many bytes.
    ///
    /// # Errors
    /// If a socket is broken.
    pub fn drain(&mut self) -> io::Result<usize> {
        let (mut buffer, mut all) = ([0; 65_536], 0);
        for client in &mut self.clients {
            loop {
                match client.read(&mut buffer) {
                    Ok(count) => all += count,
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(all)
    }
}

struct Silent;

impl Engine for Silent {
    type Session = ();

    fn claims(&self, _path: &str) -> bool {
        false
    }

    fn open(&self, _link: &Link<'_>, _handshake: &Handshake<'_>) {}

    fn text(&self, _link: &Link<'_>, _session: &mut (), _text: &str) -> Result<(), CloseReason> {
        Ok(())
    }

    fn binary(&self, _link: &Link<'_>, _session: &mut (), _data: Bytes) -> Result<(), CloseReason> {
        Ok(())
    }

    fn close(&self, _link: &Link<'_>, _session: (), _reason: &CloseReason) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt;

    fn no_app() -> App {
        App::new(tower::service_fn(|_| async {
            let body = http_body_util::Empty::new().map_err(|never| match never {}).boxed_unsync();
            Ok(crate::AppAnswer::Whole(http::Response::new(body)))
        }))
    }

    /// The letters of the messages that have come, without frame headers and packet digits.
    fn read(client: &mut UnixStream) -> String {
        let mut buffer = [0; 1024];
        let count = client.read(&mut buffer).unwrap_or(0);
        buffer[..count]
            .iter()
            .filter(|byte| byte.is_ascii_uppercase())
            .map(|&byte| char::from(byte))
            .collect()
    }

    #[test]
    fn given_a_member_that_was_written_out_of_turn_when_its_turn_comes_then_it_gets_each_message_once() {
        on_each_way(async |uring| {
            // A message has four bytes on the wire.
            let config = Config { uring, queue_limit: 10, ..Config::default() };
            let mut path = HotPath::with(config, 4, no_app()).unwrap();
            tokio::task::yield_now().await;
            for message in ["A", "B", "C", "D", "E"] {
                path.deliver(&message.into());
            }
            path.flush();
            assert_eq!(path.clients.iter_mut().map(read).collect::<Vec<_>>(), ["ABCDE"; 4]);
        });
    }

    /// Once with a system call for each socket, and once with one for several, where the system has that.
    fn on_each_way(test: impl AsyncFn(bool)) {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build_local(Default::default());
        let runtime = runtime.unwrap();
        for uring in [false, crate::try_ring().is_ok()] {
            runtime.block_on(test(uring));
        }
    }

    #[test]
    fn given_a_pass_over_a_room_when_a_message_comes_then_those_not_yet_written_get_both_and_then_the_others()
    {
        on_each_way(async |uring| {
            let config = Config { uring, ..Config::default() };
            let mut path = HotPath::with(config, 80, no_app()).unwrap();
            // The runtime learns that the sockets can be written.
            tokio::task::yield_now().await;
            let mut turn = |said: Option<&str>| {
                if let Some(message) = said {
                    path.deliver(&message.into());
                }
                let is_over = path.shard.flush_dirty();
                let heard: Vec<String> = path.clients.iter_mut().map(read).collect();
                (is_over, ["A", "AB", "B"].map(|what| heard.iter().filter(|heard| *heard == what).count()))
            };
            assert_eq!(turn(Some("A")), (false, [32, 0, 0]));
            assert_eq!(turn(Some("B")), (false, [0, 32, 0]));
            assert_eq!(turn(None), (false, [0, 16, 16]));
            assert_eq!(turn(None), (true, [0, 0, 16]));
        });
    }
}
