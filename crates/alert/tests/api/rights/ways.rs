//! Whoever comes to a room, and what they come on: HTTP, or a line of a Socket.IO client, a WebSocket or polling.

use std::collections::VecDeque;
use std::net::TcpStream;

use serde_json::{Value, json};
use tungstenite::{Message, client::IntoClientRequest};

use super::{bearer, outcome};
use crate::http::{Answer, Listening};
use crate::member::Member;
use crate::server::{DEADLINE, Server};

/// Who comes, and to which room.
pub(super) struct Who {
    pub(super) room: String,
    pub(super) shows: Shows,
}

pub(super) enum Shows {
    Nothing,
    /// The cookie of a login as Ada in the room.
    Login(String),
    Token(String),
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Transport {
    WebSocket,
    Polling,
    Http,
}

/// What packets go over.
pub(super) enum Line<'a> {
    WebSocket(Box<Member>),
    Polling { server: &'a Server, path: String, cookie: String, packets: VecDeque<String> },
}

impl Who {
    /// What is shown in `auth.token`, or over HTTP.
    pub(super) fn token(&self) -> Option<&str> {
        match &self.shows {
            Shows::Nothing | Shows::Login(_) => None,
            Shows::Token(token) => Some(token),
        }
    }

    fn cookie(&self) -> &str {
        match &self.shows {
            Shows::Login(cookie) => cookie,
            _ => "none=1",
        }
    }

    /// The body of v1's `joined`.
    pub(super) fn joined(&self) -> Value {
        match &self.shows {
            Shows::Login(_) => json!(["joined", { "room": self.room }]),
            _ => json!(["joined", { "room": self.room, "headless": true, "name": "Ada" }]),
        }
    }

    pub(super) fn sends(&self, server: &Server, method: &str, path: &str, body: &Value) -> Answer {
        let authorization = self.token().map(bearer).unwrap_or_default();
        let mut headers = vec![("cookie", self.cookie()), ("content-type", "application/json")];
        if !authorization.is_empty() {
            headers.push(("authorization", &authorization));
        }
        Answer::read(server.send(method, path, &headers, body.to_string().as_bytes()))
    }

    /// Sends a request, whose answer is still to be read.
    pub(super) fn opens(
        &self,
        server: &Server,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
    ) -> TcpStream {
        let authorization = self.token().map(bearer);
        let mut all = vec![("cookie", self.cookie())];
        all.extend(authorization.iter().map(|shown| ("authorization", shown.as_str())));
        all.extend(headers);
        server.send(method, path, &all, b"hello")
    }

    pub(super) fn asks(&self, server: &Server, method: &str, path: &str, accept: &str) -> Answer {
        let stream = self.opens(server, method, path, &[("accept", accept)]);
        if !path.ends_with("/events") {
            return Answer::read(stream);
        }
        // A stream that begins has no end.
        begun(stream).map_or_else(|answer| answer, |_| Answer::of(200))
    }
}

/// A stream, or why there is none.
pub(super) fn begun(stream: TcpStream) -> Result<Listening, Answer> {
    let mut first = [0; 12];
    stream.peek(&mut first).unwrap();
    if first.ends_with(b"200") { Ok(Listening::to(stream)) } else { Err(Answer::read(stream)) }
}

impl<'a> Line<'a> {
    pub(super) fn open(server: &'a Server, who: &Who, transport: Transport) -> Self {
        Self::open_as(server, who, transport, "&recovery=1")
    }

    /// One that does not recover.
    pub(super) fn open_plain(server: &'a Server, who: &Who, transport: Transport) -> Self {
        Self::open_as(server, who, transport, "")
    }

    fn open_as(server: &'a Server, who: &Who, transport: Transport, query: &str) -> Self {
        match transport {
            Transport::WebSocket => Self::websocket(server, who, query),
            _ => Self::polling(server, who, query),
        }
    }

    fn websocket(server: &'a Server, who: &Who, query: &str) -> Self {
        let stream = TcpStream::connect(server.address).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        let url = format!("ws://{}/socket.io/?EIO=4&transport=websocket{query}", server.address);
        let mut request = url.into_client_request().unwrap();
        request.headers_mut().insert("cookie", who.cookie().parse().unwrap());
        let mut member = Member(tungstenite::client(request, stream).unwrap().0);
        assert!(member.packet().starts_with("0{"));
        Self::WebSocket(Box::new(member))
    }

