//! Alerts that hosts have prepared: what one says, with blanks, and all else that it has. Raising one takes a click.

use std::sync::Arc;
use std::time::Duration;

use super::step::outlasts;
use super::{Level, MOST_AUDIENCE, MOST_TEXT, Template};
use crate::names::RoomCode;
use crate::room::policy::NotDone;

/// The most that are prepared in a room.
pub const MOST_PREPARED: usize = 32;
/// The most bytes of one's name.
pub const MOST_TITLE: usize = 64;
/// The most bytes of what is filled in for a blank.
pub const MOST_FILLED: usize = 200;
/// The most bytes of all that a room has prepared.
const MOST_BYTES: usize = 32 << 10;

/// An alert that can be raised by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    /// What hosts call it: tells it from the others of its room.
    pub name: Box<str>,
    /// What it says.
    pub text: Template,
    /// How serious it is.
    pub level: Level,
    /// It is an exercise.
    pub drill: bool,
    /// Everybody is asked to confirm it.
    pub confirm: bool,
    /// What people choose from to confirm it.
    pub answers: Box<[Box<str>]>,
    /// What a client of v1 says to confirm it.
    pub word: Option<Box<str>>,
    /// Whoever may hear the room sees who has not confirmed it.
    pub show_missing: bool,
    /// How often whoever has not confirmed it is reminded.
    pub remind: Option<Duration>,
    /// After which time it is passed on where people have not confirmed it.
    pub escalate_after: Option<Duration>,
    /// To which room.
    pub escalate_to: Option<RoomCode>,
    /// How long its countdown takes.
    pub countdown: Option<Duration>,
    /// How long it lasts.
    pub lasts: Option<Duration>,
    /// Who is meant.
    pub audience: Option<Template>,
    /// What is told when it ends.
    pub all_clear: Option<Template>,
}

/// What is filled in: the names of blanks, and words.
pub type Blanks = Vec<(Box<str>, Box<str>)>;

/// The words of a prepared alert, with its blanks filled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filled {
    /// What it says.
    pub text: Box<str>,
    /// Who is meant.
    pub audience: Option<Box<str>>,
    /// What is told when it ends.
    pub all_clear: Option<Box<str>>,
}

/// Why a prepared alert cannot be raised with what was filled in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfilled {
    /// A blank is empty.
    #[error("{0} is blank: send a word for it in blanks.")]
    Missing(Box<str>),
    /// There is no such blank.
    #[error("blanks has one that is not in this alert; it has {0}.")]
    Unknown(Box<str>),
    /// It becomes longer than an alert may be.
    #[error(
        "with its blanks filled, this alert is longer than {MOST_TEXT} bytes, or its audience than {MOST_AUDIENCE}: send shorter words."
    )]
    TooLong,
}

/// What hosts do with what is prepared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Preparing {
    /// These are kept, in place of those of the same names.
    Keep(Vec<Prepared>),
    /// These are kept, and no others.
    Replace(Vec<Prepared>),
    /// The one of this name is not kept any more.
    Forget(Box<str>),
}

/// All that a room has prepared, in the order in which hosts see them.
pub type AllPrepared = Arc<[Prepared]>;

