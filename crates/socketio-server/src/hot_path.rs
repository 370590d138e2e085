//! The second half of the hot path without a network, for the benchmarks in `bench/micro`: a room full of members on
//! Unix sockets whose other ends nobody reads until [`HotPath::drain`]. Only with the feature `bench`.

use crate::{
    app::App,
    config::Config,
    connection::{CloseReason, Transport},
    engine::{Ask, Engine, Handshake, Link},
    frame::Publication,
    hub::Hub,
    room::RoomId,
    shard::Shard,
    stream::Stream,
};
use bytes::Bytes;
use std::{
    io::{self, Read},
    os::unix::net::UnixStream,
    rc::Rc,
    sync::Arc,
};

/// A shard with one room.
pub struct HotPath {
    shard: Rc<Shard<Silent>>,
    room: RoomId,
    clients: Vec<UnixStream>,
}

impl HotPath {
    /// Makes a room of `members`. To be called, and used, on a tokio `LocalRuntime`.
    ///
    /// # Errors
    /// Where the system gives no more sockets.
    pub fn new(members: usize, app: App) -> io::Result<Self> {
        let hub = Hub::new(1);
        let shard = Shard::new(0, hub, Arc::new(Config::default()), Arc::new(Silent), app);
        let room = RoomId::first();
        let mut clients = Vec::new();
        for _ in 0..members {
            let (server, client) = UnixStream::pair()?;
            server.set_nonblocking(true)?;
            client.set_nonblocking(true)?;
            let stream = Stream::Unix(tokio::net::UnixStream::from_std(server)?);
            let connection = shard.insert(Transport::WebSocket(Rc::new(stream)));
            shard.seat(room, connection.id.key);
            clients.push(client);
        }
        Ok(Self { shard, room, clients })
    }

    /// Puts a publication into every member's queue.
    pub fn deliver(&self, publication: &Publication) {
        self.shard.deliver(self.room, publication);
    }

    /// Writes every queue to its socket.
    pub fn flush(&self) {
        self.shard.flush_dirty();
    }

    /// Reads what has been written; says how many bytes.
    ///
    /// # Errors
    /// Where a socket broke.
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

    fn hears(&self, _session: &(), _namespace: &str) -> bool {
        false
    }

    fn ask(&self, _link: &Link<'_>, _session: &mut (), _ask: Ask) -> Option<Publication> {
        None
    }

    fn refuse_origin(&self, _origin: &str) -> String {
        String::new()
    }
}
