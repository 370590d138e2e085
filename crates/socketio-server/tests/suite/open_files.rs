//! What happens when no more files can be opened. The limit is a process's, so the test has one of its own.

use crate::{
    alone::alone,
    harness::{TestServer, eventually},
    http::Http,
    ws::Ws,
};
use rlimit::Resource;
use socketio_server::Config;
use std::{
    fs::File,
    io::ErrorKind,
    time::{Duration, Instant},
};

#[test]
fn without_files_left_accepting_pauses_and_then_goes_on() {
    alone("open_files::without_files_left_accepting_pauses_and_then_goes_on", || {
        rlimit::setrlimit(Resource::NOFILE, 100, 100).unwrap();
        let server = TestServer::start(Config::default());
        let mut early = Ws::connected(server.address);
        // Given that everything that could be opened is, but for one: the client's own socket.
        let mut files: Vec<_> = std::iter::from_fn(|| File::open("/dev/null").ok()).collect();
        files.pop();
        let mut waiting = Http::connect(server.address);
        waiting.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n");
        waiting.0.get_mut().set_nonblocking(true).unwrap();
        // Then it is not served while the others are, for longer than a pause takes.
        let start = Instant::now();
        eventually("a few pauses have passed", || {
            early.settle();
            let nothing = waiting.0.get_mut().peek(&mut [0]).unwrap_err();
            assert_eq!(nothing.kind(), ErrorKind::WouldBlock, "it was accepted");
            start.elapsed() > Duration::from_millis(250)
        });
        // And when there is room again, it is.
        drop(files);
        waiting.0.get_mut().set_nonblocking(false).unwrap();
        assert_eq!(waiting.response().status, 404);
    });
}
