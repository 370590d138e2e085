//! Unix sockets, addresses that are taken, and sockets that somebody passes.

use crate::{
    chat::{Chat, Log},
    harness::{DEADLINE, app},
};
use socketio_server::{Acceptor, Config, ListenAddr, Server, SocketIo};
use std::{
    io::{ErrorKind, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream, UdpSocket},
    os::{
        fd::OwnedFd,
        unix::net::{UnixListener, UnixStream},
    },
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

/// Serves until `test` is over.
async fn serve<T>(listener: Acceptor, test: impl FnOnce() -> T + Send + 'static) -> T
where
    T: Send + 'static,
{
    let engine = SocketIo::new(Chat::new(Arc::new(Log::default())), 1000);
    let server = Server::start(Config::default(), engine, &app(Arc::default()), vec![listener]).unwrap();
    let result = tokio::task::spawn_blocking(test).await.unwrap();
    server.shut_down(Duration::from_secs(5)).await;
    result
}

#[test]
fn given_a_passed_socket_then_clients_that_come_between_two_servers_are_served_by_the_second() {
    let kept = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = kept.local_addr().unwrap();
    let pass = || Acceptor::passed(OwnedFd::from(kept.try_clone().unwrap())).unwrap();
    let get = |stream: &mut TcpStream| {
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    let ask = move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(b"GET /none HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").unwrap();
        stream
    };
    on_a_runtime(async {
        assert_eq!(pass().address(), &ListenAddr::Tcp(address));
        let answer = serve(pass(), move || get(&mut ask())).await;
        assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
        let mut early: Vec<_> = (0..20).map(|_| ask()).collect();
        let answers = serve(pass(), move || early.iter_mut().map(get).collect::<Vec<_>>()).await;
        assert!(answers.iter().all(|answer| answer.starts_with("HTTP/1.1 404")), "{answers:?}");
    });
}

#[test]
fn given_a_passed_unix_socket_then_its_file_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let kept = UnixListener::bind(&path).unwrap();
    on_a_runtime(async {
        let listener = Acceptor::passed(OwnedFd::from(kept.try_clone().unwrap())).unwrap();
        assert_eq!(listener.address(), &unix(&path));
        let asked = path.clone();
        let answer = serve(listener, move || self::ask(&asked)).await;
        assert!(answer.ends_with("back"), "{answer}");
    });
    assert!(path.exists());
}

#[test]
fn given_something_else_than_a_socket_that_listens_then_it_is_an_error() {
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(tcp.local_addr().unwrap()).unwrap();
    let (unix, _other) = UnixStream::pair().unwrap();
    let others: [OwnedFd; 4] = [
        UdpSocket::bind("127.0.0.1:0").unwrap().into(),
        client.into(),
        unix.into(),
        std::fs::File::open("/dev/null").unwrap().into(),
    ];
    on_a_runtime(async {
        for other in others {
            Acceptor::passed(other).unwrap_err();
        }
    });
}
