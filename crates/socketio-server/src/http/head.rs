//! What a request's head must be before anybody reads it: it says which host it is for and who is asking, in one way
//! only (RFC 9112, sections 2.2 and 3.2). Requests are smuggled through what proxies and servers read differently.

use super::body::text_response;
use crate::{bounds::Full, config::Config, host, peers, stream::PeerAddr};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, Version, header};
use http_body_util::Full as Whole;

/// Why a request is refused for its head.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HeadError {
    #[error("A line of the request's head does not end with CR LF.")]
    BareLineFeed,
    #[error("The request has no Host header. Say which host it is for.")]
    NoHost,
    #[error("The request has more than one {0} header. Send one.")]
    Twice(HeaderName),
    #[error("Of the transfer codings there is only chunked here. Send the body without any other.")]
    Coding,
    #[error("The request's Host header is not a host name with a port or without.")]
    BadHost,
    #[error("This server does not answer to the host name {host}. {advice}")]
    OtherHost { host: String, advice: String },
}

impl HeadError {
    /// Plain text that says what is wrong. Nothing more is read from the socket.
    pub(crate) fn response(&self) -> Response<Whole<Bytes>> {
        let status = match self {
            Self::OtherHost { .. } => StatusCode::MISDIRECTED_REQUEST,
            // RFC 9112, section 6.1.
            Self::Coding => StatusCode::NOT_IMPLEMENTED,
            _ => StatusCode::BAD_REQUEST,
        };
        let mut response = text_response(status, format!("{self}\n"));
        response.headers_mut().insert(header::CONNECTION, const { HeaderValue::from_static("close") });
        response
    }
}

/// A whole answer for a client whose request is not read.
pub(crate) fn last_words(full: Full) -> Vec<u8> {
    answer(full.status(), &format!("retry-after: {RETRY_AFTER}\r\n"), &format!("{full}\n"))
}

/// The same for one that does not speak TLS where that is spoken.
pub(crate) fn last_words_without_tls() -> Vec<u8> {
    answer(
        StatusCode::BAD_REQUEST,
        "",
        "This address speaks TLS. Ask for https:// instead of http://, and wss:// instead of ws://.\n",
    )
}

fn answer(status: StatusCode, headers: &str, text: &str) -> Vec<u8> {
    let (code, reason) = (status.as_u16(), status.canonical_reason().unwrap_or_default());
    let length = text.len();
    format!(
        "HTTP/1.1 {code} {reason}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {length}\r\n\
         {headers}connection: close\r\n\r\n{text}"
    )
    .into_bytes()
}

/// Seconds after which a client that was turned away may try again.
pub(crate) const RETRY_AFTER: u8 = 10;

/// Checks a head.
pub(crate) fn check<B>(request: &Request<B>, peer: &PeerAddr, config: &Config) -> Result<(), HeadError> {
    let headers = request.headers();
    at_most_one(headers, header::AUTHORIZATION)?;
    if headers.get_all(header::TRANSFER_ENCODING).iter().any(|value| !is_chunked(value)) {
        return Err(HeadError::Coding);
    }
    let host = match at_most_one(headers, header::HOST)? {
        Some(value) => Some(value.to_str().ok().and_then(host::without_port).ok_or(HeadError::BadHost)?),
        None if request.version() >= Version::HTTP_11 => return Err(HeadError::NoHost),
        None => None,
    };
    // A proxy has already decided which names to answer to, and so has another server.
    if config.proxies.is_proxy(peer) || peers::is_from_another(&config.peers, headers) {
        return Ok(());
    }
    for host in host.into_iter().chain(request.uri().host()) {
        if !config.hosts.allows(host) {
            let host = host[..host.len().min(128)].to_owned();
            return Err(HeadError::OtherHost { host, advice: config.hosts.advice().to_owned() });
        }
    }
    Ok(())
}

fn is_chunked(codings: &HeaderValue) -> bool {
    codings.as_bytes().trim_ascii().eq_ignore_ascii_case(b"chunked")
}

fn at_most_one(headers: &HeaderMap, name: HeaderName) -> Result<Option<&HeaderValue>, HeadError> {
    let mut values = headers.get_all(&name).into_iter();
    match (values.next(), values.next()) {
        (_, Some(_)) => Err(HeadError::Twice(name)),
        (first, None) => Ok(first),
    }
}
