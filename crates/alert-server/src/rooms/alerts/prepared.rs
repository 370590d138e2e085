//! Alerts that hosts prepare, for whoever may raise them.

use super::{Alerted, may_alert};
use crate::rooms::allowance::Cost;
use crate::rooms::{Actor, Admitted, Refused, Rooms};
use alert_core::access::Right;
use alert_core::room::alerts::Preparing;
use alert_core::room::policy::Action;

impl Rooms {
    /// What is prepared in a room, for somebody who may raise it.
    ///
    /// # Errors
    /// If they may not, or the store does not answer.
    pub async fn prepared(&self, room: &Admitted) -> Result<Alerted, Refused> {
        room.may(Right::Read)?;
        let policy = self.policy(room.code()).await?;
        may_alert(room, policy.as_deref())?;
        Ok(Alerted::Prepared(policy.map(|policy| policy.prepared.clone()).unwrap_or_default()))
    }

    /// A host prepares alerts, or takes some away that were.
    ///
    /// # Errors
    /// If they are no host, or it cannot be done.
    pub async fn prepare(&self, room: &Admitted, by: &Actor, what: Preparing) -> Result<Alerted, Refused> {
        self.acts(room, Cost { listed: what.bytes(), hashes: false }).await?;
        let (policy, _) = self.act(room, by, Action::Prepare(Box::new(what)), None).await?;
        Ok(Alerted::Prepared(policy.prepared.clone()))
    }
}
