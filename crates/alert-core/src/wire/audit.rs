//! What the audit log says of an action: to whom it was done, and what it was exactly.

use crate::names::UserName;
use crate::room::alerts::{self, Alert, Amendment, Fate, Preparing, Step};
use crate::room::bells;
use crate::room::hooks;
use crate::room::policy::{Action, Change, Whom};

use super::alert::{Notice, Words};
use super::escalation::Unconfirmed;
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
        Action::Alert(step) => step.id().map(|id| id.as_str().into()),
        Action::Prepare(what) => match &**what {
            Preparing::Keep(all) => match &**all {
                [one] => Some(one.name.clone()),
                _ => None,
            },
            Preparing::Forget(name) => Some(name.clone()),
            Preparing::Replace(_) => None,
        },
        Action::Bell(step) => match &**step {
            bells::Step::Put(bell) => Some(bell.id.as_str().into()),
            bells::Step::Remove(id) | bells::Step::Day(id, ..) => Some(id.as_str().into()),
            bells::Step::Ring(ringing) => Some(ringing.bell.as_str().into()),
        },
        Action::Hook(step) => match &**step {
            hooks::Step::Add(hook) => Some(hook.id.as_str().into()),
            hooks::Step::Remove(id) | hooks::Step::Change(id, _) => Some(id.as_str().into()),
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
        Action::Prepare(what) => Some(match &**what {
            Preparing::Keep(all) => format!("{} prepared", all.len()).into(),
            Preparing::Replace(all) => format!("{} prepared, and no others", all.len()).into(),
            Preparing::Forget(_) => "taken away".into(),
        }),
        Action::Bell(step) => match &**step {
            bells::Step::Put(bell) => Some(bell.does.text().into()),
            bells::Step::Day(_, date, Some(times)) if times.is_empty() => {
                Some(format!("not on {date}").into())
            }
            bells::Step::Day(_, date, Some(times)) => Some(format!("on {date}: {times}").into()),
            bells::Step::Day(_, date, None) => Some(format!("as always on {date}").into()),
            bells::Step::Remove(_) | bells::Step::Ring(_) => None,
        },
        // What else is in its address may be secret.
        Action::Hook(step) => match &**step {
            hooks::Step::Add(hook) => Some(origin(&hook.url).into()),
            hooks::Step::Change(..) => Some("another secret".into()),
            hooks::Step::Remove(_) => None,
        },
        Action::Word(_, given) => Some(if *given { "given" } else { "taken" }.into()),
        _ => None,
    }
}

/// What there is to say of what becomes of an alert, which was this one before: what people are told of it.
#[must_use]
pub fn alerting(step: &Step, before: Option<&Alert>) -> Option<Box<str>> {
    let told = match (step, before) {
        (Step::Raise(draft), _) => {
            match draft.alert.escalation.as_ref().and_then(|escalation| escalation.to.as_ref()) {
                Some(room) => {
                    format!("{} (passed on to {room} where it is not confirmed)", Words(&draft.alert))
                }
                None => Words(&draft.alert).to_string(),
            }
        }
        (Step::Escalate(_, tally), Some(alert)) => Unconfirmed(alert, *tally).to_string(),
        (Step::Hear(heard), _) => heard.text.to_string(),
        (Step::Release(..), Some(alert)) => format!("{} (proposed by {})", Words(alert), alert.by),
        (Step::Change(_, _, Amendment { text, level, .. }), Some(alert)) => {
            let text = text.clone().unwrap_or_else(|| alert.text.clone());
            Words(&Alert { text, level: level.unwrap_or(alert.level), ..alert.clone() }).to_string()
        }
        (Step::End(_, by, ending), Some(alert)) => {
            let (all_clear, mistake) = ending.clone().of(alert);
            let fate = Fate::Ended { by: Some(by.clone()), all_clear, mistake };
            Notice(&alerts::Change { alert: alert.clone(), fate }).to_string()
        }
        (Step::Change(..) | Step::Release(..) | Step::End(..) | Step::Escalate(..), None)
        | (Step::Expire | Step::Move, _) => {
            return None;
        }
    };
    Some(told.into())
}

/// Of a network that was banned, whose address it was.
#[must_use]
pub fn address_of(name: &UserName) -> Box<str> {
    format!("of {name}").into()
}

/// `https://example.org` of an address.
#[must_use]
pub fn origin(url: &str) -> &str {
    let host = url.find("://").map_or(0, |place| place + 3);
    url[host..].find(['/', '?', '#']).map_or(url, |end| &url[..host + end])
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
        on("two_person", change.two_person),
    ];
    let changes: Vec<_> = changes.into_iter().flatten().collect();
    (!changes.is_empty()).then(|| changes.join(", ").into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::room::alerts::{Ending, Person};
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

    #[test]
    fn whatever_is_written_down_of_a_drill_says_so_first() {
        let name = UserName::parse("Ada", 64).unwrap();
        let alert = Alert { drill: true, all_clear: Some("come back".into()), ..Alert::example() };
        let end = |ending| Step::End(alert.id, name.clone(), ending);
        let amendment = Amendment { text: Some("leave".into()), ..Amendment::default() };
        for (step, said) in [
            (Step::Raise(alert.clone().into()), "DRILL: WARNING: Ice on the stairs"),
            (Step::Change(alert.id, name.clone(), amendment), "DRILL: WARNING: leave"),
            (
                Step::Release(alert.id, Person { name: name.clone(), subject: None }),
                "DRILL: WARNING: Ice on the stairs (proposed by Ada)",
            ),
            (end(Ending::default()), "DRILL: All clear: come back"),
            (end(Ending::AllClear(Some("it is over".into()))), "DRILL: All clear: it is over"),
            (end(Ending::Mistake), "DRILL: Raised by mistake: WARNING: Ice on the stairs"),
        ] {
            assert_eq!(alerting(&step, Some(&alert)).as_deref(), Some(said));
        }
        assert_eq!(alerting(&end(Ending::Mistake), None), None, "it has ended before");
    }
}
