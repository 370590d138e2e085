//! The language of the pages: which one a browser asks for, and the catalogue of its texts (`web/languages`).

mod catalogue;

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};

use super::accept;
pub(super) use catalogue::{Catalogue, Text, Texts};

/// A language that the pages speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    English,
    German,
    French,
    Spanish,
    Arabic,
}

impl Language {
    pub(super) const ALL: [Self; 5] =
        [Self::English, Self::German, Self::French, Self::Spanish, Self::Arabic];

    /// The one that the browser prefers, by the first subtag; English if it names none of ours.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let mut best = (Self::English, 0.0);
        for (range, quality) in accept::ranges(headers, &header::ACCEPT_LANGUAGE) {
            // Of two with the same quality, the first counts.
            if let Some(language) = Self::named(range).filter(|_| quality > best.1) {
                best = (language, quality);
            }
        }
        best.0
    }

    /// The one with this tag, by its first subtag, if it is one of ours.
    pub(super) fn named(tag: &str) -> Option<Self> {
        let primary = tag.split('-').next().unwrap_or_default();
        Self::ALL.into_iter().find(|one| primary.eq_ignore_ascii_case(one.code()))
    }

    /// As BCP 47 writes it.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
            Self::French => "fr",
            Self::Spanish => "es",
            Self::Arabic => "ar",
        }
    }

    /// The direction of its lines, as HTML writes it.
    pub(super) fn direction(self) -> &'static str {
        if self == Self::Arabic { "rtl" } else { "ltr" }
    }

    /// The texts of the pages.
    pub(super) fn texts(self) -> &'static Texts {
        &self.catalogue().pages
    }

    pub(super) fn catalogue(self) -> &'static Catalogue {
        catalogue::of(self)
    }
}

impl<S: Sync> FromRequestParts<S> for Language {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_the_languages_that_are_wanted_most_is_spoken() {
        for (wanted, language) in [
            ("", Language::English),
            ("*", Language::English),
            ("de", Language::German),
            ("de-AT,de;q=0.9,en;q=0.8", Language::German),
            ("DE", Language::German),
            ("pt-BR, es-419;q=0.9, en;q=0.5", Language::Spanish),
            ("en;q=0.5, fr;q=0.7", Language::French),
            ("fr,ar", Language::French),
            ("ar-EG", Language::Arabic),
            ("ja, zh;q=0.9", Language::English),
            ("de;q=0, fr;q=0.1", Language::French),
            ("de;q=0", Language::English),
            ("den, deu", Language::English),
            ("de;q=nonsense", Language::English),
            (",;q=1,,", Language::English),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT_LANGUAGE, wanted.parse().unwrap())]);
            assert_eq!(Language::of(&headers), language, "{wanted}");
        }
        assert_eq!(Language::of(&HeaderMap::new()), Language::English);
    }
}
