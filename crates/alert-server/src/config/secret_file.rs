//! Files that hold secrets: checked for who else may read them.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use alert_settings::file::{self, FileError, TextFile};

/// What a secret's file held.
pub(crate) struct SecretFile {
    pub(crate) text: String,
    /// Set where others on this machine may read or change it.
    pub(crate) warning: Option<String>,
}

/// Reads the file of a secret.
pub(crate) fn read(path: &Path) -> Result<SecretFile, FileError> {
    let TextFile { text, metadata } = file::read(path)?;
    Ok(SecretFile { text, warning: warning(path, &metadata) })
}

/// What to say about a file that others may read or change. It is not an error: secrets are mounted like that into
/// containers, where there are no others.
pub(crate) fn warning(path: &Path, metadata: &Metadata) -> Option<String> {
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

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

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
