//! Socket.IO over long-polling, over a WebSocket, and the upgrade from one to the other.

use alert_core::wire::{client, v1};
use http::StatusCode;

use super::advice::{Advice, one_server, pass_upgrades};
use super::finding::{Check, Finding};
use super::network::time;
use super::session::{Fault, Opened, Session};
use super::site::{PROMPT, Site};
use super::socket::{Socket, SocketFault};

/// Opens a session, connects the namespace with a POST and reads the answer with a GET.
pub(super) async fn polling(site: &Site) -> (Finding, Result<Opened, Fault>) {
    let check = Check::Polling;
    let attempt = async {
        let (session, took) = Session::open(site).await?;
        let opened = session.opened.clone();
        let answered = async {
            session.post(&client::connect(v1::NAMESPACE)).await?;
            session.wait_for("40", PROMPT).await
        };
        let answered = answered.await;
        session.close().await;
        answered.map(|()| (opened, took))
    };
    match attempt.await {
        Ok((opened, took)) => {
            let interval = opened.ping_interval().as_secs_f64();
            let seen = format!("Engine.IO 4, opened in {}; a ping each {interval} s", time(took));
            (Finding::ok(check, seen), Ok(opened))
        }
        Err(fault) => (Finding::failed(check, fault.to_string(), fault.advice(site)), Err(fault)),
    }
}

/// Opens a WebSocket and connects the namespace over it.
pub(super) async fn websocket(site: &Site) -> Finding {
    let check = Check::Websocket;
    let started = tokio::time::Instant::now();
    match connected(site).await {
        Ok((socket, _)) => {
            let took = time(started.elapsed());
            socket.close().await;
            Finding::ok(check, format!("connected in {took}"))
        }
        Err(fault) => refused(check, &fault),
    }
}

/// A WebSocket with the namespace connected, and what its open packet said.
pub(super) async fn connected(site: &Site) -> Result<(Socket, Opened), SocketFault> {
    let mut socket = Socket::open(site, None, None).await?;
    let opened = socket.opened().await?;
    socket.send(&client::connect(v1::NAMESPACE)).await?;
    socket.wait_for("40", PROMPT).await?;
    Ok((socket, opened))
}

/// Begins with long-polling and changes to a WebSocket, as browsers do. `websocket` says whether one that is opened
/// directly works.
pub(super) async fn upgrade(site: &Site, websocket: bool) -> Finding {
    let check = Check::Upgrade;
    let session = match Session::open(site).await {
        Ok((session, _)) => session,
        Err(fault) => return Finding::failed(check, fault.to_string(), fault.advice(site)),
    };
    if !session.opened.upgrades.iter().any(|name| name == "websocket") {
        session.close().await;
        let advice = "Switch WebSocket on in the server: it offers none to clients that poll.";
        return Finding::failed(check, "the server offers no upgrade", Advice::new(advice));
    }
    match change_over(site, &session).await {
        Ok(socket) => {
            socket.close().await;
            Finding::ok(check, "from long-polling to a WebSocket")
        }
        Err(fault) => {
            session.close().await;
            match fault {
                SocketFault::Refused { .. } if websocket => {
                    Finding::failed(check, fault.to_string(), one_server())
                }
                fault => refused(check, &fault),
            }
        }
    }
}

async fn change_over(site: &Site, session: &Session<'_>) -> Result<Socket, SocketFault> {
    let mut socket = Socket::open(site, Some(&session.opened.sid), None).await?;
    // The server ends the waiting poll, so that nothing is lost between the two.
    let probe = async {
        socket.send("2probe").await?;
        socket.wait_for("3probe", PROMPT).await
    };
    let (probed, _) = tokio::join!(probe, session.poll(PROMPT));
    probed?;
    socket.send("5").await?;
    socket.send(&client::connect(v1::NAMESPACE)).await?;
    socket.wait_for("40", PROMPT).await?;
    Ok(socket)
}

/// Something other than a WebSocket: nearly always it is the proxy.
fn refused(check: Check, fault: &SocketFault) -> Finding {
    let advice = match fault {
        SocketFault::Refused { status, .. } if *status == StatusCode::FORBIDDEN => Advice::new(
            "Something on the way refuses WebSockets: a rule in the proxy, or a firewall that looks into HTTP. Allow them \
             for /socket.io/.",
        ),
        SocketFault::Refused { status, .. } if status.is_server_error() => super::advice::start_alert(),
        SocketFault::Refused { .. } => pass_upgrades(),
        SocketFault::Unexpected(_) => {
            Advice::new("What answers is not Engine.IO 4. Check that the proxy passes /socket.io/ to Alert.")
        }
        _ => {
            let mut advice = pass_upgrades();
            advice.text += " If it does, something else on the way cuts them: a firewall or a filter that looks into HTTP \
                            (with https it cannot).";
            advice
        }
    };
    Finding::failed(check, fault.to_string(), advice)
}
