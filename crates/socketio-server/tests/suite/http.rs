//! A raw HTTP/1.1 client, and a long-polling client made of two of them.

use crate::harness::DEADLINE;
use std::{
    collections::VecDeque,
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
};

/// Where sessions are opened by long-polling.
pub(crate) const POLLING: &str = "/socket.io/?EIO=4&transport=polling";
/// Stands between the packets of a payload.
pub(crate) const SEPARATOR: char = '\u{1e}';

pub(crate) struct Http(pub(crate) BufReader<TcpStream>);

#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Response {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    #[track_caller]
    pub(crate) fn expect(&self, status: u16, body: &str) {
        assert_eq!((self.status, self.text()), (status, body));
    }
}

impl Http {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stream.set_write_timeout(Some(DEADLINE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self(BufReader::new(stream))
    }

    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.get_mut().write_all(bytes.as_ref()).unwrap();
    }

    /// Sends a request with these header lines.
    pub(crate) fn send_request(&mut self, method: &str, target: &str, headers: &[&str], body: &[u8]) {
        let mut bytes = format!("{method} {target} HTTP/1.1\r\nHost: test\r\n");
        for header in headers {
            bytes.extend([header, "\r\n"]);
        }
        if method == "POST" {
            bytes.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        bytes.push_str("\r\n");
        let mut bytes = bytes.into_bytes();
        bytes.extend_from_slice(body);
        self.send(bytes);
    }

    pub(crate) fn request(&mut self, method: &str, target: &str, headers: &[&str]) -> Response {
        self.send_request(method, target, headers, b"");
        self.response()
    }

    pub(crate) fn post(&mut self, target: &str, body: impl AsRef<[u8]>) -> Response {
        self.send_request("POST", target, &[], body.as_ref());
        self.response()
    }

    #[track_caller]
    pub(crate) fn response(&mut self) -> Response {
        self.try_response().expect("an answer")
    }

    pub(crate) fn try_response(&mut self) -> io::Result<Response> {
        let status = self.line()?;
        let status = status.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.ok_or(io::ErrorKind::UnexpectedEof)?;
        let mut headers = Vec::new();
        loop {
            let line = self.line()?;
            let Some((name, value)) = line.split_once(':') else { break };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let mut response = Response { status, headers, body: Vec::new() };
        let length = response.header("content-length").map_or(0, |length| length.parse().unwrap());
        response.body = vec![0; length];
        self.0.read_exact(&mut response.body)?;
        Ok(response)
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.0.read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    }

    /// Reads up to the end of the stream. A reset is an end too.
    #[track_caller]
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        match self.0.read_to_end(&mut rest) {
            Err(error) if error.kind() != io::ErrorKind::ConnectionReset => panic!("still open: {error}"),
            _ => rest,
        }
    }
}

/// A session on long-polling, with one socket for GETs and one for POSTs.
pub(crate) struct Polling {
    pub(crate) sid: String,
    pub(crate) target: String,
    pub(crate) get: Http,
    pub(crate) post: Http,
    packets: VecDeque<String>,
}

impl Polling {
    pub(crate) fn open(address: SocketAddr) -> Self {
        let (mut get, post) = (Http::connect(address), Http::connect(address));
        let response = get.request("GET", POLLING, &[]);
        assert_eq!(response.status, 200);
        let handshake: serde_json::Value =
            serde_json::from_str(response.text().strip_prefix('0').unwrap()).unwrap();
        let sid = handshake["sid"].as_str().unwrap().to_owned();
        Self { target: format!("{POLLING}&sid={sid}"), sid, get, post, packets: VecDeque::new() }
    }

    /// Opens a session and connects `/`.
    pub(crate) fn connected(address: SocketAddr) -> Self {
        let mut client = Self::open(address);
        client.send("40");
        let answer = client.next();
        assert!(answer.starts_with(r#"40{"sid":""#), "{answer}");
        client
    }

    #[track_caller]
    pub(crate) fn send(&mut self, payload: impl AsRef<[u8]>) {
        self.post.post(&self.target, payload).expect(200, "ok");
    }

    pub(crate) fn begin_poll(&mut self) {
        self.get.send_request("GET", &self.target, &[], b"");
    }

    #[track_caller]
    pub(crate) fn poll(&mut self) -> Response {
        self.begin_poll();
        self.get.response()
    }

    /// The next packet: of the last payload, or of a new one.
    #[track_caller]
    pub(crate) fn next(&mut self) -> String {
        while self.packets.is_empty() {
            let response = self.poll();
            assert_eq!(response.status, 200, "{response:?}");
            self.packets.extend(response.text().split(SEPARATOR).map(ToOwned::to_owned));
        }
        self.packets.pop_front().unwrap()
    }
}
