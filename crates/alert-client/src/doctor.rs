//! `alert doctor`: takes the steps of a client on its way to a server, and says of each whether it works and what to
//! change. It joins no room, and leaves nothing behind.

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, interval};

mod advice;
mod certificate;
mod cors;
mod door;
mod events;
mod finding;
mod heartbeat;
mod identity;
mod network;
mod pages;
mod redirect;
mod session;
mod site;
mod socket;
mod transports;
mod witness;

pub(crate) use witness::Witness;

pub use advice::{Advice, Config, Program};
pub use finding::{Check, Finding, Outcome, Report, Verdict};

use super::Route;
use door::Door;
use identity::Identity;
use site::Site;

/// What to examine.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The server, and the way to it.
    pub server: Route,
    /// The origin, as its browser writes it, of a foreign page that should be able to connect.
    pub origin: Option<String>,
}

/// Somebody who watches while it goes on.
pub trait Watch {
    /// A check is done.
    fn found(&mut self, finding: &Finding);
    /// Heartbeats are being waited for: this much of a ping interval has passed.
    fn waiting(&mut self, passed: Duration, of: Duration);
}

/// Takes all the steps; the report also has those that could not be tried. Every step has a time limit.
pub async fn examine(plan: &Plan, watch: &mut impl Watch) -> Report {
    let mut walk = Walk { plan, watch, report: Report::default() };
    if let Err(reason) = walk.go().await {
        walk.skip_rest(&reason);
    }
    walk.report
}

struct Walk<'a, W> {
    plan: &'a Plan,
    watch: &'a mut W,
    report: Report,
}

impl<W: Watch> Walk<'_, W> {
    /// Goes as far as it can; the error says why it cannot go on.
    async fn go(&mut self) -> Result<(), String> {
        let site = self.reach().await?;
        let room = throw_away_room();
        let (finding, identity) = identity::identify(&site, &room).await;
        self.found(finding);
        match identity? {
            Identity::Alert(reply) => {
                self.found(pages::own_origin(&site, &room).await);
                self.found(pages::clock(&reply));
                self.found(pages::cookie(&site, &room).await);
                self.transports(&site, Some(&room)).await
            }
            Identity::Stranger(reply) => {
                self.skip(Check::OwnOrigin, NOT_ALERT);
                match &reply {
                    Some(reply) => self.found(pages::clock(reply)),
                    None => self.skip(Check::Clock, NOT_ALERT),
                }
                self.skip(Check::Cookie, NOT_ALERT);
                self.transports(&site, None).await
            }
        }
    }

    async fn reach(&mut self) -> Result<Site, String> {
        let address = &self.plan.server.address;
        let door = match network::detour(&self.plan.server) {
            Some(why) => {
                self.skip(Check::Dns, &why);
                let finding = network::enter(&self.plan.server).await;
                let works = finding.outcome == Outcome::Ok;
                self.found(finding);
                if !works {
                    return Err("no connection".to_owned());
                }
                Door::Route(self.plan.server.clone())
            }
            None => {
                let (finding, candidates) = network::dns(address).await;
                self.found(finding);
                let candidates = candidates.ok_or("no address")?;
                let (finding, socket) = network::tcp(address, &candidates).await;
                self.found(finding);
                Door::Address(socket.ok_or("no TCP connection")?)
            }
        };
        if !address.is_tls() {
            return Ok(Site::new(address.clone(), door, None));
        }
        let (findings, config) = certificate::examine(address, &door).await;
        for finding in findings {
            self.found(finding);
        }
        let config = config.ok_or("no TLS connection")?;
        self.found(certificate::protocols(address, &door, &config).await);
        if redirect::is_expected(address) {
            self.found(redirect::examine(address, &door).await);
        }
        Ok(Site::new(address.clone(), door, Some(config)))
    }

    /// Everything about Socket.IO, and the events of `room`, which only Alert has.
    async fn transports(&mut self, site: &Site, room: Option<&str>) -> Result<(), String> {
        let (finding, polled) = transports::polling(site).await;
        self.found(finding);
        if polled.as_ref().is_err_and(session::Fault::is_old_server) {
            return Err("an unsupported protocol version".to_owned());
        }
        let websocket = transports::websocket(site).await;
        let has_websocket = websocket.outcome == Outcome::Ok;
        self.found(websocket);
        match &polled {
            Ok(_) => self.found(transports::upgrade(site, has_websocket).await),
            Err(_) => self.skip(Check::Upgrade, NO_POLLING),
        }
        if let Some(origin) = &self.plan.origin {
            self.found(cors::polling(site, origin).await);
            self.found(cors::preflight(site, origin).await);
            match has_websocket {
                true => self.found(cors::websocket(site, origin).await),
                false => self.skip(Check::CorsWebsocket, NO_WEBSOCKET),
            }
        }
        self.silences(site, has_websocket, polled.ok().as_ref(), room).await;
        Ok(())
    }

    /// The checks that take a ping interval, all at the same time.
    async fn silences(
        &mut self,
        site: &Site,
        websocket: bool,
        polled: Option<&session::Opened>,
        room: Option<&str>,
    ) {
        let interval = polled.map_or(USUAL_INTERVAL, session::Opened::ping_interval);
        let over_websocket = async {
            if websocket {
                heartbeat::websocket(site).await
            } else {
                Finding::skipped(Check::HeartbeatWebsocket, NO_WEBSOCKET)
            }
        };
        let over_polling = async {
            match polled {
                Some(_) => heartbeat::polling(site).await,
                None => Finding::skipped(Check::HeartbeatPolling, NO_POLLING),
            }
        };
        let events = async {
            match room {
                Some(room) => events::stream(site, room, interval).await,
                None => Finding::skipped(Check::EventStream, NOT_ALERT),
            }
        };
        let all = async { tokio::join!(over_websocket, over_polling, events) };
        let (websocket, polling, events) = self.while_watched(all, interval).await;
        self.found(websocket);
        self.found(polling);
        self.found(events);
    }

    async fn while_watched<T>(&mut self, work: impl Future<Output = T>, total: Duration) -> T {
        tokio::pin!(work);
        let started = Instant::now();
        let mut seconds = interval(Duration::from_secs(1));
        loop {
            tokio::select! {
                done = &mut work => return done,
                _ = seconds.tick() => self.watch.waiting(started.elapsed(), total),
            }
        }
    }

    fn found(&mut self, finding: Finding) {
        self.watch.found(&finding);
        self.report.findings.push(finding);
    }

    fn skip(&mut self, check: Check, why: &str) {
        self.found(Finding::skipped(check, why));
    }

    fn skip_rest(&mut self, why: &str) {
        for check in Check::walk(&self.plan.server.address, self.plan.origin.is_some()) {
            if self.report.findings.iter().all(|finding| finding.check != check) {
                self.skip(check, why);
            }
        }
    }
}

/// Used if the server did not give another one.
const USUAL_INTERVAL: Duration = Duration::from_secs(25);
const NOT_ALERT: &str = "this is not Alert";
const NO_POLLING: &str = "long-polling failed";
const NO_WEBSOCKET: &str = "WebSocket failed";

/// A code that nobody uses, so that nobody hears of the visit.
#[expect(clippy::expect_used, reason = "a system without random numbers cannot make a code that nobody has")]
fn throw_away_room() -> String {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the system gives random numbers");
    format!("doctor-{:032x}", u128::from_be_bytes(bytes))
}
