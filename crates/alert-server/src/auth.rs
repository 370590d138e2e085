//! Who is asking: one module for each kind of credential turns it into a principal. What a principal may do is checked
//! in [`crate::rooms`].

mod access;
pub(crate) mod api_token;
mod held_tokens;
mod origin;
mod own_page;
mod pid;
pub mod token;
mod web_session;

pub use access::{Access, Requester};
pub use held_tokens::{Holding, OnEnd};
pub use origin::Origin;
pub use own_page::{is_ours, is_own_site};
pub use pid::Pids;
pub use web_session::{SessionCookies, WebSession};
