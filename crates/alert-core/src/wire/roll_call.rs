//! Roll calls as clients see them, in JSON.

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use super::history::At;
use crate::csv;
use crate::names::UserName;
use crate::room::roll_call::{Counts, Person, Stage};

/// A table of people, who is missing first: what [`ShownPerson`] has, with a heading.
#[must_use]
pub fn table<'a>(people: impl IntoIterator<Item = (&'a UserName, &'a Person)>) -> String {
    let mut table = csv::row(["name", "stage", "at", "answer", "by", "expected"]);
    for (name, Person { is_expected, stage, at, answer, by }) in people {
        let at = at.map(|at| At(at).to_string()).unwrap_or_default();
        let (answer, by) = (answer.as_deref().unwrap_or_default(), by.as_ref().map_or("", UserName::as_str));
        table += &csv::row([
            name.as_str(),
            stage.as_str(),
            &at,
            answer,
            by,
            if *is_expected { "yes" } else { "no" },
        ]);
    }
    table
}

/// `{"expected","missing","reached","shown","confirmed","answers"}`.
#[derive(Clone, Copy, Debug)]
pub struct ShownCounts<'a>(pub &'a Counts);

/// `{"name","stage","at","answer","by","expected"}`.
#[derive(Clone, Copy, Debug)]
pub struct ShownPerson<'a>(pub &'a UserName, pub &'a Person);

impl Serialize for ShownCounts<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Counts", 6)?;
        fields.serialize_field("expected", &self.0.expected)?;
        for stage in Stage::ALL {
            fields.serialize_field(stage.as_str(), &self.0.at(stage))?;
        }
        fields.serialize_field("answers", &self.0.answers)?;
        fields.end()
    }
}

impl Serialize for ShownPerson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(name, Person { is_expected, stage, at, answer, by }) = self;
        let mut fields = serializer.serialize_struct("Person", 6)?;
        fields.serialize_field("name", name)?;
        fields.serialize_field("stage", stage.as_str())?;
        fields.serialize_field("at", &at.map(At))?;
        fields.serialize_field("answer", answer)?;
        fields.serialize_field("by", by)?;
        fields.serialize_field("expected", is_expected)?;
        fields.end()
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::room::roll_call::{Mark, RollCall};

    #[test]
    fn a_roll_call_is_shown_with_its_counts_and_people() {
        let name = |text| UserName::parse(text, 64).unwrap();
        let mut roll = RollCall::default();
        let mark = Mark::Confirmed { answer: Some("safe".into()), by: Some(name("Ms Ortega")) };
        for (who, mark) in [("Ada", Mark::Expected), ("Ada", mark), ("Bea", Mark::Expected)] {
            roll.mark(&name(who), &mark, SystemTime::UNIX_EPOCH).unwrap();
        }
        assert_eq!(
            serde_json::to_string(&ShownCounts(roll.counts())).unwrap(),
            r#"{"expected":2,"missing":1,"reached":0,"shown":0,"confirmed":1,"answers":{"safe":1}}"#
        );
        let shown = |(name, person)| serde_json::to_string(&ShownPerson(name, person)).unwrap();
        assert_eq!(
            roll.people().into_iter().map(shown).collect::<Vec<_>>(),
            [
                r#"{"name":"Bea","stage":"missing","at":null,"answer":null,"by":null,"expected":true}"#,
                r#"{"name":"Ada","stage":"confirmed","at":"1970-01-01T00:00:00.000Z","answer":"safe","by":"Ms Ortega","expected":true}"#,
            ]
        );
        assert_eq!(
            table(roll.people()),
            "\"name\",\"stage\",\"at\",\"answer\",\"by\",\"expected\"\r\n\
             \"Bea\",\"missing\",\"\",\"\",\"\",\"yes\"\r\n\
             \"Ada\",\"confirmed\",\"1970-01-01T00:00:00.000Z\",\"safe\",\"Ms Ortega\",\"yes\"\r\n"
        );
    }
}
