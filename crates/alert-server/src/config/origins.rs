//! Our own address as users see it, and the foreign pages that may connect.

use std::fmt::{self, Display, Formatter};

use socketio_server::origin::{Origin, OriginPolicy};

/// `--public-url`: http or https, a host, perhaps a port; no path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl(Origin);

/// `--allow-origin`: one foreign origin, or every one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AllowOrigin {
    /// `*`
    Any,
    /// This one.
    One(Origin),
}

impl PublicUrl {
    /// Reads `https://alert.example.org`, with or without a slash at the end.
    ///
    /// # Errors
    /// What is allowed instead.
    pub fn parse(text: &str) -> Result<Self, String> {
        let origin = Origin::parse(text.trim()).ok();
        let web = |origin: &Origin| {
            ["http://", "https://"].iter().any(|scheme| origin.as_str().starts_with(scheme))
        };
        origin.filter(web).map(Self).ok_or_else(|| {
            "http:// or https:// with a host, without a path, as in https://alert.example.org".to_owned()
        })
    }

    /// The URL, without a slash at the end.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Whether browsers reach us over TLS, so that cookies can be `Secure`.
    pub fn is_https(&self) -> bool {
        self.as_str().starts_with("https://")
    }
}

impl AllowOrigin {
    /// Reads `https://example.org:8443`, `null` or `*`.
    ///
    /// # Errors
    /// What is allowed instead.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text.trim() {
            "*" => Ok(Self::Any),
            text => Origin::parse(text).map(Self::One).map_err(|_| {
                "scheme and host (and port where it is not the usual one), as in https://example.org:8443; null; or *"
                    .to_owned()
            }),
        }
    }
}

/// The policy that follows from the two settings.
pub(super) fn policy(public_url: Option<&PublicUrl>, allowed: &[AllowOrigin]) -> OriginPolicy {
    let mut policy = OriginPolicy::new(public_url.map(|url| url.0.clone()));
    for origin in allowed {
        match origin {
            AllowOrigin::Any => policy.allow_any(),
            AllowOrigin::One(origin) => policy.allow(origin.clone()),
        }
    }
    policy
}

impl Display for AllowOrigin {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => out.write_str("*"),
            Self::One(origin) => out.write_str(origin.as_str()),
        }
    }
}
