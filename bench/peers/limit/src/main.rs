//! The yardstick: the least that one core has to do to fan messages out over WebSocket. One epoll loop; each turn reads
//! what has arrived, appends the frames for each room to its members' buffers, then writes each of those connections once.
//!
//! It speaks just enough Socket.IO for the load generator and keeps no promise of a real server: no polling, no
//! heartbeat, no check of what it reads, no bound on what waits for a slow reader, no JSON parser. It shows what the
//! kernel and the copying cost, so that what a real server adds can be told apart from it.

use std::collections::HashMap;
use std::io::{self, Read, Write};

use memchr::memmem;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use slab::Slab;

const LISTENER: Token = Token(usize::MAX);

struct Connection {
    stream: TcpStream,
    upgraded: bool,
    room: Option<usize>,
    /// Bytes of a request or a frame that is not complete yet.
    input: Vec<u8>,
    /// Bytes that the next write sends.
    output: Vec<u8>,
    /// Whether the connection is on the list of those to write to at the end of this turn.
    dirty: bool,
}

#[derive(Default)]
struct Server {
    connections: Slab<Connection>,
    dirty: Vec<usize>,
    rooms: Vec<Vec<usize>>,
    room_numbers: HashMap<Vec<u8>, usize>,
}

impl Server {
    /// Reads until the socket is empty. A short read says so, unless the peer has closed: then the end is still to come.
    fn read(&mut self, id: usize, closed: bool, scratch: &mut [u8]) {
        loop {
            let Some(connection) = self.connections.get_mut(id) else { return };
            match connection.stream.read(scratch) {
                Ok(0) => return self.close(id),
                Ok(count) => {
                    let mut input = std::mem::take(&mut connection.input);
                    input.extend_from_slice(&scratch[..count]);
                    let used = self.consume(id, &mut input);
                    input.drain(..used);
                    if let Some(connection) = self.connections.get_mut(id) {
                        connection.input = input;
                    }
                    if count < scratch.len() && !closed {
                        return;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(_) => return self.close(id),
            }
        }
    }

    /// Handles every complete request and frame in `input`; returns how many bytes they were.
    fn consume(&mut self, id: usize, input: &mut [u8]) -> usize {
        let mut used = 0;
        if !self.connections[id].upgraded {
            let Some(end) = memmem::find(input, b"\r\n\r\n") else { return 0 };
            self.upgrade(id, &input[..end]);
            used = end + 4;
        }
        while let Some((header, length)) = frame_size(&input[used..]) {
            let frame = &mut input[used..used + header + length];
            let (head, payload) = frame.split_at_mut(header);
            let mask = &head[header - 4..];
            payload.iter_mut().zip(mask.iter().cycle()).for_each(|(byte, key)| *byte ^= key);
            if head[0] & 0x0f == 8 {
                self.close(id);
                return input.len();
            }
            self.packet(id, payload);
            used += header + length;
        }
        used
    }

    /// Answers the WebSocket handshake, and with it the Engine.IO one.
    fn upgrade(&mut self, id: usize, request: &[u8]) {
        let key = request
            .split(|byte| *byte == b'\n')
            .filter(|line| line.len() > 18)
            .find(|line| line[..18].eq_ignore_ascii_case(b"sec-websocket-key:"))
            .map_or(&b""[..], |line| line[18..].trim_ascii());
        let accept = tungstenite::handshake::derive_accept_key(key);
        let mut answer = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
        )
        .into_bytes();
        let open =
            r#"0{"sid":"x","upgrades":[],"pingInterval":600000,"pingTimeout":600000,"maxPayload":1000000}"#;
        answer.extend(frame(&[open.as_bytes()]));
        self.connections[id].upgraded = true;
        self.send(id, &answer);
    }

    fn packet(&mut self, id: usize, packet: &[u8]) {
        if packet == b"40" {
            self.send(id, &frame(&[br#"40{"sid":"y"}"#]));
        } else if packet.starts_with(br#"42["text""#) {
            let Some(room) = self.connections[id].room else { return };
            let (name, msg) = (field(packet, br#""name":""#), field(packet, br#""msg":""#));
            self.publish(room, &frame(&[br#"42["message",{"msg":""#, name, b": ", msg, br#""}]"#]));
        } else if packet.starts_with(br#"42["joined""#) {
            let next = self.rooms.len();
            let room = *self.room_numbers.entry(field(packet, br#""room":""#).to_vec()).or_insert(next);
            if room == next {
                self.rooms.push(Vec::new());
            }
            self.connections[id].room = Some(room);
            self.rooms[room].push(id);
            self.status(room, packet, b" has entered the room.");
        } else if packet.starts_with(br#"42["left""#)
            && let Some(room) = self.leave(id)
        {
            self.status(room, packet, b" has left the room.");
        }
    }

    fn status(&mut self, room: usize, packet: &[u8], what: &[u8]) {
        let name = field(packet, br#""name":""#);
        self.publish(room, &frame(&[br#"42["status",{"msg":""#, name, what, br#""}]"#]));
    }

    fn publish(&mut self, room: usize, frame: &[u8]) {
        let members = std::mem::take(&mut self.rooms[room]);
        for member in &members {
            self.send(*member, frame);
        }
        self.rooms[room] = members;
    }

    fn send(&mut self, id: usize, bytes: &[u8]) {
        let connection = &mut self.connections[id];
        connection.output.extend_from_slice(bytes);
        if !connection.dirty {
            connection.dirty = true;
            self.dirty.push(id);
        }
    }

    /// One write; what the socket does not take stays until it is writable.
    fn write(&mut self, id: usize) {
        let Some(connection) = self.connections.get_mut(id) else { return };
        if connection.output.is_empty() {
            return;
        }
        match connection.stream.write(&connection.output) {
            Ok(count) => drop(connection.output.drain(..count)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => self.close(id),
        }
    }

    fn flush(&mut self) {
        for id in std::mem::take(&mut self.dirty) {
            if let Some(connection) = self.connections.get_mut(id) {
                connection.dirty = false;
                self.write(id);
            }
        }
    }

    fn leave(&mut self, id: usize) -> Option<usize> {
        let room = self.connections[id].room.take()?;
        self.rooms[room].retain(|member| *member != id);
        Some(room)
    }

    fn close(&mut self, id: usize) {
        if self.connections.contains(id) {
            self.leave(id);
            self.connections.remove(id);
        }
    }
}

/// Lengths of the header and the payload of the masked frame at the start of `input`, once all of it is there.
fn frame_size(input: &[u8]) -> Option<(usize, usize)> {
    let (header, length) = match *input.get(1)? & 127 {
        126 => (8, u16::from_be_bytes(*input.get(2..)?.first_chunk()?) as usize),
        127 => (14, u64::from_be_bytes(*input.get(2..)?.first_chunk()?) as usize),
        length => (6, length as usize),
    };
    (input.len() >= header + length).then_some((header, length))
}

/// A text frame from the server, with `parts` as its payload.
fn frame(parts: &[&[u8]]) -> Vec<u8> {
    let length = parts.iter().map(|part| part.len()).sum::<usize>();
    let mut frame = vec![0x81];
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(length @ ..126), _) => frame.push(length),
        (_, Ok(length)) => {
            frame.push(126);
            frame.extend(length.to_be_bytes());
        }
        _ => {
            frame.push(127);
            frame.extend((length as u64).to_be_bytes());
        }
    }
    parts.iter().for_each(|part| frame.extend_from_slice(part));
    frame
}

/// The string behind `key` as it stands in the JSON, escapes and all.
fn field<'a>(packet: &'a [u8], key: &[u8]) -> &'a [u8] {
    let Some(start) = memmem::find(packet, key).map(|at| at + key.len()) else { return b"" };
    let mut end = start;
    while end < packet.len() && packet[end] != b'"' {
        end += if packet[end] == b'\\' { 2 } else { 1 };
    }
    &packet[start..end.min(packet.len())]
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let port: u16 = std::env::var("PORT")?.parse()?;
    let mut listener = TcpListener::bind(([127, 0, 0, 1], port).into())?;
    let mut poll = Poll::new()?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    let mut events = Events::with_capacity(1024);
    let mut scratch = vec![0; 64 * 1024];
    let mut server = Server::default();
    loop {
        poll.poll(&mut events, None)?;
        for event in &events {
            if event.token() == LISTENER {
                while let Ok((mut stream, _)) = listener.accept() {
                    stream.set_nodelay(true)?;
                    let entry = server.connections.vacant_entry();
                    let both = Interest::READABLE | Interest::WRITABLE;
                    poll.registry().register(&mut stream, Token(entry.key()), both)?;
                    let (input, output) = (Vec::new(), Vec::new());
                    entry.insert(Connection {
                        stream,
                        upgraded: false,
                        room: None,
                        input,
                        output,
                        dirty: false,
                    });
                }
                continue;
            }
            let id = event.token().0;
            if event.is_writable() {
                server.write(id);
            }
            if event.is_readable() {
                server.read(id, event.is_read_closed(), &mut scratch);
            }
        }
        server.flush();
    }
}
