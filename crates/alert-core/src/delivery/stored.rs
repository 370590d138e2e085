//! How far a webhook has come as JSON, as stores keep it. Times are milliseconds since 1970.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Delivery, Failing, Pause};
use crate::room::alerts::stored::Kept as KeptAlerts;
use crate::room::policy::stored::{millis, since, time};

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct KeptDelivery {
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<String>,
    #[serde(skip_serializing_if = "KeptAlerts::is_empty")]
    alerts: KeptAlerts,
    /// The event, attempts, and why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    failing: Option<(Box<str>, u32, Box<str>)>,
    /// When it began, and how long it is.
    pause: (u64, u64),
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tried: Vec<(Box<str>, u32)>,
    delivered: u64,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    is_gone: bool,
}

impl Delivery {
    /// As JSON.
    #[must_use]
    pub fn write(&self) -> String {
        let failing = |Failing { event, attempts, why }: &Failing| (event.clone(), *attempts, why.clone());
        let Pause { from, length } = self.pause;
        let kept = KeptDelivery {
            after: self.after.map(|position| position.to_string()),
            alerts: (&self.alerts).into(),
            failing: self.failing.as_ref().map(failing),
            pause: (millis(Some(from)), length.as_millis() as u64),
            tried: self.tried.clone(),
            delivered: millis(self.delivered),
            is_gone: self.is_gone,
        };
        // Texts, numbers and lists of them: there is always a JSON for them.
        serde_json::to_string(&kept).unwrap_or_default()
    }

    /// The other way; nothing if it is something else.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let kept: KeptDelivery = serde_json::from_str(text).ok()?;
        let failing = |(event, attempts, why)| Failing { event, attempts, why };
        let (from, length) = kept.pause;
        Some(Self {
            after: kept.after.map(|after| after.parse()).transpose().ok()?,
            alerts: kept.alerts.try_into().ok()?,
            failing: kept.failing.map(failing),
            pause: Pause { from: since(from), length: Duration::from_millis(length) },
            tried: kept.tried,
            delivered: time(kept.delivered),
            is_gone: kept.is_gone,
        })
    }
}
