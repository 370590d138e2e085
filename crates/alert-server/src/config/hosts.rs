//! The host names that the server answers to.

use socketio_server::host::{HostPattern, HostPolicy};

use super::PublicUrl;

const ADVICE: &str = "If it is this server's name, start it with --public-url and the address that users see, or with \
                      --allow-host and the name.";

/// Reads a name of `--allow-host`.
///
/// # Errors
/// What is allowed instead.
pub(super) fn pattern(text: &str) -> Result<HostPattern, String> {
    text.parse::<HostPattern>().map_err(|error| error.to_string())
}

/// The policy that follows from the settings: the machine's own name, the public URL's, and those that are listed.
pub(super) fn policy(public_url: Option<&PublicUrl>, allowed: Vec<HostPattern>) -> HostPolicy {
    let machine = rustix::system::uname().nodename().to_str().ok().and_then(|name| name.parse().ok());
    let public = public_url.map(|url| HostPattern::Name(url.host().to_owned()));
    HostPolicy::new(allowed.into_iter().chain(public).chain(machine), ADVICE)
}
