//! The texts of one language, read from its file. The tests fail if a text is missing or unused; those of the page's
//! scripts are checked in web/test/languages.test.ts.

use std::fmt::{self, Display, Formatter};
use std::sync::LazyLock;

use crate::web::pages::in_script;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::Language;

/// One file of `web/languages`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Catalogue {
    pub(in crate::web) pages: Texts,
    chat: Map<String, Value>,
    login: Map<String, Value>,
    screen: Map<String, Value>,
}

/// A text, which may hold `{names}` as placeholders.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(in crate::web) struct Text(String);

/// Declares the texts of the pages; each is a key of the files.
macro_rules! texts {
    ($($key:ident)*) => {
        /// What the server itself says on its pages.
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(in crate::web) struct Texts {
            $(pub(in crate::web) $key: Text,)*
        }

        impl Texts {
            /// Every text by its key.
            #[cfg(test)]
            fn all(&self) -> Vec<(&'static str, &Text)> {
                vec![$((stringify!($key), &self.$key)),*]
            }
        }
    };
}

texts! {
    enter_title error_prefix claim claim_end name_label name_hint room_label room_hint enter not_this_room another_code
    fresh fresh_hint name_empty name_control name_long room_empty room_control room_long too_many_codes cookie_not_kept
    cookie_not_kept_https login_unknown token_only token_expired token_revoked token_wrong token_elsewhere
    form_title form_text utf8_title utf8_address utf8_form refused_title refused_text
    lost_title lost_heading lost_meant lost_mistyped lost_link to_start
    room copy loading people leave link_label no_script try_now messages message_label send write_as keys sound notify
    leave_title leave_text leave_forget stay invite close host host_title hands alerts waiting raise_alert
    calm join_here sound_on
}

static CATALOGUES: LazyLock<[Catalogue; 5]> = LazyLock::new(|| Language::ALL.map(read));

pub(super) fn of(language: Language) -> &'static Catalogue {
    &CATALOGUES[language as usize]
}

#[expect(clippy::expect_used, reason = "the files are built in, and a test reads each")]
fn read(language: Language) -> Catalogue {
    serde_json::from_str(source(language)).expect("a catalogue of the pages")
}

fn source(language: Language) -> &'static str {
    match language {
        Language::English => include_str!("../../../../../web/languages/en.json"),
        Language::German => include_str!("../../../../../web/languages/de.json"),
        Language::French => include_str!("../../../../../web/languages/fr.json"),
        Language::Spanish => include_str!("../../../../../web/languages/es.json"),
        Language::Arabic => include_str!("../../../../../web/languages/ar.json"),
    }
}

impl Catalogue {
    /// What the scripts of the chat page say, as JSON that may stand in a `<script>` element.
    pub(in crate::web) fn chat(&self) -> String {
        for_script(&self.chat)
    }

    /// What those of the big screen say, who share the words of alerts with the chat page.
    pub(in crate::web) fn screen(&self) -> String {
        for_script(&self.chat.clone().into_iter().chain(self.screen.clone()).collect())
    }

    /// What the scripts of the login page say.
    pub(in crate::web) fn login(&self) -> String {
        for_script(&self.login)
    }
}

fn for_script(texts: &Map<String, Value>) -> String {
    in_script(&Value::from(texts.clone()).to_string())
}

impl Text {
    /// The text with `value` in the place of `{name}`.
    pub(in crate::web) fn with(&self, name: &str, value: impl Display) -> String {
        let (before, after) = self.around(name);
        format!("{before}{value}{after}")
    }

    /// What stands before `{name}`, for a value with markup of its own.
    pub(in crate::web) fn before(&self, name: &str) -> &str {
        self.around(name).0
    }

    /// What stands after `{name}`.
    pub(in crate::web) fn after(&self, name: &str) -> &str {
        self.around(name).1
    }

    fn around(&self, name: &str) -> (&str, &str) {
        self.0.split_once(&format!("{{{name}}}")).unwrap_or((&self.0, ""))
    }
}

impl Display for Text {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names in braces, sorted.
    fn places(text: &str) -> Vec<&str> {
        let inner = text.split('{').skip(1).filter_map(|part| part.split_once('}'));
        let mut names: Vec<&str> = inner.map(|(name, _)| name).collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn every_language_has_every_text_of_the_pages_with_the_same_places() {
        for language in Language::ALL {
            let texts: Catalogue = serde_json::from_str(source(language)).unwrap();
            for ((key, text), (_, english)) in
                texts.pages.all().into_iter().zip(Language::English.texts().all())
            {
                assert!(!text.0.trim().is_empty(), "{language:?} {key}");
                assert_eq!(places(&text.0), places(&english.0), "{language:?} {key}");
            }
        }
    }

    #[test]
    fn a_file_with_a_text_too_few_or_too_many_is_refused() {
        let json: Value = serde_json::from_str(source(Language::English)).unwrap();
        let mut few = json.clone();
        few["pages"].as_object_mut().unwrap().remove("enter");
        let mut many = json.clone();
        many["pages"]["nonsense"] = "x".into();
        for wrong in [few, many] {
            assert!(serde_json::from_value::<Catalogue>(wrong).is_err());
        }
        assert!(serde_json::from_value::<Catalogue>(json).is_ok());
    }

    #[test]
    fn what_stands_in_a_script_element_cannot_end_it() {
        let texts = Map::from_iter([("a".to_owned(), "</script><!--".into())]);
        assert_eq!(for_script(&texts), r#"{"a":"\u003c/script>\u003c!--"}"#);
    }

    #[test]
    fn a_value_takes_the_place_of_its_name() {
        let text = Text("At most {max} characters".into());
        assert_eq!(text.with("max", 64), "At most 64 characters");
        assert_eq!((text.before("max"), text.after("max")), ("At most ", " characters"));
    }
}
