//! `alert health`, as a container's HEALTHCHECK runs it.

use std::net::TcpListener;
use std::process::{Command, Output};

use crate::certificates::Folder;
use crate::server::Server;

fn health(flags: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_alert")).env_clear().arg("health").args(flags).output().unwrap()
}

/// What it says on stderr, after exit code 1.
fn complaint(flags: &[&str]) -> String {
    let output = health(flags);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn given_a_server_then_it_is_healthy_at_its_address_and_at_its_unix_socket() {
    let folder = tempfile::tempdir().unwrap();
    let socket = format!("unix:{}/alert.sock", folder.path().display());
    let server = Server::start(&["--listen", &socket]);
    for listen in [server.address.to_string(), format!("0.0.0.0:{}", server.address.port()), socket] {
        let output = health(&["--listen", &listen]);
        assert_eq!((output.status.code(), &*output.stdout), (Some(0), &b"ok\n"[..]), "{listen}: {output:?}");
    }
}

#[test]
fn given_tls_then_the_certificate_is_not_judged() {
    let folder = Folder::new();
    folder.certificate("a", "DNS:a.example", 9);
    let tls = folder.flags(&["a"]);
    let tls: Vec<&str> = tls.iter().map(String::as_str).collect();
    let server = Server::start(&tls);
    let listen = server.address.to_string();
    let output = health(&[&tls[..], &["--listen", &listen]].concat());
    assert_eq!((output.status.code(), &*output.stdout), (Some(0), &b"ok\n"[..]), "{output:?}");
}

#[test]
fn given_no_server_or_something_else_then_it_is_not_healthy_and_the_reason_is_said() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = taken.local_addr().unwrap().to_string();
    assert!(complaint(&["--listen", &silent]).contains("no answer within 5 s"));
    drop(taken);
    assert!(complaint(&["--listen", &silent]).contains("nothing answers"));
    assert!(complaint(&["--listen", "127.0.0.1:0"]).contains("port 0"));
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap().to_string();
    let answering = std::thread::spawn(move || {
        use std::io::{Read, Write};
        let (mut stream, _) = other.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.write_all(b"HTTP/1.1 503 No\r\ncontent-length: 4\r\n\r\nbusy");
    });
    let said = complaint(&["--listen", &address]);
    assert!(said.contains("503") && said.contains("busy"), "{said}");
    answering.join().unwrap();
    assert_eq!(health(&["--workers", "0"]).status.code(), Some(2));
}
