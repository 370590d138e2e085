//! A room's events over HTTP: they must come as they happen, not when a buffer is full.

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use tokio::time::{Instant, timeout};

use super::advice::{name_the_host, no_buffering};
use super::finding::{Check, Finding};
use super::heartbeat::{LATE, ended};
use super::network::time;
use super::pages::TOO_MANY;
use super::site::{HttpError, Site, summary};

/// The head of the answer comes without delay; nginx holds back even that.
const AT_ONCE: Duration = Duration::from_secs(3);

/// What comes after a shorter silence is still the beginning.
const SILENCE: Duration = Duration::from_millis(200);

/// Listens to `room`, which nobody uses, until the first comment, which comes after a ping interval.
pub(super) async fn stream(site: &Site, room: &str, interval: Duration) -> Finding {
    let check = Check::EventStream;
    let (started, limit) = (Instant::now(), interval + LATE);
    let response = match begin(site, room).await {
        Ok(response) => response,
        Err(HttpError::Late(_)) => {
            let seen = format!("nothing within {} s, though Alert answers immediately", AT_ONCE.as_secs());
            return Finding::failed(check, seen, no_buffering());
        }
        Err(error) => return Finding::failed(check, error.to_string(), no_buffering()),
    };
    if response.status() == StatusCode::TOO_MANY_REQUESTS {
        return Finding::skipped(check, TOO_MANY);
    }
    if !response.status().is_success() {
        let seen = summary(response.status(), response.headers());
        return Finding::failed(check, seen, name_the_host(&site.address().host()));
    }
    let began = time(started.elapsed());
    match timeout(limit, later_frame(response.into_body(), SILENCE.min(interval / 2))).await {
        Ok(true) => {
            let after = started.elapsed().as_secs_f64();
            Finding::ok(check, format!("begins in {began}, and continues after {after:.1} s"))
        }
        Ok(false) => ended(check, started, interval, "it ended"),
        Err(_) => {
            let seen = format!("begins in {began}, and then nothing within {:.1} s", limit.as_secs_f64());
            Finding::failed(check, seen, no_buffering())
        }
    }
}

/// Waits until something comes after a silence; what comes at the start proves nothing. False if it ends before that.
async fn later_frame(mut body: Incoming, silence: Duration) -> bool {
    loop {
        let waited = Instant::now();
        match body.frame().await {
            Some(Ok(_)) if waited.elapsed() < silence => {}
            frame => return matches!(frame, Some(Ok(_))),
        }
    }
}

#[expect(clippy::expect_used, reason = "our own path and headers")]
async fn begin(site: &Site, room: &str) -> Result<Response<Incoming>, HttpError> {
    let request = site
        .request(Method::GET, &format!("/v1/rooms/{room}/events"))
        .header(header::ACCEPT, "text/event-stream")
        .body(Full::<Bytes>::default())
        .expect("a request");
    timeout(AT_ONCE, site.begin(request)).await.unwrap_or(Err(HttpError::Late(AT_ONCE)))
}
