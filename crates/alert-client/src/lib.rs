//! Alert's client side: what the commands that speak to a server do.

use std::future::Future;

mod address;
mod chat;
mod config;
mod connect;
pub mod doctor;
mod error;
mod health;
mod http;
mod moderator;
mod pipe;
mod poster;
mod program;
mod proxy;
mod reader;
mod silence;
mod sse;
mod target;
mod tls;
mod watcher;

pub use address::{AddressError, ServerAddress};
pub use chat::line::Form;
pub use chat::{Chat, Ended, Ending};
pub use config::{ClientConfig, ClientFlags, RoomArgument, Shown, account_name};
pub use connect::{ConnectError, Route};
pub use error::{ClientError, Problem};
pub use health::{HealthError, Listening, health};
pub use moderator::Moderator;
pub use poster::{Poster, Receipt};
pub use program::{Program, ProgramError, Run};
pub use proxy::Proxy;
pub use reader::Reader;
pub use target::Target;
pub use tls::TlsError;
pub use watcher::{Event, Heard, Told, Watcher};

/// Runs a client to its end on one thread. A lookup that the system does not answer is left behind.
///
/// # Errors
/// If the system has no poller for it.
pub fn block_on<F: Future>(client: F) -> std::io::Result<F::Output> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let output = runtime.block_on(client);
    runtime.shutdown_background();
    Ok(output)
}
