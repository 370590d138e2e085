//! What is answered: its status and its head. They decide; what follows is read only so that the connection can be used again.

use http::{HeaderMap, Response, StatusCode, header};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use std::time::{Duration, SystemTime};

/// The most bytes of a body that are read. The connection of a longer one is closed.
const MOST_BYTES: usize = 64 << 10;
/// How long the rest of a body is waited for. The connection of a slower one is closed.
const REST: Duration = Duration::from_secs(1);

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// How it went.
    pub status: StatusCode,
    /// Its head.
    pub headers: HeaderMap,
}

impl Answer {
    pub(super) async fn read(answer: Response<Incoming>) -> Self {
        let (head, body) = answer.into_parts();
        // Whatever becomes of the rest, it was answered. A body that is dropped before its end takes its connection along.
        let _ = tokio::time::timeout(REST, read_away(body)).await;
        Self { status: head.status, headers: head.headers }
    }

    /// For how long it asks to be left alone: in seconds, or until a date.
    #[must_use]
    pub fn retry_after(&self, now: SystemTime) -> Option<Duration> {
        let text = self.headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
        let seconds = || text.parse::<u32>().ok().map(|seconds| Duration::from_secs(seconds.into()));
        let date = || Some(httpdate::parse_http_date(text).ok()?.duration_since(now).unwrap_or_default());
        seconds().or_else(date)
    }
}

async fn read_away(mut body: Incoming) {
    let mut read = 0;
    while read < MOST_BYTES
        && let Some(Ok(frame)) = body.frame().await
    {
        read += frame.data_ref().map_or(0, bytes::Bytes::len);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_retry_after_in_seconds_or_as_a_date_then_it_is_the_time_from_now() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_445_412_420);
        for (text, seconds) in [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("Wed, 21 Oct 2015 07:28:00 GMT", Some(60)),
            ("Tue, 20 Oct 2015 07:28:00 GMT", Some(0)),
            ("-1", None),
            ("soon", None),
        ] {
            let headers = HeaderMap::from_iter([(header::RETRY_AFTER, text.parse().unwrap())]);
            let answer = Answer { status: StatusCode::OK, headers };
            assert_eq!(answer.retry_after(now), seconds.map(Duration::from_secs), "{text}");
        }
    }
}
