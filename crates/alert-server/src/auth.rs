//! Who is asking: one module for each kind of credential turns it into a principal. What a principal may do is checked
//! in [`crate::rooms`].

pub mod api_token;
mod origin;
mod own_page;
mod pid;
mod web_session;

pub use origin::Origin;
pub use own_page::{is_ours, is_own_site};
pub use pid::Pids;
pub use web_session::{SessionCookies, WebSession};
