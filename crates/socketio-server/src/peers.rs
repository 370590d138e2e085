//! Other servers that clients reach under the same address. The id of a session names its server, so that a request that
//! comes to another one can be passed on.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderMap, HeaderName, HeaderValue};
use std::{fmt, future::Future, pin::Pin, sync::Arc};
use subtle::ConstantTimeEq;

/// The header of a request that was passed on, with the key. A request that has it, whatever it says, is not passed on
/// again, so that none goes in circles.
const PASSED_ON: HeaderName = HeaderName::from_static("x-passed-on");

const NAME_BYTES: usize = 6;
const LEAST_KEY: usize = 32;

/// The servers of one address.
pub trait Peers: fmt::Debug + Send + Sync + 'static {
    /// This server.
    fn this(&self) -> ServerName;

    /// What shows that a request comes from another of them.
    fn key(&self) -> &PeerKey;

    /// The host and port at which one of them is reached, if it is alive. It is asked for every request that is passed
    /// on, so it must be quick for those that are.
    fn find(&self, server: ServerName) -> Later<'_, Option<String>>;

    /// Returns when one of them is not alive any more.
    fn ended(&self, server: ServerName) -> Later<'_, ()>;
}

/// What comes later.
pub type Later<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// One of several servers: what the ids of its sessions begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ServerName([u8; NAME_BYTES]);

impl ServerName {
    /// The characters that it takes.
    pub(crate) const LENGTH: usize = NAME_BYTES.div_ceil(3) * 4;

    /// The server with this number, of which 48 bits count.
    pub fn new(number: u64) -> Self {
        let [_, _, name @ ..] = number.to_be_bytes();
        Self(name)
    }

    /// Its number.
    pub fn number(self) -> u64 {
        self.0.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        Some(Self(URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?))
    }
}

impl fmt::Display for ServerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

/// The secret that the servers share. It does not print.
#[derive(Clone)]
pub struct PeerKey(HeaderValue);

impl PeerKey {
    /// Reads a key of at least 32 letters, digits, `-` and `_`; `None` if it is something else.
    pub fn parse(text: &str) -> Option<Self> {
        let is_key = text.len() >= LEAST_KEY
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        let mut value = HeaderValue::from_str(text).ok().filter(|_| is_key)?;
        value.set_sensitive(true);
        Some(Self(value))
    }

    /// Marks a request that is passed on.
    pub(crate) fn mark(&self, headers: &mut HeaderMap) {
        headers.insert(PASSED_ON, self.0.clone());
    }

    /// Whether a request comes from another server. How long that takes does not tell how much of the key is right.
    pub(crate) fn is_on(&self, headers: &HeaderMap) -> bool {
        headers.get(PASSED_ON).is_some_and(|value| value.as_bytes().ct_eq(self.0.as_bytes()).into())
    }
}

impl fmt::Debug for PeerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PeerKey")
    }
}

/// Whether a request comes from another server, if there are any.
pub(crate) fn is_from_another(peers: &Option<Arc<dyn Peers>>, headers: &HeaderMap) -> bool {
    peers.as_ref().is_some_and(|peers| peers.key().is_on(headers))
}

/// Whether somebody says that a request was passed on.
pub(crate) fn is_marked(headers: &HeaderMap) -> bool {
    headers.contains_key(PASSED_ON)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "0123456789abcdefghijABCDEFGHIJ-_";

    #[test]
    fn a_server_has_a_name_of_its_number() {
        for number in [0, 1, 0xffff_ffff_ffff, 0x1234_5678_9abc] {
            let name = ServerName::new(number);
            assert_eq!(name.number(), number);
            assert_eq!(name.to_string().len(), ServerName::LENGTH);
            assert_eq!(ServerName::parse(&name.to_string()), Some(name));
        }
        assert!(ServerName::parse("").is_none() && ServerName::parse("a").is_none());
    }

    #[test]
    fn only_the_whole_key_is_the_key_and_it_does_not_print() {
        let key = PeerKey::parse(KEY).unwrap();
        assert_eq!(format!("{key:?}"), "PeerKey");
        let mut headers = HeaderMap::new();
        assert!(!key.is_on(&headers) && !is_marked(&headers));
        for wrong in ["", "0", &KEY[1..], &KEY.to_lowercase(), &format!("{KEY}x")] {
            headers.insert(PASSED_ON, wrong.parse().unwrap());
            assert!(!key.is_on(&headers) && is_marked(&headers), "{wrong}");
        }
        key.mark(&mut headers);
        assert!(key.is_on(&headers));
        assert_eq!(format!("{headers:?}"), r#"{"x-passed-on": Sensitive}"#);
        for bad in ["", &KEY[1..], &format!("{KEY} "), &format!("{KEY}\u{e9}")] {
            assert!(PeerKey::parse(bad).is_none(), "{bad}");
        }
    }
}
