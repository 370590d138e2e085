//! What an alert is to be besides its words: flags of those who raise one and of those who prepare one.

use std::ops::RangeInclusive;
use std::time::Duration;

use alert_settings::value::whole_seconds;
use clap::{Args, ValueEnum};
use serde_json::{Map, Value};

/// How often people are reminded, and after which time an alert is passed on.
pub(super) const INTERVALS: RangeInclusive<Duration> = Duration::from_secs(5)..=Duration::from_hours(24 * 7);
/// The longest that an alert lasts which has an end.
pub(super) const LONGEST: Duration = Duration::from_hours(24 * 366);

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Level {
    Info,
    Warning,
    Emergency,
}

#[derive(Debug, Args)]
pub(super) struct Wanted {
    /// How serious it is; a warning without it
    #[arg(long)]
    level: Option<Level>,
    /// When it ends by itself: 10m, 2h; without it somebody has to end it
    #[arg(long = "for", value_name = "TIME", value_parser = whole_seconds(Duration::from_secs(1)..=LONGEST))]
    time: Option<Duration>,
    /// Show how long it is until something happens
    #[arg(long, value_name = "TIME", value_parser = whole_seconds(Duration::from_secs(1)..=LONGEST))]
    countdown: Option<Duration>,
    /// It is an exercise, and everything that is told of it says so first
    #[arg(long)]
    drill: bool,
    /// Ask everybody to confirm it
    #[arg(long)]
    confirm: bool,
    /// What people answer with: give it for each answer that they choose from
    #[arg(long = "answer", value_name = "TEXT")]
    answers: Vec<String>,
    /// What a client of v1 says to confirm it
    #[arg(long, value_name = "WORD")]
    word: Option<String>,
    /// Remind whoever has not confirmed it, this often
    #[arg(long, value_name = "TIME", value_parser = whole_seconds(INTERVALS))]
    remind: Option<Duration>,
    /// Say after this time how many have not confirmed it
    #[arg(long, value_name = "TIME", value_parser = whole_seconds(INTERVALS))]
    escalate_after: Option<Duration>,
    /// Then tell this room who they are: its code, in any spelling, or the link to it
    #[arg(long, value_name = "ROOM", requires = "escalate_after")]
    escalate_to: Option<String>,
    /// Show on big screens who has not confirmed it
    #[arg(long)]
    show_missing: bool,
    /// Who is meant, in words
    #[arg(long, value_name = "WHO")]
    audience: Option<String>,
    /// What everybody is told when it ends
    #[arg(long, value_name = "TEXT")]
    all_clear: Option<String>,
}

impl Wanted {
    /// An alert with these words, and with what was named. `times` are the keys of its end and of its countdown.
    pub(super) fn object(self, words: Vec<(&str, Value)>, times: [&str; 2]) -> Value {
        let [end, countdown] = times;
        let seconds = |time: Duration| time.as_secs().into();
        let wanted = object([
            ("level", self.level.map(Level::json)),
            (end, self.time.map(seconds)),
            (countdown, self.countdown.map(seconds)),
            ("drill", self.drill.then_some(Value::Bool(true))),
            ("confirm", self.confirm.then_some(Value::Bool(true))),
            ("answers", (!self.answers.is_empty()).then(|| self.answers.into())),
            ("word", self.word.map(Value::from)),
            ("remind", self.remind.map(seconds)),
            ("escalate_after", self.escalate_after.map(seconds)),
            ("escalate_to", self.escalate_to.map(Value::from)),
            ("show_missing", self.show_missing.then_some(Value::Bool(true))),
            ("audience", self.audience.map(Value::from)),
            ("all_clear", self.all_clear.map(Value::from)),
        ]);
        let words = words.into_iter().map(|(key, value)| (key.to_owned(), value));
        let all: Map<_, _> = words.chain(wanted).collect();
        all.into()
    }
}

impl Level {
    pub(super) fn json(self) -> Value {
        self.to_possible_value().map_or(Value::Null, |level| level.get_name().into())
    }
}

/// What is named, and nothing else.
pub(super) fn object<const N: usize>(all: [(&str, Option<Value>); N]) -> Map<String, Value> {
    all.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
}
