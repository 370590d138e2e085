//! Bells in words, a line for each.

use std::time::SystemTime;

use alert_core::printable::one_line;
use alert_schedule::Zone;
use alert_server::timetable::Timetable;
use jiff::Timestamp;
use serde_json::Value;

/// The bells of a room.
pub(super) fn bells(answer: &Value) -> String {
    match answer["bells"].as_array().map(Vec::as_slice) {
        None | Some([]) => "there are no bells".to_owned(),
        Some(bells) => bells.iter().map(line).collect::<Vec<_>>().join("\n"),
    }
}

/// The one that an answer is about.
pub(super) fn one(answer: &Value) -> String {
    line(&answer["bell"])
}

/// When the bells of a room ring.
pub(super) fn rings(answer: &Value) -> String {
    let bells = answer["bells"].as_array();
    let zone_of = |id: &Value| {
        let bell = bells.into_iter().flatten().find(|bell| bell["id"] == *id)?;
        bell["zone"].as_str()?.parse::<Zone>().ok()
    };
    let ring = |ring: &Value| {
        let at = ring["at"].as_str()?.parse::<Timestamp>().ok()?;
        Some(at_place(at, &zone_of(&ring["bell"])?, ring["bell"].as_str()?, ring["text"].as_str()?))
    };
    let lines: Vec<_> = answer["rings"].as_array().into_iter().flatten().filter_map(ring).collect();
    if lines.is_empty() { "no bell rings".to_owned() } else { lines.join("\n") }
}

/// When the bells of a file ring.
pub(super) fn previewed(table: &Timetable, now: SystemTime, days: u16) -> String {
    let rings = table
        .all()
        .flat_map(|(room, bell)| bell.preview(now, days).into_iter().map(move |at| (at, room, bell)));
    let mut rings: Vec<_> = rings.collect();
    rings.sort_by(|(one, room, _), (other, other_room, _)| {
        one.cmp(other).then_with(|| room.as_str().cmp(other_room.as_str()))
    });
    let lines = rings.into_iter().filter_map(|(at, room, bell)| {
        let at = Timestamp::try_from(at).ok()?;
        let id = format!("{}  {}", room.as_str(), bell.id);
        Some(at_place(at, &bell.schedule.zone, &id, &bell.does.heard()))
    });
    let lines: Vec<_> = lines.collect();
    if lines.is_empty() { "no bell rings".to_owned() } else { lines.join("\n") }
}

/// `Mon 2026-11-30 08:40:00 Europe/Berlin  lesson-1  Class ends in 5 minutes`
fn at_place(at: Timestamp, zone: &Zone, id: &str, text: &str) -> String {
    let shown = zone.time_zone().to_datetime(at).strftime("%a %F %T").to_string();
    format!("{shown} {zone}  {}  {}", one_line(id), one_line(text))
}

/// `lesson-1  08:40, 09:30 Europe/Berlin  FREQ=DAILY  Class ends in 5 minutes  (next 2026-11-30T07:40:00.000Z)`
fn line(bell: &Value) -> String {
    let text = |key: &str| one_line(bell[key].as_str().unwrap_or_default()).to_string();
    let list = |value: &Value| {
        let parts = value.as_array().into_iter().flatten().filter_map(Value::as_str);
        parts.map(|part| one_line(part).to_string()).collect::<Vec<_>>().join(", ")
    };
    let words = match bell["say"].as_str() {
        Some(say) => one_line(say).to_string(),
        None => format!(
            "{}{}: {}",
            if bell["alert"]["drill"] == true { "DRILL: " } else { "" },
            bell["alert"]["level"].as_str().unwrap_or_default().to_ascii_uppercase(),
            one_line(bell["alert"]["text"].as_str().unwrap_or_default())
        ),
    };
    let next = bell["next"].as_str().map(|next| format!("next {}", one_line(next)));
    let days = bell["days"].as_object().into_iter().flatten().map(|(day, times)| match list(times) {
        times if times.is_empty() => format!("not on {}", one_line(day)),
        times => format!("on {} at {times}", one_line(day)),
    });
    let of_file = (bell["of_file"] == true).then(|| "of the server's file".to_owned());
    let more: Vec<_> = next.into_iter().chain(days).chain(of_file).collect();
    let (times, more) = (list(&bell["times"]), more.join("; "));
    format!("{}  {times} {}  {}  {words}  ({more})", text("id"), text("zone"), text("rule"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn given_an_answer_then_it_is_told_in_a_line_for_each_bell_and_each_time() {
        let bell = json!({
            "id": "lesson-1", "times": ["08:40", "09:30"], "zone": "Europe/Berlin", "rule": "FREQ=DAILY", "say": "x\u{1b}",
            "next": "2026-11-30T07:40:00.000Z", "days": { "2026-12-01": [], "2026-12-02": ["08:30"] }, "of_file": true,
        });
        let expected = "lesson-1  08:40, 09:30 Europe/Berlin  FREQ=DAILY  x\\u001b  (next 2026-11-30T07:40:00.000Z; not on \
                        2026-12-01; on 2026-12-02 at 08:30; of the server's file)";
        assert_eq!(one(&json!({ "bell": bell })), expected);
        let drill = json!({ "id": "d", "alert": { "level": "emergency", "text": "Out", "drill": true } });
        assert!(one(&json!({ "bell": drill })).contains("  DRILL: EMERGENCY: Out  "));
        let ring = json!({ "at": "2026-11-30T07:40:00.000Z", "bell": "lesson-1", "text": "x" });
        let told = rings(&json!({ "bells": [bell], "rings": [ring] }));
        assert_eq!(told, "Mon 2026-11-30 08:40:00 Europe/Berlin  lesson-1  x");
        assert_eq!(
            (bells(&json!({ "bells": [] })), rings(&json!({}))),
            ("there are no bells".into(), "no bell rings".into())
        );
    }
}
