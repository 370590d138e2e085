//! The pages as a browser sees them, without a network.

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use tower::ServiceExt;

use super::*;
use crate::auth::{Access, WebSession};
use crate::config::Flags;
use crate::log::Log;
use crate::rooms::Rooms;
use alert_settings::Environment;

mod api;
mod docs;
mod login;
mod pages;
mod session;

const HOST: &str = "127.0.0.1:5000";
const KEY: &str = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";

/// What came back.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

struct Site {
    state: WebState,
    readiness: Readiness,
}

impl Site {
    fn new() -> Self {
        Self::with([])
    }

    fn with<const N: usize>(settings: [(&str, &str); N]) -> Self {
        let readiness = Readiness::new();
        let config = config(settings);
        let rooms =
            Rooms::new(&config, Log::open(&config.history).unwrap(), tokio::runtime::Handle::current());
        let state = WebState::new(
            &config,
            &config.session_key.resolve().unwrap(),
            readiness.clone(),
            Api::new(&config, rooms, Access::new(&config).unwrap()),
        );
        Self { state, readiness }
    }

    async fn ask(&self, method: Method, address: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut request = Request::builder().method(method).uri(address).header(header::HOST, HOST);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let (parts, body) = router(self.state.clone()).oneshot(request).await.unwrap().into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        let body = String::from_utf8_lossy(&body).into_owned();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    async fn get(&self, address: &str) -> Answer {
        self.ask(Method::GET, address, &[], "").await
    }

    async fn get_with(&self, address: &str, cookie: &str) -> Answer {
        self.ask(Method::GET, address, &[("cookie", cookie)], "").await
    }

    /// Sends the login form, with more headers if a test wants them.
    async fn post(&self, name: &str, room: &str, headers: &[(&str, &str)]) -> Answer {
        let form = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("name", name), ("room", room)])
            .finish();
        let kind = [("content-type", "application/x-www-form-urlencoded")];
        self.ask(Method::POST, "/v1", &[&kind, headers].concat(), &form).await
    }

    /// Logs in, on top of the session in `cookie`; returns the cookie that a browser would then send.
    async fn log_in(&self, name: &str, room: &str, cookie: &str) -> String {
        let answer = self.post(name, room, &[("cookie", cookie)]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        answer.cookie()
    }

    fn session(&self, cookie: &str) -> WebSession {
        self.state.sessions().read(&with_cookie(cookie))
    }
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn cookie(&self) -> String {
        self.header("set-cookie").split(';').next().unwrap().to_owned()
    }
}

fn config<const N: usize>(settings: [(&str, &str); N]) -> Config {
    let pairs: Vec<(&str, &str)> = [("ALERT_SESSION_KEY", KEY)].into_iter().chain(settings).collect();
    Config::load(&Flags::default(), &Environment::from(pairs.as_slice())).unwrap()
}

fn with_cookie(cookie: &str) -> HeaderMap {
    HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_str(cookie).unwrap())])
}

fn room(text: &str) -> alert_core::names::RoomCode {
    alert_core::names::RoomCode::parse(text, 256).unwrap()
}
