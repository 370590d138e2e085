//! A server for one member that does one thing wrong, to see that the fault is found.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

/// What it does wrong.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fault {
    /// Each message comes twice.
    Twice,
    /// Each second message comes before the first.
    Reversed,
    /// The first message never comes.
    FirstMissing,
    /// Messages come as if said in another room.
    ForeignRoom,
    /// It closes instead of delivering.
    Close,
}

pub(super) struct FaultyServer {
    pub(super) url: String,
}

impl FaultyServer {
    /// Serves one connection, from a thread that ends with it.
    pub(super) fn start(fault: Fault) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = listener.local_addr().unwrap().to_string();
        thread::spawn(move || serve(listener.accept().unwrap().0, fault));
        Self { url }
    }
}

fn serve(mut stream: TcpStream, fault: Fault) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    stream.write_all(b"HTTP/1.1 101 Switching Protocols\r\n\r\n").unwrap();
    send(&mut stream, "0{\"sid\":\"a\"}");
    let mut held = None;
    let mut said = 0;
    while let Some(packet) = receive(&mut stream) {
        if packet == "40" {
            send(&mut stream, "40{\"sid\":\"b\"}");
            continue;
        }
        let event: serde_json::Value = serde_json::from_str(&packet[2..]).unwrap();
        let name = event[1]["name"].as_str().unwrap();
        if event[0] == "joined" {
            send(&mut stream, &format!("42[\"status\",{{\"msg\":\"{name} has entered the room.\"}}]"));
            continue;
        }
        let message =
            format!("42[\"message\",{{\"msg\":\"{name}: {}\"}}]", event[1]["msg"].as_str().unwrap());
        said += 1;
        let deliveries = match (fault, held.take()) {
            (Fault::Twice, _) => vec![message.clone(), message],
            (Fault::Reversed, None) => {
                held = Some(message);
                vec![]
            }
            (Fault::Reversed, Some(before)) => vec![message, before],
            (Fault::FirstMissing, _) if said == 1 => vec![],
            (Fault::FirstMissing, _) => vec![message],
            (Fault::ForeignRoom, _) => vec![in_room_1(&message)],
            (Fault::Close, _) => {
                stream.write_all(b"\x88\x05\x03\xF4bye").unwrap();
                return;
            }
        };
        deliveries.iter().for_each(|delivery| send(&mut stream, delivery));
    }
}

/// The message with the number of another room: six digits after the mark and the eight of the run.
fn in_room_1(message: &str) -> String {
    let room = message.find('@').unwrap() + 9;
    format!("{}000001{}", &message[..room], &message[room + 6..])
}

fn send(stream: &mut TcpStream, packet: &str) {
    let mut frame = vec![0x81];
    match u8::try_from(packet.len()) {
        Ok(length @ ..126) => frame.push(length),
        _ => {
            frame.push(126);
            frame.extend_from_slice(&u16::try_from(packet.len()).unwrap().to_be_bytes());
        }
    }
    frame.extend_from_slice(packet.as_bytes());
    // The generator may be gone.
    let _ = stream.write_all(&frame);
}

/// A packet; `None` at the end. The generator masks with zeros.
fn receive(stream: &mut TcpStream) -> Option<String> {
    let mut header = [0; 2];
    stream.read_exact(&mut header).ok()?;
    let length = match header[1] & 0x7F {
        126 => {
            let mut length = [0; 2];
            stream.read_exact(&mut length).ok()?;
            usize::from(u16::from_be_bytes(length))
        }
        length => usize::from(length),
    };
    let mut frame = vec![0; 4 + length];
    stream.read_exact(&mut frame).ok()?;
    String::from_utf8(frame.split_off(4)).ok()
}
