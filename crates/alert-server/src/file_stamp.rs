//! Whether a file is another one than before, for those that are read again when they change.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

/// Between two looks at a file.
pub(crate) const LOOK: Duration = Duration::from_secs(2);

/// What shows that a file is another one than before.
pub(crate) type Stamp = Option<(u64, u64, i64, i64)>;

/// That of the file that a link leads to: certbot and Kubernetes change links.
pub(crate) fn stamp(path: &Path) -> Stamp {
    fs::metadata(path).ok().map(|found| (found.ino(), found.size(), found.mtime(), found.mtime_nsec()))
}
