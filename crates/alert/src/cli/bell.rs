//! `alert bell`: what rings in a room again and again, on a running server or in a file.

mod shown;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::SystemTime;

use alert_core::room::bell::{Form, Raised};
use alert_schedule::{Holidays, Zone};
use alert_server::timetable::Timetable;
use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::complain;
use super::host::{Room, print_for, usage};
use shown::{bells, one, previewed, rings};

pub(super) const EXAMPLES: &str = "\
Examples:
  alert bell check /etc/alert/bells.toml      is the file right? (--bells)
  alert bell check bells.toml --days 14       ... and when do they ring?
  export ALERT_HOST_KEY=host_...              the key of the room's host
  alert bell add K7Q-FM2-XD9 lesson-1 \"Class ends in 5 minutes\" --at 08:40 \\
      --rule \"FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR\" --zone Europe/Berlin
  alert bell list K7Q-FM2-XD9
  alert bell preview K7Q-FM2-XD9              when they ring in the next 7 days
  alert bell skip K7Q-FM2-XD9 lesson-1        not today
  alert bell skip K7Q-FM2-XD9 lesson-1 2026-12-04         not on that day
  alert bell day K7Q-FM2-XD9 lesson-1 2026-12-01 08:30    a short Tuesday
  alert bell remove K7Q-FM2-XD9 lesson-1

To set bells takes the key of the room's host, or a token with the right
moderate. Bells of the server's file are changed there; only days of theirs
can be changed from here.

Exit codes: 0 done; 1 refused by the server, or a file that is wrong; 2 wrong
usage; 3 the server cannot be reached.";

/// The most days of holidays that are given with a bell.
const HOLIDAYS: i64 = 3 * 366;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Say whether a file of bells is right, and when they ring
    Check {
        /// The file (TOML)
        file: PathBuf,
        /// Print when its bells ring in so many days
        #[arg(long, value_parser = clap::value_parser!(u16).range(1..=366))]
        days: Option<u16>,
    },
    /// Print when the bells of a room ring in the next days
    Preview {
        #[command(flatten)]
        room: Room,
        /// How many days
        #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..=366))]
        days: u16,
    },
    /// Print the bells of a room
    List {
        #[command(flatten)]
        room: Room,
    },
    /// Set a bell of a room, or change one
    Add(Box<Add>),
    /// Remove a bell of a room
    Remove {
        #[command(flatten)]
        room: Room,
        /// What the bell is called
        id: String,
    },
    /// Have a bell not ring on one day
    Skip {
        #[command(flatten)]
        room: Room,
        /// What the bell is called
        id: String,
        /// The day, such as 2026-12-01 [default: today, where the bell is]
        date: Option<String>,
    },
    /// Have a bell ring at other times on one day
    Day {
        #[command(flatten)]
        room: Room,
        /// What the bell is called
        id: String,
        /// The day, such as 2026-12-01
        date: String,
        /// When it rings on that day; without times, as always
        times: Vec<String>,
    },
}

