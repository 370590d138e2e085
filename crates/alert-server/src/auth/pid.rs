//! What a client shows to get its place back: the name of its seat, sealed, so that nobody can forge one or read the
//! name from it.

use cookie::{Cookie, CookieJar, Key};

/// Makes and reads pids. One that was tampered with or made with another key names nothing.
#[derive(Clone)]
pub struct Pids {
    key: Key,
    previous: Option<Key>,
}

/// Part of what is sealed, so that a value sealed for another purpose is no pid.
const NAME: &str = "alert_pid";

impl Pids {
    pub(super) fn new(key: Key, previous: Option<Key>) -> Self {
        Self { key, previous }
    }

    /// Seals a name.
    #[expect(clippy::expect_used, reason = "a jar gives back what was added")]
    pub fn seal(&self, name: &str) -> String {
        let mut jar = CookieJar::new();
        jar.private_mut(&self.key).add(Cookie::new(NAME, name.to_owned()));
        jar.get(NAME).expect("the sealed name").value().to_owned()
    }

    /// The name in a pid.
    pub fn open(&self, pid: &str) -> Option<String> {
        let jar = CookieJar::new();
        let mut keys = std::iter::once(&self.key).chain(&self.previous);
        let name = keys.find_map(|key| jar.private(key).decrypt(Cookie::new(NAME, pid.to_owned())))?;
        Some(name.value().to_owned())
    }
}

impl std::fmt::Debug for Pids {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Pids(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pids(key: u8) -> Pids {
        Pids::new(Key::derive_from(&[key; 32]), None)
    }

    #[test]
    fn a_pid_gives_its_name_back_and_shows_nothing_of_it() {
        let pid = pids(1).seal("name");
        assert_eq!(pids(1).open(&pid).as_deref(), Some("name"));
        assert!(!pid.contains("name") && pid != pids(1).seal("name"), "{pid}");
        let new = Pids::new(Key::derive_from(&[2; 32]), Some(Key::derive_from(&[1; 32])));
        assert_eq!(new.open(&pid).as_deref(), Some("name"), "the previous key still counts");
    }

    #[test]
    fn what_was_not_made_here_names_nothing() {
        let pid = pids(1).seal("name");
        let mut changed = pid.clone().into_bytes();
        changed[20] = if changed[20] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        let mut jar = CookieJar::new();
        jar.private_mut(&pids(1).key).add(Cookie::new("alert_session", "name"));
        let session = jar.get("alert_session").unwrap().value().to_owned();
        for text in ["", "name", "\u{e4}", &changed, &pid[1..], &pids(2).seal("name"), &session] {
            assert_eq!(pids(1).open(text), None, "{text}");
        }
    }
}
