//! Files that hold secrets: read without waiting for a writer, and checked for who else may read them.

use std::fs::{File, FileType, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

use alert_settings::{NotUtf8, text};
use rustix::fs::OFlags;

/// What a secret's file held.
pub(super) struct SecretFile {
    pub(super) text: String,
    /// Set where others on this machine may read or change it.
    pub(super) warning: Option<String>,
}

/// Why a file gives no secret.
#[derive(Debug, thiserror::Error)]
pub enum SecretFileError {
    /// The system does not let us.
    #[error("{0}")]
    Unreadable(#[from] io::Error),
    /// It is a folder, a pipe, a device: reading it may never end.
    #[error("it is {0}, not a file")]
    NotAFile(&'static str),
    /// It cannot be what it should be.
    #[error("it is larger than {MOST_BYTES} bytes")]
    TooLarge,
    /// It is in another encoding.
    #[error(transparent)]
    NotUtf8(#[from] NotUtf8),
}

/// Some thousand tokens.
const MOST_BYTES: u64 = 256 << 10;

/// Reads the file of a secret.
pub(super) fn read(path: &Path) -> Result<SecretFile, SecretFileError> {
    // Opening a pipe would wait for its other end otherwise.
    let nonblocking = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
    let file = OpenOptions::new().read(true).custom_flags(nonblocking).open(path)?;
    let metadata = file.metadata()?;
    if let Some(kind) = other_than_a_file(metadata.file_type()) {
        return Err(SecretFileError::NotAFile(kind));
    }
    Ok(SecretFile { text: text(bytes(file)?)?, warning: warning(path, &metadata) })
}

/// What to say about a file that others may read or change. It is not an error: secrets are mounted into
/// containers like that, where there are no others.
pub(super) fn warning(path: &Path, metadata: &Metadata) -> Option<String> {
    let what = match (metadata.mode() & 0o004 != 0, metadata.mode() & 0o002 != 0) {
        (false, false) => return None,
        (true, false) => "read",
        (false, true) => "change",
        (true, true) => "read and change",
    };
    let path = path.display();
    Some(format!(
        "everybody on this machine can {what} {path}, which holds a secret; `chmod o= {path}` ends that"
    ))
}

fn bytes(file: File) -> Result<Vec<u8>, SecretFileError> {
    let mut bytes = Vec::new();
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST_BYTES { Err(SecretFileError::TooLarge) } else { Ok(bytes) }
}

fn other_than_a_file(kind: FileType) -> Option<&'static str> {
    match kind {
        kind if kind.is_file() => None,
        kind if kind.is_dir() => Some("a folder"),
        kind if kind.is_fifo() => Some("a pipe"),
        kind if kind.is_socket() => Some("a socket"),
        _ => Some("a device"),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::process::Command;

    use super::*;

    fn error(path: &Path) -> String {
        read(path).err().unwrap().to_string()
    }

    #[test]
    fn given_what_is_no_file_then_it_is_an_error_in_words_and_nothing_waits() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        assert_eq!(error(&pipe), "it is a pipe, not a file");
        assert_eq!(error(folder.path()), "it is a folder, not a file");
        assert_eq!(error(Path::new("/dev/zero")), "it is a device, not a file");
        let large = folder.path().join("large");
        std::fs::write(&large, vec![b'a'; 300_000]).unwrap();
        assert_eq!(error(&large), "it is larger than 262144 bytes");
        std::fs::write(&large, b"caf\xE9").unwrap();
        assert_eq!(error(&large), "line 1 is not UTF-8; save it as UTF-8");
    }

    #[test]
    fn given_a_file_that_others_may_read_or_change_then_a_warning_says_how_to_end_that() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "\u{FEFF}secret").unwrap();
        for (mode, what) in [
            (0o600, None),
            (0o640, None),
            (0o440, None),
            (0o644, Some("read")),
            (0o602, Some("change")),
            (0o666, Some("read and change")),
        ] {
            file.as_file().set_permissions(std::fs::Permissions::from_mode(mode)).unwrap();
            let read = read(file.path()).unwrap();
            assert_eq!(read.text, "secret");
            let path = file.path().display();
            let wanted = what.map(|what| {
                format!("everybody on this machine can {what} {path}, which holds a secret; `chmod o= {path}` ends that")
            });
            assert_eq!(read.warning, wanted, "{mode:o}");
        }
    }
}
