//! Links to a room, as pages make them and people pass them on.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// A link to a room of some server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomLink {
    /// `https://alert.example.org`, or without a scheme as in `localhost:5000`, or empty.
    pub server: String,
    /// The room's code, not cleaned yet; empty in a link to a server's start page.
    pub room: String,
}

impl RoomLink {
    /// The first link to a room in `text`; there may be words, quotes or brackets around it. The addresses are
    /// `/v1?room=` or `/?room=`, `/v1/chat?room=`, `/v1/screen?room=`, `/v1/rooms/` and `/v1/room/`, in upper or lower case. A code that is
    /// not UTF-8 is none.
    #[must_use]
    pub fn find(text: &str) -> Option<Self> {
        text.split(char::is_whitespace).find_map(|word| Self::parse(bare(word)))
    }

    fn parse(link: &str) -> Option<Self> {
        let link = link.split('#').next().unwrap_or_default();
        let scheme = scheme(link);
        let start = link[scheme..].find(['/', '?'])? + scheme;
        let (server, address) = link.split_at(start);
        if !server[scheme..].chars().all(|c| c.is_alphanumeric() || ".-_:[]@".contains(c))
            || (scheme > 0 && server.len() == scheme)
        {
            return None;
        }
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        let is_utf8 = |encoded: &str| percent_decode_str(encoded).decode_utf8().is_ok();
        let room = match path.trim_end_matches('/').to_ascii_lowercase().as_str() {
            start @ ("" | "/v1" | "/v1/chat" | "/v1/screen") => {
                let mut keys = form_urlencoded::parse(query.as_bytes());
                match keys.find(|(key, _)| key.eq_ignore_ascii_case("room")) {
                    Some((_, room)) if is_utf8(query) => room,
                    None if start.is_empty() => return None,
                    _ => Cow::default(),
                }
            }
            lower => {
                let below =
                    ["/v1/rooms/", "/v1/room/"].iter().find(|above| lower.starts_with(**above))?.len();
                let segment = path[below..].split('/').next().unwrap_or_default();
                percent_decode_str(segment).decode_utf8().unwrap_or_default()
            }
        };
        // "/v1" alone is a link only with a scheme.
        let is_link = scheme > 0 || !room.is_empty();
        is_link.then(|| Self { server: server.to_owned(), room: Cow::into_owned(room) })
    }
}

/// The length of `https://` or the like at the start; phones write it as `Https://`.
fn scheme(link: &str) -> usize {
    ["https://", "http://", "wss://", "ws://"]
        .iter()
        .find(|scheme| link.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)))
        .map_or(0, |scheme| scheme.len())
}

/// Without what is around a link: characters that a page would have encoded are not part of it.
fn bare(word: &str) -> &str {
    let start = (0..word.len()).find(|&at| word.is_char_boundary(at) && scheme(&word[at..]) > 0);
    let word = match start {
        Some(start) => &word[start..],
        None => word.trim_start_matches(|c: char| !(c.is_alphanumeric() || c == '/' || c == '[')),
    };
    let end = word.find(['"', '<', '>', '`', '\u{201C}', '\u{201D}', '\u{AB}', '\u{BB}']);
    word[..end.unwrap_or(word.len())]
        .trim_end_matches(|c: char| !(c.is_alphanumeric() || "*._-%&=/+".contains(c)))
}

#[cfg(test)]
mod tests;
