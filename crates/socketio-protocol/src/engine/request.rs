//! The query string of an Engine.IO request, and the errors that answer a request.

use std::borrow::Cow;

use memchr::{memchr, memchr2};
use thiserror::Error;

/// How a client talks to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TransportName {
    /// HTTP long-polling.
    Polling,
    /// WebSocket.
    WebSocket,
}

impl TransportName {
    /// The name in a query string.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            TransportName::Polling => "polling",
            TransportName::WebSocket => "websocket",
        }
    }
}

/// A valid Engine.IO query string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query<'a> {
    /// The transport of this request.
    pub transport: TransportName,
    /// The session of this request, never empty; `None` asks for a handshake.
    pub sid: Option<Cow<'a, str>>,
}

impl<'a> Query<'a> {
    /// Parses a query string, without its `?`.
    ///
    /// The checks are those of the reference server: the transport always; the version (`EIO=4`) only if there is no
    /// session id, because it was settled in the handshake. An empty `sid` counts as none. If a key comes twice, the
    /// last one counts. Other keys (`t`, `b64` and the application's own) are ignored.
    ///
    /// # Errors
    /// [`RequestError::UnknownTransport`] or [`RequestError::UnsupportedProtocolVersion`].
    pub fn parse(query: &'a str) -> Result<Self, RequestError> {
        let (mut transport, mut sid, mut version) = (Cow::from(""), Cow::from(""), Cow::from(""));
        let mut set = |key: &str, value| match key {
            "transport" => transport = value,
            "sid" => sid = value,
            "EIO" => version = value,
            _ => {}
        };
        // Clients have nothing to escape, and one that polls sends a query for each message that it gets.
        if memchr2(b'%', b'+', query.as_bytes()).is_some() {
            form_urlencoded::parse(query.as_bytes()).for_each(|(key, value)| set(&key, value));
        } else {
            let mut rest = query;
            while !rest.is_empty() {
                let pair;
                (pair, rest) = cut(rest, b'&');
                let (key, value) = cut(pair, b'=');
                set(key, value.into());
            }
        }
        let transport = match &*transport {
            "polling" => TransportName::Polling,
            "websocket" => TransportName::WebSocket,
            _ => return Err(RequestError::UnknownTransport),
        };
        let sid = Some(sid).filter(|sid| !sid.is_empty());
        if sid.is_none() && version != "4" {
            return Err(RequestError::UnsupportedProtocolVersion);
        }
        Ok(Self { transport, sid })
    }
}

/// What comes before and after the first `at`, an ASCII character.
fn cut(text: &str, at: u8) -> (&str, &str) {
    memchr(at, text.as_bytes()).map_or((text, ""), |at| (&text[..at], &text[at + 1..]))
}

/// Why a request is refused; code and message are the reference server's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[error("{}", self.message())]
#[repr(u8)]
pub enum RequestError {
    /// `transport` is missing, unknown or not offered.
    UnknownTransport = 0,
    /// No session has this id.
    UnknownSid = 1,
    /// A handshake is a GET.
    BadHandshakeMethod = 2,
    /// Anything else that is wrong, such as a transport that does not fit the session.
    BadRequest = 3,
    /// The server does not want this client.
    Forbidden = 4,
    /// Not `EIO=4`.
    UnsupportedProtocolVersion = 5,
}

impl RequestError {
    /// Number of the error on the wire.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }

    /// Text of the error on the wire.
    #[must_use]
    pub fn message(self) -> &'static str {
        match self {
            RequestError::UnknownTransport => "Transport unknown",
            RequestError::UnknownSid => "Session ID unknown",
            RequestError::BadHandshakeMethod => "Bad handshake method",
            RequestError::BadRequest => "Bad request",
            RequestError::Forbidden => "Forbidden",
            RequestError::UnsupportedProtocolVersion => "Unsupported protocol version",
        }
    }

    /// HTTP status of the response.
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            RequestError::Forbidden => 403,
            _ => 400,
        }
    }

    /// JSON body of the response.
    #[must_use]
    pub fn body(self) -> String {
        format!(r#"{{"code":{},"message":"{}"}}"#, self.code(), self.message())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handshake_names_transport_and_version() {
        let query = Query::parse("EIO=4&transport=polling&t=N8hyd6w&b64=1").unwrap();
        assert_eq!(query, Query { transport: TransportName::Polling, sid: None });
        let query = Query::parse("transport=websocket&EIO=4&sid=").unwrap();
        assert_eq!(query, Query { transport: TransportName::WebSocket, sid: None });
    }

    #[test]
    fn a_later_request_names_its_session() {
        for text in [
            "EIO=4&transport=polling&sid=a-b_1",
            "transport=polling&sid=a%2Db_1",
            "EIO=3&transport=%70olling&sid=a-b_1",
        ] {
            assert_eq!(
                Query::parse(text),
                Ok(Query { transport: TransportName::Polling, sid: Some("a-b_1".into()) }),
                "{text}"
            );
        }
    }

    #[test]
    fn the_transport_is_checked_first() {
        for text in [
            "",
            "EIO=4",
            "EIO=4&transport=",
            "transport=abc&EIO=3",
            "transport=Polling&EIO=4",
            "transport",
            "EIO=4&transport=webtransport",
            "transport=polling&transport=abc&EIO=4",
        ] {
            assert_eq!(Query::parse(text), Err(RequestError::UnknownTransport), "{text}");
        }
    }

    #[test]
    fn another_version_is_refused() {
        for text in [
            "transport=polling",
            "transport=polling&EIO=3",
            "transport=websocket&EIO=",
            "transport=polling&EIO=5",
            "transport=polling&EIO=04",
            "transport=polling&EIO=4&EIO=3",
        ] {
            assert_eq!(Query::parse(text), Err(RequestError::UnsupportedProtocolVersion), "{text}");
        }
    }

    #[test]
    fn of_a_key_given_twice_the_last_counts() {
        for text in [
            "EIO=4&EIO=4&transport=websocket&transport=polling&sid=a&sid=b",
            "EIO=3&EIO=4&transport=%70olling&transport=polling&sid=&sid=b",
        ] {
            let query = Query { transport: TransportName::Polling, sid: Some("b".into()) };
            assert_eq!(Query::parse(text), Ok(query), "{text}");
        }
        assert_eq!(Query::parse("EIO=3&EIO=4&transport=polling&sid=a&sid=").map(|query| query.sid), Ok(None));
    }

    #[test]
    fn invalid_percent_encoding_is_no_reason_to_fail() {
        let query = Query::parse("EIO=4&transport=polling&sid=%ff%zz").unwrap();
        assert_eq!(query.sid.as_deref(), Some("\u{fffd}%zz"));
    }

    #[test]
    fn errors_look_like_the_reference_servers() {
        for (error, status, body) in [
            (RequestError::UnknownTransport, 400, r#"{"code":0,"message":"Transport unknown"}"#),
            (RequestError::UnknownSid, 400, r#"{"code":1,"message":"Session ID unknown"}"#),
            (RequestError::BadHandshakeMethod, 400, r#"{"code":2,"message":"Bad handshake method"}"#),
            (RequestError::BadRequest, 400, r#"{"code":3,"message":"Bad request"}"#),
            (RequestError::Forbidden, 403, r#"{"code":4,"message":"Forbidden"}"#),
            (
                RequestError::UnsupportedProtocolVersion,
                400,
                r#"{"code":5,"message":"Unsupported protocol version"}"#,
            ),
        ] {
            assert_eq!((error.status(), error.body().as_str()), (status, body));
            assert_eq!(error.to_string(), error.message());
        }
    }
}
