//! The sources and their order, and every way to get a setting wrong.

use std::net::IpAddr;

use alert_settings::{CLIENT_VARIABLES, Source};
use clap::{Args, Command, FromArgMatches};
use http::HeaderMap;
use socketio_server::PeerAddr;

mod secrets;

use super::*;

fn flags(words: &[&str]) -> Flags {
    let command = Flags::augment_args(Command::new("alert"));
    let words = std::iter::once(&"alert").chain(words);
    Flags::from_arg_matches(&command.try_get_matches_from(words).unwrap()).unwrap()
}

fn load(words: &[&str]) -> Result<Config, String> {
    Config::load(&flags(words), &Environment::default()).map_err(|errors| errors.to_string())
}

fn load_env(pairs: &[(&str, &str)]) -> Result<Config, String> {
    Config::load(&Flags::default(), &Environment::from(pairs)).map_err(|errors| errors.to_string())
}

fn load_file(text: &str) -> Result<Config, String> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    let name = file.path().to_str().unwrap();
    load(&["--config", name]).map_err(|errors| errors.replace(name, "alert.toml"))
}

#[test]
fn without_settings_the_defaults_of_the_contract_hold() {
    let config = load(&[]).unwrap();
    assert_eq!(config.listen, [listen::address("127.0.0.1:5000").unwrap()]);
    let cores = std::thread::available_parallelism().unwrap().get();
    assert_eq!(usize::from(config.workers.get()), cores);
    assert_eq!(config.leave_grace, Duration::from_secs(2));
    assert_eq!(
        (config.limits.name_chars, config.limits.room_chars, config.limits.msg_bytes),
        (64, 128, 16_384)
    );
    assert_eq!((config.max_payload, config.queue_limit), (1_000_000, 1 << 20));
    let rate = config.event_rate.unwrap();
    assert_eq!((rate.per_second.get(), rate.burst.get()), (500, 1000));
    assert_eq!(
        (config.ping_interval, config.ping_timeout),
        (Duration::from_secs(25), Duration::from_secs(20))
    );
    assert_eq!(config.drain_wait, Duration::ZERO);
    assert_eq!((config.recovery, config.io), (RecoveryMode::Auto, Io::Auto));
    assert_eq!((config.log_format, config.log_level), (LogFormat::Text, tracing::Level::INFO));
    assert_eq!((config.public_url, config.allow_origin), (None, vec![]));
    assert!(config.warnings.is_empty());
}

#[test]
fn a_flag_wins_over_the_environment_which_wins_over_the_file() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "workers = 1\nleave_grace = 1\nping_interval = \"1m\"\n").unwrap();
    let environment = Environment::from(
        &[
            ("ALERT_CONFIG", file.path().to_str().unwrap()),
            ("ALERT_WORKERS", "2"),
            ("ALERT_LEAVE_GRACE", "2s"),
        ][..],
    );
    let config = Config::load(&flags(&["--workers", "3"]), &environment).unwrap();
    let seen = (config.workers.get(), config.leave_grace.as_secs(), config.ping_interval.as_secs());
    assert_eq!(seen, (3, 2, 60));
    let source =
        |name: &str| config.shown().find(|(setting, _)| setting.name == name).unwrap().1.source.clone();
    assert_eq!(source("workers"), Source::Flag);
    assert_eq!(source("leave_grace"), Source::Environment);
    assert_eq!(source("ping_interval"), Source::File(file.path().to_owned()));
    assert_eq!(source("ping_timeout"), Source::Default);
}

#[test]
fn lists_are_repeated_flags_commas_or_arrays() {
    let wanted = [listen::address("127.0.0.1:1").unwrap(), listen::address("unix:/run/a").unwrap()];
    assert_eq!(load(&["--listen", "127.0.0.1:1", "--listen", "unix:/run/a"]).unwrap().listen, wanted);
    assert_eq!(load_env(&[("ALERT_LISTEN", "127.0.0.1:1, unix:/run/a")]).unwrap().listen, wanted);
    assert_eq!(load_file("listen = [\"127.0.0.1:1\", \"unix:/run/a\"]").unwrap().listen, wanted);
    assert_eq!(load_file("listen = \"127.0.0.1:1\"").unwrap().listen, wanted[..1]);
}

