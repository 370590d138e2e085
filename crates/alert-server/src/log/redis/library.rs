//! The function library in Redis. Its name says what is in it, so that two versions of Alert can stand side by side.

use sha2::{Digest, Sha256};
use std::fmt::Write;

const CODE: &str = include_str!("library.lua");
/// What stands for the name in the code.
const PLACEHOLDER: &str = "LIBRARY";

/// The library, ready to be loaded.
pub(super) struct Library {
    name: String,
    code: String,
}

impl Library {
    pub(super) fn new() -> Self {
        let mut name = "alert_".to_owned();
        for byte in &Sha256::digest(CODE)[..6] {
            let _ = write!(name, "{byte:02x}");
        }
        let code = format!("#!lua name={name}\n{}", CODE.replace(PLACEHOLDER, &name));
        Self { name, code }
    }

    /// What `FUNCTION LOAD` takes.
    pub(super) fn code(&self) -> &str {
        &self.code
    }

    /// A function's name in Redis.
    pub(super) fn function(&self, name: &str) -> String {
        format!("{}_{name}", self.name)
    }
}
