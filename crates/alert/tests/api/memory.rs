//! What a flood leaves behind.
#![cfg(target_os = "linux")]

use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::server::Server;

const MEBIBYTE: u64 = 1 << 20;

fn resident(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap() * 1024
}

#[test]
fn given_a_flood_of_unfinished_posts_then_its_memory_goes_back_within_a_minute() {
    let server = Server::start(&["--max-unfinished-bytes", "0"]);
    let before = resident(&server);
    let head =
        format!("POST /v1/rooms/D5DB HTTP/1.1\r\nhost: {}\r\ncontent-length: 999999\r\n\r\n", server.address);
    let flood: Vec<_> = (0..150)
        .map(|_| {
            let mut stream = TcpStream::connect(server.address).unwrap();
            stream.write_all(&[head.as_bytes(), &[b'x'; 990_000]].concat()).unwrap();
            stream
        })
        .collect();
    let until = Instant::now() + Duration::from_secs(20);
    while resident(&server) < before + 100 * MEBIBYTE {
        assert!(Instant::now() < until, "given a flood that takes memory");
        std::thread::sleep(Duration::from_millis(50));
    }
    drop(flood);
    let until = Instant::now() + Duration::from_secs(60);
    while resident(&server) > before + 40 * MEBIBYTE {
        assert!(Instant::now() < until, "{} bytes are still there", resident(&server));
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn given_the_defaults_then_unfinished_input_is_bounded() {
    let server = Server::start(&[]);
    let before = resident(&server);
    let head =
        format!("POST /v1/rooms/D5DB HTTP/1.1\r\nhost: {}\r\ncontent-length: 999999\r\n\r\n", server.address);
    let _flood: Vec<_> = (0..300)
        .map(|_| {
            let mut stream = TcpStream::connect(server.address).unwrap();
            // One that is refused may be closed before it has sent everything.
            let _ = stream.write_all(&[head.as_bytes(), &[b'x'; 990_000]].concat());
            stream
        })
        .collect();
    server.wait_for_log("too much is unfinished");
    // What is refused is given back too, but not immediately.
    let until = Instant::now() + Duration::from_secs(30);
    while resident(&server) > before + 150 * MEBIBYTE {
        assert!(Instant::now() < until, "{}", resident(&server));
        std::thread::sleep(Duration::from_millis(200));
    }
    assert_eq!(server.get("/livez").status, 200);
}