#[test]
fn times_are_written_in_several_ways() {
    let all = [("2s", 2000), ("500ms", 500), ("1m 30s", 90_000), ("3", 3000), ("0.25", 250), ("0", 0)];
    for (text, milliseconds) in all {
        let config = load(&["--leave-grace", text]).unwrap();
        assert_eq!(config.leave_grace.as_millis(), milliseconds, "{text}");
    }
    assert_eq!(load_file("leave_grace = 1.5").unwrap().leave_grace.as_millis(), 1500);
}

#[test]
fn a_rate_of_zero_is_no_limit() {
    assert_eq!(load(&["--event-rate", "0"]).unwrap().event_rate, None);
    assert_eq!(load(&["--event-rate", "0", "--event-burst", "0"]).unwrap().event_rate, None);
}

#[test]
fn an_empty_variable_is_not_set() {
    assert_eq!(load_env(&[("ALERT_PUBLIC_URL", ""), ("ALERT_WORKERS", "")]).unwrap().public_url, None);
}

#[test]
fn an_impossible_value_is_an_error_that_names_key_value_source_and_what_is_allowed() {
    let wrong = [
        ("listen", "nowhere", "an IP address with a port"),
        ("listen", "example.org:5000", "an IP address with a port"),
        ("listen", "127.0.0.1", "an IP address with a port"),
        ("listen", "unix:", "unix:/path"),
        ("workers", "0", "auto, or a whole number from 1 to 1024"),
        ("workers", "-1", "auto, or"),
        ("trusted_proxy", "10.0.0.0/33", "an IP address or a network"),
        ("web_push_contact", "admin@example.org", "mailto:admin@example.org, or an https:// page"),
        ("outbound_networks", "everywhere", "an IP address or a network"),
        ("tls_cert", "/nowhere/cert.pem", "a file that can be read (No such file"),
        ("tls_key", "/nowhere/key.pem", "a file that can be read (No such file"),
        ("acme_domain", "*.example.org", "without a wildcard"),
        ("acme_domain", "https://a.example", "a host name that leads to this server"),
        ("acme_email", "admin", "an address as in"),
        ("acme_directory", "production", "letsencrypt, staging"),
        ("acme_ca", "/nowhere/ca.pem", "a file that can be read (No such file"),
        ("acme_dir", "/dev/null", "a folder"),
        ("redirect_listen", "here", "an IP address with a port"),
        ("admin_listen", "unix:/x", "an IP address with a port"),
        ("admin_listen", "here", "an IP address with a port"),
        ("admin_listen", "0.0.0.0:9464", "an address of this machine alone"),
        ("admin_listen", "[::]:9464", "an address of this machine alone"),
        ("admin_listen", "127.0.0.1:5000", "another address than listen"),
        ("admin_token", "too-short", "at least 16 characters"),
        ("admin_token_file", "/nowhere/token", "a file that can be read (No such file"),
        ("drain_wait", "-1s", "a time from 0s to 1h"),
        ("allow_host", "http://a.example", "a host name without scheme and port"),
        ("allow_host", "a.example:80", "a host name without scheme and port"),
        ("allow_origin", "example.org", "https://example.org:8443"),
        ("allow_origin", "http://localhost:*", "a port is a number from 1 to 65535"),
        ("allow_origin", "http://localhost:65536", "a port is a number from 1 to 65535"),
        ("allow_origin", "http://localhost:", "a port is a number from 1 to 65535"),
        ("allow_origin", "https://", "scheme and host"),
        ("allow_origin", "https://a.*.org", "`*.` may stand before a domain"),
        ("frame_ancestors", "*", "have people click on it unseen"),
        ("frame_ancestors", "'self'", "http:// or https:// with a host name"),
        ("frame_ancestors", "school.example.org", "http:// or https:// with a host name"),
        ("frame_ancestors", "https://school.example.org/intranet", "http:// or https:// with a host name"),
        ("frame_ancestors", "https://a;script-src", "http:// or https:// with a host name"),
        ("frame_ancestors", "https://[::1]:8443", "http:// or https:// with a host name"),
        ("frame_ancestors", "null", "http:// or https:// with a host name"),
        ("frame_ancestors", "capacitor://localhost", "http:// or https:// with a host name"),
        ("frame_ancestors", "https://*", "`*.` may stand before a domain"),
        ("public_url", "ftp://a.example", "http:// or https://"),
        ("public_url", "https://a.example/alert", "without a path"),
        ("public_url", "https://a.example?x", "without a path"),
        ("public_url", "null", "http:// or https://"),
        ("public_url", "file://", "http:// or https://"),
        ("public_url", "https://*.a.example", "http:// or https://"),
        ("public_url", "https://a.example:", "a port is a number from 1 to 65535"),
        ("public_url", "https://a.example:70000", "a port is a number from 1 to 65535"),
        ("public_url", "https://:443", "http:// or https://"),
        ("access", "closed", "open, token"),
        ("access", "token", "open, unless there are tokens: set token_keys"),
        ("token_keys", "/nowhere/key.pem", "a file that can be read (No such file"),
        ("bells", "/nowhere/bells.toml", "a file that can be read (No such file"),
        ("leave_grace", "soon", "a time from 0s to 1h"),
        ("leave_grace", "2h", "a time from 0s to 1h"),
        ("leave_grace", "NaN", "a time from 0s to 1h"),
        ("ping_interval", "0", "a time from 100ms to 1h"),
        ("ping_timeout", "0", "a time from 100ms to 1h"),
        ("recovery", "yes", "auto, on, off"),
        ("queue_limit", "1kB", "4096 to 1073741824 bytes"),
        ("queue_limit", "999999", "at least max_payload (1000000)"),
        ("history", "disk", "sqlite, memory, off"),
        ("history_messages", "0", "a whole number from 1"),
        ("history_age", "0", "a time from 1s"),
        ("replay_window", "25h", "a time from 0s to 1 day"),
        ("history_size", "1kB", "auto (1GiB in a file, 64MiB in memory), or a size from 1.0 MiB"),
        ("history_size", "much", "such as 64MiB or 2GiB"),
        ("redis", "127.0.0.1:6379", "redis://HOST:PORT"),
        ("redis_password_file", "/nowhere/password", "a file that can be read (No such file"),
        ("redis_ca", "/nowhere/ca", "a file that can be read (No such file"),
        ("redis_cert", "/dev/null", "a file with at least one certificate in PEM format"),
        ("redis_key", "/dev/null", "a file that is not empty"),
        ("redis_sentinel_user", "a b", "a name without spaces"),
        ("redis_sentinel_password_file", "/dev/null", "a file that is not empty"),
        ("advertise", "nowhere", "HOST:PORT"),
        ("redis_prefix", "{a}", "letters, digits"),
        ("redis_timeout", "0", "a time from 100ms to 1h"),
        ("advertise", "0.0.0.0:5000", "HOST:PORT at which the other servers reach this one"),
        ("advertise", "alert-1:5000", "nothing without redis"),
        ("max_name_chars", "0", "a whole number from 1 to 256"),
        ("max_room_chars", "257", "a whole number from 1 to 256"),
        ("max_msg_bytes", "x", "1 to 67108864 bytes"),
        ("max_payload", "20000", "at least 20480"),
        ("event_rate", "-5", "a whole number from 0"),
        ("byte_rate", "1M", "a whole number from 0"),
        ("max_connections", "-1", "a whole number from 0"),
        ("max_connections_per_address", "many", "a whole number from 0"),
        ("max_unfinished_bytes", "999999", "at least max_payload (1000000)"),
        ("message_timeout", "0", "a time from 1s to 1h"),
        ("room_byte_rate", "2000000000", "a whole number from 0"),
        ("event_burst", "0", "event_rate 0 is what turns the limit off"),
        ("byte_rate", "1MB", "a whole number from 0"),
        ("room_byte_rate", "-1", "a whole number from 0"),
        ("room_tries", "-1", "a whole number from 0"),
        ("join_rate", "many", "a whole number from 0"),
        ("max_rooms", "0", "a whole number from 1"),
        ("max_people", "0", "a whole number from 1"),
        ("io", "kqueue", "auto, uring, epoll"),
        ("log_format", "xml", "text, json"),
        ("log_level", "loud", "error, warn, info, debug, trace"),
        ("session_key", "c2hvcnQ=", "base64 of at least 32 bytes"),
        ("session_key_previous", "c2hvcnQ=", "base64 of at least 32 bytes"),
        ("api_token", "too-short", "at least 16 characters"),
        ("api_token_file", "/nowhere/tokens", "a file that can be read (No such file"),
    ];
    for setting in SETTINGS {
        assert!(wrong.iter().any(|(name, ..)| *name == setting.name), "{} has no row", setting.name);
    }
    for (name, value, allowed) in wrong {
        let setting = super::reader::setting(name);
        let shown = if setting.secret { "(hidden)".to_owned() } else { format!("{value:?}") };
        let by_flag = load(&[&setting.flag(), value]).unwrap_err();
        let by_variable = load_env(&[(&setting.variable(), value)]).unwrap_err();
        let by_file = load_file(&format!("{name} = {value:?}")).unwrap_err();
        let origins =
            [(by_flag, setting.flag()), (by_variable, setting.variable()), (by_file, "alert.toml".into())];
        for (error, origin) in origins {
            assert!(
                error.starts_with(&format!("{name} = {shown} (from {origin}) is not possible; allowed: ")),
                "{error}"
            );
            assert!(error.contains(allowed), "{error}");
            assert_eq!(error.lines().count(), 1, "one mistake, one line: {error}");
        }
    }
}

