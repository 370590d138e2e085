//! What was asked for, in the report.

use serde::Serialize;

use crate::plan::{FanOut, Mode, Pace, Plan};

/// What was asked for.
#[derive(Clone, Debug, Serialize)]
pub struct Settings {
    /// The server.
    pub url: String,
    /// `fanout`, `storm` or `hold`.
    pub mode: &'static str,
    /// `websocket`, `polling` or `mixed`.
    pub transport: &'static str,
    /// Rooms.
    pub rooms: u32,
    /// Members of each room.
    pub members: u32,
    /// Members of each room that speak.
    pub senders: u32,
    /// Messages in flight per room; `null` at a fixed rate.
    pub window: Option<u32>,
    /// Messages a second over all rooms; `null` in a closed loop.
    pub rate: Option<f64>,
    /// Bytes of a message.
    pub payload: Option<usize>,
    /// Connections being made at once.
    pub concurrency: u32,
}

impl Settings {
    pub(super) fn new(plan: &Plan) -> Self {
        let (mode, fan_out) = match &plan.mode {
            Mode::FanOut(fan_out) => ("fanout", Some(fan_out)),
            Mode::Storm => ("storm", None),
            Mode::Hold(_) => ("hold", None),
        };
        let pace = fan_out.map(|FanOut { pace, .. }| *pace);
        Self {
            url: plan.target.url.clone(),
            mode,
            transport: plan.transport.name(),
            rooms: plan.rooms,
            members: plan.members,
            senders: plan.senders(),
            window: if let Some(Pace::Window(window)) = pace { Some(window) } else { None },
            rate: if let Some(Pace::Rate(rate)) = pace { Some(rate) } else { None },
            payload: fan_out.map(|fan_out| fan_out.payload),
            concurrency: plan.concurrency,
        }
    }
}
