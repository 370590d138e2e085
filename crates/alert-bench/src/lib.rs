//! `alert bench`: a load generator for any server that speaks v1, and for some of other protocols. One thread and epoll, with a small and strict parser
//! of its own, because it has to cost less than the server that it measures.
//!
//! [`run`] connects and joins everybody (`fleet`), lets `load` speak at the pace that the [`Plan`] says, and returns a
//! [`Report`]. What arrives is accounted for in `room`, delivery by delivery.

#![cfg(target_os = "linux")]

mod churn;
mod comeback;
mod dialer;
mod error;
mod fleet;
mod http;
mod latency;
mod load;
mod member;
mod packet;
mod plan;
mod polling;
mod process;
mod progress;
mod protocol;
mod report;
mod room;
mod runner;
mod samples;
mod shared;
mod socket;
mod table;
mod tag;
mod target;
mod timer;
mod tls;
mod websocket;

pub use error::BenchError;
pub use latency::Latency;
pub use plan::{Avalanche, FanOut, Jitter, Mode, Pace, Plan, PlanError, Transport};
pub use protocol::Protocol;
pub use report::{Bystanders, Comeback, Joined, Report, Returned, Settings, Spoken, Usage};
pub use runner::run;
pub use target::{Target, TargetError};
