//! What the doctor found: one finding for each check, in order.

use serde::Serialize;

use super::advice::Advice;
use super::redirect;
use crate::ServerAddress;

/// One step on a client's way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    /// The name has addresses.
    Dns,
    /// One of the addresses takes connections.
    Tcp,
    /// The connection can be encrypted.
    Tls,
    /// The certificate is for this host.
    CertificateName,
    /// The certificate is valid already, and does not expire soon.
    CertificateDates,
    /// The certificate is signed by an authority that this machine trusts.
    CertificateIssuer,
    /// HTTP/1.1 for WebSockets, and HTTP/2 for the rest if there is any.
    Protocols,
    /// Whoever comes by http is sent to https.
    Redirect,
    /// What answers over HTTP is Alert.
    Http,
    /// Alert recognises its own pages through the proxy.
    OwnOrigin,
    /// The server's clock and ours agree.
    Clock,
    /// A login gives a cookie that a browser keeps and sends.
    Cookie,
    /// A Socket.IO connection over HTTP requests.
    Polling,
    /// A Socket.IO connection that is a WebSocket from the start.
    Websocket,
    /// One that begins with long-polling and becomes a WebSocket.
    Upgrade,
    /// A foreign page may poll.
    CorsPolling,
    /// A foreign page may send a preflight request.
    CorsPreflight,
    /// A foreign page may open a WebSocket.
    CorsWebsocket,
    /// A WebSocket survives the silence between two pings.
    HeartbeatWebsocket,
    /// So does a long poll.
    HeartbeatPolling,
    /// A room's events come as they happen.
    EventStream,
}

/// How a check went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// As it should be.
    Ok,
    /// It works, but could be better, or will not work for long.
    Warning,
    /// Some client will not work.
    Failed,
    /// It could not be tried.
    Skipped,
}

/// One line of the report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was tried.
    pub check: Check,
    /// How it went.
    pub outcome: Outcome,
    /// What was seen, or why it could not be tried; a part of a sentence.
    pub seen: String,
    /// What to change; present for warnings and failures.
    pub advice: Option<Advice>,
}

/// Everything that was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// In the order in which they were made.
    pub findings: Vec<Finding>,
}

/// The result for a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing failed.
    Well,
    /// Something failed.
    Failed,
    /// There is no connection at all.
    Unreachable,
}

/// All checks, in order. The last three take a ping interval.
const WALK: [Check; 21] = [
    Check::Dns,
    Check::Tcp,
    Check::Tls,
    Check::CertificateName,
    Check::CertificateDates,
    Check::CertificateIssuer,
    Check::Protocols,
    Check::Redirect,
    Check::Http,
    Check::OwnOrigin,
    Check::Clock,
    Check::Cookie,
    Check::Polling,
    Check::Websocket,
    Check::Upgrade,
    Check::CorsPolling,
    Check::CorsPreflight,
    Check::CorsWebsocket,
    Check::HeartbeatWebsocket,
    Check::HeartbeatPolling,
    Check::EventStream,
];

impl Check {
    /// The checks of an address, with or without a foreign page.
    pub(super) fn walk(address: &ServerAddress, origin: bool) -> impl Iterator<Item = Self> {
        let (tls, redirect) = (address.is_tls(), redirect::is_expected(address));
        WALK.into_iter().filter(move |check| match check {
            Self::Tls
            | Self::CertificateName
            | Self::CertificateDates
            | Self::CertificateIssuer
            | Self::Protocols => tls,
            Self::Redirect => redirect,
            Self::CorsPolling | Self::CorsPreflight | Self::CorsWebsocket => origin,
            _ => true,
        })
    }

    /// What people read.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Dns => "DNS",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
            Self::CertificateName => "certificate: name",
            Self::CertificateDates => "certificate: dates",
            Self::CertificateIssuer => "certificate: issuer",
            Self::Protocols => "HTTP versions",
            Self::Redirect => "http to https",
            Self::Http => "HTTP",
            Self::OwnOrigin => "own pages",
            Self::Clock => "clock",
            Self::Cookie => "login cookie",
            Self::Polling => "long-polling",
            Self::Websocket => "WebSocket",
            Self::Upgrade => "upgrade",
            Self::CorsPolling => "CORS: long-polling",
            Self::CorsPreflight => "CORS: preflight",
            Self::CorsWebsocket => "CORS: WebSocket",
            Self::HeartbeatWebsocket => "heartbeat: WebSocket",
            Self::HeartbeatPolling => "heartbeat: polling",
            Self::EventStream => "event stream",
        }
    }
}

impl Finding {
    pub(super) fn ok(check: Check, seen: impl Into<String>) -> Self {
        Self { check, outcome: Outcome::Ok, seen: seen.into(), advice: None }
    }

    pub(super) fn warning(check: Check, seen: impl Into<String>, advice: Advice) -> Self {
        Self { check, outcome: Outcome::Warning, seen: seen.into(), advice: Some(advice) }
    }

    pub(super) fn failed(check: Check, seen: impl Into<String>, advice: Advice) -> Self {
        Self { check, outcome: Outcome::Failed, seen: seen.into(), advice: Some(advice) }
    }

    pub(super) fn skipped(check: Check, why: impl Into<String>) -> Self {
        Self { check, outcome: Outcome::Skipped, seen: why.into(), advice: None }
    }
}

impl Report {
    /// Whether a client can work.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let failed = |finding: &&Finding| finding.outcome == Outcome::Failed;
        match self.findings.iter().find(failed).map(|finding| finding.check) {
            None => Verdict::Well,
            Some(Check::Dns | Check::Tcp) => Verdict::Unreachable,
            Some(_) => Verdict::Failed,
        }
    }

    /// How many checks had this outcome.
    #[must_use]
    pub fn count(&self, outcome: Outcome) -> usize {
        self.findings.iter().filter(|finding| finding.outcome == outcome).count()
    }
}