#[test]
fn all_mistakes_are_reported_at_once() {
    let errors = load(&["--workers", "none", "--ping-timeout", "never", "--log-format", "xml"]).unwrap_err();
    assert_eq!(errors.lines().count(), 3, "{errors}");
}

#[test]
fn the_same_address_twice_is_an_error() {
    let error = load(&["--listen", "localhost:5000", "--listen", "127.0.0.1:5000"]).unwrap_err();
    assert!(error.contains("each address once"), "{error}");
}

#[test]
fn an_unknown_key_in_the_file_is_an_error_with_the_nearest_one() {
    let error = load_file("leave-grace = 2").unwrap_err();
    assert_eq!(error, "leave-grace (in alert.toml) is not a setting; did you mean leave_grace?");
    let error = load_file("colour = 2").unwrap_err();
    assert!(error.contains("`alert config show` lists them"), "{error}");
}

#[test]
fn a_file_of_the_wrong_shape_is_an_error() {
    let error = load_file("workers = [1, 2]").unwrap_err();
    assert!(error.contains("workers = ") && error.contains("allowed: a string or a number"), "{error}");
    assert!(load_file("listen = [[1]]").unwrap_err().contains("an array of strings"));
    let error = load_file("workers = 1\nsession_key = \"c2VjcmV0").unwrap_err();
    assert_eq!(
        error, "alert.toml is not a TOML file: line 2, column 24: invalid basic string, expected `\"`",
        "nothing of a line that may hold a secret"
    );
    let error = load(&["--config", "/nowhere/alert.toml"]).unwrap_err();
    assert!(error.starts_with("cannot read the configuration file /nowhere/alert.toml: "), "{error}");
    let error = load(&["--config", "/"]).unwrap_err();
    assert_eq!(error, "cannot read the configuration file /: it is a folder, not a file");
    load(&["--config", "/dev/null"]).unwrap();
}

