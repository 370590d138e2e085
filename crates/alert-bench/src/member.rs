//! One member of a room: a Socket.IO client that joins, listens, and speaks when it is told to.

use mio::{Token, event::Event};

use super::{
    comeback::Return,
    error::Death,
    http,
    packet::{self, PONG, Packet},
    polling::{self, Polling},
    protocol::{Opened, Protocol, Said},
    shared::{Phase, Server, Shared},
    socket::Socket,
    websocket::{self, Frame},
};

#[derive(Debug)]
pub(super) struct Member {
    /// The number of its room.
    pub(super) room: u32,
    /// Its number in the room.
    pub(super) seat: u32,
    /// The number of its server.
    server: usize,
    pub(super) phase: Phase,
    /// When the phase that is being timed began.
    since: u64,
    wire: Wire,
    /// Set if it will be cut off.
    returns: Option<Box<Return>>,
}

#[derive(Debug)]
enum Wire {
    /// Not there yet, or no longer.
    Down,
    WebSocket {
        socket: Socket,
        upgraded: bool,
    },
    Polling(Box<Polling>),
}

impl Member {
    /// `returns` says whether it comes back when its connection ends.
    pub(super) fn new(room: u32, seat: u32, server: u32, returns: bool) -> Self {
        let returns = returns.then(Box::default);
        Self {
            room,
            seat,
            server: server as usize,
            phase: Phase::Connecting,
            since: 0,
            wire: Wire::Down,
            returns,
        }
    }

    /// Begins to connect and to join.
    pub(super) fn start(
        &mut self,
        polls: bool,
        tokens: [Token; 2],
        shared: &mut Shared,
    ) -> Result<(), Death> {
        shared.tick();
        self.since = shared.now;
        self.phase = Phase::Connecting;
        if let Some(returns) = &mut self.returns {
            returns.begin(shared.now);
        }
        let (query, protocol, names) = (shared.query, shared.protocol, shared.names);
        let Server { target, dialer } = shared.server(self.server);
        self.wire = if polls {
            Wire::Polling(Box::new(Polling::open(tokens, target, query, dialer)?))
        } else {
            let mut socket = dialer.dial(tokens[0])?;
            socket.send(&protocol.request(target, names, self.room, query))?;
            Wire::WebSocket { socket, upgraded: false }
        };
        Ok(())
    }

    /// Whether it is on its way into the room.
    pub(super) fn is_waiting(&self) -> bool {
        self.phase != Phase::Joined && !matches!(self.wire, Wire::Down)
    }

    /// Whether it is in its room, and connected.
    pub(super) fn is_in(&self) -> bool {
        self.phase == Phase::Joined && !matches!(self.wire, Wire::Down)
    }

    /// Cuts it off without a word to the server. Returns whether it was in its room.
    pub(super) fn cut(&mut self) -> bool {
        let was_in = self.phase == Phase::Joined;
        if was_in {
            self.lose();
        }
        was_in
    }

    /// Gives up its sockets. Returns whether it comes back, as it does once it has been in its room.
    pub(super) fn lose(&mut self) -> bool {
        self.hang_up();
        let Some(returns) = &mut self.returns else { return false };
        let comes_back = returns.is_again || self.phase == Phase::Joined;
        if comes_back {
            returns.lost();
            // As behind a balancer: its server may be what ended the connection.
            self.server += 1;
            self.phase = Phase::Connecting;
        }
        comes_back
    }

    /// Gives up its sockets.
    pub(super) fn hang_up(&mut self) {
        self.wire = Wire::Down;
    }

    /// One of its sockets is ready.
    pub(super) fn ready(
        &mut self,
        which: usize,
        event: &Event,
        scratch: &mut [u8],
        shared: &mut Shared,
    ) -> Result<(), Death> {
        let done = self.write_and_read(which, event, scratch, shared);
        if let Err(Death::Closed | Death::Io { .. }) = done
            && let Wire::Polling(polling) = &mut self.wire
            && polling.may_end(which)
        {
            return Ok(());
        }
        done
    }

