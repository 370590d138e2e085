//! What a page of another origin may do. A browser asks the same way, and believes the same headers.

use http::{Method, StatusCode, header};

use super::advice::Advice;
use super::finding::{Check, Finding};
use super::session::{Opened, PATH, Session};
use super::site::{HttpError, PROMPT, Reply, Site};
use super::socket::{Socket, SocketFault};

/// Opens a session over long-polling as a page of `origin`.
pub(super) async fn polling(site: &Site, origin: &str) -> Finding {
    let check = Check::CorsPolling;
    let request = site.request(Method::GET, PATH).header(header::ORIGIN, origin);
    let reply = match site.send(request, "", PROMPT).await {
        Ok(reply) => reply,
        Err(error) => return no_answer(check, &error),
    };
    if let Ok(opened) = Opened::read(&reply) {
        Session::of(site, opened).close().await;
    }
    allowed(check, &reply, origin).unwrap_or_else(|finding| finding)
}

/// Asks like a browser before a POST with a custom header.
pub(super) async fn preflight(site: &Site, origin: &str) -> Finding {
    let check = Check::CorsPreflight;
    let request = site
        .request(Method::OPTIONS, PATH)
        .header(header::ORIGIN, origin)
        .header(header::ACCESS_CONTROL_REQUEST_METHOD, "POST")
        .header(header::ACCESS_CONTROL_REQUEST_HEADERS, "content-type");
    let reply = match site.send(request, "", PROMPT).await {
        Ok(reply) => reply,
        Err(error) => return no_answer(check, &error),
    };
    let finding = match allowed(check, &reply, origin) {
        Ok(finding) => finding,
        Err(finding) => return finding,
    };
    let grants = |name: header::HeaderName, wanted: &str| {
        let granted = reply.header(name).unwrap_or_default();
        granted.split(',').any(|one| one.trim().eq_ignore_ascii_case(wanted) || one.trim() == "*")
    };
    if grants(header::ACCESS_CONTROL_ALLOW_METHODS, "POST")
        && grants(header::ACCESS_CONTROL_ALLOW_HEADERS, "content-type")
    {
        return finding;
    }
    let advice = Advice::new("Have the proxy pass OPTIONS requests on: Alert answers them.")
        .nginx(["# remove: if ($request_method = OPTIONS) { return 204; }"]);
    Finding::failed(check, "POST with a Content-Type is not granted", advice)
}

/// Opens a WebSocket as a page of `origin`.
pub(super) async fn websocket(site: &Site, origin: &str) -> Finding {
    let check = Check::CorsWebsocket;
    match Socket::open(site, None, Some(origin)).await {
        Ok(socket) => {
            socket.close().await;
            Finding::ok(check, "allowed")
        }
        Err(fault) if fault.status() == Some(StatusCode::FORBIDDEN) => refused(check, origin),
        Err(fault) => no_socket(check, &fault),
    }
}

/// Whether a browser hands this answer to the page.
fn allowed(check: Check, reply: &Reply, origin: &str) -> Result<Finding, Finding> {
    if reply.status == StatusCode::FORBIDDEN {
        return Err(refused(check, origin));
    }
    if !reply.status.is_success() {
        let advice =
            Advice::new("Have the proxy pass OPTIONS and GET for /socket.io/ on: Alert answers them.");
        return Err(Finding::failed(check, reply.summary(), advice));
    }
    let values = reply.headers.get_all(header::ACCESS_CONTROL_ALLOW_ORIGIN);
    let values: Vec<&str> = values.iter().filter_map(|value| value.to_str().ok()).collect();
    let with_credentials = reply.header(header::ACCESS_CONTROL_ALLOW_CREDENTIALS) == Some("true");
    match values[..] {
        ["*"] => Ok(Finding::ok(
            check,
            "allowed as every page is, without credentials (leave withCredentials off)",
        )),
        [one] if one == origin && with_credentials => Ok(Finding::ok(check, "allowed, with credentials")),
        [one] if one == origin => Ok(Finding::ok(check, "allowed, without credentials")),
        [] => {
            let advice = Advice::new("Alert sends Access-Control-Allow-Origin: have the proxy pass it on.")
                .nginx(["# remove: proxy_hide_header Access-Control-Allow-Origin;"])
                .alert([&format!("--allow-origin {}", origin)]);
            Err(Finding::failed(check, "there is no Access-Control-Allow-Origin, so browsers refuse", advice))
        }
        [other] => {
            let advice =
                Advice::new("The proxy says who may connect, in the place of Alert. Leave it to Alert.")
                    .nginx(["# remove: add_header Access-Control-Allow-Origin ...;"])
                    .alert([&format!("--allow-origin {}", origin)]);
            Err(Finding::failed(check, format!("only {other} is allowed, so browsers refuse"), advice))
        }
        _ => {
            let text = "Access-Control-Allow-Origin comes twice, and browsers refuse that: the proxy adds one, and Alert \
                        sends its own. Leave it to Alert.";
            let advice = Advice::new(text)
                .nginx(["# remove: add_header Access-Control-Allow-Origin ...;"])
                .caddy(["# remove: header Access-Control-Allow-Origin ..."]);
            Err(Finding::failed(
                check,
                format!("Access-Control-Allow-Origin is {}", values.join(" and ")),
                advice,
            ))
        }
    }
}

fn refused(check: Check, origin: &str) -> Finding {
    let text = "Start Alert so that pages of this origin may connect. They do so headless: their users' login cookies do \
                not count.";
    let advice = Advice::new(text).alert([&format!("--allow-origin {}", origin)]);
    Finding::failed(check, format!("pages of {} are refused", origin), advice)
}

fn no_answer(check: Check, error: &HttpError) -> Finding {
    Finding::failed(check, error.to_string(), super::advice::start_alert())
}

fn no_socket(check: Check, fault: &SocketFault) -> Finding {
    Finding::failed(check, fault.to_string(), super::advice::pass_upgrades())
}
