//! What is asked for about Web Push: the key to subscribe with, and that a device is told or is told no more.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::alert_fields::{Body, optional};
use crate::room::push::{DeviceId, NotASubscription, NotQuietHours, QuietHours, Subscription};
use crate::wire::body;
use crate::wire::v1::Refusal;

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pushing {
    /// To give the key that a browser subscribes with.
    Key,
    /// To tell a device, except in its quiet hours.
    Subscribe(Box<Subscription>, Option<QuietHours>),
    /// To tell a device no more.
    Unsubscribe(DeviceId),
}

impl Pushing {
    /// Reads the event `push`, whose `action` says what is to be done.
    ///
    /// # Errors
    /// A [`Refusal`] to answer with.
    pub(super) fn parse(arg: Body<'_>) -> Result<Self, Refusal> {
        let keys = &["action", "subscription", "endpoint", "quiet"];
        let [action, subscription, endpoint, quiet] = body::object(arg, false, keys)?;
        let wrong = || Refusal::invalid_body("action must be key, subscribe or unsubscribe.");
        match &*body::string("action", action.ok_or_else(wrong)?)? {
            "key" => Ok(Self::Key),
            "subscribe" => {
                let subscription = subscription.ok_or_else(not_a_subscription)?;
                Ok(Self::Subscribe(Box::new(read_subscription(subscription)?), optional(quiet, read_quiet)?))
            }
            "unsubscribe" => {
                let missing = || Refusal::invalid_body("endpoint is required: that of the subscription.");
                let endpoint = body::string("endpoint", endpoint.ok_or_else(missing)?)?;
                Ok(Self::Unsubscribe(DeviceId::of(&endpoint)))
            }
            _ => Err(wrong()),
        }
    }
}

fn not_a_subscription() -> Refusal {
    Refusal::invalid_body(format!("{NotASubscription}."))
}

fn read_subscription(json: &RawValue) -> Result<Subscription, Refusal> {
    let wrong = |_| not_a_subscription();
    let [endpoint, keys] = body::object(Some(json), false, &["endpoint", "keys"]).map_err(wrong)?;
    let [p256dh, auth] = body::object(keys, false, &["p256dh", "auth"]).map_err(wrong)?;
    let [endpoint, p256dh, auth] = texts([endpoint, p256dh, auth]).ok_or_else(not_a_subscription)?;
    Subscription::parse(&endpoint, &p256dh, &auth).map_err(|_| not_a_subscription())
}

fn read_quiet(json: &RawValue) -> Result<QuietHours, Refusal> {
    let wrong = || Refusal::invalid_body(format!("{NotQuietHours}, or be null."));
    let [from, to, zone] = body::object(Some(json), false, &["from", "to", "zone"]).map_err(|_| wrong())?;
    let [from, to, zone] = texts([from, to, zone]).ok_or_else(wrong)?;
    QuietHours::parse(&from, &to, &zone).map_err(|_| wrong())
}

/// All of them, if each is a string.
fn texts(all: [Body<'_>; 3]) -> Option<[Cow<'_, str>; 3]> {
    let [one, two, three] = all.map(|json| body::string("", json?).ok());
    Some([one?, two?, three?])
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUBSCRIPTION: &str = r#"{"endpoint":"https://push.example/abc","expirationTime":null,"keys":{"p256dh":"BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4","auth":"BTBZMqHH6r4Tts7J_aSIgg"}}"#;

    fn read(json: &str) -> Result<Pushing, String> {
        Pushing::parse(Some(&RawValue::from_string(json.to_owned()).unwrap()))
            .map_err(|refusal| refusal.message().to_owned())
    }

    #[test]
    fn given_what_a_browser_has_then_it_is_read() {
        let quiet = r#"{"from":"22:00","to":"07:00","zone":"Europe/Berlin"}"#;
        let json = format!(r#"{{"action":"subscribe","subscription":{SUBSCRIPTION},"quiet":{quiet}}}"#);
        let Ok(Pushing::Subscribe(subscription, Some(quiet))) = read(&json) else { panic!() };
        assert_eq!(subscription.endpoint(), "https://push.example/abc");
        assert_eq!(quiet.texts(), ["22:00", "07:00", "Europe/Berlin"]);
        let json = format!(r#"{{"action":"subscribe","subscription":{SUBSCRIPTION},"quiet":null}}"#);
        assert!(matches!(read(&json), Ok(Pushing::Subscribe(_, None))));
        let json = r#"{"action":"unsubscribe","endpoint":"https://push.example/abc"}"#;
        assert_eq!(read(json), Ok(Pushing::Unsubscribe(subscription.id())));
        assert_eq!(read(r#"{"action":"key"}"#), Ok(Pushing::Key));
    }

    #[test]
    fn given_something_else_then_it_is_said_what_is_wrong() {
        let not_a_subscription = format!("{NotASubscription}.");
        for (json, why) in [
            ("{}".to_owned(), "action must be key, subscribe or unsubscribe.".to_owned()),
            (r#"{"action":"subscribe"}"#.into(), not_a_subscription.clone()),
            (r#"{"action":"subscribe","subscription":{"endpoint":"x"}}"#.into(), not_a_subscription),
            (
                format!(
                    r#"{{"action":"subscribe","subscription":{SUBSCRIPTION},"quiet":{{"from":"22:00"}}}}"#
                ),
                format!("{NotQuietHours}, or be null."),
            ),
            (r#"{"action":"unsubscribe"}"#.into(), "endpoint is required: that of the subscription.".into()),
        ] {
            assert_eq!(read(&json), Err(why), "{json}");
        }
    }
}
