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
        let loaded = Timetable::load(&self.path);
        let calendars = loaded.as_ref().map(|(_, calendars)| calendars.clone()).unwrap_or_default();
        let seen = calendars.into_iter().map(|file| (file.clone(), stamp(&file))).chain([own]);
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = seen.collect();
        loaded.map(|(table, _)| table)
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
