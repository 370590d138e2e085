//! A roll call in words, and as a table.

use alert_core::csv::row;
use alert_core::printable::one_line;
use serde_json::Value;

/// The counts, and a line for each person: who is missing comes first.
pub(super) fn words(called: &Value) -> String {
    let people = called["people"].as_array().into_iter().flatten().map(line);
    std::iter::once(counts(called)).chain(people).collect::<Vec<_>>().join("\n")
}

/// `14 of 24 confirmed (safe 12, need help 2), 3 shown, 5 reached, 2 missing`
pub(super) fn counts(called: &Value) -> String {
    let counts = &called["counts"];
    let count = |key: &str| counts[key].as_u64().unwrap_or_default();
    let all = ["missing", "reached", "shown", "confirmed"].map(count).iter().sum::<u64>();
    let answers = counts["answers"].as_object().into_iter().flatten();
    let answers: Vec<_> = answers.map(|(answer, count)| format!("{} {count}", one_line(answer))).collect();
    let answers = if answers.is_empty() { String::new() } else { format!(" ({})", answers.join(", ")) };
    let [confirmed, shown, reached, missing] = ["confirmed", "shown", "reached", "missing"].map(count);
    format!("{confirmed} of {all} confirmed{answers}, {shown} shown, {reached} reached, {missing} missing")
}

/// `missing    Cy`
fn line(person: &Value) -> String {
    let text = |key: &str| person[key].as_str().map(|text| one_line(text).to_string());
    let [stage, name] = ["stage", "name"].map(|key| text(key).unwrap_or_default());
    let more = [text("answer"), text("by").map(|by| format!("by {by}")), text("at")];
    let more = more.into_iter().flatten().collect::<Vec<_>>().join(", ");
    let more = if more.is_empty() { more } else { format!("  ({more})") };
    format!("{stage:<9}  {name}{more}")
}

/// The same as the server gives it for `text/csv`, without the last line end.
pub(super) fn table(called: &Value) -> String {
    let people = called["people"].as_array().into_iter().flatten().map(|person| {
        let text = |key: &str| person[key].as_str().unwrap_or_default();
        let expected = if person["expected"] == true { "yes" } else { "no" };
        row([text("name"), text("stage"), text("at"), text("answer"), text("by"), expected])
    });
    let heading = row(["name", "stage", "at", "answer", "by", "expected"]);
    std::iter::once(heading).chain(people).collect::<String>().trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn given_a_roll_call_then_it_is_told_in_words_and_as_a_table() {
        let called = json!({
            "counts": { "expected": 2, "missing": 1, "reached": 0, "shown": 0, "confirmed": 1, "answers": { "safe": 1 } },
            "people": [
                { "name": "Cy\u{1b}", "stage": "missing", "at": null, "answer": null, "by": null, "expected": true },
                { "name": "=Bea", "stage": "confirmed", "at": "2026-11-29T08:55:04.310Z", "answer": "safe",
                  "by": "Ms Ortega", "expected": false },
            ],
        });
        assert_eq!(
            words(&called),
            "1 of 2 confirmed (safe 1), 0 shown, 0 reached, 1 missing\n\
             missing    Cy\\u001b\n\
             confirmed  =Bea  (safe, by Ms Ortega, 2026-11-29T08:55:04.310Z)"
        );
        assert_eq!(
            table(&called),
            "\"name\",\"stage\",\"at\",\"answer\",\"by\",\"expected\"\r\n\
             \"Cy\\u001b\",\"missing\",\"\",\"\",\"\",\"yes\"\r\n\
             \"'=Bea\",\"confirmed\",\"2026-11-29T08:55:04.310Z\",\"safe\",\"Ms Ortega\",\"no\""
        );
    }
}
