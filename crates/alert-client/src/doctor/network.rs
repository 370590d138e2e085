//! The name and the TCP connection.

use std::net::SocketAddr;
use std::time::Duration;

use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use super::advice::Advice;
use super::finding::{Check, Finding};
use crate::{ConnectError, Route, ServerAddress};

const LOOK_UP: Duration = Duration::from_secs(10);
const CONNECT: Duration = Duration::from_secs(5);
const NO_WAY: &str = "this machine's network has no way there";

/// The addresses of the host.
pub(super) async fn dns(address: &ServerAddress) -> (Finding, Option<Vec<SocketAddr>>) {
    let check = Check::Dns;
    let host = address.host();
    match timeout(LOOK_UP, tokio::net::lookup_host((&*host, address.port()))).await {
        Ok(Ok(found)) => {
            let found: Vec<SocketAddr> = found.collect();
            let seen = if matches!(address.server_name(), ServerName::IpAddress(_)) {
                "an IP address, nothing to look up".to_owned()
            } else {
                let ips: Vec<String> = found.iter().map(|socket| socket.ip().to_string()).collect();
                format!("{} is {}", address.host(), ips.join(", "))
            };
            (Finding::ok(check, seen), Some(found))
        }
        Ok(Err(error)) => {
            let seen = format!("there is no host {host} ({error})");
            let advice = "Check the spelling, and this machine's network. If the name is new, add an A record (and an \
                          AAAA record, where the server has IPv6) with its address.";
            (Finding::failed(check, seen, Advice::new(advice)), None)
        }
        Err(_) => {
            let seen = format!("no answer for {} within {} s", address.host(), LOOK_UP.as_secs());
            let advice = "Check this machine's name servers (/etc/resolv.conf) and its network.";
            (Finding::failed(check, seen, Advice::new(advice)), None)
        }
    }
}

/// Why nothing is looked up here, if there is only one way in.
pub(super) fn detour(server: &Route) -> Option<String> {
    let proxy = server.proxy.as_ref().map(|proxy| format!("the proxy {proxy} looks it up"));
    server.address.socket().map(|_| "a Unix socket, nothing to look up".to_owned()).or(proxy)
}

/// Tries the only way in.
pub(super) async fn enter(server: &Route) -> Finding {
    let started = Instant::now();
    let through = server.proxy.as_ref().map_or(String::new(), |proxy| format!(", through the proxy {proxy}"));
    match timeout(CONNECT, server.dial()).await {
        Ok(Ok(_)) => {
            let took = time(started.elapsed());
            Finding::ok(Check::Tcp, format!("connected to {} in {took}{through}", server.address))
        }
        Ok(Err(error)) => {
            let advice = match error {
                ConnectError::Proxy { .. } => {
                    "Have the proxy allow CONNECT to this host and port, or name the host in NO_PROXY."
                }
                _ => {
                    "Check the path, that the server runs (`alert config show` prints listen), and that this user may open it."
                }
            };
            Finding::failed(Check::Tcp, error.to_string(), Advice::new(advice))
        }
        Err(_) => {
            let seen = format!("no answer within {} s{through}", CONNECT.as_secs());
            Finding::failed(Check::Tcp, seen, Advice::new("Check the proxy, and that the server is up."))
        }
    }
}

/// Tries every address, as other clients may take another one, and returns the first that works.
pub(super) async fn tcp(address: &ServerAddress, candidates: &[SocketAddr]) -> (Finding, Option<SocketAddr>) {
    let attempts: Vec<_> =
        candidates.iter().map(|&socket| (socket, tokio::spawn(try_connect(socket)))).collect();
    let (mut works, mut fails) = (Vec::new(), Vec::new());
    for (socket, attempt) in attempts {
        match attempt.await.unwrap_or_else(|failure| Err(failure.to_string())) {
            Ok(took) => works.push((socket, took)),
            Err(problem) => fails.push((socket, problem)),
        }
    }
    let failures: Vec<String> =
        fails.iter().map(|(socket, problem)| format!("{socket}: {problem}")).collect();
    let failures = failures.join("; ");
    let Some(&(first, _)) = works.first() else {
        return (Finding::failed(Check::Tcp, failures, nobody_there(address, &fails)), None);
    };
    let times: Vec<String> =
        works.iter().map(|(socket, took)| format!("{socket} in {}", time(*took))).collect();
    let mut seen = format!("connected to {}", times.join(", "));
    let finding = if fails.is_empty() {
        Finding::ok(Check::Tcp, seen)
    } else if first.ip().is_loopback() || fails.iter().all(|(_, problem)| problem == NO_WAY) {
        // `localhost` has two addresses, and servers often listen on only one; many networks have no IPv6. Clients try
        // the other address immediately.
        seen += &format!(" (not to {failures})");
        Finding::ok(Check::Tcp, seen)
    } else {
        let advice = "Clients that try the dead address first wait for it. Have the server listen on it too (\"[::]:443\" \
                      for IPv6), or take its A or AAAA record out of DNS.";
        Finding::warning(Check::Tcp, format!("{seen}, but not to {failures}"), Advice::new(advice))
    };
    (finding, Some(first))
}

async fn try_connect(socket: SocketAddr) -> Result<Duration, String> {
    let started = Instant::now();
    match timeout(CONNECT, TcpStream::connect(socket)).await {
        Ok(Ok(_)) => Ok(started.elapsed()),
        Ok(Err(error)) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
            Err("refused, nothing listens there".to_owned())
        }
        Ok(Err(error)) if error.kind() == std::io::ErrorKind::NetworkUnreachable => Err(NO_WAY.to_owned()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("no answer within {} s", CONNECT.as_secs())),
    }
}

fn nobody_there(address: &ServerAddress, fails: &[(SocketAddr, String)]) -> Advice {
    let refused = fails.iter().any(|(_, problem)| problem.starts_with("refused"));
    let loopback = fails.iter().all(|(socket, _)| socket.ip().is_loopback());
    let port = address.port();
    if !refused {
        return Advice::new(format!(
            "Check that the server is up and this machine's network works, and open port {port} in every firewall on the way (the provider's too)."
        ));
    }
    let text = "Check the port, and that the server runs. By default Alert listens on 127.0.0.1 alone; other machines \
                reach it when it listens on all addresses, or through a proxy.";
    let listen =
        if loopback { format!("--listen 127.0.0.1:{port}") } else { format!("--listen 0.0.0.0:{port}") };
    Advice::new(text).alert([&listen])
}

/// A time as people read it.
pub(super) fn time(time: Duration) -> String {
    if time < Duration::from_secs(1) {
        format!("{:.1} ms", time.as_secs_f64() * 1e3)
    } else {
        format!("{:.1} s", time.as_secs_f64())
    }
}
