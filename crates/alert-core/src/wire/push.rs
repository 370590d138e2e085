//! What a device is sent by Web Push: a small JSON object, which the page's service worker shows in its language.

use serde::Serialize;

use super::history::At;
use crate::names::RoomCode;
use crate::room::alerts::{Alert, AlertId, Change, Fate};

/// The most bytes of a text. With names and escapes it stays below the 4,096 that push services take.
const MOST_TEXT: usize = 700;

/// `{"kind","room","id","level","drill","text",..}`.
#[derive(Serialize)]
struct Notice<'a> {
    /// `alert`: it holds; `over`: it does not; `confirmed`: whoever has the device has confirmed it.
    kind: &'static str,
    room: &'a RoomCode,
    id: &'a AlertId,
    level: &'static str,
    drill: bool,
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    ends_at: Option<At>,
    #[serde(skip_serializing_if = "Option::is_none")]
    all_clear: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    mistake: bool,
}

impl<'a> Notice<'a> {
    fn of(kind: &'static str, room: &'a RoomCode, alert: &'a Alert) -> Self {
        let Alert { id, level, drill, text, .. } = alert;
        let (level, text) = (level.as_str(), cut(text));
        Self { kind, room, id, level, drill: *drill, text, ends_at: None, all_clear: None, mistake: false }
    }

    fn write(&self) -> Vec<u8> {
        // Strings and booleans are always JSON.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// What has become of an alert.
#[must_use]
pub fn changed(room: &RoomCode, Change { alert, fate }: &Change) -> Vec<u8> {
    match fate {
        Fate::Raised | Fate::Updated { .. } | Fate::Stands | Fate::Escalated(_) | Fate::Reminded(_) => {
            Notice { ends_at: alert.ends_at.map(At), ..Notice::of("alert", room, alert) }.write()
        }
        Fate::Ended { all_clear, mistake, .. } => {
            let all_clear = all_clear.as_deref().map(cut);
            Notice { all_clear, mistake: *mistake, ..Notice::of("over", room, alert) }.write()
        }
    }
}

/// Whoever has the device has confirmed an alert.
#[must_use]
pub fn confirmed(room: &RoomCode, alert: &Alert) -> Vec<u8> {
    Notice::of("confirmed", room, alert).write()
}

fn cut(text: &str) -> String {
    if text.len() <= MOST_TEXT {
        return text.to_owned();
    }
    format!("{}\u{2026}", &text[..text.floor_char_boundary(MOST_TEXT)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: Vec<u8>) -> String {
        String::from_utf8(bytes).unwrap()
    }

    fn room() -> RoomCode {
        RoomCode::parse("K7Q", 128).unwrap()
    }

    #[test]
    fn given_what_became_of_an_alert_then_it_is_said_in_a_few_bytes() {
        let alert = Alert { drill: true, ..Alert::example() };
        let id = alert.id;
        let said = |fate| text(changed(&room(), &Change { alert: alert.clone(), fate }));
        assert_eq!(
            said(Fate::Raised),
            format!(
                r#"{{"kind":"alert","room":"K7Q","id":"{id}","level":"warning","drill":true,"text":"Ice on the stairs"}}"#
            )
        );
        assert_eq!(
            said(Fate::Ended { by: None, all_clear: Some("The ice is gone".into()), mistake: false }),
            format!(
                r#"{{"kind":"over","room":"K7Q","id":"{id}","level":"warning","drill":true,"text":"Ice on the stairs","all_clear":"The ice is gone"}}"#
            )
        );
        assert!(
            said(Fate::Ended { by: None, all_clear: None, mistake: true }).ends_with(r#","mistake":true}"#)
        );
        assert!(text(confirmed(&room(), &alert)).starts_with(r#"{"kind":"confirmed","#));
    }

    #[test]
    fn given_long_words_then_they_are_cut_between_characters_and_the_message_stays_small() {
        let alert = Alert { text: "\"\u{e4}".repeat(600).into(), ..Alert::example() };
        let fate = Fate::Ended { by: None, all_clear: Some("\"".repeat(2000).into()), mistake: false };
        let room = RoomCode::parse(&"\u{1f6a8}".repeat(128), 128).unwrap();
        let bytes = changed(&room, &Change { alert, fate });
        assert!(bytes.len() < 4000, "{}", bytes.len());
        assert!(text(bytes).contains('\u{2026}'));
    }
}
