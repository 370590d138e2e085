//! What browsers need besides Socket.IO: a page that counts as Alert's own, a cookie that they keep; and the clock.

use cookie::time::OffsetDateTime;
use cookie::time::format_description::well_known::Rfc2822;
use cookie::{Cookie, SameSite};
use http::{Method, StatusCode, header};
use rustls::pki_types::ServerName;

use super::advice::{Advice, pass_host, start_alert};
use super::finding::{Check, Finding};
use super::site::{PROMPT, Reply, Site};
use crate::ServerAddress;

/// Alert's answer to an address that asks for many rooms.
pub(super) const TOO_MANY: &str = "this address has asked for too many rooms, try again in a minute";
/// A smaller difference does no harm.
const SKEW: i64 = 30;

/// Asks as a page of this address does.
pub(super) async fn own_origin(site: &Site, room: &str) -> Finding {
    let check = Check::OwnOrigin;
    let url = site.address().origin();
    let request = site.request(Method::GET, &format!("/v1/rooms/{room}")).header(header::ORIGIN, &url);
    let reply = match site.send(request, "", PROMPT).await {
        Ok(reply) => reply,
        Err(error) => return Finding::failed(check, error.to_string(), start_alert()),
    };
    let host = host_seen(&reply);
    let authority = site.address().authority();
    let changed = host.filter(|host| !host.eq_ignore_ascii_case(&authority));
    match (reply.status, changed) {
        (StatusCode::FORBIDDEN, changed) => {
            let to = changed.map_or_else(
                || "Alert takes them for foreign ones".to_owned(),
                |host| format!("the proxy changes Host to {host}, so Alert takes them for foreign ones"),
            );
            Finding::failed(check, format!("pages of {url} are refused: {to}"), pass_host(&url))
        }
        (StatusCode::TOO_MANY_REQUESTS, _) => Finding::skipped(check, TOO_MANY),
        (status, _) if !status.is_success() => Finding::failed(check, reply.summary(), pass_host(&url)),
        (_, Some(host)) => Finding::ok(
            check,
            format!("Host arrives as {host}, and --public-url or --allow-origin makes up for it"),
        ),
        (_, None) => Finding::ok(check, format!("Host arrives as {authority}")),
    }
}

/// Alert names the host that it was asked for in its content security policy.
fn host_seen(reply: &Reply) -> Option<String> {
    let policy = reply.header(header::CONTENT_SECURITY_POLICY)?;
    let host = policy.split([' ', ';']).find_map(|word| word.strip_prefix("ws://"))?;
    Some(host.to_owned())
}

