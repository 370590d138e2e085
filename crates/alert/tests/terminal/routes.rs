//! Ways to a server other than its host and port: a Unix socket, a proxy that the environment names, and redirects, which
//! are not gone.

use std::io::{BufRead, BufReader, Write, copy};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::thread::spawn;

use crate::command::{Running, alert, run, run_with};
use crate::server::Server;

const NAMES: &str = "http://alert.test:5000";

/// A proxy that leads those who give this password to `server`, whatever the name, and refuses the others.
fn proxy(server: SocketAddr, password: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    spawn(move || {
        for client in listener.incoming() {
            let mut client = client.unwrap();
            spawn(move || {
                let mut lines = BufReader::with_capacity(1, client.try_clone().unwrap()).lines();
                let head: Vec<String> =
                    lines.by_ref().map(Result::unwrap).take_while(|line| !line.is_empty()).collect();
                assert_eq!(head[0], "CONNECT alert.test:5000 HTTP/1.1");
                if !head.contains(&format!("Proxy-Authorization: {password}")) {
                    let _ = client.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
                    return;
                }
                let server = TcpStream::connect(server).unwrap();
                client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").unwrap();
                let (mut from, mut to) = (server.try_clone().unwrap(), client.try_clone().unwrap());
                spawn(move || copy(&mut from, &mut to));
                let _ = copy(&mut client, &mut &server);
                let _ = server.shutdown(std::net::Shutdown::Both);
            });
        }
    });
    format!("http://ada:secret@{address}")
}

const PASSWORD: &str = "Basic YWRhOnNlY3JldA==";

/// With this variable, and the server's name.
fn through(name: &str, proxy: &str, words: &[&str]) -> Command {
    let mut command = alert(words);
    command.env(name, proxy).env("ALERT_URL", NAMES).env("TZ", "UTC");
    command
}

#[test]
fn given_a_proxy_then_send_watch_and_join_go_through_it() {
    let server = Server::start(&["--public-url", NAMES]);
    let proxy = proxy(server.address, PASSWORD);
    let watch = Running::start(&mut through("ALL_PROXY", &proxy, &["watch", "D5DB"]));
    server.until_heard_by(1);
    let done = run_with(&mut through("http_proxy", &proxy, &["send", "D5DB", "hello"]), "");
    assert!(done.is_silent(), "{done:?}");
    while !watch.line().ends_with(" http: hello") {}
    let done = run_with(&mut through("ALL_PROXY", &proxy, &["join", "D5DB", "--name", "Bea"]), "here\n");
    assert_eq!((done.code, done.err.as_str()), (Some(0), ""), "{done:?}");
    while !watch.line().ends_with(" Bea: here") {}
}

#[test]
fn given_a_proxy_that_refuses_then_it_is_named_without_its_password() {
    let server = Server::start(&[]);
    let refusing = proxy(server.address, "another");
    let named = refusing.replace("ada:secret@", "");
    for words in [&["send", "D5DB", "hello"][..], &["watch", "D5DB"], &["join", "D5DB", "--name", "Bea"]] {
        let done = run_with(&mut through("ALL_PROXY", &refusing, words), "");
        assert_eq!(done.code, Some(3), "{done:?}");
        assert!(done.err.contains(&format!("the proxy {named} does not connect to {NAMES} (")), "{done:?}");
        assert!(
            done.err.contains("proxy authorization required") && done.err.contains("NO_PROXY"),
            "{done:?}"
        );
        assert!(!done.err.contains("secret"), "{done:?}");
    }
    let gone = run_with(&mut through("ALL_PROXY", "http://127.0.0.1:9", &["send", "D5DB", "hello"]), "");
    assert!(
        gone.err.contains("the proxy http://127.0.0.1:9 does not connect to http://alert.test:5000"),
        "{gone:?}"
    );
    let socks = run_with(&mut through("ALL_PROXY", "socks5://p:1", &["send", "D5DB", "hello"]), "");
    assert_eq!(socks.code, Some(2), "{socks:?}");
    assert!(socks.err.contains("(from ALL_PROXY)") && socks.err.contains("SOCKS"), "{socks:?}");
}

