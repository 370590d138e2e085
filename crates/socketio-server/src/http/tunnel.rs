//! A WebSocket whose session is on another server: bytes go both ways until either side ends.

use crate::{
    bounds::Place,
    engine::Engine,
    peers::{Peers, ServerName},
    shard::Shard,
    stream::Stream,
};
use bytes::Bytes;
use std::{io, net::Shutdown, rc::Rc, sync::Arc, time::Duration};
use tokio::time::timeout;

/// How long one side may take to end after the other: longer than a server waits for its client.
const PARTING: Duration = Duration::from_secs(5);

/// One side of a tunnel, and what has been read from it already.
pub(crate) struct Side {
    pub(crate) stream: Rc<Stream>,
    pub(crate) early: Bytes,
    pub(crate) place: Place,
}

/// Where the other side is.
pub(crate) struct Owner {
    pub(crate) peers: Arc<dyn Peers>,
    pub(crate) name: ServerName,
}

/// Carries bytes until both sides have ended, the owner is not alive any more, or this server shuts down. The client
/// then comes back.
pub(crate) async fn run<E: Engine>(shard: Rc<Shard<E>>, client: Side, server: Side, owner: Owner) {
    let _counted = (shard.count_socket(), client.place, server.place);
    let both = async {
        let up = carry(&shard, &client.stream, &server.stream, client.early);
        let down = carry(&shard, &server.stream, &client.stream, server.early);
        tokio::pin!(up, down);
        // One side that ends still gets what is on its way to it; one that fails takes the other with it.
        let _ = tokio::select! {
            ended = &mut up => match ended {
                Ok(()) => timeout(PARTING, down).await.is_ok(),
                Err(_) => false,
            },
            ended = &mut down => match ended {
                Ok(()) => timeout(PARTING, up).await.is_ok(),
                Err(_) => false,
            },
        };
    };
    tokio::select! {
        () = both => {}
        () = shard.shuts_down() => {}
        () = owner.peers.ended(owner.name) => {}
    }
    client.stream.shut(Shutdown::Both);
    server.stream.shut(Shutdown::Both);
}

/// Carries bytes one way until their source ends. It reads no further while they cannot be written, and holds no buffer
/// while there are none.
async fn carry<E: Engine>(shard: &Shard<E>, from: &Stream, to: &Stream, early: Bytes) -> io::Result<()> {
    let mut rest = Vec::from(early);
    loop {
        let mut written = 0;
        while written < rest.len() {
            to.writable().await?;
            written += write(to, &rest[written..])?;
        }
        rest = Vec::new();
        while let Err(error) = to.try_flush() {
            if error.kind() != io::ErrorKind::WouldBlock {
                return Err(error);
            }
            to.writable().await?;
        }
        from.readable().await?;
        let is_full = {
            let mut scratch = shard.scratch.borrow_mut();
            let count = match from.try_read(&mut scratch) {
                Ok(0) => {
                    to.shut(Shutdown::Write);
                    return Ok(());
                }
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
                Err(error) => return Err(error),
            };
            let written = write(to, &scratch[..count])?;
            rest.extend_from_slice(&scratch[written..count]);
            count == scratch.len()
        };
        if is_full {
            // There may be more at once: others come first.
            tokio::task::yield_now().await;
        }
    }
}

/// Writes what can be written now.
fn write(to: &Stream, bytes: &[u8]) -> io::Result<usize> {
    match to.try_write(bytes) {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(0),
        written => written,
    }
}
