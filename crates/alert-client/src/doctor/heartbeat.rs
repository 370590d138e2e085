//! The silence between two pings, over both transports: does a proxy end it?

use std::time::Duration;

use tokio::time::Instant;

use alert_core::wire::{client, v1};

use super::advice::{Advice, wait_longer};
use super::finding::{Check, Finding};
use super::session::{Fault, Session};
use super::site::{HttpError, Site};
use super::socket::SocketFault;
use super::transports::connected;

/// A ping may be late by this much.
pub(super) const LATE: Duration = Duration::from_secs(5);

/// Waits for the ping of a WebSocket.
pub(super) async fn websocket(site: &Site) -> Finding {
    let check = Check::HeartbeatWebsocket;
    let (mut socket, opened) = match connected(site).await {
        Ok(connected) => connected,
        Err(fault) => {
            return Finding::failed(check, fault.to_string(), Advice::new("As for WebSocket, above."));
        }
    };
    let (started, interval) = (Instant::now(), opened.ping_interval());
    let waited = socket.wait_for("2", interval + LATE).await;
    let finding = match waited {
        Ok(()) => came(check, started),
        Err(SocketFault::Late(_)) => missing(check, interval),
        Err(fault) => ended(check, started, interval, &fault.to_string()),
    };
    socket.close().await;
    finding
}

/// Waits for the ping that a long poll brings.
pub(super) async fn polling(site: &Site) -> Finding {
    let check = Check::HeartbeatPolling;
    let session = match Session::open(site).await {
        Ok((session, _)) => session,
        Err(fault) => return Finding::failed(check, fault.to_string(), fault.advice(site)),
    };
    let (started, interval) = (Instant::now(), session.opened.ping_interval());
    let waited = async {
        session.post(&client::connect(v1::NAMESPACE)).await?;
        session.wait_for("2", interval + LATE).await
    };
    let finding = match waited.await {
        Ok(()) => came(check, started),
        Err(Fault::Http(HttpError::Late(_))) => missing(check, interval),
        Err(fault) => ended(check, started, interval, &fault.to_string()),
    };
    session.close().await;
    finding
}

fn came(check: Check, started: Instant) -> Finding {
    Finding::ok(check, format!("a ping came after {:.1} s", started.elapsed().as_secs_f64()))
}

/// The silent connection was ended; `how` says in which way.
pub(super) fn ended(check: Check, started: Instant, interval: Duration, how: &str) -> Finding {
    let seen = format!(
        "{how} after {:.1} s, before the ping that is due after {:.1} s",
        started.elapsed().as_secs_f64(),
        interval.as_secs_f64()
    );
    Finding::failed(check, seen, wait_longer(interval, started.elapsed()))
}

fn missing(check: Check, interval: Duration) -> Finding {
    let seen = format!("no ping within {:.1} s", (interval + LATE).as_secs_f64());
    let advice = "The connection is there, and what the server sends does not arrive. Look for a proxy that gathers answers, \
                  and at the load of the server.";
    let advice = Advice::new(advice).nginx(["proxy_buffering off;"]);
    Finding::failed(check, seen, advice)
}
