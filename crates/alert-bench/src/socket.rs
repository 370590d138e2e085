//! A socket, with what is half read and what could not be written yet.

use std::io::{self, ErrorKind, Read, Write};
use std::mem;

use mio::net::TcpStream;

use super::{error::Death, tls::Session};

/// A connecting or connected TCP socket.
#[derive(Debug)]
pub(super) struct Socket {
    stream: TcpStream,
    tls: Option<Box<Session>>,
    connected: bool,
    inbox: Vec<u8>,
    outbox: Vec<u8>,
}

impl Socket {
    /// From a stream that has begun to connect.
    pub(super) fn new(stream: TcpStream, tls: Option<Box<Session>>) -> Self {
        Self { stream, tls, connected: false, inbox: Vec::new(), outbox: Vec::new() }
    }

    /// Writes now, and keeps for later what the system does not take.
    pub(super) fn send(&mut self, bytes: &[u8]) -> Result<(), Death> {
        if let Some(tls) = &mut self.tls {
            tls.send(bytes)?;
            return if self.connected { tls.flush(&mut self.stream) } else { Ok(()) };
        }
        let written = if self.connected && self.outbox.is_empty() { self.write(bytes)? } else { 0 };
        self.outbox.extend_from_slice(&bytes[written..]);
        Ok(())
    }

    /// The system says that the socket is writable, which is also how it says that it is connected.
    pub(super) fn on_writable(&mut self) -> Result<(), Death> {
        if !self.connected {
            if let Some(error) = self.stream.take_error()? {
                return Err(error.into());
            }
            // A report about the socket that had this token before.
            if self.stream.peer_addr().is_err_and(|error| error.kind() == ErrorKind::NotConnected) {
                return Ok(());
            }
            self.connected = true;
        }
        if let Some(tls) = &mut self.tls {
            return tls.flush(&mut self.stream);
        }
        if self.outbox.is_empty() {
            return Ok(());
        }
        let outbox = mem::take(&mut self.outbox);
        let written = self.write(&outbox)?;
        self.outbox = outbox;
        self.outbox.drain(..written);
        Ok(())
    }

    /// Reads once; `None` when there is nothing.
    pub(super) fn read(&mut self, scratch: &mut [u8]) -> Result<Option<usize>, Death> {
        loop {
            let read = match &mut self.tls {
                Some(tls) => tls.read(&mut self.stream, scratch),
                None => self.stream.read(scratch),
            };
            return match read {
                Ok(0) => Err(Death::Closed),
                Ok(count) => Ok(Some(count)),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) if is_not_yet(&error) => Ok(None),
                Err(error) => Err(error.into()),
            };
        }
    }

    /// What was read before and is incomplete. Return it with [`Socket::keep`].
    pub(super) fn take_inbox(&mut self) -> Vec<u8> {
        mem::take(&mut self.inbox)
    }

    /// Keeps what is incomplete.
    pub(super) fn keep(&mut self, inbox: Vec<u8>) {
        self.inbox = inbox;
    }

    fn write(&mut self, mut bytes: &[u8]) -> Result<usize, Death> {
        let whole = bytes.len();
        while !bytes.is_empty() {
            match self.stream.write(bytes) {
                Ok(count) => bytes = &bytes[count..],
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if is_not_yet(&error) => break,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(whole - bytes.len())
    }
}

fn is_not_yet(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::NotConnected)
}
