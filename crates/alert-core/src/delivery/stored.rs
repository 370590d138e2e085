//! How far a webhook has come as JSON, as stores keep it. Times are milliseconds since 1970.

use serde::{Deserialize, Serialize};

use super::{Delivery, Failing};
use crate::room::alerts::stored::Kept as KeptAlerts;
use crate::room::policy::stored::{millis, since, time};

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct KeptDelivery {
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<String>,
    #[serde(skip_serializing_if = "KeptAlerts::is_empty")]
    alerts: KeptAlerts,
    /// The event, attempts, the next one, and why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    failing: Option<(Box<str>, u32, u64, Box<str>)>,
    delivered: u64,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    is_gone: bool,
}

impl Delivery {
    /// As JSON.
    #[must_use]
    pub fn write(&self) -> String {
        let failing = |Failing { event, attempts, next, why }: &Failing| {
            (event.clone(), *attempts, millis(Some(*next)), why.clone())
        };
        let kept = KeptDelivery {
            after: self.after.map(|position| position.to_string()),
            alerts: (&self.alerts).into(),
            failing: self.failing.as_ref().map(failing),
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
        let failing = |(event, attempts, next, why)| Failing { event, attempts, next: since(next), why };
        Some(Self {
            after: kept.after.map(|after| after.parse()).transpose().ok()?,
            alerts: kept.alerts.try_into().ok()?,
            failing: kept.failing.map(failing),
            delivered: time(kept.delivered),
            is_gone: kept.is_gone,
        })
    }
}
