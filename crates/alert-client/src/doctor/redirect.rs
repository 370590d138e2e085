//! What those meet who type a name without https://: browsers then ask port 80.

use std::time::Duration;

use http::{Method, StatusCode, header};
use tokio::time::timeout;

use super::advice::Advice;
use super::door::Door;
use super::finding::{Check, Finding};
use super::session::shortened;
use super::site::{HttpError, Site};
use crate::ServerAddress;

/// Where a browser asks that was not told https.
const HTTP: u16 = 80;
/// Where https is, if no port is named.
const HTTPS: u16 = 443;
/// A firewall may just be silent.
const PATIENCE: Duration = Duration::from_secs(3);

/// Whether anybody could come without https: the port is the one that need not be named.
pub(super) fn is_expected(address: &ServerAddress) -> bool {
    address.is_tls() && address.port() == HTTPS && address.socket().is_none()
}

/// Asks port 80 of the same address.
pub(super) async fn examine(address: &ServerAddress, door: &Door) -> Finding {
    let check = Check::Redirect;
    let Door::Address(mut socket) = door.clone() else {
        return Finding::skipped(check, "the proxy decides what is at port 80");
    };
    socket.set_port(HTTP);
    let site = Site::new(address.clone(), Door::Address(socket), None);
    let host = address.host();
    let send =
        || {
            Advice::new(format!(
            "Most people type {host} without https://. Send them there; a Socket.IO client does not need it."
        ))
        .alert(["--redirect-listen 0.0.0.0:80"])
        .nginx(["listen 80;", &format!("server_name {host};"), "return 308 https://$host$request_uri;"])
        };
    let asked = site.send(site.request(Method::GET, "/v1"), "", PATIENCE);
    let reply = match timeout(PATIENCE, asked).await {
        Ok(Ok(reply)) => reply,
        Ok(Err(HttpError::Connect(_) | HttpError::Late(_))) | Err(_) => {
            return Finding::warning(check, format!("nothing answers http://{host}"), send());
        }
        Ok(Err(error)) => return Finding::warning(check, format!("http://{host}: {error}"), send()),
    };
    match reply.header(header::LOCATION).filter(|_| reply.status.is_redirection()) {
        Some(target) if target.starts_with("https://") => {
            Finding::ok(check, format!("http://{host} leads to {}", shortened(target)))
        }
        Some(target) => Finding::warning(
            check,
            format!("http://{host} leads to {}, not to https", shortened(target)),
            send(),
        ),
        None if reply.status == StatusCode::OK => {
            Finding::warning(check, format!("http://{host} serves a page in clear, beside https"), send())
        }
        None => Finding::warning(check, format!("http://{host}: {}", reply.summary()), send()),
    }
}