    fn polling(server: &'a Server, who: &Who, query: &str) -> Self {
        let (path, cookie) = (format!("/socket.io/?EIO=4&transport=polling{query}"), who.cookie().to_owned());
        let mut line = Self::Polling { server, path, cookie, packets: VecDeque::new() };
        let open: Value = serde_json::from_str(line.packet().strip_prefix('0').unwrap()).unwrap();
        if let Self::Polling { path, .. } = &mut line {
            *path += &format!("&sid={}", open["sid"].as_str().unwrap());
        }
        line
    }

    pub(super) fn packet(&mut self) -> String {
        self.next().unwrap_or_else(|| panic!("the server has closed it"))
    }

    /// The next packet; nothing, when the server has closed it.
    pub(super) fn next(&mut self) -> Option<String> {
        match self {
            Self::WebSocket(member) => loop {
                match member.0.read() {
                    Ok(Message::Text(text)) if text.as_str() == "2" => member.send("3"),
                    Ok(Message::Text(text)) => return Some(text.as_str().to_owned()),
                    Ok(Message::Close(_)) => return None,
                    other => panic!("{other:?}"),
                }
            },
            Self::Polling { server, path, cookie, packets } => loop {
                match packets.pop_front() {
                    Some(packet) if packet == "1" => {
                        path.clear();
                        return None;
                    }
                    Some(packet) if packet == "2" => {
                        _ = server.ask("POST", path, &[("cookie", cookie)], b"3")
                    }
                    Some(packet) => return Some(packet),
                    None => {
                        let answer = server.ask("GET", path, &[("cookie", cookie)], b"");
                        packets.extend(answer.body.split('\x1e').map(str::to_owned));
                        // What ends a session comes in the last answer.
                        assert!(answer.status == 200 || answer.body.ends_with('1'), "{answer:?}");
                    }
                }
            },
        }
    }

    pub(super) fn send(&mut self, packet: &str) {
        match self {
            Self::WebSocket(member) => member.send(packet),
            Self::Polling { server, path, cookie, .. } => {
                assert_eq!(server.ask("POST", path, &[("cookie", cookie)], packet.as_bytes()).status, 200);
            }
        }
    }

    /// Connects a namespace (`` or `/v2,`), showing what `who` has, and gives the answer.
    pub(super) fn connect(&mut self, namespace: &str, who: &Who, more: &Value) -> String {
        self.asks_to_connect(namespace, who, more);
        self.packet()
    }

    pub(super) fn asks_to_connect(&mut self, namespace: &str, who: &Who, more: &Value) {
        let mut auth = more.clone();
        if let Some(token) = who.token() {
            auth["token"] = token.into();
        }
        self.send(&format!("40{namespace}{auth}"));
    }

    /// Goes without a word.
    pub(super) fn lost(mut self) {
        if let Self::Polling { path, .. } = &mut self {
            path.clear();
        }
    }

    /// What becomes of events, one after the other: the first refusal, or `ok`.
    pub(super) fn carries_out(&mut self, namespace: &str, events: &[Value]) -> String {
        for (number, event) in events.iter().enumerate() {
            self.send(&format!("42{namespace}{number}{event}"));
            let ack = loop {
                if let Some(ack) = self.packet().strip_prefix(&format!("43{namespace}{number}")) {
                    break serde_json::from_str::<Value>(ack).unwrap()[0].clone();
                }
            };
            if outcome(&ack) != "ok" {
                // Whoever raises a hand where nobody need has the right to.
                let is_open = ack["error"]["message"].as_str().unwrap().starts_with("everybody may speak");
                return if is_open { "room_open".to_owned() } else { outcome(&ack) };
            }
        }
        "ok".to_owned()
    }
}

impl Drop for Line<'_> {
    /// Whoever polls says that they go; otherwise the server would wait for them.
    fn drop(&mut self) {
        if let Self::Polling { server, path, cookie, .. } = self
            && !path.is_empty()
        {
            server.ask("POST", path, &[("cookie", cookie)], b"1");
        }
    }
}

impl Answer {
    /// `ok`, or the code of what is wrong.
    pub(super) fn outcome(&self) -> String {
        if self.status < 300 { "ok".to_owned() } else { self.problem() }
    }
}
