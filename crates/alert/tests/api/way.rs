//! A way to the server that breaks without anybody's noticing.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// A way to the server that can be cut: from then on it swallows what comes, until it is closed.
pub(crate) struct Way {
    pub(crate) address: SocketAddr,
    is_cut: Arc<AtomicBool>,
}

impl Way {
    pub(crate) fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let is_cut = Arc::new(AtomicBool::new(false));
        let cut = Arc::clone(&is_cut);
        thread::spawn(move || {
            let (client, _) = listener.accept().unwrap();
            let server = TcpStream::connect(server).unwrap();
            let forward = |mut from: TcpStream, mut to: TcpStream, cut: Arc<AtomicBool>| {
                move || {
                    let mut buffer = [0; 4096];
                    while let Ok(count @ 1..) = from.read(&mut buffer) {
                        if !cut.load(Ordering::Relaxed) && to.write_all(&buffer[..count]).is_err() {
                            break;
                        }
                    }
                    let _ = to.shutdown(Shutdown::Both);
                }
            };
            let up = forward(client.try_clone().unwrap(), server.try_clone().unwrap(), Arc::clone(&cut));
            thread::spawn(up);
            forward(server, client, cut)();
        });
        Self { address, is_cut }
    }

    /// What is under way is lost.
    pub(crate) fn cut(&self) {
        self.is_cut.store(true, Ordering::Relaxed);
    }
}
