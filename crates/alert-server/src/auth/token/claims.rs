//! What a token says, read into what it means.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use alert_core::access::{Grant, Right, Rights, SignedBy, Subject, Token, TokenId, Which};
use alert_core::names::{RoomCode, UserName};
use alert_core::wire::v1::Limits;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::TokenError;

/// The claims that count. Others are ignored.
#[derive(Deserialize)]
pub(super) struct Claims {
    sub: Option<Value>,
    jti: Option<Value>,
    exp: Option<Value>,
    nbf: Option<Value>,
    aud: Option<Value>,
    name: Option<Value>,
    rooms: Option<Value>,
}

/// Whoever asks for a token for somebody else than us names them here.
const AUDIENCE: &str = "alert";
const MOST_GRANTS: usize = 100;
/// The clock of whoever signs may be ahead by this.
const SKEW: Duration = Duration::from_secs(60);
/// The end of the year 9999.
const LAST_SECOND: f64 = 253_402_300_799.0;

impl Claims {
    /// What they mean at `now`.
    pub(super) fn read(
        self,
        limits: &Limits,
        signed_by: SignedBy,
        now: SystemTime,
    ) -> Result<Token, TokenError> {
        const SUB: &str = "sub must be a text of 1 to 255 bytes";
        const JTI: &str = "jti must be a text of 1 to 255 bytes";
        const NAME: &str = "name must be a name that people can have here";
        const EXP: &str = "exp must be there, in seconds since 1970";
        let text = |claim: Option<Value>, wrong| match claim {
            Some(Value::String(text)) => Ok(text),
            _ => Err(TokenError::Claim(wrong)),
        };
        let sub = text(self.sub, SUB)?;
        let subject = Subject::parse(&sub).ok_or(TokenError::Claim(SUB))?;
        let id = TokenId::parse(&text(self.jti, JTI)?).ok_or(TokenError::Claim(JTI))?;
        let expires = self.exp.as_ref().and_then(time).ok_or(TokenError::Claim(EXP))?;
        let begins = match &self.nbf {
            None => UNIX_EPOCH,
            Some(nbf) => time(nbf).ok_or(TokenError::Claim("nbf must be in seconds since 1970"))?,
        };
        let name = match self.name {
            None => UserName::parse(&sub, limits.name_chars).ok().filter(|name| name.as_str() == sub),
            Some(Value::String(name)) => {
                Some(UserName::parse(&name, limits.name_chars).map_err(|_| TokenError::Claim(NAME))?)
            }
            Some(_) => return Err(TokenError::Claim(NAME)),
        };
        let rooms = match self.rooms {
            Some(Value::Array(rooms)) if rooms.len() <= MOST_GRANTS => rooms,
            _ => return Err(TokenError::Claim("rooms must be a list of 100 entries at most")),
        };
        let grants = rooms.into_iter().map(|room| grant(room, limits)).collect::<Result<_, _>>()?;
        if !self.aud.as_ref().is_none_or(names_us) {
            return Err(TokenError::OtherAudience);
        }
        if expires <= now {
            return Err(TokenError::Expired);
        }
        if begins > now + SKEW {
            return Err(TokenError::NotYet);
        }
        Ok(Token { subject, id, name, expires, grants, signed_by, ended: Default::default() })
    }
}

fn names_us(aud: &Value) -> bool {
    match aud {
        Value::String(name) => name == AUDIENCE,
        Value::Array(names) => names.iter().any(|name| name == AUDIENCE),
        _ => false,
    }
}

/// Seconds since 1970, which may have a fraction (RFC 7519, section 2).
fn time(claim: &Value) -> Option<SystemTime> {
    let seconds = claim.as_f64().filter(|seconds| (0.0..=LAST_SECOND).contains(seconds))?;
    UNIX_EPOCH.checked_add(Duration::from_secs_f64(seconds))
}

fn grant(entry: Value, limits: &Limits) -> Result<Grant, TokenError> {
    const ENTRY: TokenError =
        TokenError::Claim("an entry of rooms must have either name or prefix, and can, a list of rights");
    const NAME: TokenError = TokenError::Claim("name in rooms must be a room code");
    // Cleaning must not make it shorter, and so let in more rooms.
    const PREFIX: TokenError =
        TokenError::Claim("prefix in rooms must be the beginning of a room code, exactly as it is kept");
    let Value::Object(mut entry) = entry else { return Err(ENTRY) };
    let rooms = match (text(&mut entry, "name"), text(&mut entry, "prefix")) {
        (Some(name), None) => {
            Which::Named(RoomCode::parse(&name.ok_or(NAME)?, limits.room_chars).map_err(|_| NAME)?)
        }
        (None, Some(prefix)) => {
            let prefix = prefix.ok_or(PREFIX)?;
            let is_kept = |prefix: &str| {
                // Behind a letter and before one it may end with anything that a code may have within.
                let whole = format!("{prefix}x");
                RoomCode::parse(&whole, usize::MAX).is_ok_and(|code| code.as_str() == whole)
            };
            if prefix.len() > 4 * limits.room_chars || !is_kept(&prefix) {
                return Err(PREFIX);
            }
            Which::Prefix(prefix.into())
        }
        _ => return Err(ENTRY),
    };
    let Some(Value::Array(can)) = entry.remove("can") else { return Err(ENTRY) };
    let right = |right: &Value| right.as_str().and_then(|right| right.parse::<Right>().ok());
    let rights: Option<Rights> = can.iter().map(right).collect();
    let rights = rights.ok_or(TokenError::Claim("can must be a list of read, speak, alert, moderate"))?;
    Ok(Grant { rooms, rights })
}

/// A key of an entry, if it is there; and its text, if it is one.
fn text(entry: &mut Map<String, Value>, key: &str) -> Option<Option<String>> {
    entry.remove(key).map(|value| match value {
        Value::String(text) => Some(text),
        _ => None,
    })
}