#[test]
fn given_this_machine_or_no_proxy_then_the_proxy_is_left_out() {
    let server = Server::start(&[]);
    let mut here = through("ALL_PROXY", "http://127.0.0.1:9", &["send", "D5DB", "hello"]);
    assert!(run_with(here.env("ALERT_URL", server.url()), "").is_silent());
    let mut named = through("ALL_PROXY", "http://127.0.0.1:9", &["send", "D5DB", "hello"]);
    let done = run_with(named.env("NO_PROXY", "example.org,.test"), "");
    assert!(done.err.contains("there is no host alert.test here"), "{done:?}");
}

#[test]
fn given_a_unix_socket_then_every_command_takes_it() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("unix:{}", folder.path().join("alert.sock").display());
    let missing = run(&["send", "--url", &url, "D5DB", "hello"]);
    assert_eq!(missing.code, Some(3));
    assert!(missing.err.starts_with(&format!("alert: {url} cannot be opened (No such file")), "{missing:?}");
    let server = Server::start(&["--listen", &url, "--ping-interval", "1s"]);
    let watch = Running::start(alert(&["watch", "D5DB", "--url", &url]).env("TZ", "UTC"));
    server.until_heard_by(1);
    assert!(run(&["send", "--url", &url, "D5DB", "hello"]).is_silent());
    while !watch.line().ends_with(" http: hello") {}
    let joined = run_with(&mut alert(&["join", "D5DB", "--name", "Bea", "--url", &url]), "here\n");
    assert_eq!((joined.code, joined.err.as_str()), (Some(0), ""), "{joined:?}");
    while !watch.line().ends_with(" Bea: here") {}
    let link = format!("{}/v1?room=D5DB", server.url());
    assert!(run(&["doctor", &link]).out.starts_with(&format!("alert doctor {}\n", server.url())));
    let doctor = run(&["doctor", &url, "--json"]);
    let report: serde_json::Value = serde_json::from_str(&doctor.out).unwrap();
    assert_eq!((doctor.code, &report["url"]), (Some(0), &url.as_str().into()), "{report:#}");
    let outcomes =
        report["checks"].as_array().unwrap().iter().map(|check| check["outcome"].as_str().unwrap());
    assert_eq!(outcomes.filter(|outcome| *outcome != "ok").collect::<Vec<_>>(), ["skipped"], "{report:#}");
}

/// A server that answers every request with this redirect.
fn redirecting(location: &str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let answer =
        format!("HTTP/1.1 307 Temporary Redirect\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n");
    spawn(move || {
        for client in listener.incoming() {
            let mut client = client.unwrap();
            let mut lines = BufReader::with_capacity(1, client.try_clone().unwrap()).lines();
            lines.by_ref().map(Result::unwrap).take_while(|line| !line.is_empty()).for_each(drop);
            client.write_all(answer.as_bytes()).unwrap();
        }
    });
    address
}

#[test]
fn given_a_redirect_then_it_is_not_followed_and_the_advice_can_be_pasted() {
    let elsewhere = "https://alert.example.org";
    for (words, path) in [
        (&["send", "D5DB", "hello"][..], "/v1/rooms/D5DB/messages"),
        (&["watch", "D5DB"], "/v1/rooms/D5DB/events"),
        (&["join", "D5DB", "--name", "Bea"], "/socket.io/?EIO=4&transport=websocket"),
    ] {
        for (location, advice) in [
            (
                format!("{elsewhere}{path}"),
                format!("sends everybody to {elsewhere}: use --url {elsewhere}\n"),
            ),
            (format!("//alert.example.org{path}"), "use --url http://alert.example.org\n".to_owned()),
            (format!("{elsewhere}:8443{path}"), format!("use --url {elsewhere}:8443\n")),
            (format!("{elsewhere}/login"), format!("it redirects to {elsewhere}/login): check --url\n")),
            ("/login".to_owned(), "/login): check --url\n".to_owned()),
            ("::".to_owned(), "check --url\n".to_owned()),
        ] {
            let url = format!("http://{}", redirecting(&location));
            let done = run(&[words, &["--url", &url]].concat());
            assert!(
                done.code.is_some_and(|code| code != 0) && done.err.ends_with(&advice),
                "{advice}: {done:?}"
            );
        }
    }
}
