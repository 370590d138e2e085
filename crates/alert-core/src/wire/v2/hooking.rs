//! What is done with webhooks, over v2.

use super::alert_fields::Body;
use crate::room::hooks::HookId;
use crate::wire::body;
use crate::wire::v1::Refusal;
use crate::wire::webhook::{Asked, read_hook, read_hook_id};

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
pub enum Hooking {
    /// To see all of them, and how far each has come.
    List,
    /// To make one.
    Add(Asked),
    /// To remove one.
    Remove(HookId),
    /// To give one another secret.
    NewSecret(HookId),
    /// To post a test to one.
    Test(HookId),
}

impl Hooking {
    /// Reads the event `webhook`, whose `action` says what is to be done.
    ///
    /// # Errors
    /// A [`Refusal`] to answer with.
    pub fn parse(arg: Body<'_>, has_attachments: bool) -> Result<Self, Refusal> {
        let [action, id, webhook] = body::object(arg, has_attachments, &["action", "id", "webhook"])?;
        let wrong = || Refusal::invalid_body("action must be list, add, remove, new_secret or test.");
        let action = body::string("action", action.ok_or_else(wrong)?)?;
        let id = || {
            let missing = || Refusal::invalid_body("id is required.");
            read_hook_id(&body::string("id", id.ok_or_else(missing)?)?)
        };
        match &*action {
            "list" => Ok(Self::List),
            "add" => {
                let missing =
                    || Refusal::invalid_body("webhook is required: its url, and perhaps what it tells.");
                read_hook(webhook.ok_or_else(missing)?).map(Self::Add)
            }
            "remove" => id().map(Self::Remove),
            "new_secret" => id().map(Self::NewSecret),
            "test" => id().map(Self::Test),
            _ => Err(wrong()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use super::*;
    use crate::room::hooks::Tells;

    fn read(json: &str) -> Result<Hooking, String> {
        let body = RawValue::from_string(json.to_owned()).unwrap();
        Hooking::parse(Some(&body), false).map_err(|refusal| refusal.message().to_owned())
    }

    #[test]
    fn given_each_action_then_it_is_read() {
        assert_eq!(read(r#"{"action":"list"}"#), Ok(Hooking::List));
        let add =
            |tells: &str| read(&format!(r#"{{"action":"add","webhook":{{"url":"https://a/"{tells}}}}}"#));
        let asked = |tells| Ok(Hooking::Add(Asked { url: "https://a/".to_owned(), tells }));
        assert_eq!(add(""), asked(Tells::All));
        assert_eq!(add(r#","tells":["alert"]"#), asked(Tells::Alerts));
        let id: HookId = "7k3m9q2x".parse().unwrap();
        for (action, read_as) in [
            ("remove", Hooking::Remove(id)),
            ("new_secret", Hooking::NewSecret(id)),
            ("test", Hooking::Test(id)),
        ] {
            assert_eq!(read(&format!(r#"{{"action":"{action}","id":"7k3m9q2x"}}"#)), Ok(read_as), "{action}");
        }
    }

    #[test]
    fn given_something_else_then_it_is_said_what_is_wrong() {
        for (json, why) in [
            ("{}", "action must be list, add, remove, new_secret or test."),
            (r#"{"action":"ring"}"#, "action must be list, add, remove, new_secret or test."),
            (r#"{"action":"add"}"#, "webhook is required: its url, and perhaps what it tells."),
            (
                r#"{"action":"add","webhook":{"url":"https://a/","tells":["bell"]}}"#,
                "tells must be a list of \"message\", \"alert\" or both.",
            ),
            (r#"{"action":"test"}"#, "id is required."),
            (r#"{"action":"remove","id":5}"#, "id must be a string."),
        ] {
            assert_eq!(read(json).unwrap_err(), why, "{json}");
        }
        assert!(read(r#"{"action":"test","id":"x"}"#).is_err());
    }
}
