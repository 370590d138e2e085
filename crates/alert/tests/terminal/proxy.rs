//! A proxy between a client and a server that loses answers, or that speaks TLS with the client.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A proxy that runs until the test ends.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    passed: Arc<AtomicUsize>,
}

impl Proxy {
    /// Passes requests on to `server`, and closes the connection instead of passing on the answers to the first `lost`.
    pub(crate) fn that_loses(lost: usize, server: SocketAddr) -> Self {
        Self::start(server, lost, Some)
    }

    /// Passes requests on; `wrap` turns each connection into what the client speaks, if that succeeds.
    pub(crate) fn start<S: Read + Write>(
        server: SocketAddr,
        lost: usize,
        wrap: impl Fn(TcpStream) -> Option<S> + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let passed = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&passed);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let Some(mut client) = wrap(client.unwrap()) else { continue };
                while let Some(answer) = pass_on(&mut client, server) {
                    if count.fetch_add(1, Ordering::SeqCst) < lost {
                        break;
                    }
                    client.write_all(&answer).unwrap();
                    client.flush().unwrap();
                }
            }
        });
        Self { address, passed }
    }

    /// How many requests it passed on.
    pub(crate) fn passed(&self) -> usize {
        self.passed.load(Ordering::SeqCst)
    }
}

/// The answer to the client's next request; nothing when it asks no more.
fn pass_on(client: &mut impl Read, server: SocketAddr) -> Option<Vec<u8>> {
    let request = read(&mut BufReader::with_capacity(1, client))?;
    let mut server = TcpStream::connect(server).unwrap();
    server.write_all(&request).unwrap();
    read(&mut BufReader::new(server))
}

/// A head and as much body as it says.
fn read(from: &mut impl BufRead) -> Option<Vec<u8>> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if from.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let length = head
        .lines()
        .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    from.read_exact(&mut body).ok()?;
    Some([head.into_bytes(), body].concat())
}
