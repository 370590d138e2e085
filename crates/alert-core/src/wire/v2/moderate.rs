//! What hosts ask for, over v2 and HTTP alike: one object with an `action`.

use core::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use ipnet::{IpNet, Ipv4Net};
use serde_json::value::RawValue;

use super::MOST_KEY_BYTES;
use crate::names::{NameError, UserName};
use crate::position::{MessageId, Position};
use crate::room::policy::{MOST_ENTRIES, Password, Whom};
use crate::wire::body;
use crate::wire::v1::{Limits, Refusal};

/// What a host asks for.
#[derive(Debug)]
pub enum Moderation {
    /// To see the policy.
    Show,
    /// To see the newest lines of the audit log.
    Audit(usize),
    /// To change what holds for everybody.
    Set(Box<Settings>),
    /// To remove a message.
    Remove(Position),
    /// To keep a person from speaking, for so long.
    Mute(UserName, Option<Duration>),
    /// To end that.
    Unmute(UserName),
    /// To put a person out.
    Kick(UserName),
    /// To ban somebody, for so long; and, if that is true, the addresses that the person has now.
    Ban(Whom, Option<Duration>, bool),
    /// To end that.
    Unban(Whom),
    /// To put everybody out.
    Close,
    /// To give a person the word, or take it.
    Word(UserName, bool),
    /// Another key for the room's hosts.
    NewKey,
    /// Another code for the room.
    NewCode,
}

/// What is to hold; `None` leaves it as it is.
#[derive(Debug, Default)]
pub struct Settings {
    /// A password, or none.
    pub password: Option<Option<Password>>,
    /// Hosts speak only.
    pub announce: Option<bool>,
    /// Nobody else comes in.
    pub locked: Option<bool>,
    /// The time between two messages; none where it is zero.
    pub slow: Option<Duration>,
    /// The most people.
    pub most: Option<Option<NonZeroU32>>,
    /// Names that take a token.
    pub reserved: Option<Vec<UserName>>,
    /// Whether those who come later hear what was said before.
    pub hides_history: Option<bool>,
    /// Whether the room is closed.
    pub closed: Option<bool>,
    /// Whether an emergency takes a second person.
    pub two_person: Option<bool>,
}

/// The longest slow mode.
const MOST_SLOW: u64 = 3600;
/// The longest that a mute or a ban lasts which has an end.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 3600);
/// Lines of the audit log, without `limit` and at most.
const LINES: u64 = 50;
const MOST_LINES: u64 = 1000;

impl Moderation {
    /// The names of the actions, for whoever sends another.
    const ACTIONS: &str = "show, audit, set, remove, mute, unmute, kick, ban, unban, close, give_word, take_word, new_key \
                           or new_code";

    /// Reads what is asked for. Other keys are passed over.
    ///
    /// # Errors
    /// A [`Refusal`] to answer with.
    pub fn parse(arg: Option<&RawValue>, has_attachments: bool, limits: &Limits) -> Result<Self, Refusal> {
        let keys = &["action", "name", "address", "for", "id", "settings", "with_address", "limit"];
        let [action, name, address, time, id, settings, with_address, limit] =
            body::object(arg, has_attachments, keys)?;
        let action = match action {
            Some(action) => body::string("action", action)?,
            None => return Err(Refusal::invalid_body(format!("action is required: {}.", Self::ACTIONS))),
        };
        let person = || body::name(name.ok_or_else(|| Refusal::name(NameError::Empty))?, limits);
        let whom = || match (name, address) {
            (Some(name), None) => body::name(name, limits).map(Whom::Name),
            (None, Some(address)) => network(address).map(Whom::Network),
            _ => Err(Refusal::invalid_body("send a name or an address, and not both.")),
        };
        let time = || time.map_or(Ok(None), duration);
        Ok(match &*action {
            "show" => Self::Show,
            "audit" => {
                let lines = limit.map_or(Ok(LINES), |limit| serde_json::from_str(limit.get()));
                let lines = lines.ok().filter(|lines| *lines > 0);
                let lines =
                    lines.ok_or_else(|| Refusal::invalid_body("limit must be a whole number from 1."))?;
                Self::Audit(usize::try_from(lines.min(MOST_LINES)).unwrap_or(usize::MAX))
            }
            "set" => Self::Set(Box::new(Settings::parse(settings, limits)?)),
            "remove" => Self::Remove(message(id)?),
            "mute" => Self::Mute(person()?, time()?),
            "unmute" => Self::Unmute(person()?),
            "kick" => Self::Kick(person()?),
            "ban" => Self::Ban(whom()?, time()?, body::boolean("with_address", with_address)?),
            "unban" => Self::Unban(whom()?),
            "close" => Self::Close,
            "give_word" => Self::Word(person()?, true),
            "take_word" => Self::Word(person()?, false),
            "new_key" => Self::NewKey,
            "new_code" => Self::NewCode,
            _ => {
                return Err(Refusal::invalid_body(format!(
                    "there is no such action; send {}.",
                    Self::ACTIONS
                )));
            }
        })
    }
}

