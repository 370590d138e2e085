//! What causes a line: the connection or the request that is being served. It is set around the work, so that every line
//! of that has it, and no call can forget it.

use super::line::Line;
use http::HeaderMap;
use socketio_server::ConnectionId;
use std::cell::Cell;
use std::fmt::{self, Display, Formatter};
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

/// The header that carries it, in requests of our proxies and in all answers.
pub const HEADER: &str = "x-request-id";

/// What is kept of a proxy's.
const MOST_CHARS: usize = 64;

thread_local! {
    static CONNECTION: Cell<Option<ConnectionId>> = const { Cell::new(None) };
}

tokio::task_local! {
    static REQUEST: RequestId;
}

/// Names a request, in the log and in its answer.
#[derive(Clone, Debug)]
pub struct RequestId(Arc<str>);

impl RequestId {
    /// One that no other request of this server has.
    pub fn new() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        /// So that two runs have none in common.
        static RUN: LazyLock<u32> = LazyLock::new(|| {
            let mut bytes = [0; 4];
            // Without random numbers they begin alike, which nothing depends on.
            let _ = getrandom::fill(&mut bytes);
            u32::from_ne_bytes(bytes)
        });
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        Self(format!("{:08x}-{count:x}", *RUN).into())
    }

    /// The one that a proxy of ours has given, if it is one word of letters and digits.
    pub fn given(headers: &HeaderMap) -> Option<Self> {
        let text = headers.get(HEADER)?.to_str().ok()?;
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let fits = (1..=MOST_CHARS).contains(&text.len()) && text.bytes().all(is_plain);
        fits.then(|| Self(text.into()))
    }

    /// The request that this task serves.
    pub fn current() -> Option<Self> {
        REQUEST.try_with(Clone::clone).ok()
    }

    /// Serves it: lines of `work` have its name.
    pub async fn serve<T>(self, work: impl Future<Output = T>) -> T {
        REQUEST.scope(self, work).await
    }
}

impl Default for RequestId {
    fn default() -> Self {
        Self::new()
    }
}

impl Display for RequestId {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

/// Does something for a connection: lines of `work` have its name.
pub fn for_connection<T>(connection: ConnectionId, work: impl FnOnce() -> T) -> T {
    let before = CONNECTION.replace(Some(connection));
    let done = work();
    CONNECTION.set(before);
    done
}

/// Adds what the line was caused by.
pub(super) fn add_to(line: &mut Line) {
    if let Some(connection) = CONNECTION.get() {
        line.text("connection", &connection.to_string());
    }
    if let Some(request) = RequestId::current() {
        line.text("request", &request.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_has_a_name_of_its_own_unless_a_proxy_gives_it_a_plain_one() {
        assert_ne!(RequestId::new().to_string(), RequestId::new().to_string());
        let given = |text: &str| {
            let headers =
                HeaderMap::from_iter([(http::HeaderName::from_static(HEADER), text.parse().unwrap())]);
            RequestId::given(&headers).map(|id| id.to_string())
        };
        for plain in ["a", "4bf92f35-77b3_x.Y", &"x".repeat(64)] {
            assert_eq!(given(plain).as_deref(), Some(plain));
        }
        for other in ["", "a b", "a\"", "ä", &"x".repeat(65)] {
            assert_eq!(given(other), None, "{other}");
        }
    }
}
