//! Unix sockets, and addresses that are taken.

use crate::{
    chat::{Chat, Log},
    harness::{DEADLINE, app},
};
use socketio_server::{Acceptor, Config, ListenAddr, Server, SocketIo};
use std::{
    io::{ErrorKind, Read, Write},
    net::SocketAddr,
    os::unix::net::{UnixListener, UnixStream},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

/// Runs `test` where listeners can be bound.
fn on_a_runtime<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test)
}

fn unix(path: &std::path::Path) -> ListenAddr {
    ListenAddr::Unix(path.to_owned())
}

#[test]
fn a_server_answers_on_a_unix_socket_whose_file_goes_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    on_a_runtime(async {
        let listener = Acceptor::bind(&unix(&path)).unwrap();
        assert_eq!(listener.address().to_string(), format!("unix:{}", path.display()));
        let engine = SocketIo::new(Chat::new(Arc::new(Log::default())), 1000);
        let server = Server::start(Config::default(), engine, &app(Arc::default()), vec![listener]).unwrap();
        let answer = tokio::task::spawn_blocking({
            let path = path.clone();
            move || ask(&path)
        });
        let answer = answer.await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("back"), "{answer}");
        server.shut_down(Duration::from_secs(5)).await;
        // The acceptor has been told to end; it does when the runtime comes to it.
        tokio::task::yield_now().await;
    });
    assert!(!path.exists());
}

fn ask(path: &PathBuf) -> String {
    let mut stream = UnixStream::connect(path).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    let request = "POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 4\r\n\r\nback";
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_socket_file_that_was_left_behind_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    drop(UnixListener::bind(&path).unwrap());
    assert!(path.exists(), "given a stale file");
    on_a_runtime(async {
        let _listener = Acceptor::bind(&unix(&path)).unwrap();
        UnixStream::connect(&path).unwrap();
    });
}

#[test]
fn a_socket_on_which_somebody_answers_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let _other = UnixListener::bind(&path).unwrap();
    on_a_runtime(async {
        assert_eq!(Acceptor::bind(&unix(&path)).unwrap_err().kind(), ErrorKind::AddrInUse);
    });
    UnixStream::connect(&path).unwrap();
}

#[test]
fn a_file_that_is_no_socket_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("letter");
    std::fs::write(&path, "dear").unwrap();
    on_a_runtime(async {
        assert_eq!(Acceptor::bind(&unix(&path)).unwrap_err().kind(), ErrorKind::AddrInUse);
    });
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "dear");
}

#[test]
fn a_port_that_is_taken_is_an_error() {
    on_a_runtime(async {
        let any = ListenAddr::Tcp(SocketAddr::from(([127, 0, 0, 1], 0)));
        let first = Acceptor::bind(&any).unwrap();
        assert_ne!(first.address(), &any, "the real port");
        assert_eq!(Acceptor::bind(first.address()).unwrap_err().kind(), ErrorKind::AddrInUse);
    });
}