#[test]
fn an_unknown_variable_is_a_warning_with_the_nearest_one() {
    let config = load_env(&[("ALERT_LEAVEGRACE", "1"), ("ALERT_XYZZY", "1"), ("OTHER", "1")]).unwrap();
    assert_eq!(
        config.warnings,
        [
            "the environment variable ALERT_LEAVEGRACE is not a setting and has no effect; did you mean ALERT_LEAVE_GRACE?",
            "the environment variable ALERT_XYZZY is not a setting and has no effect",
        ]
    );
}

#[test]
fn listen_addresses_have_short_forms() {
    for (text, shown) in [
        (":5000", "0.0.0.0:5000"),
        ("localhost:80", "127.0.0.1:80"),
        ("[::1]:5000", "[::1]:5000"),
        ("127.0.0.1:0", "127.0.0.1:0"),
        ("unix:/run/alert.sock", "unix:/run/alert.sock"),
    ] {
        assert_eq!(listen::address(text).unwrap().to_string(), shown);
    }
}

#[test]
fn the_session_key_file_is_in_systemds_folder_or_else_in_the_users() {
    let file =
        |environment: Environment| environment.session_key_file().map(|file| file.display().to_string());
    let all = [("STATE_DIRECTORY", "/var/lib/alert:/x"), ("XDG_STATE_HOME", "/s"), ("HOME", "/h")];
    assert_eq!(file(Environment::from(&all[..])).unwrap(), "/var/lib/alert/session.key");
    assert_eq!(file(Environment::from(&all[1..])).unwrap(), "/s/alert/session.key");
    assert_eq!(
        file(Environment::from(&[("XDG_STATE_HOME", "s"), all[2]][..])).unwrap(),
        "/h/.local/state/alert/session.key"
    );
    assert_eq!(file(Environment::default()), None);
}

