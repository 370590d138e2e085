//! Long-polling: one socket that always has a GET under way, and one for POSTs, opened when there is something to say.

use std::mem;

use mio::Token;

use super::{dialer::Dialer, error::Death, http::Response, socket::Socket, target::Target};

const SEPARATOR: u8 = 0x1E;

/// The two sockets of a session.
#[derive(Debug)]
pub(super) struct Polling {
    /// The socket with the GET.
    pub(super) get: Socket,
    /// The socket for POSTs.
    pub(super) post: Option<Socket>,
    session: Option<Session>,
    /// Packets for the next POST.
    waiting: Vec<u8>,
    posting: bool,
    /// The tokens under which the sockets report.
    tokens: [Token; 2],
}

#[derive(Debug)]
struct Session {
    /// The request line's target.
    path: String,
    host: String,
}

impl Polling {
    /// Begins a session. `query` is added to the query of its requests.
    pub(super) fn open(
        tokens: [Token; 2],
        target: &Target,
        query: &str,
        dialer: &mut Dialer,
    ) -> Result<Self, Death> {
        let mut get = dialer.dial(tokens[0])?;
        let Target { path, host, .. } = target;
        get.send(
            format!("GET {path}?EIO=4&transport=polling{query} HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes(),
        )?;
        Ok(Self { get, post: None, session: None, waiting: Vec::new(), posting: false, tokens })
    }

    /// The server named the session.
    pub(super) fn opened(&mut self, sid: &str, target: &Target, query: &str) {
        let path = format!("{}?EIO=4&transport=polling{query}&sid={sid}", target.path);
        self.session = Some(Session { path, host: target.host.clone() });
    }

    /// The answer to the GET has been read: sends the next one.
    pub(super) fn poll(&mut self, last: &Response<'_>, dialer: &mut Dialer) -> Result<(), Death> {
        let Some(Session { path, host }) = &self.session else {
            return Err(Death::Protocol("no OPEN packet"));
        };
        if last.close {
            self.get = dialer.dial(self.tokens[0])?;
        }
        self.get.send(format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes())
    }

    /// Sends a packet, or keeps it for the next POST while one is under way.
    pub(super) fn send(&mut self, packet: &[u8], dialer: &mut Dialer) -> Result<(), Death> {
        if !self.waiting.is_empty() {
            self.waiting.push(SEPARATOR);
        }
        self.waiting.extend_from_slice(packet);
        self.post_waiting(dialer)
    }

    /// The answer to the POST has been read.
    pub(super) fn posted(&mut self, response: &Response<'_>, dialer: &mut Dialer) -> Result<(), Death> {
        self.posting = false;
        if response.close {
            self.post = None;
        }
        self.post_waiting(dialer)
    }

    /// Whether it does not matter that this socket ends: servers close one that is quiet for long.
    pub(super) fn may_end(&mut self, socket: usize) -> bool {
        let quiet = socket == 1 && !self.posting;
        if quiet {
            self.post = None;
        }
        quiet
    }

    fn post_waiting(&mut self, dialer: &mut Dialer) -> Result<(), Death> {
        if self.posting || self.waiting.is_empty() {
            return Ok(());
        }
        let Some(Session { path, host }) = &self.session else { return Ok(()) };
        let body = mem::take(&mut self.waiting);
        let mut request = format!(
            "POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: text/plain;charset=UTF-8\r\nContent-Length: {}\r\n\r\n",
            body.len()
        )
        .into_bytes();
        request.extend_from_slice(&body);
        let socket = match &mut self.post {
            Some(socket) => socket,
            none => none.insert(dialer.dial(self.tokens[1])?),
        };
        self.posting = true;
        socket.send(&request)
    }
}

/// The packets in the body of an answer.
pub(super) fn packets(body: &[u8]) -> impl Iterator<Item = &[u8]> {
    body.split(|byte| *byte == SEPARATOR)
}
