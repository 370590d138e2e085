//! `alert token revoke` and `revoked`: in the file, or the Redis, that a server keeps its history in.

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use alert_core::access::{Revoked, Subject, TokenId};
use alert_core::printable::one_line;
use alert_core::wire::history::At;
use alert_server::auth::token::Shown;
use alert_server::config::{Config, History, HistoryKind};
use alert_server::log::{self, Archive, ArchiveError, Revocation, YEAR};
use serde_json::json;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The token; - reads it from standard input
    #[arg(required_unless_present_any = ["sub", "jti"], conflicts_with_all = ["sub", "jti"])]
    token: Option<String>,
    /// All tokens of this subject, those that are still to be made too
    #[arg(long, value_name = "SUB", conflicts_with = "jti")]
    sub: Option<String>,
    /// The token with this id
    #[arg(long, value_name = "JTI")]
    jti: Option<String>,
    /// How long it is remembered; 0 takes it back [default: until the token expires, and without it for a year]
    #[arg(long = "for", value_name = "TIME", value_parser = time)]
    lasting: Option<Duration>,
}

#[derive(Debug, thiserror::Error)]
enum RevokeError {
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    #[error(transparent)]
    Redis(#[from] log::redis::ArchiveError),
    #[error(transparent)]
    Token(#[from] super::TokenCommandError),
    #[error("this token has no jti, and no sub that could be revoked instead")]
    NoId,
    #[error("sub and jti are texts of 1 to 255 bytes in one line")]
    NotAnId,
    #[error(
        "a server whose history is not on disk (history is memory or off) keeps nothing that a command could change: \
         change the key (--token-keys), and no token of before counts"
    )]
    Nowhere,
    #[error("cannot write to standard output: {0}")]
    Output(#[from] io::Error),
}

impl Args {
    pub(super) fn run(&self, config: &Config) -> ExitCode {
        exit(self.revoke(&config.history))
    }

    fn revoke(&self, history: &History) -> Result<(), RevokeError> {
        let now = SystemTime::now();
        let (what, expires) = self.what()?;
        let new = Revocation::new(what, expires, self.lasting, now);
        put(history, &new)?;
        let Revocation { what, until } = new;
        let (what, mut out) = (named(&what), io::stdout().lock());
        if until <= now {
            writeln!(out, "{what} is not revoked (any longer).")?;
        } else {
            writeln!(out, "{what} is revoked until {}.", At(until))?;
        }
        Ok(())
    }

    /// What is taken back, and when it would have ended by itself.
    fn what(&self) -> Result<(Revoked, Option<SystemTime>), RevokeError> {
        if let Some(sub) = &self.sub {
            return Ok((Subject::parse(sub).map(Revoked::Subject).ok_or(RevokeError::NotAnId)?, None));
        }
        if let Some(jti) = &self.jti {
            return Ok((TokenId::parse(jti).map(Revoked::Token).ok_or(RevokeError::NotAnId)?, None));
        }
        let token = super::given(self.token.as_deref().unwrap_or("-"))?;
        let shown = Shown::of(&token).ok_or(super::TokenCommandError::NotAToken)?;
        shown.revocable().ok_or(RevokeError::NoId)
    }
}

/// Prints what has been taken back.
pub(super) fn list(config: &Config, as_json: bool) -> ExitCode {
    let list = || -> Result<(), RevokeError> {
        let revoked = all(&config.history)?;
        let mut out = io::stdout().lock();
        if as_json {
            let one = |Revocation { what, until }: &Revocation| match what {
                Revoked::Subject(sub) => json!({ "sub": sub.as_str(), "until": At(*until) }),
                Revoked::Token(jti) => json!({ "jti": jti.as_str(), "until": At(*until) }),
            };
            let shown: Vec<_> = revoked.iter().map(one).collect();
            writeln!(out, "{:#}", serde_json::Value::from(shown))?;
        } else {
            for Revocation { what, until } in &revoked {
                writeln!(out, "{}  until {}", named(what), At(*until))?;
            }
        }
        Ok(())
    };
    exit(list())
}

fn put(history: &History, new: &Revocation) -> Result<(), RevokeError> {
    match history.kind {
        HistoryKind::Redis => Ok(log::redis::Archive::open(history)?.revoke(new)?),
        HistoryKind::Sqlite => Ok(log::revoke(history, new)?),
        HistoryKind::Memory | HistoryKind::Off => Err(RevokeError::Nowhere),
    }
}

fn all(history: &History) -> Result<Vec<Revocation>, RevokeError> {
    match history.kind {
        HistoryKind::Redis => Ok(log::redis::Archive::open(history)?.revoked()?),
        HistoryKind::Sqlite => Ok(Archive::open(history)?.revoked()?),
        HistoryKind::Memory | HistoryKind::Off => Err(RevokeError::Nowhere),
    }
}

fn named(what: &Revoked) -> String {
    match what {
        Revoked::Subject(sub) => format!("every token of {}", one_line(sub.as_str())),
        Revoked::Token(jti) => format!("the token {}", one_line(jti.as_str())),
    }
}

fn exit(done: Result<(), RevokeError>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            super::super::complain(error);
            ExitCode::FAILURE
        }
    }
}

fn time(text: &str) -> Result<Duration, String> {
    alert_settings::value::time(Duration::ZERO..=100 * YEAR)(text)
}
