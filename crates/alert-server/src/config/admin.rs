//! Where the metrics and the page for whoever runs the server are, and who may come in.

use super::Config;
use socketio_server::ListenAddr;
use std::net::SocketAddr;

/// Reads an address as `listen` does, but for Unix sockets.
///
/// # Errors
/// What is allowed instead.
pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    match super::listen::address(text) {
        Ok(ListenAddr::Tcp(address)) => Ok(address),
        Ok(ListenAddr::Unix(_)) | Err(_) => {
            Err("an IP address with a port, as in 127.0.0.1:9464, [::1]:9464 or :9464 (every address)"
                .to_owned())
        }
    }
}

/// Refuses what would let in whoever comes by.
pub(super) fn check(config: &Config, mut refuse: impl FnMut(&'static str, String)) {
    let has_tokens = config.admin_tokens.iter().next().is_some();
    if config.admin_listen.is_empty() && has_tokens {
        let name = if config.admin_tokens.file.is_some() { "admin_token_file" } else { "admin_token" };
        refuse(name, "nothing without admin_listen: there is nowhere to bring it to".to_owned());
    }
    if !has_tokens && config.admin_listen.iter().any(is_reached) {
        refuse(
            "admin_listen",
            "an address of this machine alone, as 127.0.0.1:9464, unless a token keeps others out: set admin_token_file \
             (or admin_token)"
                .to_owned(),
        );
    }
    let is_taken = |address: &SocketAddr| {
        // Port 0 is another one each time.
        let listened = ListenAddr::Tcp(*address);
        address.port() != 0 && config.listen.iter().chain(&config.redirect_listen).any(|one| *one == listened)
    };
    if config.admin_listen.iter().any(is_taken) {
        refuse("admin_listen", "another address than listen and redirect_listen have".to_owned());
    }
    let twice = |(place, address): (usize, &SocketAddr)| config.admin_listen[..place].contains(address);
    if config.admin_listen.iter().enumerate().any(twice) {
        refuse("admin_listen", "each address once".to_owned());
    }
}

/// What is odd: a token that others on the network can read.
pub(super) fn warning(config: &Config) -> Option<String> {
    let is_clear = config.tls.is_empty() && config.admin_listen.iter().any(is_reached);
    is_clear.then(|| {
        "the token of admin_listen goes over the network in clear: set tls_cert, or let only a proxy with TLS reach it"
            .to_owned()
    })
}

fn is_reached(address: &SocketAddr) -> bool {
    !address.ip().to_canonical().is_loopback()
}
