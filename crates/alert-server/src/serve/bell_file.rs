//! The file with bells, read again when it changes, or one of its calendars does.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::file_stamp::{LOOK, Stamp, stamp};
use crate::rooms::Rooms;
use crate::timetable::{Timetable, TimetableError};

/// The file, and what shows that it is another one than before.
#[derive(Debug)]
pub(super) struct BellFile {
    path: PathBuf,
    seen: Mutex<Vec<(PathBuf, Stamp)>>,
}

impl BellFile {
    /// Reads it.
    ///
    /// # Errors
    /// If it cannot be used.
    pub(super) fn load(path: &Path) -> Result<(Self, Timetable), TimetableError> {
        let file = Self { path: path.to_owned(), seen: Mutex::default() };
        let table = file.read_again()?;
        Ok((file, table))
    }

    /// Reads it again.
    ///
    /// # Errors
    /// If it cannot be used.
    pub(super) fn read_again(&self) -> Result<Timetable, TimetableError> {
        // What changes while it is read is read again.
        let own = (self.path.clone(), stamp(&self.path));
        let mut seen = vec![own];
        let loaded =
            Timetable::load(&self.path, |calendar| seen.push((calendar.to_owned(), stamp(calendar))));
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = seen;
        loaded
    }

    fn has_changed(&self) -> bool {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.iter().any(|(file, before)| stamp(file) != *before)
    }

    /// Has the rooms ring by it whenever it changes. If it cannot be used, the bells of before stay.
    pub(super) async fn watch(&self, rooms: Rooms) {
        loop {
            tokio::time::sleep(LOOK).await;
            if !self.has_changed() {
                continue;
            }
            match self.read_again() {
                Ok(table) => {
                    let bells = table.all().count();
                    rooms.ring_by(table);
                    tracing::info!(bells, "the bells have been read again");
                }
                Err(error) => tracing::error!("the bells of before stay: {error}"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALENDAR: &str =
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20261201\nEND:VEVENT\nEND:VCALENDAR\n";

    #[test]
    fn given_a_calendar_that_is_wrong_then_it_is_read_again_when_it_is_mended() {
        let folder = tempfile::tempdir().unwrap();
        let (bells, calendar) = (folder.path().join("bells.toml"), folder.path().join("h.ics"));
        std::fs::write(&bells, "holidays = [\"h.ics\"]\n").unwrap();
        std::fs::write(&calendar, CALENDAR).unwrap();
        let (file, _) = BellFile::load(&bells).unwrap();
        assert!(!file.has_changed());
        for wrong in [Some("junk"), None] {
            match wrong {
                Some(text) => std::fs::write(&calendar, text).unwrap(),
                None => std::fs::remove_file(&calendar).unwrap(),
            }
            assert!(file.has_changed() && file.read_again().is_err() && !file.has_changed());
            std::fs::write(&calendar, CALENDAR).unwrap();
            assert!(file.has_changed() && file.read_again().is_ok());
        }
    }
}
