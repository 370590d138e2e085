//! What a Redis says before it is asked anything: why it closes a connection that it does not want. Whoever writes to it
//! first may see a broken pipe instead.

use crate::config::Place;
use redis::RedisError;
use std::time::Duration;
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    net::{TcpStream, UnixStream},
    time::timeout,
};

/// How long is waited for it. It comes at once, or never.
const LIMIT: Duration = Duration::from_millis(500);
/// The line names four remedies.
const MOST_BYTES: u64 = 4096;

/// It, where a connection that it has taken broke; otherwise nothing.
pub(super) async fn of(place: &Place, error: &RedisError) -> String {
    if error.is_connection_refusal() || !error.is_connection_dropped() {
        return String::new();
    }
    let greeting = timeout(LIMIT, async {
        match place {
            Place::Host(host, port) => read(TcpStream::connect((&**host, *port)).await.ok()?).await,
            Place::Socket(path) => read(UnixStream::connect(path).await.ok()?).await,
        }
    });
    greeting.await.ok().flatten().unwrap_or_default()
}

async fn read(stream: impl AsyncRead + Unpin) -> Option<String> {
    let mut greeting = Vec::new();
    // It ends with the connection.
    stream.take(MOST_BYTES).read_to_end(&mut greeting).await.ok()?;
    String::from_utf8(greeting).ok()
}