impl Settings {
    fn parse(json: Option<&RawValue>, limits: &Limits) -> Result<Self, Refusal> {
        let keys = &[
            "password",
            "announce",
            "locked",
            "slow",
            "most",
            "reserved",
            "history",
            "closed",
            "two_person",
        ];
        let missing = || Refusal::invalid_body("settings is required: one object of what is to change.");
        let [password, announce, locked, slow, most, reserved, history, closed, two_person] =
            body::object(Some(json.ok_or_else(missing)?), false, keys)
                .map_err(|_| Refusal::invalid_body("settings must be one JSON object."))?;
        let flag = |key, json: Option<&RawValue>| json.map(|json| body::boolean(key, Some(json))).transpose();
        let whole = |json: &RawValue| serde_json::from_str::<u64>(json.get()).ok();
        let slow = match slow {
            None => None,
            Some(json) if is_null(json) => Some(Duration::ZERO),
            Some(json) => {
                let seconds = whole(json).filter(|seconds| *seconds <= MOST_SLOW);
                let wrong =
                    || Refusal::invalid_body(format!("slow must be seconds, up to {MOST_SLOW}; 0 is none."));
                Some(Duration::from_secs(seconds.ok_or_else(wrong)?))
            }
        };
        let most = match most {
            None => None,
            Some(json) if is_null(json) => Some(None),
            Some(json) => {
                let number = whole(json).and_then(|number| NonZeroU32::new(u32::try_from(number).ok()?));
                let wrong = || Refusal::invalid_body("most must be a number of people from 1, or null.");
                Some(Some(number.ok_or_else(wrong)?))
            }
        };
        let hides_history = match history.map(|json| body::string("history", json)).transpose()?.as_deref() {
            None => None,
            Some("all") => Some(false),
            Some("none") => Some(true),
            Some(_) => return Err(Refusal::invalid_body("history must be all or none.")),
        };
        Ok(Self {
            password: password.map(new_password).transpose()?,
            announce: flag("announce", announce)?,
            locked: flag("locked", locked)?,
            slow,
            most,
            reserved: reserved.map(|json| names(json, limits)).transpose()?,
            hides_history,
            closed: flag("closed", closed)?,
            two_person: flag("two_person", two_person)?,
        })
    }
}

/// A password as somebody shows it: any text. One that is no password opens nothing.
pub(in crate::wire) fn shown_password(json: &RawValue) -> Result<Password, Refusal> {
    Ok(Password::new(&body::string("password", json)?))
}

fn new_password(json: &RawValue) -> Result<Option<Password>, Refusal> {
    if is_null(json) {
        return Ok(None);
    }
    let text = body::string("password", json)?;
    let fits = (1..=MOST_KEY_BYTES).contains(&text.len());
    let wrong =
        || Refusal::invalid_body(format!("password must have 1 to {MOST_KEY_BYTES} bytes, or be null."));
    if fits { Ok(Some(Password::new(&text))) } else { Err(wrong()) }
}

fn names(json: &RawValue, limits: &Limits) -> Result<Vec<UserName>, Refusal> {
    let wrong = || Refusal::invalid_body("reserved must be a list of names.");
    let texts: Vec<&RawValue> = serde_json::from_str(json.get()).map_err(|_| wrong())?;
    if texts.len() > MOST_ENTRIES {
        return Err(Refusal::invalid_body(format!("reserved may have {MOST_ENTRIES} names.")));
    }
    texts.into_iter().map(|text| body::name(text, limits)).collect()
}

/// A time such as `10m`, or seconds; null is for good.
fn duration(json: &RawValue) -> Result<Option<Duration>, Refusal> {
    if is_null(json) {
        return Ok(None);
    }
    let time = match serde_json::from_str::<u64>(json.get()) {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => body::string("for", json).ok().and_then(|text| crate::duration::read(&text)),
    };
    let time = time.filter(|time| !time.is_zero() && *time <= LONGEST);
    let wrong = || Refusal::invalid_body("for must be a time such as 10m, up to 366d, or null.");
    time.map(Some).ok_or_else(wrong)
}

/// An address, or a network such as 192.0.2.0/24. Of an IPv6 address its /64, which one machine may use all of.
fn network(json: &RawValue) -> Result<IpNet, Refusal> {
    let text = body::string("address", json)?;
    let wrong = || Refusal::invalid_body("address must be an IP address, or a network such as 192.0.2.0/24.");
    let network = match text.parse() {
        Ok(address) => crate::room::policy::network_of(IpAddr::to_canonical(&address)),
        Err(_) => canonical(text.parse::<IpNet>().map_err(|_| wrong())?.trunc()),
    };
    if network.prefix_len() < 8 { Err(wrong()) } else { Ok(network) }
}

/// A network of IPv4 that is written as one of IPv6 is the former, as its addresses are.
fn canonical(network: IpNet) -> IpNet {
    let v4 = network.prefix_len().checked_sub(96).zip(match network.addr().to_canonical() {
        IpAddr::V4(v4) if network.addr().is_ipv6() => Some(v4),
        _ => None,
    });
    let v4 = v4.and_then(|(length, address)| Ipv4Net::new(address, length).ok());
    v4.map_or(network, IpNet::V4)
}

/// A message by its id, or by its position.
fn message(id: Option<&RawValue>) -> Result<Position, Refusal> {
    let wrong = || Refusal::invalid_body("id must be the id of a message, or its position.");
    let text = body::string("id", id.ok_or_else(wrong)?)?;
    text.parse::<MessageId>().map(MessageId::position).or_else(|_| text.parse()).map_err(|_| wrong())
}

fn is_null(json: &RawValue) -> bool {
    json.get() == "null"
}
