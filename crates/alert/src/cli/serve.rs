//! `alert serve`, and `alert` alone.

use std::process::ExitCode;

use alert_server::config::{Flags, LogFormat};
use alert_server::logging;

use crate::allocator;

/// Runs the server until it is stopped.
pub(super) fn run(flags: &Flags) -> ExitCode {
    let config = match super::load(flags) {
        Ok(config) => config,
        Err(code) => return code,
    };
    let log = match logging::start(&config) {
        Ok(log) => log,
        Err(error) => {
            super::complain(error);
            return ExitCode::FAILURE;
        }
    };
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    let format = config.log_format;
    if let Err(error) = allocator::give_back_what_is_freed() {
        tracing::warn!(%error, "freed memory is not returned to the system");
    }
    let result = alert_server::serve::run(config, flags, log.clone());
    if let Err(error) = &result {
        match format {
            LogFormat::Text => log.say(&format!("alert: {error:#}")),
            LogFormat::Json => tracing::error!("{error:#}"),
        }
    }
    log.finish();
    if result.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
