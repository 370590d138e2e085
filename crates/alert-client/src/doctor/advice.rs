//! What to change, with the lines to add.

use std::time::Duration;

use serde::Serialize;

/// What to change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Advice {
    /// One or two sentences.
    pub text: String,
    /// The same, as configuration.
    pub config: Vec<Config>,
}

/// Lines for one program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Config {
    /// Which program, and where in its configuration.
    pub program: Program,
    /// The lines, each as it is written.
    pub lines: Vec<String>,
}

/// Whose configuration it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Program {
    /// Lines for the `location` that passes requests on, unless they contain one.
    Nginx,
    /// A Caddyfile.
    Caddy,
    /// Alert's command line.
    Alert,
}

impl Program {
    /// What people read.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Nginx => "nginx",
            Self::Caddy => "Caddy",
            Self::Alert => "alert",
        }
    }
}

impl Advice {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), config: Vec::new() }
    }

    fn lines<const N: usize>(mut self, program: Program, lines: [&str; N]) -> Self {
        self.config.push(Config { program, lines: lines.map(str::to_owned).to_vec() });
        self
    }

    pub(super) fn nginx<const N: usize>(self, lines: [&str; N]) -> Self {
        self.lines(Program::Nginx, lines)
    }

    pub(super) fn caddy<const N: usize>(self, lines: [&str; N]) -> Self {
        self.lines(Program::Caddy, lines)
    }

    pub(super) fn alert<const N: usize>(self, lines: [&str; N]) -> Self {
        self.lines(Program::Alert, lines)
    }
}

/// The proxy does not pass WebSocket upgrades on.
pub(super) fn pass_upgrades() -> Advice {
    Advice::new(
        "Have the proxy pass WebSocket upgrades. Until then clients stay on long-polling, and those that use only \
         WebSocket do not connect.",
    )
    .nginx([
        "proxy_http_version 1.1;",
        "proxy_set_header Upgrade $http_upgrade;",
        "proxy_set_header Connection \"upgrade\";",
    ])
    .caddy(["reverse_proxy 127.0.0.1:5000    # without header_up for Connection or Upgrade"])
}

/// The proxy gives up on a connection that was silent for `patience`, before the next ping.
pub(super) fn wait_longer(interval: Duration, patience: Duration) -> Advice {
    let seconds = interval.as_secs() + u64::from(interval.subsec_nanos() > 0);
    // Three pings, so that a late one is not the end.
    let wait = (3 * seconds).max(1);
    let advice = Advice::new(format!(
        "A connection is silent for up to {seconds} s, the ping interval. Have the proxy wait longer than that, or \
         lower the interval."
    ))
    .nginx([&format!("proxy_read_timeout {wait}s;")])
    .caddy([
        "reverse_proxy 127.0.0.1:5000 {",
        "    transport http {",
        &format!("        read_timeout {wait}s"),
        "    }",
        "}",
    ]);
    match shorter(patience) {
        Some(lower) => advice.alert([&format!("--ping-interval {lower}")]),
        None => advice,
    }
}

/// A ping interval that leaves a third of the time for a late ping, if one that short is possible.
fn shorter(patience: Duration) -> Option<String> {
    match patience.as_millis() * 2 / 3 {
        ..100 => None,
        millis @ ..1000 => Some(format!("{}ms", millis / 100 * 100)),
        millis => Some(format!("{}s", millis / 1000)),
    }
}

/// The proxy buffers what it should pass on.
pub(super) fn no_buffering() -> Advice {
    Advice::new(
        "The stream is held back on the way: switch the proxy's buffering off, and let X-Accel-Buffering count. \
         Listeners (alert watch, EventSource, curl) hear nothing until then; Socket.IO is not concerned.",
    )
    .nginx(["proxy_buffering off;", "# and remove: proxy_ignore_headers X-Accel-Buffering;"])
    .caddy(["reverse_proxy 127.0.0.1:5000 {", "    flush_interval -1", "}"])
}

/// The proxy changes the host that the browser asked for.
pub(super) fn pass_host(url: &str) -> Advice {
    Advice::new(
        "Have the proxy pass the Host header on as it came, with its port, or tell Alert the address that users see.",
    )
    .nginx(["proxy_set_header Host $http_host;"])
    .caddy(["reverse_proxy 127.0.0.1:5000    # without header_up Host"])
    .alert([&format!("--public-url {url}")])
}

/// Something else answers under this name.
pub(super) fn name_the_host(host: &str) -> Advice {
    Advice::new(
        "Check the URL. If it is right, have the proxy pass everything for this host to Alert: another server block \
         answers, or only some paths are passed on.",
    )
    .nginx([
        &format!("server_name {host};"),
        "location / {",
        "    proxy_pass http://127.0.0.1:5000;",
        "    proxy_set_header Host $http_host;",
        "}",
    ])
    .caddy([&format!("{host} {{"), "    reverse_proxy 127.0.0.1:5000", "}"])
}

/// The proxy does not reach a server.
pub(super) fn start_alert() -> Advice {
    Advice::new(
        "Check that Alert runs, and that the proxy passes requests to the address that it listens on (`alert config \
         show` prints listen). For a Unix socket the proxy's user needs the right to write to it.",
    )
    .nginx(["proxy_pass http://127.0.0.1:5000;"])
    .caddy(["reverse_proxy 127.0.0.1:5000"])
    .alert(["--listen 127.0.0.1:5000"])
}

/// Several servers answer, and none of them knows the sessions of the others.
pub(super) fn one_server() -> Advice {
    Advice::new(
        "Requests of one client go to several servers. Run one Alert, and have one server in the upstream: several Alert \
         servers do not know of each other.",
    )
    .nginx(["upstream alert {", "    server 127.0.0.1:5000;", "}"])
    .caddy(["reverse_proxy 127.0.0.1:5000    # one upstream"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_what_a_proxy_waits_then_the_interval_is_below_it() {
        for (patience, interval) in [
            (60_000, Some("40s")),
            (10_050, Some("6s")),
            (2_100, Some("1s")),
            (1_400, Some("900ms")),
            (151, Some("100ms")),
            (149, None),
            (0, None),
        ] {
            assert_eq!(shorter(Duration::from_millis(patience)).as_deref(), interval, "{patience}");
        }
    }
}