/// Logs in with a name and a room that nobody uses. Logging in does not enter a room, and the server keeps nothing.
pub(super) async fn cookie(site: &Site, room: &str) -> Finding {
    let check = Check::Cookie;
    let form = format!("name=doctor&room={room}");
    let request =
        site.request(Method::POST, "/v1").header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    let reply = match site.send(request, form, PROMPT).await {
        Ok(reply) => reply,
        Err(error) => return Finding::failed(check, error.to_string(), start_alert()),
    };
    if reply.status == StatusCode::TOO_MANY_REQUESTS {
        return Finding::skipped(check, TOO_MANY);
    }
    let values = reply.headers.get_all(header::SET_COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut cookies = values.filter_map(|value| Cookie::parse(value).ok());
    let Some(cookie) =
        cookies.find(|cookie| ["alert_session", "__Host-alert_session"].contains(&cookie.name()))
    else {
        let advice = "Have the proxy pass POST /v1 and the Set-Cookie header on (no proxy_hide_header Set-Cookie, no cache).";
        let seen = format!("a login gives no cookie: {}", reply.summary());
        return Finding::failed(check, seen, Advice::new(advice));
    };
    if let Some(finding) = wrong_flags(site.address(), &cookie) {
        return finding;
    }
    let sent = format!("{}={}", cookie.name(), cookie.value());
    let request = site.request(Method::GET, &format!("/v1/chat?room={room}")).header(header::COOKIE, sent);
    match site.send(request, "", PROMPT).await {
        Ok(reply) if reply.status == StatusCode::OK => Finding::ok(check, flags(&cookie)),
        Ok(reply) => {
            let seen = format!("the cookie does not count when it comes back: {}", reply.summary());
            let advice = "Have the proxy pass the Cookie header on unchanged, and run one Alert: several need the same \
                          --session-key.";
            Finding::failed(check, seen, Advice::new(advice))
        }
        Err(error) => Finding::failed(check, error.to_string(), start_alert()),
    }
}

fn flags(cookie: &Cookie<'_>) -> String {
    let mut flags = Vec::new();
    flags.extend(cookie.http_only().unwrap_or(false).then(|| "HttpOnly".to_owned()));
    flags.extend(cookie.same_site().map(|same_site| format!("SameSite={same_site}")));
    flags.extend(cookie.secure().unwrap_or(false).then(|| "Secure".to_owned()));
    flags.join(", ")
}

fn wrong_flags(address: &ServerAddress, cookie: &Cookie<'_>) -> Option<Finding> {
    let check = Check::Cookie;
    let secure = cookie.secure().unwrap_or(false);
    let has = flags(cookie);
    let public = |tls: &str| format!("--public-url {}", address.to_string().replacen("http", tls, 1));
    if !cookie.http_only().unwrap_or(false)
        || !matches!(cookie.same_site(), Some(SameSite::Lax | SameSite::Strict))
    {
        let advice =
            Advice::new("Alert sends HttpOnly and SameSite=Lax: have the proxy leave the cookie as it is.")
                .nginx(["# remove proxy_cookie_flags"]);
        return Some(Finding::failed(check, format!("it has only: {has}"), advice));
    }
    if address.is_tls() && !secure {
        let text = "Tell Alert that users come over https; it sets Secure then.";
        let advice = Advice::new(text).alert([&format!("--public-url {address}")]);
        return Some(Finding::failed(
            check,
            format!("it is not Secure, though this is https: {has}"),
            advice,
        ));
    }
    if !address.is_tls() && secure {
        let text = "Open the https address. If there is none, tell Alert the address that users see.";
        let advice = Advice::new(text).alert([&public("http")]);
        let seen = format!("it is Secure, and browsers drop that over http: {has}");
        // For a server whose users come through a proxy, asked directly, this is as it should be.
        return Some(match is_local(address) {
            true => Finding::warning(check, seen, advice),
            false => Finding::failed(check, seen, advice),
        });
    }
    None
}

fn is_local(address: &ServerAddress) -> bool {
    match address.server_name() {
        ServerName::IpAddress(ip) => std::net::IpAddr::from(*ip).is_loopback(),
        name => name.to_str() == "localhost",
    }
}

/// Compares the `Date` of an answer with our clock.
pub(super) fn clock(reply: &Reply) -> Finding {
    let check = Check::Clock;
    let date = reply.header(header::DATE).and_then(|date| OffsetDateTime::parse(date, &Rfc2822).ok());
    let Some(date) = date else {
        return Finding::skipped(check, "the server does not tell the time");
    };
    let ours = OffsetDateTime::from(reply.at - reply.took / 2);
    let ahead = (date - ours).whole_seconds();
    if ahead.abs() <= SKEW {
        return Finding::ok(check, "within a few seconds of this machine's");
    }
    let direction = if ahead > 0 { "ahead of" } else { "behind" };
    let seen = format!("the server's is {} {direction} this machine's", duration(ahead.unsigned_abs()));
    let advice = "Set the clock that is wrong by itself, from the network: `timedatectl set-ntp true`. Certificates and the \
                  times in logs depend on it.";
    Finding::warning(check, seen, Advice::new(advice))
}

fn duration(seconds: u64) -> String {
    humantime::format_duration(std::time::Duration::from_secs(seconds)).to_string()
}
