//! A room's policy as clients see it: what holds for everybody, and, for hosts, who is kept out.

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use crate::names::UserName;
use crate::room::policy::{Policy, Until, Whom};
use crate::wire::history::At;
use crate::wire::json_size;

/// What everybody in a room may know of its policy. A room without one is shown as one that is open.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a>(pub &'a Policy);

/// The same with what only hosts may know.
#[derive(Clone, Copy, Debug)]
pub struct Whole<'a>(pub &'a Policy);

#[derive(Serialize)]
struct Muted<'a> {
    name: &'a UserName,
    until: Option<At>,
}

#[derive(Serialize)]
struct Banned<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a UserName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    until: Option<At>,
}

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Policy", 14)?;
        shown(self.0, &mut fields)?;
        fields.end()
    }
}

impl Serialize for Whole<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Policy", 15)?;
        shown(self.0, &mut fields)?;
        let bans: Vec<_> = self.0.bans.iter().map(|(whom, until)| banned(whom, *until)).collect();
        fields.serialize_field("bans", &bans)?;
        fields.end()
    }
}

fn shown<'p, S: SerializeStruct>(policy: &'p Policy, fields: &mut S) -> Result<(), S::Error> {
    fields.serialize_field("revision", &policy.revision)?;
    fields.serialize_field("hosted", &policy.host.is_some())?;
    fields.serialize_field("password", &policy.password.is_some())?;
    fields.serialize_field("announce", &policy.announce)?;
    fields.serialize_field("locked", &policy.locked.is_some())?;
    fields.serialize_field("closed", &policy.closed)?;
    fields.serialize_field("slow", &policy.slow.map_or(0, |slow| slow.as_secs()))?;
    fields.serialize_field("most", &policy.most)?;
    fields.serialize_field("reserved", &policy.reserved)?;
    fields.serialize_field("history", if policy.hides_history { "none" } else { "all" })?;
    fields.serialize_field("two_person", &policy.two_person)?;
    fields.serialize_field("hands", &policy.hands)?;
    fields.serialize_field("words", &policy.words)?;
    let muted = |(name, until): &'p (UserName, Until)| Muted { name, until: until.map(At) };
    let mutes: Vec<_> = policy.mutes.iter().map(muted).collect();
    fields.serialize_field("mutes", &mutes)
}

fn banned(whom: &Whom, until: Until) -> Banned<'_> {
    let (name, address) = match whom {
        Whom::Name(name) => (Some(name), None),
        // One address is shown as that.
        Whom::Network(network) if network.prefix_len() == network.max_prefix_len() => {
            (None, Some(network.addr().to_string()))
        }
        Whom::Network(network) => (None, Some(network.to_string())),
    };
    Banned { name, address, until: until.map(At) }
}

/// The most bytes that it has as JSON.
pub(in crate::wire) fn size(policy: &Policy) -> usize {
    /// The keys, and the numbers.
    const AROUND: usize = 400;
    /// Around a name, and the end of a mute.
    const ENTRY: usize = 60;
    let names = [&policy.reserved, &policy.hands, &policy.words].into_iter().flatten();
    let names = names.chain(policy.mutes.iter().map(|(name, _)| name));
    AROUND + names.map(|name| ENTRY + json_size(name.as_str())).sum::<usize>()
}
