//! Opens connections, from several addresses if one has too few ports.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use mio::{Interest, Registry, Token, net::TcpStream};
use socket2::{Domain, Socket as RawSocket, Type};

use super::{error::Death, socket::Socket, tls::Tls};

/// Connections from one address before the next one is used: the usual range has 28,232 ports, and the system gets slow
/// at finding a free one long before the last.
const PORTS: u32 = 10_000;
/// The first port on each further address. The system takes far longer to find a free port than to connect, so ports
/// are given; these are below the usual range.
const FIRST_PORT: u16 = 20_000;
/// Addresses that are used besides the one that the system chooses.
const SOURCES: u32 = 254;

#[derive(Debug)]
pub(super) struct Dialer {
    registry: Registry,
    address: SocketAddr,
    tls: Option<Tls>,
    opened: u32,
}

impl Dialer {
    pub(super) fn new(registry: Registry, address: SocketAddr, tls: Option<Tls>) -> Self {
        Self { registry, address, tls, opened: 0 }
    }

    /// Begins a connection; its readiness is reported under `token`.
    pub(super) fn dial(&mut self, token: Token) -> Result<Socket, Death> {
        let mut stream = loop {
            match self.open(source(self.address.ip(), self.opened)) {
                Ok(stream) => break stream,
                Err(error) if self.is_out_of_ports(&error) => self.opened = (self.opened / PORTS + 1) * PORTS,
                Err(error) => return Err(error.into()),
            }
        };
        self.opened += 1;
        self.registry.register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
        let session = self.tls.as_ref().map(Tls::session).transpose()?;
        Ok(Socket::new(stream, session))
    }

    fn is_out_of_ports(&self, error: &io::Error) -> bool {
        matches!(error.kind(), ErrorKind::AddrNotAvailable | ErrorKind::AddrInUse)
            && source(self.address.ip(), SOURCES * PORTS).is_some()
            && self.opened / PORTS < SOURCES
    }

    fn open(&self, source: Option<SocketAddr>) -> io::Result<TcpStream> {
        let socket = RawSocket::new(Domain::for_address(self.address), Type::STREAM, None)?;
        socket.set_nonblocking(true)?;
        socket.set_tcp_nodelay(true)?;
        if let Some(source) = source {
            socket.set_reuse_address(true)?;
            socket.bind(&source.into())?;
        }
        match socket.connect(&self.address.into()) {
            Ok(()) => {}
            Err(error) if is_under_way(&error) => {}
            Err(error) => return Err(error),
        }
        Ok(TcpStream::from_std(socket.into()))
    }
}

fn is_under_way(error: &io::Error) -> bool {
    error.raw_os_error() == Some(rustix::io::Errno::INPROGRESS.raw_os_error())
}

/// Where to connect from, after this many connections; `None` leaves it to the system. Only the loopback has other
/// addresses to offer.
fn source(target: IpAddr, opened: u32) -> Option<SocketAddr> {
    match (target, u8::try_from(opened / PORTS)) {
        (IpAddr::V4(target), Ok(index @ 1..)) if target.is_loopback() => {
            let port = FIRST_PORT + (opened % PORTS) as u16;
            Some((Ipv4Addr::new(127, 0, 1, index), port).into())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_many_connections_then_only_loopback_has_more_addresses() {
        let local = IpAddr::from([127, 0, 0, 1]);
        assert_eq!(source(local, 0), None);
        assert_eq!(source(local, PORTS - 1), None);
        assert_eq!(source(local, PORTS), Some(([127, 0, 1, 1], 20_000).into()));
        assert_eq!(source(local, SOURCES * PORTS + 9_999), Some(([127, 0, 1, 254], 29_999).into()));
        assert_eq!(source(local, (SOURCES + 2) * PORTS), None);
        assert_eq!(source(IpAddr::from([10, 0, 0, 1]), PORTS), None);
        assert_eq!(source(IpAddr::from(std::net::Ipv6Addr::LOCALHOST), PORTS), None);
    }
}
