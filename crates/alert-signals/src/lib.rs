//! The signals that a process reacts to. One that was ignored when the process started stays ignored: that is how
//! `nohup` and a shell's `command &` work.

use std::io;
use std::mem::MaybeUninit;
use std::ptr;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Signals of one kind.
#[derive(Debug)]
pub struct Heeded(Option<Signal>);

impl Heeded {
    /// From here on a signal of this kind does not end the process by itself. One that is ignored stays so, and is never
    /// received. To be called once for each kind, before anything else handles it.
    ///
    /// # Errors
    /// If the system does not let anybody handle it.
    pub fn new(kind: SignalKind) -> io::Result<Self> {
        if is_ignored(kind) { Ok(Self(None)) } else { Ok(Self(Some(signal(kind)?))) }
    }

    /// Waits for the next one, forever if they are ignored. Nothing is lost when this is dropped.
    pub async fn recv(&mut self) {
        if let Some(signal) = &mut self.0
            && signal.recv().await.is_some()
        {
            return;
        }
        std::future::pending().await
    }
}

/// What asks a command to end: Ctrl-C, service managers, and terminals that are closed.
#[derive(Debug)]
pub struct Signals([Heeded; 3]);

impl Signals {
    /// From here on these signals do not end the process by themselves.
    ///
    /// # Errors
    /// If the system does not let anybody handle them.
    pub fn install() -> io::Result<Self> {
        let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
        let [interrupt, terminate, hangup] = kinds.map(Heeded::new);
        Ok(Self([interrupt?, terminate?, hangup?]))
    }

    /// Waits for one of them.
    pub async fn next(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.0;
        tokio::select! {
            () = interrupt.recv() => {}
            () = terminate.recv() => {}
            () = hangup.recv() => {}
        }
    }
}

#[expect(unsafe_code, reason = "no crate asks for a signal's action without changing it")]
fn is_ignored(kind: SignalKind) -> bool {
    let mut action = MaybeUninit::<libc::sigaction>::uninit();
    // SAFETY: null as the new action changes nothing, and the present one is written to `action` when 0 is returned.
    unsafe {
        libc::sigaction(kind.as_raw_value(), ptr::null(), action.as_mut_ptr()) == 0
            && action.assume_init().sa_sigaction == libc::SIG_IGN
    }
}
