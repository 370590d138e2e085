//! Alerts in words, a line for each.

use alert_core::printable::one_line;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

/// The answer for people.
pub(super) fn words(answer: &Value) -> String {
    let Some(alerts) = answer["alerts"].as_array() else { return line(&answer["alert"]) };
    let waiting = answer["proposed"].as_array().into_iter().flatten();
    let lines: Vec<_> = alerts.iter().chain(waiting).map(line).collect();
    if lines.is_empty() { "nothing is in force".to_owned() } else { lines.join("\n") }
}

/// `k3v8x0mz  DRILL: WARNING: Ice on the stairs  (Ada, for Year 7, until ..)`
fn line(alert: &Value) -> String {
    let text = |key: &str| alert[key].as_str().map(|text| one_line(text).to_string());
    let told = |word: &str, key: &str| text(key).map(|text| format!("{word} {text}"));
    let time = |word: &str, key: &str| alert[key].as_f64().map(|time| format!("{word} {}", time_left(time)));
    let drill = if alert["drill"] == true { "DRILL: " } else { "" };
    // Of one that has ended nothing more is to come.
    let is_asked = alert["confirm"] == true && alert["ended_at"].is_null();
    let level = text("level").unwrap_or_default().to_ascii_uppercase();
    let [id, words] = ["id", "text"].map(|key| text(key).unwrap_or_default());
    let more = [
        text("by"),
        told("for", "audience"),
        told("countdown to", "countdown_to"),
        alert["remaining"].as_f64().map(|left| format!("countdown paused with {} left", time_left(left))),
        (alert["confirm"] == true).then(|| "to be confirmed".to_owned()),
        time("reminded every", "remind").filter(|_| is_asked),
        time("passed on after", "escalate_after").filter(|_| is_asked && escalates(alert)),
        told("passed on", "escalated_at"),
        told("released by", "released_by"),
        (alert["mistake"] == true).then(|| "raised by mistake".to_owned()),
        told("waits to be released until", "lapses_at"),
        (alert["withdrawn"] == true).then(|| "never in force".to_owned()),
        told("ended", "ended_at").or_else(|| told("until", "ends_at")),
    ];
    let more = more.into_iter().flatten().collect::<Vec<_>>().join(", ");
    format!("{id}  {drill}{level}: {words}  ({more})")
}

/// Whether one that people are asked to confirm is still to be passed on: it may end before.
fn escalates(alert: &Value) -> bool {
    let time = |key: &str| alert[key].as_str().and_then(|time| time.parse::<Timestamp>().ok());
    let after =
        alert["escalate_after"].as_f64().and_then(|after| SignedDuration::try_from_secs_f64(after).ok());
    let is_over = match (time("at"), time("ends_at"), after) {
        (Some(raised), Some(ends_at), Some(after)) => ends_at.duration_since(raised) <= after,
        _ => false,
    };
    alert["escalated_at"].is_null() && !is_over
}

/// Seconds as people read them; of less than one nobody counts.
fn time_left(seconds: f64) -> String {
    let whole = std::time::Duration::try_from_secs_f64(seconds.ceil()).unwrap_or_default();
    humantime::format_duration(whole).to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn given_an_answer_then_it_is_told_in_a_line_for_each_alert() {
        let mut alert = json!({
            "id": "k3v8x0mz", "level": "warning", "text": "Ice\u{1b} on the stairs", "by": "Ada", "drill": true,
            "ends_at": "2026-11-29T11:00:00.000Z",
        });
        let told = words(&json!({ "alert": alert, "stored": true }));
        assert_eq!(
            told,
            "k3v8x0mz  DRILL: WARNING: Ice\\u001b on the stairs  (Ada, until 2026-11-29T11:00:00.000Z)"
        );
        for (key, value) in [
            ("audience", json!("Year 7")),
            ("countdown_to", json!("2026-11-29T10:00:00.000Z")),
            ("confirm", json!(true)),
            ("remind", json!(90.0)),
            ("escalate_after", json!(600)),
            ("released_by", json!("Bea")),
        ] {
            alert[key] = value;
        }
        let told = words(&json!({ "alert": alert }));
        let more = "(Ada, for Year 7, countdown to 2026-11-29T10:00:00.000Z, to be confirmed, reminded every 1m 30s, passed on after 10m, released by Bea, until 2026-11-29T11:00:00.000Z)";
        assert!(told.ends_with(more), "{told}");
        for (key, value) in [
            ("confirm", json!(false)),
            ("at", json!("2026-11-29T10:50:00.000Z")),
            ("escalated_at", json!("2026-11-29T10:10:00.000Z")),
            ("ended_at", json!("2026-11-29T10:30:00.000Z")),
        ] {
            let before = alert[key].take();
            alert[key] = value;
            let told = words(&json!({ "alert": alert }));
            assert!(!told.contains("passed on after"), "{told}");
            alert[key] = before;
        }
        (alert["countdown_to"], alert["remaining"]) = (Value::Null, json!(82.4));
        let told = words(&json!({ "alert": alert }));
        assert!(told.contains(", countdown paused with 1m 23s left, "), "{told}");
        assert_eq!(words(&json!({ "alerts": [alert, alert] })).lines().count(), 2);
        assert_eq!(words(&json!({ "alerts": [] })), "nothing is in force");
        let waits = json!({ "id": "0", "level": "emergency", "text": "Fire", "lapses_at": "2026-11-29T10:35:00.000Z" });
        let told = "0  EMERGENCY: Fire  (waits to be released until 2026-11-29T10:35:00.000Z)";
        assert_eq!(words(&json!({ "alerts": [], "proposed": [waits] })), told);
    }
}
