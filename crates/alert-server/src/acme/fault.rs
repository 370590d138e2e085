//! Why an authority has given no certificate, in words that say what to do.

use instant_acme::{Error, Problem};
use std::io;
use std::path::PathBuf;

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    /// It does not answer, or not as an authority.
    #[error("{0}")]
    Unreachable(String),
    /// It has said why.
    #[error("{}", said(.0))]
    Refused(Box<Problem>),
    /// Something that it should not have said.
    #[error("{0}")]
    Rejected(String),
    /// It checks in other ways only.
    #[error("it does not check names over TLS (tls-alpn-01)")]
    NoTlsAlpn,
    /// The certificate has come and cannot be kept.
    #[error("{path} cannot be written ({1})", path = .0.display())]
    Kept(PathBuf, io::Error),
    /// No key could be made.
    #[error("a key could not be made ({0})")]
    Key(String),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        match error {
            Error::Api(problem) => Self::Refused(Box::new(problem)),
            Error::Json(_) => Self::Unreachable(
                "its answer is not that of an ACME directory: check --acme-directory".to_owned(),
            ),
            Error::Other(error) => match error.downcast::<Self>() {
                Ok(fault) => *fault,
                Err(error) => Self::Rejected(error.to_string()),
            },
            error => Self::Rejected(error.to_string()),
        }
    }
}

impl Fault {
    /// Whether the authority counts it against the name or the account.
    pub(super) fn is_counted(&self) -> bool {
        match self {
            Self::Unreachable(_) => false,
            Self::Refused(problem) => kind(problem) != "badNonce",
            _ => true,
        }
    }

    pub(super) fn is_unknown_account(&self) -> bool {
        matches!(self, Self::Refused(problem) if kind(problem) == "accountDoesNotExist")
    }

    /// The whole reason, with what to do.
    pub(super) fn words(&self, domain: &str, authority: &str) -> String {
        let advice = match self {
            Self::Refused(problem) => match kind(problem) {
                "dns" => format!("give {domain} an A or AAAA record that leads to this server"),
                "connection" | "tls" | "unauthorized" | "incorrectResponse" => format!(
                    "port 443 of {domain} has to lead from the internet to a TCP address of --listen, with TLS untouched on the way"
                ),
                "caa" => format!("the CAA record of {domain} or a domain above has to allow this authority"),
                "rateLimited" => "wait, or try with --acme-directory staging first".to_owned(),
                "rejectedIdentifier" | "unsupportedIdentifier" => {
                    format!("it gives no certificates for {domain}: use a name in the public DNS, or name another authority with --acme-directory")
                }
                "invalidContact" | "unsupportedContact" => "check --acme-email".to_owned(),
                "externalAccountRequired" => {
                    "it wants an account that was made elsewhere, which Alert does not have: name another authority".to_owned()
                }
                "userActionRequired" => "it wants its new terms to be agreed to".to_owned(),
                _ => String::new(),
            },
            Self::NoTlsAlpn => "name another authority with --acme-directory".to_owned(),
            Self::Kept(..) => "let Alert's user write there".to_owned(),
            Self::Unreachable(_) | Self::Rejected(_) | Self::Key(_) => String::new(),
        };
        let said = format!("{authority}: {self}");
        if advice.is_empty() { said } else { format!("{said}; {advice}") }
    }
}

/// The last part of a problem's type (RFC 8555, section 6.7).
fn kind(problem: &Problem) -> &str {
    let kind = problem.r#type.as_deref().unwrap_or_default();
    kind.rsplit(':').next().unwrap_or_default()
}

/// What it said, on one line, and not too much of it.
fn said(problem: &Problem) -> String {
    let detail = problem.detail.as_deref().unwrap_or("it gave no reason");
    let detail: String =
        detail.chars().map(|char| if char.is_control() { ' ' } else { char }).take(300).collect();
    let detail = detail.trim().trim_end_matches('.');
    match kind(problem) {
        "" => detail.to_owned(),
        kind => format!("{detail} ({kind})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(kind: &str) -> Fault {
        let text = format!(r#"{{"type":"urn:ietf:params:acme:error:{kind}","detail":"It\nfailed."}}"#);
        Fault::Refused(Box::new(serde_json::from_str(&text).unwrap()))
    }

    #[test]
    fn given_what_an_authority_says_then_the_words_say_what_to_do() {
        for (kind, wanted) in [
            ("dns", "A or AAAA record"),
            ("connection", "port 443 of a.example"),
            ("tls", "port 443 of a.example"),
            ("unauthorized", "port 443 of a.example"),
            ("caa", "CAA record"),
            ("rateLimited", "--acme-directory staging"),
            ("rejectedIdentifier", "gives no certificates for a.example"),
            ("invalidContact", "--acme-email"),
            ("externalAccountRequired", "another authority"),
        ] {
            let words = refused(kind).words("a.example", "ca.example");
            assert!(
                words.starts_with(&format!("ca.example: It failed ({kind}); ")) && words.contains(wanted),
                "{words}"
            );
        }
        assert_eq!(
            refused("serverInternal").words("a.example", "ca.example"),
            "ca.example: It failed (serverInternal)"
        );
        assert!(refused("accountDoesNotExist").is_unknown_account());
    }
}