impl Prepared {
    /// The names of its blanks, each once, in the order in which they appear.
    #[must_use]
    pub fn blanks(&self) -> Vec<&str> {
        let mut names = Vec::new();
        for name in self.templates().flat_map(Template::blanks) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// Its words, with its blanks filled.
    ///
    /// # Errors
    /// If a blank is left, or there is none of a name, or the words are too many.
    pub fn fill(&self, blanks: &Blanks) -> Result<Filled, Unfilled> {
        let names = self.blanks();
        let value = |name: &str| blanks.iter().find(|(blank, _)| **blank == *name).map(|(_, words)| &**words);
        if let Some(missing) = names.iter().find(|name| value(name).is_none()) {
            return Err(Unfilled::Missing((*missing).into()));
        }
        if blanks.iter().any(|(blank, _)| !names.contains(&&**blank)) {
            let all = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            return Err(Unfilled::Unknown(all.into()));
        }
        let fill = |template: &Template, most: usize| {
            let words = template.fill(value);
            if words.len() <= most { Ok(words.into_boxed_str()) } else { Err(Unfilled::TooLong) }
        };
        Ok(Filled {
            text: fill(&self.text, MOST_TEXT)?,
            audience: self.audience.as_ref().map(|audience| fill(audience, MOST_AUDIENCE)).transpose()?,
            all_clear: self.all_clear.as_ref().map(|words| fill(words, MOST_TEXT)).transpose()?,
        })
    }

    fn templates(&self) -> impl Iterator<Item = &Template> {
        [Some(&self.text), self.audience.as_ref(), self.all_clear.as_ref()].into_iter().flatten()
    }

    fn bytes(&self) -> usize {
        let asked: usize = self.answers.iter().chain(&self.word).map(|text| text.len()).sum();
        let to = self.escalate_to.as_ref().map_or(0, |room| room.as_str().len());
        self.name.len() + to + asked + self.templates().map(|template| template.as_str().len()).sum::<usize>()
    }

    /// About how many bytes it takes in memory.
    pub(in crate::room) fn size(&self) -> usize {
        size_of::<Self>() + self.bytes()
    }
}

impl Preparing {
    /// How many bytes of words it brings.
    #[must_use]
    pub fn bytes(&self) -> usize {
        match self {
            Self::Keep(all) | Self::Replace(all) => all.iter().map(Prepared::bytes).sum(),
            Self::Forget(_) => 0,
        }
    }

