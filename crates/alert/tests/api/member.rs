//! A member of a room: a Socket.IO client on a WebSocket.

use std::net::{SocketAddr, TcpStream};

use serde_json::{Value, json};
use tungstenite::{Message, WebSocket, client::IntoClientRequest};

use crate::server::{DEADLINE, Server};

pub(crate) struct Member(pub(crate) WebSocket<TcpStream>);

impl Server {
    /// Joins a room and hears its own `status`.
    pub(crate) fn join(&self, room: &str, name: &str) -> Member {
        let mut member = self.connect();
        member.emit_joined(room, name);
        assert_eq!(member.hears(), ("status".to_owned(), format!("{name} has entered the room.")));
        member
    }

    /// Connects, and joins nothing.
    pub(crate) fn connect(&self) -> Member {
        self.connect_by(self.address, "test")
    }

    /// The same by another way to the server, with a program of that name.
    pub(crate) fn connect_by(&self, address: SocketAddr, agent: &str) -> Member {
        let mut member = self.open_by(address, agent);
        member.send("40");
        assert!(member.packet().starts_with("40{"));
        member
    }

    /// The same, and connects no namespace.
    pub(crate) fn open_by(&self, address: SocketAddr, agent: &str) -> Member {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        let url = format!("ws://{}/socket.io/?EIO=4&transport=websocket", self.address);
        let mut request = url.into_client_request().unwrap();
        request.headers_mut().insert("user-agent", agent.parse().unwrap());
        let mut member = Member(tungstenite::client(request, stream).unwrap().0);
        assert!(member.packet().starts_with("0{"));
        member
    }
}

impl Member {
    /// The next event.
    pub(crate) fn hears(&mut self) -> (String, String) {
        let packet = self.packet();
        let event: Value = serde_json::from_str(packet.strip_prefix("42").unwrap()).unwrap();
        (event[0].as_str().unwrap().to_owned(), event[1]["msg"].as_str().unwrap().to_owned())
    }

    /// The next packet that is no ping.
    pub(crate) fn packet(&mut self) -> String {
        loop {
            match self.0.read().unwrap() {
                Message::Text(text) if text.as_str() == "2" => self.send("3"),
                Message::Text(text) => return text.as_str().to_owned(),
                other => panic!("{other:?}"),
            }
        }
    }

    pub(crate) fn emit_joined(&mut self, room: &str, name: &str) {
        self.send(&format!("42{}", json!(["joined", { "name": name, "headless": true, "room": room }])));
    }

    pub(crate) fn send(&mut self, packet: &str) {
        self.0.send(Message::text(packet)).unwrap();
    }
}
