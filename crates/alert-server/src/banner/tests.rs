//! The text for the usual ways to listen.

use super::*;
use crate::config::Flags;
use alert_settings::Environment;

const LAN: Lan = Lan { v4: Some(IpAddr::V4(Ipv4Addr::new(192, 168, 1, 20))), v6: None };

fn shown(settings: &[(&str, &str)], bound: &[&str]) -> String {
    let config = Config::load(&Flags::default(), &Environment::from(settings)).unwrap();
    let bound: Vec<ListenAddr> = bound
        .iter()
        .map(|text| match text.strip_prefix("unix:") {
            Some(path) => ListenAddr::Unix(path.into()),
            None => ListenAddr::Tcp(text.parse().unwrap()),
        })
        .collect();
    text(&config, HistoryKind::Memory, &bound, LAN, false)
}

#[test]
fn by_default_it_names_the_real_port_and_how_to_open_it_to_the_network() {
    let text = shown(&[("ALERT_WORKERS", "2")], &["127.0.0.1:43210"]);
    let wanted = concat!(
        "Alert ",
        env!("CARGO_PKG_VERSION"),
        "

  Open         http://127.0.0.1:43210/v1

  Workers      2 threads
  Limits       name 64 and room code 128 characters, message 16384 bytes, payload 1000000 bytes
  Rate         500 events a second for each connection, in bursts of 1000
  Slow clients closed with more than 1048576 bytes waiting
  Lost clients leave the room after 2s
  History      1000 messages of each room, for 7 days, in memory only: a restart forgets it
  Other sites  may not connect (--allow-origin lets them)
  Access       open to anyone with a room code (--access token asks for a token)
  HTTP API     open to anyone with a room code (--api-token asks for a token)
  Encryption   off: plain HTTP; beyond a trusted network give it a certificate (--tls-cert, --acme-domain), or put a TLS proxy in front and set --public-url

  Only this machine can reach it. To open it to the network:
    alert --listen 0.0.0.0:43210
  and then others go to http://192.168.1.20:43210/v1

  Stop it with Ctrl-C.

"
    );
    assert_eq!(text, wanted);
}

#[test]
fn open_to_the_network_it_names_the_address_that_others_use() {
    let text = shown(&[], &["0.0.0.0:5000"]);
    assert!(
        text.contains("http://127.0.0.1:5000/v1\n") && text.contains("http://192.168.1.20:5000/v1\n"),
        "{text}"
    );
    assert!(!text.contains("--listen"), "{text}");
    let text = shown(&[], &["10.1.2.3:5000"]);
    assert!(text.contains("Open         http://10.1.2.3:5000/v1\n") && !text.contains("--listen"), "{text}");
}

#[test]
fn the_public_url_comes_first() {
    let text = shown(&[("ALERT_PUBLIC_URL", "https://alert.example/")], &["127.0.0.1:5000"]);
    assert!(
        text.contains("Open         https://alert.example/v1\n               http://127.0.0.1:5000/v1\n"),
        "{text}"
    );
    assert!(text.contains("Encryption   by the proxy in front"), "{text}");
}

#[test]
fn it_says_what_is_off_and_who_may_connect() {
    let text = shown(
        &[
            ("ALERT_EVENT_RATE", "0"),
            ("ALERT_ALLOW_ORIGIN", "https://a.example,*"),
            ("ALERT_API_TOKEN", "0123456789abcdef"),
        ],
        &["[::1]:5000", "unix:/run/alert.sock"],
    );
    assert!(text.contains("Rate         not limited (--event-rate 0)\n"), "{text}");
    assert!(text.contains("HTTP API     posting needs a token (1 is set)\n"), "{text}");
    assert!(
        text.contains("Other sites  https://a.example, * may connect, without the login cookie\n"),
        "{text}"
    );
    assert!(
        text.contains("http://[::1]:5000/v1\n") && text.contains("Socket       /run/alert.sock"),
        "{text}"
    );
}

#[test]
fn without_a_network_the_address_is_left_to_the_reader() {
    let config = Config::load(&Flags::default(), &Environment::default()).unwrap();
    let text = text(&config, HistoryKind::Off, &config.listen, Lan::default(), false);
    assert!(text.contains("http://<this machine's address>:5000/v1"), "{text}");
}

#[test]
fn colors_are_there_only_when_asked_for() {
    let config = Config::load(&Flags::default(), &Environment::default()).unwrap();
    let [plain, colored] =
        [false, true].map(|color| text(&config, HistoryKind::Memory, &config.listen, LAN, color));
    assert!(
        !plain.contains('\x1B') && colored.contains("\x1B[1mhttp://127.0.0.1:5000/v1\x1B[0m"),
        "{colored}"
    );
}

#[test]
fn it_says_where_the_history_really_is() {
    let config =
        Config::load(&Flags::default(), &Environment::from(&[("STATE_DIRECTORY", "/state")][..])).unwrap();
    for (kind, words) in [
        (HistoryKind::Sqlite, "for 7 days, in /state/alert.db\n"),
        (HistoryKind::Memory, "for 7 days, in memory only: a restart forgets it\n"),
        (HistoryKind::Off, "History      not kept (--history off)\n"),
    ] {
        let text = text(&config, kind, &config.listen, LAN, false);
        assert!(text.contains(words), "{text}");
    }
}
