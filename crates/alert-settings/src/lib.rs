//! Where settings come from and what is wrong with them, for the server and the clients. Nothing else in Alert reads
//! the environment.

mod environment;
mod error;
pub mod file;
mod setting;
mod source;
mod text;
pub mod value;

pub use environment::Environment;
pub use error::{ConfigError, ConfigErrors};
pub use setting::{CLIENT_VARIABLES, CREDENTIAL_PREFIX, HOST_KEY, Setting, VARIABLE_PREFIX};
pub use source::{Given, Source};
pub use text::{NotUtf8, line, text};
pub use value::{Allowed, MOST_CHARS};