    /// Sends an Engine.IO packet.
    pub(super) fn send(&mut self, packet: &[u8], shared: &mut Shared) -> Result<(), Death> {
        match &mut self.wire {
            Wire::Down => Ok(()),
            Wire::WebSocket { socket, .. } => {
                let mut frame = Vec::with_capacity(packet.len() + 14);
                shared.protocol.frame(packet, &mut frame);
                socket.send(&frame)
            }
            Wire::Polling(polling) => polling.send(packet, &mut shared.server(self.server).dialer),
        }
    }

    fn socket(&mut self, which: usize) -> Option<&mut Socket> {
        match &mut self.wire {
            Wire::WebSocket { socket, .. } => Some(socket),
            Wire::Polling(polling) => match which {
                0 => Some(&mut polling.get),
                _ => polling.post.as_mut(),
            },
            Wire::Down => None,
        }
    }

    fn write_and_read(
        &mut self,
        which: usize,
        event: &Event,
        scratch: &mut [u8],
        shared: &mut Shared,
    ) -> Result<(), Death> {
        if event.is_writable()
            && let Some(socket) = self.socket(which)
        {
            socket.on_writable()?;
        }
        if !(event.is_readable() || event.is_read_closed()) {
            return Ok(());
        }
        while let Some(socket) = self.socket(which) {
            let Some(count) = socket.read(scratch)? else { return Ok(()) };
            let mut inbox = socket.take_inbox();
            shared.tick();
            if inbox.is_empty() {
                let used = self.take(which, &scratch[..count], shared)?;
                inbox.extend_from_slice(&scratch[used..count]);
            } else {
                inbox.extend_from_slice(&scratch[..count]);
                let used = self.take(which, &inbox, shared)?;
                inbox.drain(..used);
            }
            if let Some(socket) = self.socket(which) {
                socket.keep(inbox);
            }
            // The buffer is not full, so the socket is empty, and asking again would be wasted.
            if count < scratch.len() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Handles all that is complete. Returns how many bytes that was.
    fn take(&mut self, which: usize, bytes: &[u8], shared: &mut Shared) -> Result<usize, Death> {
        match &mut self.wire {
            Wire::Down => Ok(bytes.len()),
            Wire::WebSocket { upgraded: true, .. } => self.take_frames(bytes, shared),
            Wire::WebSocket { upgraded, .. } => {
                let Some((response, used)) = http::read(bytes)? else { return Ok(0) };
                if response.status != 101 {
                    return Err(response.unwanted());
                }
                *upgraded = true;
                self.opened(shared)?;
                Ok(used + self.take_frames(&bytes[used..], shared)?)
            }
            Wire::Polling(_) => self.take_response(which, bytes, shared),
        }
    }

    fn take_frames(&mut self, bytes: &[u8], shared: &mut Shared) -> Result<usize, Death> {
        let mut rest = bytes;
        while let Some((frame, used)) = websocket::read(rest)? {
            match frame {
                Frame::Text(packet) if shared.protocol == Protocol::SocketIo => {
                    self.take_packet(packet, shared)?;
                }
                Frame::Text(packet) | Frame::Binary(packet) => self.take_foreign(packet, shared)?,
                Frame::Ping(payload) => {
                    let mut pong = Vec::new();
                    websocket::pong(payload, &mut pong);
                    self.socket(0).map_or(Ok(()), |socket| socket.send(&pong))?;
                }
                Frame::Other => {}
            }
            rest = &rest[used..];
        }
        Ok(bytes.len() - rest.len())
    }

    /// The WebSocket stands.
    fn opened(&mut self, shared: &mut Shared) -> Result<(), Death> {
        match shared.protocol.opened(shared.names, self.room, self.seat) {
            Opened::Wait => Ok(()),
            Opened::Greet(greeting) => self.send(&greeting, shared),
            Opened::Joined => {
                shared.connected(self.since);
                self.joined(shared);
                Ok(())
            }
        }
    }

    /// A frame of another protocol.
    fn take_foreign(&mut self, frame: &[u8], shared: &mut Shared) -> Result<(), Death> {
        let (protocol, names) = (shared.protocol, shared.names);
        protocol.read(frame, names, self.room, |said| match said {
            Said::Message(message) => {
                shared.heard(self.room, self.seat, message);
                Ok(())
            }
            Said::Connected(join) => {
                shared.connected(self.since);
                self.phase = Phase::Joining;
                self.since = shared.now;
                self.send(&join, shared)
            }
            Said::Joined => {
                self.joined(shared);
                Ok(())
            }
            Said::Ask(answer) => self.send(&answer, shared),
            Said::Nothing => Ok(()),
        })
    }

    fn take_response(&mut self, which: usize, bytes: &[u8], shared: &mut Shared) -> Result<usize, Death> {
        let Some((response, used)) = http::read(bytes)? else { return Ok(0) };
        if response.status != 200 {
            return Err(response.unwanted());
        }
        if which == 0 {
            for packet in polling::packets(&response.body) {
                self.take_packet(packet, shared)?;
            }
        }
        let Wire::Polling(polling) = &mut self.wire else { return Ok(used) };
        let dialer = &mut shared.server(self.server).dialer;
        match which {
            0 => polling.poll(&response, dialer)?,
            _ => polling.posted(&response, dialer)?,
        }
        Ok(used)
    }

    fn take_packet(&mut self, bytes: &[u8], shared: &mut Shared) -> Result<(), Death> {
        match Packet::read(bytes) {
            Packet::Message(text) => match &mut self.returns {
                None => shared.heard(self.room, self.seat, text),
                Some(returns) => {
                    returns.note(text);
                    shared.heard_by(self.room, self.seat, text, returns, self.phase);
                }
            },
            Packet::Status(text) => {
                packet::complaint(text)?;
                shared.status();
                if let Some(returns) = &mut self.returns {
                    returns.note(text);
                }
                if self.phase == Phase::Joining && shared.names.entered(self.seat, text) {
                    self.joined(shared);
                }
            }
            Packet::Ping => self.send(PONG, shared)?,
            Packet::Open(json) => {
                if let Wire::Polling(polling) = &mut self.wire {
                    let query = shared.query;
                    polling.opened(&packet::sid(json)?, &shared.server(self.server).target, query);
                }
                let connect = self.returns.as_ref().map(|returns| returns.connect());
                self.send(connect.as_deref().unwrap_or(packet::CONNECT), shared)?;
            }
            Packet::Connected(json) if self.phase == Phase::Connecting => self.connected(json, shared)?,
            Packet::Refused(json) => return Err(Death::Refused(packet::excerpt(json))),
            Packet::Close => return Err(Death::Disconnected),
            Packet::Connected(_) | Packet::Other => {}
        }
        Ok(())
    }

    fn connected(&mut self, json: &[u8], shared: &mut Shared) -> Result<(), Death> {
        if let Some(returns) = &mut self.returns {
            let is_again = returns.is_again;
            if returns.connected(json, &mut shared.comebacks, shared.now) {
                shared.counts.progress_at = shared.now;
                self.phase = Phase::Joined;
                shared.recovered(self.room);
                return Ok(());
            }
            if !is_again {
                shared.connected(self.since);
            }
        } else {
            shared.connected(self.since);
        }
        self.phase = Phase::Joining;
        self.since = shared.now;
        let mut joined = Vec::new();
        shared.names.joined(self.room, self.seat, &mut joined);
        self.send(&joined, shared)
    }

    fn joined(&mut self, shared: &mut Shared) {
        self.phase = Phase::Joined;
        match &mut self.returns {
            Some(returns) if returns.is_again => returns.joined(&mut shared.comebacks, shared.now),
            _ => shared.joined(self.room, self.seat, self.since),
        }
    }
}
