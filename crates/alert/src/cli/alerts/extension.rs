//! A countdown that is made longer. The server is told which moment or how much is then meant, so that trying again makes it
//! no longer, and what it was, so that nothing is undone that somebody else has done meanwhile.

use std::process::ExitCode;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::complain;
use super::super::host::{Room, print};

/// What is to be changed of an alert, so that its countdown is longer by so much.
pub(super) fn extended(room: &Room, id: &str, by: Duration) -> Result<Vec<(&'static str, Value)>, ExitCode> {
    let moderator = room.moderator()?;
    let answer = alert_client::block_on(moderator.at("GET", &["alerts"], &json!({}), [("", None); 2]));
    let Ok(Ok(listed)) = &answer else {
        return Err(print(answer, room.is_json(), Value::to_string));
    };
    let Some(alert) = find(listed, id) else {
        complain(
            "there is no such alert in this room, or it has ended: alert alerts shows those that are in force",
        );
        return Err(ExitCode::FAILURE);
    };
    longer(alert, by).ok_or_else(|| {
        complain("this alert has no countdown: give it one with --countdown");
        ExitCode::FAILURE
    })
}

/// By its id, in small letters or capitals, as everywhere.
fn find<'a>(listed: &'a Value, id: &str) -> Option<&'a Value> {
    let is_it = |alert: &&Value| alert["id"].as_str().is_some_and(|own| own.eq_ignore_ascii_case(id));
    listed["alerts"].as_array()?.iter().find(is_it)
}

fn longer(alert: &Value, by: Duration) -> Option<Vec<(&'static str, Value)>> {
    if let Some(left) = alert["remaining"].as_f64() {
        let longer = json!(left + by.as_secs_f64());
        return Some(vec![
            ("countdown_to", longer),
            ("paused", true.into()),
            ("countdown_from", json!(left)),
        ]);
    }
    let to: Timestamp = alert["countdown_to"].as_str()?.parse().ok()?;
    let longer = to.checked_add(by).ok()?.to_string().into();
    Some(vec![("countdown_to", longer), ("countdown_from", alert["countdown_to"].clone())])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_an_id_in_capitals_then_its_alert_is_found() {
        let listed = json!({ "alerts": [{ "id": "00000000" }, { "id": "k3v8x0mz", "text": "Ice" }] });
        assert_eq!(find(&listed, "K3V8X0MZ").map(|alert| &alert["text"]), Some(&json!("Ice")));
        assert_eq!(find(&listed, "k3v8x0m0"), None);
    }

    #[test]
    fn given_a_countdown_then_a_longer_one_is_meant_whether_it_is_paused_or_not() {
        let minute = Duration::from_secs(60);
        let running = json!({ "countdown_to": "2026-11-29T10:00:00.500Z", "remaining": null });
        let longer_running = vec![
            ("countdown_to", json!("2026-11-29T10:01:00.5Z")),
            ("countdown_from", json!("2026-11-29T10:00:00.500Z")),
        ];
        assert_eq!(longer(&running, minute), Some(longer_running));
        let paused = json!({ "countdown_to": null, "remaining": 30.5 });
        let longer_paused =
            vec![("countdown_to", json!(90.5)), ("paused", json!(true)), ("countdown_from", json!(30.5))];
        assert_eq!(longer(&paused, minute), Some(longer_paused));
        assert_eq!(longer(&json!({ "countdown_to": null, "remaining": null }), minute), None);
    }
}
