//! What answers over HTTP: Alert, another Socket.IO server, or something else.

use std::time::Duration;

use http::{StatusCode, header};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::advice::{Advice, name_the_host, start_alert};
use super::finding::{Check, Finding};
use super::network::time;
use super::session::{Session, shortened};
use super::site::{HttpError, Reply, Site};

/// Who answered.
pub(super) enum Identity {
    Alert(Reply),
    /// Some version of Socket.IO, but not Alert. Some such servers answer only Socket.IO requests.
    Stranger(Option<Reply>),
}

const BANNER: Duration = Duration::from_secs(2);

/// Asks for something that only Alert has. The error says why there is nothing to examine.
pub(super) async fn identify(site: &Site, room: &str) -> (Finding, Result<Identity, String>) {
    let reply = match site.get(&format!("/v1/rooms/{room}")).await {
        Ok(reply) => reply,
        Err(error) => {
            let speaks = if matches!(error, HttpError::Late(_)) { socket_io(site).await } else { None };
            return match speaks {
                Some(version) => stranger(version, None),
                None => (no_http(site, &error).await, Err("no HTTP".to_owned())),
            };
        }
    };
    if is_alert(&reply) {
        let proxy = reply.header(header::SERVER).map(|server| format!(", through {}", shortened(server)));
        let seen = format!("Alert answers in {}{}", time(reply.took), proxy.unwrap_or_default());
        return (Finding::ok(Check::Http, seen), Ok(Identity::Alert(reply)));
    }
    let failed = |seen: String, advice, why: &str| {
        (Finding::failed(Check::Http, seen, advice), Err::<Identity, _>(why.to_owned()))
    };
    if let Some(target) = redirect(&reply) {
        let (seen, advice) = redirected(site, &reply, &target);
        return failed(seen, advice, "the address redirects to another one");
    }
    let url = site.address().to_string().replacen("http://", "https://", 1);
    if reply.status == StatusCode::BAD_REQUEST
        && ["HTTPS port", "speaks TLS"].iter().any(|words| reply.text().contains(words))
    {
        let seen = "this port wants https, and the URL says http".to_owned();
        return failed(seen, Advice::new(format!("Use {url}.")), "the port wants https");
    }
    if reply.status == StatusCode::UNAUTHORIZED {
        let text = "The proxy asks for a password, which Socket.IO clients do not give. Take it away, at least for /v1/rooms \
                    and /socket.io/; --api-token guards posting.";
        return failed(
            reply.summary(),
            Advice::new(text).nginx(["auth_basic off;"]),
            "the proxy asks for a password",
        );
    }
    if reply.status == StatusCode::FORBIDDEN {
        let text = "Something on the way refuses this machine: rules for addresses (allow, deny) or a filter. Let it in, or \
                    run the doctor where the users are.";
        return failed(reply.summary(), Advice::new(text), "the proxy refuses this machine");
    }
    if reply.status.is_server_error() {
        let seen = format!("{}: it reaches no Alert", reply.summary());
        return failed(seen, start_alert(), "the proxy reaches no Alert");
    }
    match socket_io(site).await {
        Some(version) => stranger(version, Some(reply)),
        None => {
            let title = title(&reply.text()).map(|title| format!(" (\"{title}\")")).unwrap_or_default();
            let seen = format!("{}{title}: this is neither Alert nor Socket.IO", reply.summary());
            failed(seen, name_the_host(&site.address().host()), "this is not Alert")
        }
    }
}

/// Which Engine.IO it speaks, if any.
async fn socket_io(site: &Site) -> Option<&'static str> {
    match Session::open(site).await {
        Ok((session, _)) => {
            session.close().await;
            Some("Engine.IO 4")
        }
        Err(fault) => fault.is_old_server().then_some("Engine.IO 3"),
    }
}

fn stranger(version: &str, reply: Option<Reply>) -> (Finding, Result<Identity, String>) {
    let advice = Advice::new(
        "Check the URL if Alert is meant, and that the proxy passes everything for this host to Alert, and nothing to \
         the server before it.",
    );
    let seen = format!("it speaks Socket.IO ({version}), and is not Alert");
    (Finding::failed(Check::Http, seen, advice), Ok(Identity::Stranger(reply)))
}

/// The room, or one of Alert's refusals.
fn is_alert(reply: &Reply) -> bool {
    let Ok(json) = serde_json::from_slice::<Value>(&reply.body) else { return false };
    (json["members"].is_array() && json["count"].is_u64()) || json["code"] == "too_many_rooms"
}

fn redirect(reply: &Reply) -> Option<String> {
    let target = reply.header(header::LOCATION).filter(|_| reply.status.is_redirection())?;
    Some(target.to_owned())
}

fn redirected(site: &Site, reply: &Reply, target: &str) -> (String, Advice) {
    let summary = reply.summary();
    let origin: String = target.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
    if !site.address().is_tls() && target.starts_with("https://") {
        let advice = format!(
            "Use {} here and in clients: most of them do not follow redirects. The redirect itself is right for people \
             who type the address.",
            shortened(&origin)
        );
        return (format!("{summary}: it redirects from http to https"), Advice::new(advice));
    }
    let advice = format!(
        "Use the address that it redirects to here and in clients, if that is Alert; if not, take the redirect out for {}.",
        site.address().host()
    );
    (format!("{summary}: it redirects to {}", shortened(target)), Advice::new(advice))
}

/// What a browser shows in its tab, which tells whose default page this is.
fn title(html: &str) -> Option<String> {
    let (_, rest) = html.split_once("<title>")?;
    Some(shortened(rest.split_once("</title>")?.0))
}

async fn no_http(site: &Site, error: &HttpError) -> Finding {
    let check = Check::Http;
    let secure = "If this port has TLS, the URL begins with https://. Otherwise check the port: another program has it.";
    match error {
        HttpError::NotHttp | HttpError::Closed if !site.address().is_tls() => match banner(site).await {
            Some(bytes) if bytes.starts_with(&[0x15, 3]) => {
                let url = site.address().to_string().replacen("http://", "https://", 1);
                let advice = Advice::new(format!("Use {url}."));
                Finding::failed(check, "this port speaks TLS, and the URL says http", advice)
            }
            Some(bytes) if !bytes.is_empty() => {
                let seen = format!(
                    "what answers is not HTTP, it begins with {:?}",
                    shortened(&String::from_utf8_lossy(&bytes))
                );
                Finding::failed(check, seen, Advice::new("Check the port: another program has it."))
            }
            _ => Finding::failed(check, error.to_string(), Advice::new(secure)),
        },
        HttpError::Late(_) => {
            let advice = "The port takes connections and does not answer. Check the load and the log of the server, and that \
                          it is Alert or a proxy that listens there.";
            Finding::failed(check, error.to_string(), Advice::new(advice))
        }
        _ => Finding::failed(check, error.to_string(), Advice::new(secure)),
    }
}

/// The first bytes of what is not HTTP.
async fn banner(site: &Site) -> Option<Vec<u8>> {
    let read = async {
        let mut stream = site.connect().await.ok()?;
        stream.write_all(b"GET / HTTP/1.0\r\n\r\n").await.ok()?;
        let mut bytes = vec![0; 64];
        let length = stream.read(&mut bytes).await.ok()?;
        bytes.truncate(length);
        Some(bytes)
    };
    timeout(BANNER, read).await.ok()?
}
