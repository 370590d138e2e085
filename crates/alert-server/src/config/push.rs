//! Whom push services may write to about this server, which turns Web Push on.

/// A `mailto:` or `https:` address (RFC 8292, 2.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushContact(Box<str>);

impl PushContact {
    /// Reads one.
    ///
    /// # Errors
    /// What is allowed instead.
    pub fn parse(text: &str) -> Result<Self, String> {
        let is_mail = text.strip_prefix("mailto:").is_some_and(|address| {
            address.split_once('@').is_some_and(|(who, host)| !who.is_empty() && host.contains('.'))
        });
        let is_page = text.strip_prefix("https://").is_some_and(|rest| !rest.is_empty());
        let is_written = text.len() <= 255 && text.bytes().all(|byte| byte.is_ascii_graphic());
        if is_written && (is_mail || is_page) {
            Ok(Self(text.into()))
        } else {
            Err("an address that somebody reads, such as mailto:admin@example.org, or an https:// page"
                .to_owned())
        }
    }

    /// As it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_an_address_that_somebody_reads_then_it_is_taken_and_nothing_else() {
        for good in ["mailto:admin@example.org", "https://example.org/contact"] {
            assert_eq!(PushContact::parse(good).unwrap().as_str(), good);
        }
        for bad in [
            "",
            "admin@example.org",
            "mailto:admin",
            "mailto:@example.org",
            "mailto:a@b c.d",
            "http://example.org",
        ] {
            PushContact::parse(bad).unwrap_err();
        }
    }
}
