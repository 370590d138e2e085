//! `alert serve`, and `alert` alone.

use std::process::ExitCode;

use alert_server::config::{Flags, LogFormat};
use alert_server::logging;

/// Runs the server until it is stopped.
pub(super) fn run(flags: &Flags) -> ExitCode {
    let config = match super::load(flags) {
        Ok(config) => config,
        Err(code) => return code,
    };
    if let Err(error) = logging::start(&config) {
        super::complain(error);
        return ExitCode::FAILURE;
    }
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    let format = config.log_format;
    let Err(error) = alert_server::serve::run(config) else { return ExitCode::SUCCESS };
    match format {
        LogFormat::Text => super::complain(format_args!("{error:#}")),
        LogFormat::Json => tracing::error!("{error:#}"),
    }
    ExitCode::FAILURE
}
