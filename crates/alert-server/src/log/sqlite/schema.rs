//! The tables, their version, and how a file of an older version is migrated.

use rusqlite::{Connection, TransactionBehavior};

/// What each version adds to the one before.
const MIGRATIONS: &[&str] = &["
    -- One row for each start of a server: its random name, and in `id` which of two is the later one.
    CREATE TABLE runs (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name INTEGER NOT NULL UNIQUE,
        started INTEGER NOT NULL
    );
    -- `dropped_*` is the last message that the room has no more: it is complete after that one. `emptied` is when its
    -- last message went. Times are microseconds since 1970.
    CREATE TABLE rooms (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        code TEXT NOT NULL UNIQUE,
        count INTEGER NOT NULL DEFAULT 0,
        dropped_run INTEGER, dropped_part INTEGER, dropped_number INTEGER,
        emptied INTEGER
    );
    CREATE INDEX rooms_by_emptied ON rooms(emptied) WHERE emptied IS NOT NULL;
    -- `id` follows the order in which all messages were said, but for those that came in together. A row without a text
    -- stands for messages that could not be stored: those after the row before, up to its own position.
    CREATE TABLE messages (
        id INTEGER PRIMARY KEY,
        room INTEGER NOT NULL,
        run INTEGER NOT NULL, part INTEGER NOT NULL, number INTEGER NOT NULL,
        at INTEGER NOT NULL,
        name TEXT NOT NULL,
        text TEXT,
        key BLOB
    );
    CREATE UNIQUE INDEX messages_by_place ON messages(room, run, part, number, at);
    CREATE INDEX messages_by_key ON messages(at) WHERE key IS NOT NULL;
    -- One row: the last epoch of a message that went together with its room.
    CREATE TABLE forgotten (run INTEGER NOT NULL, part INTEGER NOT NULL);
    INSERT INTO forgotten VALUES (0, 0);
    CREATE TABLE seats (
        id BLOB PRIMARY KEY,
        room TEXT NOT NULL,
        name TEXT NOT NULL,
        by_login INTEGER NOT NULL,
        socket TEXT NOT NULL,
        run INTEGER NOT NULL, part INTEGER NOT NULL, number INTEGER NOT NULL,
        resumed INTEGER NOT NULL,
        at INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX seats_by_age ON seats(at);
    CREATE INDEX seats_by_room ON seats(room);
", "
    -- Messages as they come: a few pages for a batch, however many its rooms. They go on to `messages` many at a time,
    -- in the order of their rooms.
    CREATE TABLE incoming (
        id INTEGER PRIMARY KEY,
        room TEXT NOT NULL,
        run INTEGER NOT NULL, part INTEGER NOT NULL, number INTEGER NOT NULL,
        at INTEGER NOT NULL,
        name TEXT NOT NULL,
        text TEXT,
        key BLOB
    );
", "
    -- Connections in rooms whose clients know nothing of recovery. From `gone` on: of one that was lost. `client` is a
    -- digest of its address and program.
    CREATE TABLE stays (
        id INTEGER PRIMARY KEY,
        room TEXT NOT NULL,
        name TEXT NOT NULL,
        client INTEGER NOT NULL,
        run INTEGER NOT NULL, part INTEGER NOT NULL, number INTEGER NOT NULL,
        at INTEGER NOT NULL,
        given INTEGER NOT NULL,
        gone INTEGER, until INTEGER,
        upto_run INTEGER, upto_part INTEGER, upto_number INTEGER,
        unconfirmed INTEGER, since INTEGER
    );
    CREATE INDEX stays_by_end ON stays(until);
    CREATE INDEX stays_by_room ON stays(room);
    -- One row: when the server was alive for certain.
    CREATE TABLE alive (at INTEGER NOT NULL);
    INSERT INTO alive VALUES (0);
", "
    -- What the hosts of rooms have decided, as JSON; `used` is when somebody was there last, to the day. A message with an
    -- empty text has been removed.
    CREATE TABLE policies (room TEXT PRIMARY KEY, policy TEXT NOT NULL, used INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE audits (
        id INTEGER PRIMARY KEY,
        room TEXT NOT NULL,
        at INTEGER NOT NULL,
        who TEXT NOT NULL,
        deed TEXT NOT NULL,
        whom TEXT,
        detail TEXT
    );
    CREATE INDEX audits_by_room ON audits(room, id);
    CREATE INDEX audits_by_age ON audits(at);
", "
    -- Tokens that have been taken back: `sub:SUBJECT` or `jti:ID`.
    CREATE TABLE revoked (what TEXT PRIMARY KEY, until INTEGER NOT NULL) WITHOUT ROWID;
", "
    -- The people of roll calls: `stage` as in `Stage::ALL`, and since when; `whom` is the host who confirmed it for them.
    CREATE TABLE roll_calls (
        room TEXT NOT NULL,
        alert TEXT NOT NULL,
        name TEXT NOT NULL,
        expected INTEGER NOT NULL,
        stage INTEGER NOT NULL,
        at INTEGER,
        answer TEXT,
        whom TEXT,
        changed INTEGER NOT NULL,
        PRIMARY KEY (room, alert, name)
    ) WITHOUT ROWID;
    -- The names on a room's roster, a line each; `used` is when it was of use last.
    CREATE TABLE rosters (room TEXT PRIMARY KEY, names TEXT NOT NULL, used INTEGER NOT NULL) WITHOUT ROWID;
", "
    -- The devices that are told of a room's alerts by Web Push, as JSON; `renewed` is when their page was there last.
    CREATE TABLE devices (
        room TEXT NOT NULL,
        device TEXT NOT NULL,
        known TEXT NOT NULL,
        renewed INTEGER NOT NULL,
        PRIMARY KEY (room, device)
    ) WITHOUT ROWID;
", "
    -- How far the webhooks of rooms have come, as JSON where `letter` is empty; and their dead letters.
    CREATE TABLE hooks (
        room TEXT NOT NULL,
        hook TEXT NOT NULL,
        letter TEXT NOT NULL,
        text TEXT NOT NULL,
        changed INTEGER NOT NULL,
        PRIMARY KEY (room, hook, letter)
    ) WITHOUT ROWID;
"];

/// The version that this Alert writes.
pub(super) const VERSION: i64 = MIGRATIONS.len() as i64;

/// Pages in the write-ahead log before they go to their places. A page that was written often goes there once.
const CHECKPOINT: i64 = 4000;

/// Marks a file as Alert's: "Alrt".
const APPLICATION: i64 = 0x416c_7274;

/// Why a file cannot be used as it is.
pub(super) enum Misfit {
    Newer(i64),
    Foreign,
    Failed(rusqlite::Error),
}

impl From<rusqlite::Error> for Misfit {
    fn from(problem: rusqlite::Error) -> Self {
        Self::Failed(problem)
    }
}

/// Checks whether this Alert can read the file, and changes nothing.
pub(super) fn check(connection: &mut Connection) -> Result<(), Misfit> {
    match version(connection)? {
        VERSION => Ok(()),
        // Just made, or by an older Alert: the server brings it up to date.
        _ => Err(Misfit::Foreign),
    }
}

/// Makes the tables, or brings them up to date, and sets how the file is written.
pub(super) fn prepare(connection: &mut Connection) -> Result<(), Misfit> {
    let found = version(connection)?;
    if found == 0 {
        // Only possible before the first table.
        connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    }
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // Whoever waits for a commit waits for the disk.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "journal_size_limit", 16 << 20)?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT)?;
    connection.pragma_update(None, "cache_size", -8192)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    // What is deleted is overwritten if that costs no further write.
    connection.pragma_update(None, "secure_delete", "FAST")?;
    if found < VERSION {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for migration in &MIGRATIONS[usize::try_from(found).unwrap_or(0)..] {
            transaction.execute_batch(migration)?;
        }
        transaction.pragma_update(None, "application_id", APPLICATION)?;
        transaction.pragma_update(None, "user_version", VERSION)?;
        transaction.commit()?;
    }
    Ok(())
}

/// The file's version; 0 if it is empty.
fn version(connection: &Connection) -> Result<i64, Misfit> {
    let number = |pragma| connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    let (application, version) = (number("application_id")?, number("user_version")?);
    match version {
        0 if tables == 0 => Ok(0),
        _ if application != APPLICATION || version < 1 => Err(Misfit::Foreign),
        version if version > VERSION => Err(Misfit::Newer(version)),
        version => Ok(version),
    }
}
