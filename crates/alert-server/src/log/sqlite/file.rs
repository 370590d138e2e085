//! The history's file: its folder, who may read it, and the lock that keeps other servers out.

use super::schema::{self, Misfit};
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::fs::{DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Another program (`alert history delete`, a backup) may hold the file for a moment.
const BUSY_WAIT: Duration = Duration::from_secs(5);
const PRIVATE_FILE: u32 = 0o600;
const PRIVATE_FOLDER: u32 = 0o700;

/// Why a history's file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// There is no such file.
    #[error("there is no history: {} does not exist", file.display())]
    Missing {
        /// The file.
        file: PathBuf,
    },
    /// The system refuses it.
    #[error("the history {} cannot be opened: {problem}", file.display())]
    Unusable {
        /// The file.
        file: PathBuf,
        /// What the system says.
        problem: String,
    },
    /// Another server has it.
    #[error(
        "another server uses this history: stop it, or set STATE_DIRECTORY to another folder, or history to memory ({})",
        file.display()
    )]
    InUse {
        /// The file.
        file: PathBuf,
    },
    /// A later version of Alert made it.
    #[error(
        "the history {} was written by a newer Alert (its version is {found}, this Alert knows {}): run that one, or move \
         the file away to begin a new history", file.display(), schema::VERSION
    )]
    Newer {
        /// The file.
        file: PathBuf,
        /// Its version.
        found: i64,
    },
    /// It is not Alert's.
    #[error("{} is no history of Alert; it is left as it is: move it away", file.display())]
    Foreign {
        /// The file.
        file: PathBuf,
    },
    /// It is damaged.
    #[error(
        "the history {} is damaged ({problem}); it is left as it is: move it away, with the files beside it that end in \
         -wal and -shm, and restore a backup in its place, or begin a new history", file.display()
    )]
    Corrupt {
        /// The file.
        file: PathBuf,
        /// What SQLite says.
        problem: String,
    },
}

impl FileError {
    /// Whether the place is at fault rather than what is in the file.
    pub fn is_of_the_place(&self) -> bool {
        matches!(self, Self::Missing { .. } | Self::Unusable { .. } | Self::InUse { .. })
    }

    pub(super) fn of(file: &Path, problem: &rusqlite::Error) -> Self {
        let (file, words) = (file.to_owned(), problem.to_string());
        match problem.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => Self::Foreign { file },
            Some(ErrorCode::DatabaseCorrupt) => Self::Corrupt { file, problem: words },
            _ => Self::Unusable { file, problem: words },
        }
    }
}

/// Keeps other servers from the file as long as it lives. It is a separate file, since SQLite has its own locks on
/// the database.
pub(super) struct Lock(#[expect(dead_code, reason = "it is held, and never looked at")] File);

/// Identifies the file that was opened under a name.
pub(super) struct Opened {
    file: Box<Path>,
    identity: (u64, u64),
}

impl Opened {
    /// The file that is there now.
    pub(super) fn now(file: &Path) -> io::Result<Self> {
        Ok(Self { file: file.into(), identity: identity(file)? })
    }

    /// Brings to the disk what was written beside it.
    pub(super) fn sync(&self) -> io::Result<()> {
        let mut beside = self.file.as_os_str().to_owned();
        beside.push("-wal");
        OpenOptions::new().write(true).open(beside)?.sync_data()
    }

    /// Whether it is still the one that has the name.
    pub(super) fn is_in_place(&self) -> bool {
        identity(&self.file).is_ok_and(|identity| identity == self.identity)
    }
}

fn identity(file: &Path) -> io::Result<(u64, u64)> {
    file.metadata().map(|metadata| (metadata.dev(), metadata.ino()))
}

/// Makes folder and file if they are missing, for this user only, and locks the file.
pub(super) fn prepare(file: &Path) -> Result<Lock, FileError> {
    let unusable =
        |problem: io::Error| FileError::Unusable { file: file.to_owned(), problem: problem.to_string() };
    let folder = file.parent().unwrap_or(Path::new("."));
    DirBuilder::new().recursive(true).mode(PRIVATE_FOLDER).create(folder).map_err(unusable)?;
    let mut beside = file.as_os_str().to_owned();
    beside.push(".lock");
    let lock = private_file(Path::new(&beside)).map_err(unusable)?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(FileError::InUse { file: file.to_owned() }),
        Err(TryLockError::Error(problem)) => return Err(unusable(problem)),
    }
    let made = private_file(file).map_err(unusable)?;
    // A file that was copied back from a backup may be open to others. SQLite gives the files beside it the same mode.
    let mode = made.metadata().map_err(unusable)?.permissions().mode();
    if mode & 0o077 != 0 {
        made.set_permissions(Permissions::from_mode(PRIVATE_FILE)).map_err(unusable)?;
    }
    Ok(Lock(lock))
}

fn private_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(PRIVATE_FILE).open(path)
}

/// Opens the file for writing, and migrates it if need be. One that is not Alert's, or is newer, is left as it is.
pub(super) fn open_to_write(file: &Path) -> Result<Connection, FileError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    open(file, flags, schema::prepare)
}

/// Opens the file for reading.
pub(super) fn open_to_read(file: &Path) -> Result<Connection, FileError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    open(file, flags, schema::check)
}

fn open(
    file: &Path,
    flags: OpenFlags,
    prepare: impl FnOnce(&mut Connection) -> Result<(), Misfit>,
) -> Result<Connection, FileError> {
    if !file.exists() {
        return Err(FileError::Missing { file: file.to_owned() });
    }
    let wrong = |problem: rusqlite::Error| FileError::of(file, &problem);
    let mut connection = Connection::open_with_flags(file, flags).map_err(wrong)?;
    connection.busy_timeout(BUSY_WAIT).map_err(wrong)?;
    connection.set_prepared_statement_cache_capacity(64);
    match prepare(&mut connection) {
        Ok(()) => Ok(connection),
        Err(Misfit::Newer(found)) => Err(FileError::Newer { file: file.to_owned(), found }),
        Err(Misfit::Foreign) => Err(FileError::Foreign { file: file.to_owned() }),
        Err(Misfit::Failed(problem)) => Err(wrong(problem)),
    }
}
