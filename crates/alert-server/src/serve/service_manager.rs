//! What the service manager that started the server is told, and what its watchdog is fed with (systemd's sd_notify(3)).
//! Without one, nobody is told anything.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use sd_notify::NotifyState;
use socketio_server::Hub;

use crate::log::Log;

/// Messages that wait while the service manager takes none; more are dropped.
const WAITING: usize = 16;
/// Between two looks at how the server is, unless the watchdog needs them more often.
const LOOK: Duration = Duration::from_secs(10);
/// How long the end of the process waits for the last message to be taken.
const LAST: Duration = Duration::from_millis(100);

/// The way to it. Clones lead to the same.
#[derive(Clone)]
pub(super) struct ServiceManager(Option<SyncSender<Message>>);

struct Message {
    text: String,
    /// Told when it has been taken.
    taken: Option<SyncSender<()>>,
}

impl ServiceManager {
    /// A thread tells it, since sending waits for a service manager that takes nothing.
    pub(super) fn start(is_there: bool) -> Self {
        let thread = || {
            let (messages, waiting) = sync_channel(WAITING);
            let thread = std::thread::Builder::new().name("service-manager".to_owned());
            match thread.spawn(move || tell(&waiting)) {
                Ok(_) => Some(messages),
                Err(error) => {
                    tracing::error!(%error, "the service manager is told nothing: there is no thread for it");
                    None
                }
            }
        };
        Self(is_there.then(thread).flatten())
    }

    /// The server serves, or has reread its settings.
    pub(super) fn ready(&self, hub: &Hub, log: &Log) {
        self.say(&[NotifyState::Ready, NotifyState::Status(&status(hub, log))]);
    }

    /// The server rereads its settings, until [`Self::ready`].
    pub(super) fn reloading(&self) {
        // Without the time, systemd takes the next READY for an answer to an older question.
        if let Ok(now) = NotifyState::monotonic_usec_now() {
            self.say(&[NotifyState::Reloading, now, NotifyState::Status("Reading the settings again")]);
        }
    }

    /// The server begins to stop.
    pub(super) fn stopping(&self, status: &str) {
        self.say(&[NotifyState::Stopping, NotifyState::Status(status)]);
    }

    /// What the server does now.
    pub(super) fn status(&self, status: &str) {
        self.say(&[NotifyState::Status(status)]);
    }

    /// Why the server could not start. The end of the process waits a moment for this to be taken.
    pub(super) fn failed(&self, why: &str) {
        let Some(messages) = &self.0 else { return };
        let (taken, is_taken) = sync_channel(1);
        let text = NotifyState::Status(&why.replace('\n', " ")).to_string();
        if messages.try_send(Message { text, taken: Some(taken) }).is_ok() {
            let _ = is_taken.recv_timeout(LAST);
        }
    }

    /// Feeds the watchdog as long as all shards come round, and tells how the server is.
    pub(super) async fn watch(self, hub: Hub, log: Log) {
        if self.0.is_none() {
            return;
        }
        let watchdog = sd_notify::watchdog_enabled().filter(|limit| !limit.is_zero());
        let every = watchdog.map_or(LOOK, |limit| (limit / 3).min(LOOK));
        let mut ticks = tokio::time::interval(every);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut last = status(&hub, &log);
        loop {
            ticks.tick().await;
            let turn = hub.turn();
            tokio::pin!(turn);
            let turned = match tokio::time::timeout(every, &mut turn).await {
                Ok(turned) => turned,
                Err(_) => {
                    tracing::error!(
                        "a shard is stuck; if it stays so, the service manager's watchdog ends the process"
                    );
                    turn.await
                }
            };
            if !turned {
                // The shards have ended, which is the server's end.
                return;
            }
            let status = status(&hub, &log);
            let is_news = status != last;
            let alive = watchdog.map(|_| NotifyState::Watchdog);
            self.say(&Vec::from_iter(
                alive.into_iter().chain(is_news.then_some(NotifyState::Status(&status))),
            ));
            last = status;
        }
    }

    fn say(&self, states: &[NotifyState<'_>]) {
        if let Some(messages) = self.0.as_ref().filter(|_| !states.is_empty()) {
            let text = states.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
            let _ = messages.try_send(Message { text, taken: None });
        }
    }
}

/// The thread.
fn tell(messages: &Receiver<Message>) {
    let mut has_failed = false;
    for Message { text, taken } in messages {
        if let Err(error) = sd_notify::notify(&[NotifyState::Custom(&text)])
            && !std::mem::replace(&mut has_failed, true)
        {
            tracing::warn!(%error, "the service manager cannot be told how the server is (NOTIFY_SOCKET)");
        }
        if let Some(taken) = taken {
            let _ = taken.send(());
        }
    }
}

/// How the server is, for `systemctl status`.
fn status(hub: &Hub, log: &Log) -> String {
    let connections = hub.connections();
    let s = if connections == 1 { "" } else { "s" };
    let trouble = match (log.trouble(), log.shared()) {
        (None, shared) => shared.map(|shared| shared.warnings().concat()).unwrap_or_default(),
        (Some(why), None) => format!("the history is not stored: {why}"),
        (Some(why), Some(_)) => why,
    };
    let colon = if trouble.is_empty() { "" } else { ": " };
    format!("Serving {connections} connection{s}{colon}{}", trouble.replace('\n', " "))
}
