//! A device as JSON, as stores keep it. What a later version adds is passed over.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::{Device, QuietHours, Shown, Subscription};
use crate::access::{Subject, TokenId};
use crate::names::UserName;
use crate::room::policy::stored::{millis, since};

/// A text that is no device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no device that this version of Alert knows")]
pub struct NotADevice;

/// Keys are in base64; times are milliseconds since 1970.
#[derive(Serialize, Deserialize)]
struct Kept {
    name: String,
    endpoint: String,
    p256dh: String,
    auth: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    quiet: Option<[String; 3]>,
    entered: u64,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    host: bool,
    /// Its subject, its id and its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    token: Option<(String, String, u64)>,
    renewed: u64,
}

impl Device {
    /// As JSON.
    #[must_use]
    pub fn write(&self) -> String {
        let Self { name, subscription, quiet, entered, is_host, token, renewed } = self;
        let kept = Kept {
            name: name.to_string(),
            endpoint: subscription.endpoint().to_owned(),
            p256dh: URL_SAFE_NO_PAD.encode(subscription.p256dh()),
            auth: URL_SAFE_NO_PAD.encode(subscription.auth()),
            quiet: quiet.as_ref().map(QuietHours::texts),
            entered: *entered,
            host: *is_host,
            token: token.as_ref().map(|Shown { subject, id, expires }| {
                (subject.as_str().to_owned(), id.as_str().to_owned(), millis(Some(*expires)))
            }),
            renewed: millis(Some(*renewed)),
        };
        // Strings and numbers are always JSON.
        serde_json::to_string(&kept).unwrap_or_default()
    }

    /// Reads what [`Self::write`] wrote.
    ///
    /// # Errors
    /// If it is something else.
    pub fn read(text: &str) -> Result<Self, NotADevice> {
        let kept: Kept = serde_json::from_str(text).map_err(|_| NotADevice)?;
        let subscription = Subscription::parse(&kept.endpoint, &kept.p256dh, &kept.auth);
        let token = kept.token.map(|(subject, id, expires)| {
            let (subject, id) = (Subject::parse(&subject)?, TokenId::parse(&id)?);
            Some(Shown { subject, id, expires: since(expires) })
        });
        Ok(Self {
            name: UserName::parse(&kept.name, usize::MAX).map_err(|_| NotADevice)?,
            subscription: subscription.map_err(|_| NotADevice)?,
            // A zone that is not known any more makes no hours quiet.
            quiet: kept.quiet.and_then(|[from, to, zone]| QuietHours::parse(&from, &to, &zone).ok()),
            entered: kept.entered,
            is_host: kept.host,
            token: match token {
                Some(token) => Some(token.ok_or(NotADevice)?),
                None => None,
            },
            renewed: since(kept.renewed),
        })
    }
}
