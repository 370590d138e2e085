//! Bells as JSON, within a policy.

use alert_schedule::Times;
use serde::{Deserialize, Serialize};

use super::{Bells, Day, Said};
use crate::room::bell::{Bell, Form};
use crate::room::policy::NotAPolicy;
use crate::room::policy::stored::{millis, name, since};

/// The bells of a room.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub(in crate::room) struct Kept {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    kept: Vec<Form>,
    /// Bell, day and times.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    days: Vec<(String, String, Vec<String>)>,
    /// Bell, and milliseconds since 1970.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rung: Vec<(String, u64)>,
    /// Bell, milliseconds since 1970, name and text.
    #[serde(skip_serializing_if = "Option::is_none")]
    said: Option<(String, u64, String, Box<str>)>,
}

impl Kept {
    pub(in crate::room) fn is_empty(&self) -> bool {
        self.kept.is_empty() && self.days.is_empty() && self.rung.is_empty() && self.said.is_none()
    }
}

impl From<&Bells> for Kept {
    fn from(bells: &Bells) -> Self {
        let day = |day: &Day| (day.bell.to_string(), day.date.to_string(), day.times.texts());
        let said = |said: &Said| {
            (said.bell.to_string(), millis(Some(said.at)), said.name.to_string(), said.text.clone())
        };
        Self {
            kept: bells.kept.iter().map(Form::from).collect(),
            days: bells.days.iter().map(day).collect(),
            rung: bells.rung.iter().map(|(bell, at)| (bell.to_string(), millis(Some(*at)))).collect(),
            said: bells.said.as_ref().map(said),
        }
    }
}

impl TryFrom<Kept> for Bells {
    type Error = NotAPolicy;

    fn try_from(kept: Kept) -> Result<Self, NotAPolicy> {
        let id = |text: &str| text.parse().map_err(|_| NotAPolicy);
        let day = |(bell, date, times): &(String, String, Vec<String>)| {
            let date = date.parse().map_err(|_| NotAPolicy)?;
            Ok(Day { bell: id(bell)?, date, times: Times::parse(times).map_err(|_| NotAPolicy)? })
        };
        let said = |(bell, at, by, text): (String, u64, String, Box<str>)| {
            Ok(Said { bell: id(&bell)?, at: since(at), name: name(&by)?, text })
        };
        let rung = kept.rung.iter().map(|(bell, at)| Ok((id(bell)?, since(*at))));
        Ok(Self {
            kept: kept
                .kept
                .iter()
                .map(|form| Bell::try_from(form).map_err(|_| NotAPolicy))
                .collect::<Result<_, _>>()?,
            days: kept.days.iter().map(day).collect::<Result<_, _>>()?,
            rung: rung.collect::<Result<_, _>>()?,
            said: kept.said.map(said).transpose()?,
        })
    }
}
