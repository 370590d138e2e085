//! The names that people and rooms go by: cleaned once, at the edge, and valid from then on.

mod cleaning;
mod invisible;
mod link;
mod typed;

use std::fmt;
use std::sync::Arc;

use serde::{Serialize, Serializer};

pub(crate) use cleaning::plain_line;
pub use link::RoomLink;

/// Why a text cannot be a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing is left after cleaning, or nothing that can be seen.
    #[error("is required")]
    Empty,
    /// It holds a control character or a line break.
    #[error("must not contain control characters or line breaks")]
    Control,
    /// It is longer than the limit.
    #[error("is longer than {max} characters")]
    TooLong {
        /// The limit, in Unicode scalar values.
        max: usize,
    },
}

/// Defines one kind of name. The kinds differ only in what they name, and none passes for another.
macro_rules! name {
    ($(#[$doc:meta])* $Name:ident) => {
        $(#[$doc])*
        ///
        /// In Unicode NFC, trimmed, not empty, without invisible characters and control characters. A clone costs a
        /// reference count. `Display` is the name itself; `Debug` is quoted and escaped, for logs.
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $Name(Arc<str>);

        impl $Name {
            /// Cleans `text` and checks what is left; `max_chars` counts Unicode scalar values after cleaning.
            ///
            /// # Errors
            /// [`NameError`] says what is wrong, in words that follow the name of the field.
            pub fn parse(text: &str, max_chars: usize) -> Result<Self, NameError> {
                cleaning::clean(text, max_chars).map(|text| Self(Arc::from(text)))
            }

            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $Name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $Name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&*self.0, f)
            }
        }

        impl Serialize for $Name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }
    };
}

name! {
    /// What a person is called in a room.
    UserName
}

name! {
    /// What a room is called: whoever knows it may join.
    RoomCode
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_a_name_then_display_is_raw_and_debug_cannot_forge_a_log_line() {
        let name = UserName::parse("A\"d\u{301}a\u{645}\u{200C}\u{645}", 64).unwrap();
        assert_eq!(name.to_string(), "A\"d\u{301}a\u{645}\u{200C}\u{645}");
        assert_eq!(format!("{name:?}"), r#""A\"d\u{301}aم\u{200c}م""#);
        assert_eq!(serde_json::to_string(&name).unwrap(), "\"A\\\"d\u{301}a\u{645}\u{200C}\u{645}\"");
    }

    #[test]
    fn given_case_then_it_is_kept_and_tells_people_apart() {
        let (ada, low) = (UserName::parse("Ada", 64).unwrap(), UserName::parse("ada", 64).unwrap());
        assert_ne!(ada, low);
        assert_eq!(ada, UserName::parse(" Ada ", 64).unwrap());
    }

    #[test]
    fn given_an_error_then_it_reads_on_from_the_name_of_the_field() {
        let errors = [NameError::Empty, NameError::Control, NameError::TooLong { max: 64 }];
        assert_eq!(
            errors.map(|error| format!("name {error}.")),
            [
                "name is required.",
                "name must not contain control characters or line breaks.",
                "name is longer than 64 characters.",
            ]
        );
    }
}