#[test]
fn a_trusted_proxy_vouches_for_the_client_and_nobody_else_does() {
    let config = load(&["--trusted-proxy", "10.0.0.0/8", "--trusted-proxy", "::1"]).unwrap();
    let client = |peer: &str, forwarded: &[&str]| {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", value.parse().unwrap());
        }
        let peer = peer.parse().map_or(PeerAddr::Unix, |ip: IpAddr| PeerAddr::Tcp((ip, 1234).into()));
        config.trusted_proxies.client(&peer, &headers).map(|address| address.to_string())
    };
    let is = |text: &str| Some(text.to_owned());
    assert_eq!(client("192.0.2.1", &["198.51.100.7"]), is("192.0.2.1"));
    assert_eq!(client("10.0.0.1", &["198.51.100.7"]), is("198.51.100.7"));
    assert_eq!(client("::ffff:10.0.0.1", &["203.0.113.9, 198.51.100.7, 10.2.2.2"]), is("198.51.100.7"));
    assert_eq!(client("::1", &["203.0.113.9", "198.51.100.7"]), is("198.51.100.7"));
    assert_eq!(client("10.0.0.1", &["198.51.100.7:4711"]), is("198.51.100.7"));
    assert_eq!(client("10.0.0.1", &["[2001:db8::1]:4711"]), is("2001:db8::1"));
    assert_eq!(client("10.0.0.1", &["rubbish"]), is("10.0.0.1"));
    assert_eq!(client("", &["198.51.100.7"]), is("198.51.100.7"));
    assert_eq!(client("", &[]), None);
}

#[test]
fn a_port_in_use_says_which_and_what_to_do() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let problem = std::net::TcpListener::bind(address).unwrap_err();
    let text = ListenError::new(ListenAddr::Tcp(address), problem).to_string();
    assert!(
        text.starts_with(&format!("cannot listen on {address}: another program has this port.")),
        "{text}"
    );
    let (next, port) = (address.port() + 1, address.port());
    assert!(text.contains(&format!("`alert --listen 127.0.0.1:{next}`")), "{text}");
    assert!(text.contains(&format!("`lsof -i :{port}`")), "{text}");
}

#[test]
fn given_the_variables_of_clients_then_the_server_takes_no_notice_of_them() {
    let variables = CLIENT_VARIABLES.map(|name| (name, "http://variable:1"));
    assert_eq!(load_env(&variables).unwrap().warnings, [""; 0]);
}

#[test]
fn a_byte_order_mark_is_dropped_and_another_encoding_is_an_error_that_says_utf_8() {
    assert_eq!(load_file("\u{FEFF}leave_grace = 1\n").unwrap().leave_grace, Duration::from_secs(1));
    let file = tempfile::NamedTempFile::new().unwrap();
    for bytes in [&b"\xFF\xFEl\0"[..], b"# caf\xE9\nleave_grace = 1\n"] {
        std::fs::write(file.path(), bytes).unwrap();
        for flag in ["--config", "--api-token-file"] {
            let error = load(&[flag, file.path().to_str().unwrap()]).unwrap_err();
            assert!(error.contains("save it as UTF-8"), "{error}");
        }
    }
    std::fs::write(file.path(), "\u{FEFF}0123456789abcdef\r\n").unwrap();
    let config = load(&["--api-token-file", file.path().to_str().unwrap()]).unwrap();
    assert_eq!(config.api_tokens.iter().next().unwrap().as_str(), "0123456789abcdef");
}
