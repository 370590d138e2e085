//! When something happens again and again: on days that a rule of RFC 5545 gives, at times that a clock in one place shows,
//! except on holidays. Pure: the time is passed in, and the time zones are in the program, so that every server has the
//! same ones.

mod holidays;
mod rule;
mod schedule;
mod span;
mod times;
mod zone;

pub use holidays::{Holidays, NotACalendar};
pub use rule::{NotARule, Rule};
pub use schedule::Schedule;
pub use span::{NotASpan, Span};
pub use times::{MOST_TIMES, NotTimes, Times};
pub use zone::{NotAZone, Zone};