#[derive(Debug, Args)]
pub(super) struct Add {
    #[command(flatten)]
    room: Room,
    /// What the bell is called: small letters, digits and hyphens
    id: String,
    /// What it says
    text: String,
    /// On which days: a rule of RFC 5545
    #[arg(long, default_value = "FREQ=DAILY")]
    rule: String,
    /// From which day the rule counts
    #[arg(long, value_name = "DAY")]
    from: Option<String>,
    /// When on each of these days; several times with commas
    #[arg(long, value_name = "TIME", required = true, value_delimiter = ',')]
    at: Vec<String>,
    /// Whose clocks show the times: an IANA time zone [default: that of this machine]
    #[arg(long)]
    zone: Option<String>,
    /// Not on these days: 2026-12-24, or 2026-12-24/2027-01-06
    #[arg(long, value_name = "DAYS")]
    except: Vec<String>,
    /// Not on the holidays of the next three years of this calendar (iCal)
    #[arg(long, value_name = "FILE")]
    holidays: Vec<PathBuf>,
    /// In whose name
    #[arg(long)]
    name: Option<String>,
    /// It raises an alert that ends after this time, and says it no other way
    #[arg(long, value_name = "TIME")]
    alert_for: Option<String>,
    /// How serious the alert is
    #[arg(long, requires = "alert_for")]
    level: Option<Level>,
    /// The alert is an exercise
    #[arg(long, requires = "alert_for")]
    drill: bool,
    /// Everybody is asked to confirm the alert
    #[arg(long, requires = "alert_for")]
    confirm: bool,
    /// By how much it may be late, if no server could ring it; or skip
    #[arg(long, value_name = "TIME")]
    missed: Option<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Level {
    Info,
    Warning,
    Emergency,
}

impl Command {
    /// Does it.
    pub(super) fn run(self) -> ExitCode {
        match self {
            Self::Check { file, days: None } => with_file(&file, |table| {
                let rooms = table.all().map(|(room, _)| room.as_str());
                let rooms: std::collections::BTreeSet<_> = rooms.collect();
                format!("the file is right (bells: {}, rooms: {})", table.all().count(), rooms.len())
            }),
            Self::Check { file, days: Some(days) } => {
                with_file(&file, |table| previewed(table, SystemTime::now(), days))
            }
            Self::Preview { room, days } => {
                room.ask("read", ("GET", &format!("bells?days={days}")), None, rings)
            }
            Self::List { room } => room.ask("read", ("GET", "bells?days=1"), None, bells),
            Self::Add(add) => add.run(),
            Self::Remove { room, id } => {
                room.ask("moderate", ("DELETE", &path(&id, None)), None, |_| "removed".to_owned())
            }
            Self::Skip { room, id, date: Some(date) } => {
                room.ask("moderate", ("PUT", &path(&id, Some(&date))), Some(&json!({ "times": [] })), one)
            }
            Self::Skip { room, id, date: None } => skip_today(&room, &id),
            Self::Day { room, id, date, times } if times.is_empty() => {
                room.ask("moderate", ("DELETE", &path(&id, Some(&date))), None, one)
            }
            Self::Day { room, id, date, times } => {
                room.ask("moderate", ("PUT", &path(&id, Some(&date))), Some(&json!({ "times": times })), one)
            }
        }
    }
}

impl Add {
    fn run(self) -> ExitCode {
        let own = jiff::tz::TimeZone::system().iana_name().map(str::to_owned);
        let Some(zone) = self.zone.or(own) else {
            return usage("say in --zone whose clocks show the times, such as Europe/Berlin");
        };
        let mut except = self.except;
        for file in &self.holidays {
            let text = match std::fs::read_to_string(file) {
                Ok(text) => text,
                Err(problem) => return usage(&format!("{}: {problem}", file.display())),
            };
            let holidays = match Holidays::parse(&text) {
                Ok(holidays) => holidays,
                Err(problem) => return usage(&format!("{}: {problem}", file.display())),
            };
            let today = jiff::Zoned::now().date();
            let last = today.saturating_add(jiff::Span::new().days(HOLIDAYS));
            except.extend(holidays.between(today, last).iter().map(ToString::to_string));
        }
        let (say, alert) = match self.alert_for {
            None => (Some(self.text), None),
            Some(ends_after) => {
                let level = self.level.and_then(|level| level.to_possible_value());
                let level = level.map(|level| level.get_name().to_owned());
                (
                    None,
                    Some(Raised {
                        level,
                        text: self.text,
                        drill: self.drill,
                        confirm: self.confirm,
                        ends_after,
                    }),
                )
            }
        };
        let form = Form {
            rule: self.rule,
            from: self.from,
            times: self.at,
            zone,
            except,
            name: self.name,
            say,
            alert,
            missed: self.missed,
            ..Form::default()
        };
        // Texts and lists of them: there is always a JSON for them.
        let form = serde_json::to_value(form).unwrap_or_default();
        self.room.ask("moderate", ("PUT", &path(&self.id, None)), Some(&form), one)
    }
}

fn path(id: &str, date: Option<&str>) -> String {
    let part =
        |text| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
    match date {
        None => format!("bells/{}", part(id)),
        Some(date) => format!("bells/{}/days/{}", part(id), part(date)),
    }
}

/// Today is another day where the bell is.
fn skip_today(room: &Room, id: &str) -> ExitCode {
    let moderator = match room.moderator() {
        Ok(moderator) => moderator,
        Err(code) => return code,
    };
    let skipping = async {
        let all = moderator.ask_for("GET", "bells?days=1", None).await?;
        let today = today_of(&all, id);
        // Where there is no such bell, the server says so.
        let today = today.unwrap_or_else(|| jiff::Zoned::now().date()).to_string();
        moderator.ask_for("PUT", &path(id, Some(&today)), Some(&json!({ "times": [] }))).await
    };
    print_for(&moderator, "moderate", alert_client::block_on(skipping), room.is_json(), one)
}

fn today_of(all: &Value, id: &str) -> Option<jiff::civil::Date> {
    let bell = all["bells"].as_array()?.iter().find(|bell| bell["id"] == id)?;
    let zone: Zone = bell["zone"].as_str()?.parse().ok()?;
    Some(zone.date(jiff::Timestamp::now()))
}

/// Prints something of a file.
fn with_file(file: &std::path::Path, words: impl FnOnce(&Timetable) -> String) -> ExitCode {
    let table = match Timetable::load(file, |_| ()) {
        Ok(table) => table,
        Err(error) => {
            complain(error);
            return ExitCode::FAILURE;
        }
    };
    match writeln!(std::io::stdout(), "{}", words(&table)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(format_args!("standard output: {error}"));
            ExitCode::FAILURE
        }
    }
}
