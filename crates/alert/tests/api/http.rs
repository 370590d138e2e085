//! HTTP as bytes on a socket: nothing that a library would smooth over.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};

use serde_json::Value;

use crate::server::{DEADLINE, Server};

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: String,
}

/// An open-ended response.
pub(crate) struct Listening {
    reader: BufReader<Chunked>,
    pub(crate) head: String,
    pub(crate) last_id: String,
}

/// The body of a chunked response. What a read brings is of one chunk.
struct Chunked {
    stream: BufReader<TcpStream>,
    /// Bytes of the current chunk that are still to come; nothing after the last chunk.
    left: Option<usize>,
}

impl Server {
    pub(crate) fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        Answer::read(self.send(method, path, headers, body))
    }

    /// Asks for a path at another host.
    pub(crate) fn ask_host(&self, host: &str, path: &str) -> Answer {
        let mut stream = TcpStream::connect(self.address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n").unwrap();
        Answer::read(stream)
    }

    /// Asks at another address of this server.
    pub(crate) fn ask_at(address: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        let host = format!("host: {address}\r\n");
        let host = if headers.iter().any(|(name, _)| *name == "host") { "" } else { &host };
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        write!(stream, "GET {path} HTTP/1.1\r\n{host}connection: close\r\n{headers}\r\n").unwrap();
        Answer::read(stream)
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], b"")
    }

    /// As `curl -d` does it.
    pub(crate) fn post(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let form = [("content-type", "application/x-www-form-urlencoded")];
        self.ask("POST", path, &[&form, headers].concat(), body.as_bytes())
    }

    /// Asks, and waits for the end of the connection, which comes without an answer.
    pub(crate) fn ask_in_vain(&self, method: &str, path: &str, body: &[u8]) {
        let mut answer = Vec::new();
        let _ = self.send(method, path, &[], body).read_to_end(&mut answer);
        assert_eq!(answer, b"");
    }

    /// Listens to a room; when this returns, it hears everything.
    pub(crate) fn listen(&self, room: &str, accept: &str) -> Listening {
        Listening::to(self.send("GET", &format!("/v1/rooms/{room}/events"), &[("accept", accept)], b""))
    }

    pub(crate) fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n", self.address);
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        if ["POST", "PUT", "PATCH", "DELETE"].contains(&method) {
            head += &format!("content-length: {}\r\n", body.len());
        }
        stream.write_all(&[(head + "\r\n").as_bytes(), body].concat()).unwrap();
        stream
    }
}

impl Answer {
    /// One that only began.
    pub(crate) fn of(status: u16) -> Self {
        Self { status, head: String::new(), body: String::new() }
    }

    /// Reads to the end of the stream.
    pub(crate) fn read(stream: TcpStream) -> Self {
        let mut reader = BufReader::new(stream);
        let head = read_head(&mut reader);
        let mut body = Vec::new();
        reader.read_to_end(&mut body).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Self { status, head, body: String::from_utf8(body).unwrap() }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        header(&self.head, name).unwrap_or_default()
    }

    /// The `code` of a problem document, which says its status too.
    pub(crate) fn problem(&self) -> String {
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        let document = self.json();
        assert_eq!(document["status"], self.status);
        document["code"].as_str().unwrap().to_owned()
    }
}

impl Listening {
    /// Reads the head of the response.
    pub(crate) fn to(stream: TcpStream) -> Self {
        let mut stream = BufReader::new(stream);
        let head = read_head(&mut stream);
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        Self { reader: BufReader::new(Chunked { stream, left: Some(0) }), head, last_id: String::new() }
    }

    /// What the next chunk holds.
    pub(crate) fn chunk(&mut self) -> String {
        let chunk = String::from_utf8(self.reader.fill_buf().unwrap().to_owned()).unwrap();
        self.reader.consume(chunk.len());
        chunk
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        header(&self.head, name).unwrap_or_default()
    }

    /// The next line, without its end; nothing when the server ended the response.
    pub(crate) fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let bytes = self.reader.read_line(&mut line).unwrap();
        (bytes > 0).then(|| line.strip_suffix('\n').unwrap().to_owned())
    }

    /// The length of what is left of a line, whose end may never come; `None` at the end, however that came.
    pub(crate) fn rest_of_line(&mut self) -> Option<usize> {
        let bytes = self.reader.read_until(b'\n', &mut Vec::new()).unwrap_or(0);
        (bytes > 0).then_some(bytes)
    }

    /// The next event of SSE: its name and the `msg` of its data. Comments, and places without an event, are skipped.
    pub(crate) fn event(&mut self) -> Option<(String, String)> {
        self.event_at().map(|(_, name, msg)| (name, msg))
    }

    /// The next event of SSE, and before its name the last `id`.
    pub(crate) fn event_at(&mut self) -> Option<(String, String, String)> {
        let mut name = None;
        loop {
            let line = self.line()?;
            if let Some(id) = line.strip_prefix("id: ") {
                id.clone_into(&mut self.last_id);
            } else if let Some(event) = line.strip_prefix("event: ") {
                name = Some(event.to_owned());
            } else if let Some(data) = line.strip_prefix("data: ") {
                let data: Value = serde_json::from_str(data).unwrap();
                assert_eq!(self.line()?, "");
                let msg = data["msg"].as_str().unwrap().to_owned();
                return Some((self.last_id.clone(), name.unwrap(), msg));
            } else {
                assert!(["", ":"].contains(&line.as_str()), "{line:?}");
            }
        }
    }

    /// The next object of NDJSON. Empty lines are skipped.
    pub(crate) fn object(&mut self) -> Option<(String, String)> {
        loop {
            let line = self.line()?;
            if !line.is_empty() {
                let object: Value = serde_json::from_str(&line).unwrap();
                let text = |key: &str| object[key].as_str().unwrap().to_owned();
                return Some((text("event"), text("msg")));
            }
        }
    }
}

impl Read for Chunked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(mut left) = self.left else { return Ok(0) };
        if left == 0 {
            let mut size = String::new();
            self.stream.read_line(&mut size)?;
            let size = usize::from_str_radix(size.trim_end(), 16);
            left = size.map_err(|_| io::Error::from(io::ErrorKind::UnexpectedEof))?;
        }
        let wanted = left.min(buffer.len());
        let count = self.stream.read(&mut buffer[..wanted])?;
        self.left = (left > 0).then_some(left - count);
        if count == left {
            let mut end = [0; 2];
            self.stream.read_exact(&mut end)?;
            assert_eq!(&end, b"\r\n");
        } else if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(count)
    }
}

fn read_head(reader: &mut impl BufRead) -> String {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(reader.read_line(&mut head).unwrap() > 0, "the head ends early: {head}");
    }
    head
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut fields = head.lines().filter_map(|line| line.split_once(": "));
    fields.find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}
