//! Who asks: a module for each credential, which makes a principal of it. What a principal may do is checked in
//! [`crate::rooms`].

pub mod api_token;
mod origin;
mod own_page;
mod pid;
mod web_session;

pub use origin::Origin;
pub use own_page::{is_ours, is_own_site};
pub use pid::Pids;
pub use web_session::{SessionCookies, WebSession};
