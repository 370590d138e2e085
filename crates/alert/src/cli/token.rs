//! `alert token`: signed tokens are made, looked at and taken back, and a key for them is made.

mod lines;
mod revoke;

use std::fs::OpenOptions;
use std::io::{self, BufRead, IsTerminal, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use alert_core::access::{Grant, Right, Rights, Which};
use alert_core::names::RoomCode;
use alert_core::wire::history::At;
use alert_server::auth::token::{KeyFileError, MintError, Order, Shown, TokenKeys, keygen, verify};
use alert_server::config::{Config, Flags, PublicUrl};
use alert_settings::MOST_CHARS;
use clap::Subcommand;
use serde_json::json;

pub(super) const EXAMPLES: &str = "\
Examples:
  alert token keygen /etc/alert/token.pem a key that tokens are signed with
  alert --access token --token-keys /etc/alert/token.pem
                                          a server that lets nobody else in
  alert token mint \"Ms Ortega\" --room K7Q-FM2-XD9 --can read,speak,moderate \\
        --for 8h --key /etc/alert/token.pem
  alert token mint Ada --room K7Q-FM2-XD9 --link https://alert.example.org
                                          a link that lets Ada in on the page
  alert token show TOKEN                  what is in it, and whether it counts
  alert token revoke TOKEN                it is out within a second
  alert token revoke --sub \"Ms Ortega\"    all tokens of hers are
  alert token revoked                     what has been taken back

A program shows its token when it connects, io(\"https://..\", { auth: { token } }), or over HTTP as
`Authorization: Bearer TOKEN`; never in an address, which is logged. On the web page people come in with
a personal link (--link), whose token no server sees in an address. Whoever has a token is whoever it
says: hand it over as you would a password. Tokens may also be made elsewhere, as JWT:
docs/operations/rights.md.

Exit codes: 0 success, 1 failure (a token that does not count, too), 2 wrong usage.";

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make a token
    Mint {
        /// Whose it is, which is also the name of whoever holds it
        #[arg(value_parser = subject)]
        sub: String,
        /// A room that it is for, in any spelling, or the link to it; may be repeated
        #[arg(long, value_name = "ROOM", value_parser = room)]
        room: Vec<RoomCode>,
        /// The beginning of the codes of rooms that it is for; '' is all rooms; may be repeated
        #[arg(long, value_name = "TEXT")]
        prefix: Vec<String>,
        /// What it lets its holder do there: read, speak, alert, moderate
        #[arg(long, value_name = "RIGHTS", value_delimiter = ',', default_value = "read,speak", value_parser = right)]
        can: Vec<Right>,
        /// How long it counts, as in 8h or 30d
        #[arg(long = "for", value_name = "TIME", default_value = "8h", value_parser = time)]
        lifetime: Duration,
        /// Another name for its holder than SUB
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
        /// File with the private key or the secret [default: the first of token_keys that has one]
        #[arg(long, value_name = "FILE")]
        key: Option<PathBuf>,
        /// Print a personal link, with which somebody comes in on the web page, instead of the token [default: at public_url]
        #[arg(long, value_name = "URL", num_args = 0..=1, value_parser = PublicUrl::parse)]
        link: Option<Option<PublicUrl>>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Print what is in a token, and whether it counts here
    Show {
        /// The token; - reads it from standard input
        #[arg(default_value = "-", hide_default_value = true)]
        token: String,
        /// File with the key [default: those of token_keys]
        #[arg(long, value_name = "FILE")]
        key: Option<PathBuf>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Take a token back, or all tokens of somebody
    Revoke(revoke::Args),
    /// Print what has been taken back
    Revoked {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Make a key (Ed25519) that tokens are signed and verified with
    Keygen {
        /// The new file, which only this user can read [default: standard output]
        file: Option<PathBuf>,
    },
}

#[derive(Debug, thiserror::Error)]
enum TokenCommandError {
    #[error(transparent)]
    Mint(#[from] MintError),
    #[error(transparent)]
    Keys(#[from] KeyFileError),
    #[error(
        "there is no key to sign with: name its file in --key, or set token_keys; `alert token keygen` makes one"
    )]
    NoKey,
    #[error("a token is for some rooms: name them in --room or --prefix")]
    NoRooms,
    #[error("a link needs the server's address: --link https://alert.example.org, or set public_url")]
    NoUrl,
    #[error(
        "{0} is there already, and nothing is overwritten: tokens that it has signed would count no more"
    )]
    Exists(String),
    #[error("{0} cannot be written: there is no folder {1}; make it with `mkdir -p {1}`")]
    NoFolder(String, String),
    #[error("{0} cannot be written: {1}")]
    Unwritable(String, io::Error),
    #[error("this is no token: it has three parts between dots, as `alert token mint` prints it")]
    NotAToken,
    #[error("this token does not count: {0}")]
    DoesNotCount(String),
    #[error("standard input cannot be read: {0}")]
    Input(io::Error),
    #[error("cannot write to standard output: {0}")]
    Output(#[from] io::Error),
}

impl TokenCommandError {
    /// Wrong usage is what other arguments mend.
    fn exit_code(&self) -> ExitCode {
        match self {
            Self::NoKey | Self::NoUrl | Self::NoRooms | Self::Keys(_) | Self::Mint(_) => {
                ExitCode::from(super::USAGE_ERROR)
            }
            Self::Exists(_)
            | Self::NoFolder(..)
            | Self::Unwritable(..)
            | Self::NotAToken
            | Self::DoesNotCount(_)
            | Self::Input(_)
            | Self::Output(_) => ExitCode::FAILURE,
        }
    }
}

impl Command {
    pub(super) fn run(self) -> ExitCode {
        let config = match super::load(&Flags::default()) {
            Ok(config) => config,
            Err(code) => return code,
        };
        let done = match self {
            Self::Mint { sub, room, prefix, can, lifetime, name, key, link, json } => {
                let link = match link.map(|url| url.or_else(|| config.public_url.clone())) {
                    Some(None) => Err(TokenCommandError::NoUrl),
                    Some(url) => Ok(url),
                    None => Ok(None),
                };
                let rights: Rights = can.into_iter().collect();
                let named = room.into_iter().map(Which::Named);
                let grants = named.chain(prefix.into_iter().map(|prefix| Which::Prefix(prefix.into())));
                let grants = grants.map(|rooms| Grant { rooms, rights }).collect();
                link.and_then(|link| {
                    mint(&config, &Order { sub, name, grants, lifetime }, key, link.as_ref(), json)
                })
            }
            Self::Show { token, key, json } => show(&config, &token, key, json),
            Self::Revoke(args) => return args.run(&config),
            Self::Revoked { json } => return revoke::list(&config, json),
            Self::Keygen { file } => make_key(file.as_deref()),
        };
        match done {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                let code = error.exit_code();
                super::complain(error);
                code
            }
        }
    }
}

fn mint(
    config: &Config,
    order: &Order,
    key: Option<PathBuf>,
    link: Option<&PublicUrl>,
    as_json: bool,
) -> Result<(), TokenCommandError> {
    if order.grants.is_empty() {
        return Err(TokenCommandError::NoRooms);
    }
    let now = SystemTime::now();
    let files: Vec<PathBuf> = key.map_or_else(|| config.token_keys.clone(), |key| vec![key]);
    let mut minted = Err(TokenCommandError::NoKey);
    for file in &files {
        minted = order.mint(file, now).map_err(Into::into);
        if !matches!(minted, Err(TokenCommandError::Mint(MintError::NoPrivateKey(_)))) {
            break;
        }
    }
    let minted = minted?;
    // What nobody could show is not handed out: a name that is too long, a prefix that no code begins with.
    let keys = TokenKeys::load(&files)?.now();
    verify(&keys, &minted.token, &config.limits, now)
        .map_err(|wrong| TokenCommandError::DoesNotCount(wrong.to_string()))?;
    let link = link.map(|url| minted.link(url, &order.grants));
    let mut out = io::stdout().lock();
    if as_json {
        let expires = At(minted.expires);
        let mut shown =
            json!({ "token": minted.token, "sub": order.sub, "jti": minted.jti, "expires": expires });
        if let Some(link) = link {
            shown["link"] = link.into();
        }
        writeln!(out, "{shown:#}")?;
    } else {
        writeln!(out, "{}", link.unwrap_or(minted.token))?;
    }
    Ok(())
}

fn show(config: &Config, token: &str, key: Option<PathBuf>, as_json: bool) -> Result<(), TokenCommandError> {
    let token = given(token)?;
    let shown = Shown::of(&token).ok_or(TokenCommandError::NotAToken)?;
    let files: Vec<PathBuf> = key.map_or_else(|| config.token_keys.clone(), |key| vec![key]);
    let counts = match &files[..] {
        [] => None,
        files => Some(verify(&TokenKeys::load(files)?.now(), &token, &config.limits, SystemTime::now())),
    };
    let wrong = counts.as_ref().and_then(|counts| counts.as_ref().err()).map(ToString::to_string);
    let mut out = io::stdout().lock();
    if as_json {
        let counts = counts.as_ref().map(Result::is_ok);
        let shown = json!({ "header": shown.header, "claims": shown.claims, "counts": counts, "why": wrong });
        writeln!(out, "{shown:#}")?;
    } else {
        lines::print(&mut out, &shown, counts.as_ref().map(Result::is_ok))?;
    }
    wrong.map_or(Ok(()), |wrong| Err(TokenCommandError::DoesNotCount(wrong)))
}

/// The token on the command line, or on standard input.
fn given(token: &str) -> Result<String, TokenCommandError> {
    if token != "-" {
        return Ok(token.trim().to_owned());
    }
    if io::stdin().is_terminal() {
        super::complain("paste the token, and end it with Enter");
    }
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).map_err(TokenCommandError::Input)?;
    Ok(line.trim().to_owned())
}

fn make_key(file: Option<&Path>) -> Result<(), TokenCommandError> {
    let key = keygen()?;
    let Some(file) = file else {
        io::stdout().write_all(key.as_bytes())?;
        return Ok(());
    };
    let failed = |problem: io::Error| match problem.kind() {
        io::ErrorKind::AlreadyExists => TokenCommandError::Exists(file.display().to_string()),
        io::ErrorKind::NotFound => {
            let folder = file.parent().unwrap_or(file).display().to_string();
            TokenCommandError::NoFolder(file.display().to_string(), folder)
        }
        _ => TokenCommandError::Unwritable(file.display().to_string(), problem),
    };
    let mut new = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file).map_err(failed)?;
    new.write_all(key.as_bytes()).and_then(|()| new.sync_all()).map_err(failed)?;
    writeln!(io::stdout(), "{} has a new key, which only you can read.", file.display())?;
    Ok(())
}

fn room(text: &str) -> Result<RoomCode, String> {
    RoomCode::typed(text, MOST_CHARS).map_err(|error| format!("a room's code {error}"))
}

fn right(text: &str) -> Result<Right, String> {
    text.trim().parse().map_err(|error: alert_core::access::NotARight| error.to_string())
}

fn subject(text: &str) -> Result<String, String> {
    let subject = alert_core::access::Subject::parse(text);
    subject
        .map(|_| text.to_owned())
        .ok_or_else(|| "it must be a text of 1 to 255 bytes in one line".to_owned())
}

fn time(text: &str) -> Result<Duration, String> {
    alert_settings::value::whole_seconds(Duration::from_secs(1)..=Duration::from_hours(36_500 * 24))(text)
}
