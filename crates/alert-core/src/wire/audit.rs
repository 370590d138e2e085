//! What the audit log says of an action: to whom it was done, and what it was exactly.

use crate::names::UserName;
use crate::room::alerts::Step;
use crate::room::policy::{Action, Change, Whom};

use super::alert::Words;
use super::history::At;

/// The person or the network that an action is meant for.
#[must_use]
pub fn target(action: &Action) -> Option<Box<str>> {
    match action {
        Action::Mute(name, _)
        | Action::Unmute(name)
        | Action::Kick(name)
        | Action::Hand(name, _)
        | Action::Word(name, _)
        | Action::Ban(Whom::Name(name), ..)
        | Action::Unban(Whom::Name(name)) => Some(name.as_str().into()),
        Action::Ban(Whom::Network(network), ..) | Action::Unban(Whom::Network(network)) => {
            Some(network.to_string().into())
        }
        Action::Alert(step) => match &**step {
            Step::Raise(alert) => Some(alert.id.as_str().into()),
            Step::Change(id, ..) | Step::End(id, ..) => Some(id.as_str().into()),
            Step::Expire => None,
        },
        Action::Set(_) | Action::Close | Action::Key(_) => None,
    }
}

/// What more there is to say of an action.
#[must_use]
pub fn detail(action: &Action) -> Option<Box<str>> {
    match action {
        Action::Set(change) => changes(change),
        Action::Mute(_, Some(until)) | Action::Ban(_, Some(until), _) => {
            Some(format!("until {}", At(*until)).into())
        }
        Action::Alert(step) => match &**step {
            Step::Raise(alert) => Some(Words(alert).to_string().into()),
            Step::End(_, _, all_clear) => all_clear.clone(),
            Step::Change(..) | Step::Expire => None,
        },
        Action::Word(_, given) => Some(if *given { "given" } else { "taken" }.into()),
        _ => None,
    }
}

/// Of a network that was banned, whose address it was.
#[must_use]
pub fn address_of(name: &UserName) -> Box<str> {
    format!("of {name}").into()
}

/// A password is not named.
fn changes(change: &Change) -> Option<Box<str>> {
    let on =
        |name: &str, value: Option<bool>| value.map(|on| format!("{name} {}", if on { "on" } else { "off" }));
    let password = |password: &Option<_>| if password.is_some() { "password set" } else { "password none" };
    let changes = [
        change.password.as_ref().map(|new| password(new).to_owned()),
        on("announce", change.announce),
        on("locked", change.locked),
        change.slow.map(|slow| format!("slow {} s", slow.unwrap_or_default().as_secs())),
        change.most.map(|most| most.map_or("most none".to_owned(), |most| format!("most {most}"))),
        change.reserved.as_ref().map(|names| format!("reserved {}", names.len())),
        change.hides_history.map(|hides| format!("history {}", if hides { "none" } else { "all" })),
        on("closed", change.closed),
    ];
    let changes: Vec<_> = changes.into_iter().flatten().collect();
    (!changes.is_empty()).then(|| changes.join(", ").into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn given_changes_then_each_is_named_with_its_value() {
        let change = Change {
            password: Some(None),
            announce: Some(true),
            slow: Some(Some(Duration::from_secs(5))),
            most: Some(None),
            reserved: Some(Vec::new()),
            hides_history: Some(true),
            ..Change::default()
        };
        let said = detail(&Action::Set(Box::new(change)));
        let right = "password none, announce on, slow 5 s, most none, reserved 0, history none";
        assert_eq!(said.as_deref(), Some(right));
        assert_eq!(detail(&Action::Set(Box::default())), None);
    }
}
