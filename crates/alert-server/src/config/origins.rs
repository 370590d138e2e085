//! Our own address as users see it, and the foreign pages that may connect.

use std::fmt::{self, Display, Formatter};

use socketio_server::origin::{Origin, OriginPattern, OriginPolicy};

/// `--public-url`: http or https, a host, perhaps a port; no path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl(Origin);

/// `--allow-origin`: one foreign origin, those below a domain, or all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AllowOrigin {
    /// `*`
    Any,
    /// These.
    These(OriginPattern),
}

/// `--frame-ancestors`: one origin, or those below a domain, whose pages may show ours in a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameAncestor(OriginPattern);

impl PublicUrl {
    /// Reads `https://alert.example.org`, with or without a slash at the end; `wss:` is as good as `https:`.
    ///
    /// # Errors
    /// What is allowed instead.
    pub fn parse(text: &str) -> Result<Self, String> {
        let form = "http:// or https:// with a host, without a path, as in https://alert.example.org";
        let origin = Origin::parse(text.trim()).map_err(|error| format!("{form}; {}", error.reason()))?;
        let is_web = ["http://", "https://"].iter().any(|scheme| origin.as_str().starts_with(scheme));
        if is_web { Ok(Self(origin)) } else { Err(form.to_owned()) }
    }

    /// The URL, without a slash at the end.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The host in it.
    pub fn host(&self) -> &str {
        self.0.host()
    }

    /// The port in it, or its scheme's.
    pub fn port(&self) -> u16 {
        let named = self.as_str().rsplit_once(':').and_then(|(_, port)| port.parse().ok());
        named.unwrap_or(if self.is_https() { 443 } else { 80 })
    }

    /// Whether browsers reach us over TLS, so that cookies can be `Secure`.
    pub fn is_https(&self) -> bool {
        self.as_str().starts_with("https://")
    }
}

impl AllowOrigin {
    /// Reads `https://example.org:8443`, `https://*.example.org`, `null` or `*`.
    ///
    /// # Errors
    /// What is allowed instead.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text.trim() {
            "*" => Ok(Self::Any),
            text => OriginPattern::parse(text)
                .map(Self::These)
                .map_err(|error| format!("{}; null, for pages of files too; or *", error.reason())),
        }
    }
}

impl FrameAncestor {
    /// Reads `https://example.org:8443` or `https://*.example.org`.
    ///
    /// # Errors
    /// What is allowed instead.
    pub fn parse(text: &str) -> Result<Self, String> {
        let form = "http:// or https:// with a host name, as in https://intranet.example.org or https://*.example.org";
        if text.trim() == "*" {
            return Err(format!(
                "{form}; every site that may show this page can have people click on it unseen"
            ));
        }
        let pattern =
            OriginPattern::parse(text.trim()).map_err(|error| format!("{form}; {}", error.reason()))?;
        let shown = pattern.to_string();
        let host = ["http://", "https://"].iter().find_map(|scheme| shown.strip_prefix(scheme));
        // It becomes part of a header in which `;` and `'` have a meaning; and there no IPv6 address has a form.
        let is_plain =
            |host: &str| host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._*:".contains(&byte));
        if host.is_some_and(is_plain) { Ok(Self(pattern)) } else { Err(form.to_owned()) }
    }
}

impl Display for FrameAncestor {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

/// The policy that follows from the two settings.
pub(super) fn policy(public_url: Option<&PublicUrl>, allowed: &[AllowOrigin]) -> OriginPolicy {
    let mut policy = OriginPolicy::new(public_url.map(|url| url.0.clone()));
    for origin in allowed {
        match origin {
            AllowOrigin::Any => policy.allow_any(),
            AllowOrigin::These(origins) => policy.allow(origins.clone()),
        }
    }
    policy
}

impl Display for AllowOrigin {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => out.write_str("*"),
            Self::These(origins) => origins.fmt(out),
        }
    }
}
