//! What happens to a new socket before HTTP: it is told why it is not served, or shakes hands for TLS.

use super::{head, http2};
use crate::{
    arrivals::Arrival,
    bounds::Full,
    engine::Engine,
    engineio::websocket::read_on,
    figures::Shaken,
    shard::Shard,
    stream::{HandshakeError, PeerAddr, Protocol, Stream, TlsStream},
};
use std::{future::Future, net::Shutdown, rc::Rc, time::Duration};

/// The most sockets that are being told why they are not served. Others are just closed.
const MOST_TURNED_AWAY: usize = 256;
/// How long that may take.
const TURNING_AWAY: Duration = Duration::from_secs(1);
/// Returns why a socket is not served.
pub(super) async fn turn_away<E: Engine>(shard: Rc<Shard<E>>, stream: Stream, full: Full) {
    if shard.turned_away.get() >= MOST_TURNED_AWAY {
        return;
    }
    shard.turned_away.update(|count| count + 1);
    let polite = async {
        if let Stream::Tls(tls) = &stream
            && tls.shake_hands().await.is_err()
        {
            return;
        }
        let words = match &stream {
            Stream::Tls(tls) => match tls.protocol() {
                Protocol::Http1 => head::last_words(full),
                Protocol::Http2 => http2::last_words(full),
                Protocol::Nothing => return,
            },
            Stream::Tcp(_) | Stream::Unix(_) => head::last_words(full),
        };
        if stream.writable().await.is_ok() {
            let _ = stream.try_write(&words);
        }
        stream.shut(Shutdown::Write);
        // A socket that is closed with unread bytes in it is reset, and the reset can overtake the answer.
        read_on(&shard, &stream).await;
    };
    // The client may never close its side.
    let _ = tokio::time::timeout(TURNING_AWAY, polite).await;
    shard.turned_away.update(|count| count - 1);
}

/// Shakes hands within the time of a request's head. Returns whether there is a session now.
pub(super) async fn shake_hands<E: Engine>(
    shard: &Shard<E>,
    tls: &TlsStream,
    peer: PeerAddr,
    arrival: &mut Option<Arrival>,
) -> bool {
    let shaking = tokio::time::timeout(shard.config.http.head, tls.shake_hands());
    let wind_up = shard.winding_up.notified();
    tokio::pin!(shaking, wind_up);
    let shaken = tokio::select! {
        biased;
        shaken = std::future::poll_fn(|cx| {
            shard.begin_turn();
            let polled = shaking.as_mut().poll(cx);
            *arrival = None;
            polled
        }) => shaken,
        () = wind_up => return false,
    };
    let failed = if shaken.is_err() { Shaken::Timeout } else { Shaken::Failed };
    match shaken {
        Ok(Ok(())) => {
            shard.counters.shakes_hands(Shaken::Ok);
            return true;
        }
        Ok(Err(HandshakeError::NotTls)) => {
            tracing::debug!(%peer, "no TLS: this address speaks https://, and the request was for http://");
            let said = head::last_words_without_tls();
            let _ = tokio::time::timeout(TURNING_AWAY, tls.say_in_clear(&said)).await;
        }
        Ok(Err(error)) => tracing::debug!(%peer, "{error}"),
        Err(_) => tracing::debug!(%peer, "the TLS handshake took too long"),
    }
    shard.counters.shakes_hands(failed);
    false
}
