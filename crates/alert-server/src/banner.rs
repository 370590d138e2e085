//! What a person sees at start: where to go, what is on and what is off, and how to open the server to the network.

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use socketio_server::ListenAddr;

use crate::config::{Config, HistoryKind, LogFormat};

mod table;
#[cfg(test)]
mod tests;

/// This machine's addresses on the network, if it has any.
#[derive(Clone, Copy, Debug, Default)]
pub struct Lan {
    v4: Option<IpAddr>,
    v6: Option<IpAddr>,
}

/// Says where the server listens: on stdout for people, in the log if that is JSON. `bound` has the real ports;
/// `history` is where it is really kept.
pub fn print(config: &Config, history: HistoryKind, bound: &[ListenAddr]) {
    let scheme = scheme(config);
    match config.log_format {
        LogFormat::Json => {
            for address in bound {
                tracing::info!(address = address.to_string(), url = local_url(scheme, address), "listening");
            }
        }
        LogFormat::Text => {
            let color = config.color && io::stdout().is_terminal();
            let text = text(config, history, bound, Lan::look_up(), color);
            // On a separate thread: perhaps nobody reads it, and the server must serve all the same.
            let _ = std::thread::Builder::new().name("banner".to_owned()).spawn(move || {
                let mut out = io::stdout().lock();
                let _ = out.write_all(text.as_bytes());
                let _ = out.flush();
            });
        }
    }
}

/// The whole text.
pub fn text(config: &Config, history: HistoryKind, bound: &[ListenAddr], lan: Lan, color: bool) -> String {
    let bold = |text: &str| if color { format!("\x1B[1m{text}\x1B[0m") } else { text.to_owned() };
    let scheme = scheme(config);
    let mut text = format!("{} {}\n\n", bold("Alert"), env!("CARGO_PKG_VERSION"));
    let mut urls: Vec<String> = config.public_url.iter().map(|url| format!("{}/v1", url.as_str())).collect();
    if urls.is_empty() {
        // An authority gives certificates for what is at port 443 only.
        let domains = config.acme.iter().flat_map(|acme| &acme.domains);
        urls.extend(domains.map(|domain| format!("https://{domain}/v1")));
    }
    urls.extend(bound.iter().flat_map(|address| {
        let on_the_network = network_url(scheme, address, lan);
        local_url(scheme, address).into_iter().chain(on_the_network)
    }));
    for (index, url) in urls.iter().enumerate() {
        let _ = writeln!(text, "  {:<13}{}", if index == 0 { "Open" } else { "" }, bold(url));
    }
    for address in bound {
        if let ListenAddr::Unix(path) = address {
            let _ = writeln!(text, "  {:<13}{} (for a proxy on this machine)", "Socket", path.display());
        }
    }
    text.push('\n');
    for (what, how) in table::rows(config, history) {
        let _ = writeln!(text, "  {what:<13}{how}");
    }
    if let Some(port) = port_if_closed(bound) {
        let host = lan.v4.map_or("<this machine's address>".to_owned(), |address| address.to_string());
        let command = bold(&format!("alert --listen 0.0.0.0:{port}"));
        let _ = writeln!(
            text,
            "\n  Only this machine can reach it. To open it to the network:\n    {command}\n  and then others go to \
             {scheme}://{host}:{port}/v1"
        );
    }
    text.push_str("\n  Stop it with Ctrl-C.\n\n");
    text
}

impl Lan {
    /// Asks the system which of its addresses it would use to reach another host. Nothing is sent.
    pub fn look_up() -> Self {
        // Addresses reserved for documentation.
        Self {
            v4: address_towards(Ipv4Addr::UNSPECIFIED.into(), Ipv4Addr::new(192, 0, 2, 1).into()),
            v6: address_towards(
                Ipv6Addr::UNSPECIFIED.into(),
                Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).into(),
            ),
        }
    }
}

fn address_towards(from: IpAddr, to: IpAddr) -> Option<IpAddr> {
    let socket = UdpSocket::bind((from, 0)).ok()?;
    socket.connect((to, 9)).ok()?;
    let address = socket.local_addr().ok()?.ip();
    (!address.is_unspecified() && !address.is_loopback()).then_some(address)
}

/// The address to open on this machine.
fn local_url(scheme: &str, address: &ListenAddr) -> Option<String> {
    let ListenAddr::Tcp(address) = address else { return None };
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    Some(url(scheme, ip, address.port()))
}

/// The address that others open, if we listen on all addresses.
fn network_url(scheme: &str, address: &ListenAddr, lan: Lan) -> Option<String> {
    let ListenAddr::Tcp(address) = address else { return None };
    let ip = if address.is_ipv4() { lan.v4 } else { lan.v6 };
    ip.filter(|_| address.ip().is_unspecified()).map(|ip| url(scheme, ip, address.port()))
}

/// What TCP addresses are asked with.
fn scheme(config: &Config) -> &'static str {
    if config.has_tls() { "https" } else { "http" }
}

fn url(scheme: &str, ip: IpAddr, port: u16) -> String {
    format!("{scheme}://{}/v1", SocketAddr::new(ip, port))
}

/// The port of the first TCP address, if all of them are for this machine only.
fn port_if_closed(bound: &[ListenAddr]) -> Option<u16> {
    let tcp: Vec<SocketAddr> = bound
        .iter()
        .filter_map(|address| match address {
            ListenAddr::Tcp(address) => Some(*address),
            ListenAddr::Unix(_) => None,
        })
        .collect();
    tcp.first().filter(|_| tcp.iter().all(|address| address.ip().is_loopback())).map(SocketAddr::port)
}
