//! Where the server listens, and what to do when it cannot.

use std::fmt::{self, Display, Formatter};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use socketio_server::ListenAddr;

/// Reads `127.0.0.1:5000`, `[::1]:5000`, `localhost:5000` (127.0.0.1), `:5000` (every IPv4 address), `unix:/path`.
///
/// # Errors
/// What is allowed instead. Host names are not: listening needs an address of this machine, not a lookup.
pub(super) fn address(text: &str) -> Result<ListenAddr, String> {
    let text = text.trim();
    if let Some(path) = text.strip_prefix("unix:").filter(|path| !path.is_empty()) {
        return Ok(ListenAddr::Unix(PathBuf::from(path)));
    }
    let port_of = |host: &str| text.strip_prefix(host).and_then(|port| port.strip_prefix(':')?.parse().ok());
    let every = port_of("").map(|port| SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)));
    let local = || port_of("localhost").map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    every.or_else(local).or_else(|| text.parse().ok()).map(ListenAddr::Tcp).ok_or_else(|| {
        "an IP address with a port, as in 127.0.0.1:5000, [::1]:5000 or 0.0.0.0:5000 (every address); \
         localhost:5000; :5000; or unix:/path"
            .to_owned()
    })
}

/// Why an address cannot be listened on, and what to do.
#[derive(Debug)]
pub struct ListenError {
    address: ListenAddr,
    problem: io::Error,
}

impl ListenError {
    /// Made from what the system said when binding `address`.
    pub fn new(address: ListenAddr, problem: io::Error) -> Self {
        Self { address, problem }
    }
}

impl Display for ListenError {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let Self { address, problem } = self;
        write!(out, "cannot listen on {address}: ")?;
        match (address, problem.kind()) {
            (ListenAddr::Tcp(tcp), io::ErrorKind::AddrInUse) => {
                let port = tcp.port();
                let other = SocketAddr::new(tcp.ip(), port.checked_add(1).unwrap_or(0));
                write!(
                    out,
                    "another program has this port. Choose another port, as in `alert --listen {other}`, or find out who \
                     has it with `ss -ltnp 'sport = :{port}'` or `lsof -i :{port}`"
                )
            }
            (ListenAddr::Unix(_), io::ErrorKind::AddrInUse) => {
                out.write_str("something is there already: a program that listens, or a file of another kind. Stop \
                               the one, move the other, or choose another path with --listen")
            }
            (ListenAddr::Tcp(tcp), io::ErrorKind::PermissionDenied) if tcp.port() < 1024 => {
                out.write_str("ports below 1024 need special rights. Choose a port from 1024 with --listen")
            }
            (ListenAddr::Tcp(_), io::ErrorKind::AddrNotAvailable) => out.write_str(
                "this machine has no such address. `ip address` lists those it has; --listen 0.0.0.0:5000 is every one",
            ),
            _ => write!(out, "{problem}"),
        }
    }
}

impl std::error::Error for ListenError {}