    /// What is prepared then.
    ///
    /// # Errors
    /// If that is too much, there is none of the name, or one would end before what is to happen.
    pub(in crate::room) fn of(&self, before: &[Prepared]) -> Result<AllPrepared, NotDone> {
        let mut next = before.to_vec();
        let put = |next: &mut Vec<Prepared>, one: &Prepared| match next
            .iter_mut()
            .find(|kept| kept.name == one.name)
        {
            Some(kept) => *kept = one.clone(),
            None => next.push(one.clone()),
        };
        if let Self::Keep(all) | Self::Replace(all) = self {
            all.iter().try_for_each(|one| outlasts(one.lasts, one.remind, one.escalate_after))?;
        }
        match self {
            Self::Keep(all) => all.iter().for_each(|one| put(&mut next, one)),
            Self::Replace(all) => {
                next.clear();
                all.iter().for_each(|one| put(&mut next, one));
            }
            Self::Forget(name) => {
                let place = next.iter().position(|kept| kept.name == *name).ok_or(NotDone::NotPrepared)?;
                next.remove(place);
            }
        }
        let bytes: usize = next.iter().map(Prepared::bytes).sum();
        if next.len() > MOST_PREPARED || bytes > MOST_BYTES {
            return Err(NotDone::TooManyPrepared);
        }
        Ok(next.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::room::policy::{Action, Policy};
    use std::time::SystemTime;

    fn template(text: &str) -> Template {
        Template::parse(text).unwrap()
    }

    fn prepared(name: &str, text: &str) -> Prepared {
        Prepared {
            name: name.into(),
            text: template(text),
            level: Level::Warning,
            drill: true,
            confirm: false,
            answers: [].into(),
            word: None,
            show_missing: true,
            remind: None,
            escalate_after: None,
            escalate_to: None,
            countdown: Some(Duration::from_secs(300)),
            lasts: None,
            audience: None,
            all_clear: None,
        }
    }

    fn filled(all: &[(&str, &str)]) -> Blanks {
        all.iter().map(|(name, words)| ((*name).into(), (*words).into())).collect()
    }

    #[test]
    fn each_blank_is_filled_and_no_other() {
        let all_clear = Some(template("{place} is open"));
        let one =
            Prepared { all_clear, audience: Some(template("{who}")), ..prepared("Ice", "Ice in {place}") };
        assert_eq!(one.blanks(), ["place", "who"]);
        let words = one.fill(&filled(&[("who", "Year 7"), ("place", "the yard")])).unwrap();
        assert_eq!((&*words.text, words.audience.as_deref()), ("Ice in the yard", Some("Year 7")));
        assert_eq!(words.all_clear.as_deref(), Some("the yard is open"));
        let long = "x".repeat(MOST_FILLED);
        for (blanks, why) in [
            (filled(&[("place", "x")]), "who is blank: send a word for it in blanks."),
            (
                filled(&[("who", "x"), ("place", "x"), ("door", "x")]),
                "blanks has one that is not in this alert; it has place, who.",
            ),
        ] {
            assert_eq!(one.fill(&blanks).unwrap_err().to_string(), why);
        }
        let many = prepared("Long", &"{place}".repeat(11));
        assert_eq!(many.fill(&filled(&[("place", &long)])), Err(Unfilled::TooLong));
        let none = prepared("None", "x").fill(&filled(&[("a", "x")])).unwrap_err();
        assert_eq!(none.to_string(), "blanks has one that is not in this alert; it has none.");
    }

    #[test]
    fn a_room_keeps_what_is_prepared_under_its_names_up_to_a_bound() {
        let now = SystemTime::UNIX_EPOCH;
        let act = |policy: &Policy, what| {
            let next = policy.after(&Action::Prepare(Box::new(what)), &[], now)?;
            assert_eq!(Policy::read(&next.write()).as_ref(), Ok(&next), "a store keeps all of it");
            assert!(next.has_rules_of(policy), "people are told of rules only");
            Ok::<_, NotDone>(next)
        };
        let names =
            |policy: &Policy| policy.prepared.iter().map(|one| one.name.to_string()).collect::<Vec<_>>();
        let full = Prepared {
            confirm: true,
            answers: ["safe".into()].into(),
            word: Some("here".into()),
            remind: Some(Duration::from_secs(60)),
            escalate_after: Some(Duration::from_secs(90)),
            escalate_to: RoomCode::parse("office", 64).ok(),
            lasts: Some(Duration::from_millis(91_500)),
            audience: Some(template("{who}")),
            all_clear: Some(template("over")),
            ..prepared("Fire", "Leave by {door}")
        };
        let one = act(&Policy::default(), Preparing::Keep(vec![full, prepared("Ice", "Ice")])).unwrap();
        let two = act(&one, Preparing::Keep(vec![prepared("Fire", "Leave")])).unwrap();
        assert_eq!(
            (names(&two), two.prepared[0].text.as_str()),
            (vec!["Fire".into(), "Ice".into()], "Leave")
        );
        let three = act(&two, Preparing::Forget("Fire".into())).unwrap();
        assert_eq!(
            (names(&three), act(&three, Preparing::Forget("Fire".into()))),
            (vec!["Ice".into()], Err(NotDone::NotPrepared))
        );
        let many = |count: usize| (0..count).map(|number| prepared(&format!("{number}"), "x")).collect();
        assert_eq!(act(&one, Preparing::Replace(many(33))), Err(NotDone::TooManyPrepared));
        let most = act(&one, Preparing::Replace(many(32))).unwrap();
        assert_eq!(
            (most.prepared.len(), act(&most, Preparing::Keep(vec![prepared("x", "x")]))),
            (32, Err(NotDone::TooManyPrepared))
        );
        for (remind, escalate_after, why) in
            [(60, 59, NotDone::EndsBeforeReminder), (59, 60, NotDone::EndsBeforeEscalation)]
        {
            let time = |seconds| Some(Duration::from_secs(seconds));
            let (remind, escalate_after) = (time(remind), time(escalate_after));
            let never = Prepared { lasts: time(60), remind, escalate_after, ..prepared("Ice", "x") };
            assert_eq!(act(&one, Preparing::Keep(vec![never])), Err(why));
        }
        let long = (0..17).map(|number| prepared(&format!("{number}"), &"x".repeat(2000))).collect();
        assert_eq!(act(&one, Preparing::Replace(long)), Err(NotDone::TooManyPrepared));
    }
}
