//! Sockets that a service manager opens and passes (systemd's socket activation). It keeps them open while the server
//! restarts, so that nobody is refused meanwhile.

use std::io;
use std::os::fd::{FromRawFd, OwnedFd};

use socketio_server::{Acceptor, ListenAddr};

/// `FileDescriptorName=` of those that send everybody to https.
const REDIRECT: &str = "redirect";

/// The sockets, by what they are for.
#[derive(Default)]
pub(super) struct Passed {
    /// Those that are served.
    pub(super) serving: Vec<Acceptor>,
    /// Those that send to https.
    pub(super) redirecting: Vec<Acceptor>,
}

/// Why the sockets cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum PassedError {
    #[error("the sockets that the service manager passes (LISTEN_FDS) cannot be taken: {0}")]
    NotTaken(#[from] io::Error),
    #[error(
        "the socket {name} that the service manager passes cannot be used: {problem}; ListenStream= in a .socket unit \
         makes one that can, without Accept="
    )]
    Unusable { name: String, problem: io::Error },
    #[error(
        "the service manager passes {0} to send everybody to https (FileDescriptorName=redirect), but there is no \
         --tls-cert: stop its .socket unit, or give a certificate"
    )]
    NoHttps(ListenAddr),
    #[error(
        "cannot listen on {listen}: the service manager passes {passed}, which has this port; take it out of --listen, or \
         stop the .socket unit"
    )]
    Taken { listen: ListenAddr, passed: ListenAddr },
}

impl Passed {
    /// Those that this process was given. To be called once.
    pub(super) fn take() -> Result<Self, PassedError> {
        let mut passed = Self::default();
        for (number, name) in sd_notify::listen_fds_with_names()? {
            #[expect(unsafe_code, reason = "the protocol names its sockets by number")]
            // SAFETY: the variables are for this process, so whoever started it has left this number to it, and
            // nothing else here takes it.
            let socket = unsafe { OwnedFd::from_raw_fd(number) };
            let acceptor = Acceptor::passed(socket)
                .map_err(|problem| PassedError::Unusable { name: name.clone(), problem })?;
            if name == REDIRECT {
                passed.redirecting.push(acceptor);
            } else {
                passed.serving.push(acceptor);
            }
        }
        Ok(passed)
    }

    /// Whether one of them is at this address.
    pub(super) fn has(&self, address: &ListenAddr) -> bool {
        self.addresses().any(|passed| passed == address)
    }

    /// Why an address has been taken, if it was by one of them.
    pub(super) fn took(&self, listen: &ListenAddr, error: &io::Error) -> Option<PassedError> {
        let port = |address: &ListenAddr| match address {
            ListenAddr::Tcp(address) => Some(address.port()),
            ListenAddr::Unix(_) => None,
        };
        let is_taken = error.kind() == io::ErrorKind::AddrInUse && port(listen).is_some();
        let passed = self.addresses().find(|passed| is_taken && port(passed) == port(listen))?;
        Some(PassedError::Taken { listen: listen.clone(), passed: passed.clone() })
    }

    fn addresses(&self) -> impl Iterator<Item = &ListenAddr> {
        self.serving.iter().chain(&self.redirecting).map(Acceptor::address)
    }
}
