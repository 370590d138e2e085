//! What SIGHUP does: the settings are read again, and those that can change do. If anything is wrong, nothing changes.

use std::sync::Arc;

use alert_settings::Environment;
use socketio_server::Hub;

use super::bell_file::BellFile;
use crate::auth::Access;
use crate::config::{Config, Flags};
use crate::logging;
use crate::rooms::Rooms;
use crate::tls::Certificates;
use crate::web::Admin;

/// The settings that change without a restart. Of the files that others name, what is in them changes too.
pub(super) const CHANGING: [&str; 12] = [
    "admin_token",
    "admin_token_file",
    "api_token",
    "api_token_file",
    "drain_wait",
    "join_rate",
    "log_level",
    "max_connections",
    "max_connections_per_address",
    "max_people",
    "max_rooms",
    "room_tries",
];

/// Everything that can be changed, and how it is now.
pub(super) struct Reload<'a> {
    pub(super) config: Config,
    pub(super) flags: &'a Flags,
    pub(super) logging: logging::Log,
    pub(super) access: Access,
    pub(super) admin: Admin,
    pub(super) rooms: Rooms,
    pub(super) hub: Hub,
    pub(super) certificates: Option<Arc<Certificates>>,
    pub(super) bells: Option<Arc<BellFile>>,
}

impl Reload<'_> {
    /// Reads everything again, and says in one line what that came to.
    pub(super) fn now(&mut self) {
        let new = match Config::load(self.flags, &Environment::of_process()) {
            Ok(new) => new,
            Err(errors) => {
                let errors = errors.to_string().replace('\n', "; ");
                return tracing::error!("SIGHUP: everything stays as it was: {errors}");
            }
        };
        let certificates = match self.certificates.as_ref().map(|now| now.read_again()).transpose() {
            Ok(certificates) => certificates,
            Err(error) => return tracing::error!("SIGHUP: everything stays as it was: {error}"),
        };
        let keys = match self.access.read_keys_again() {
            Ok(keys) => keys,
            Err(error) => return tracing::error!("SIGHUP: everything stays as it was: {error}"),
        };
        let bells = match self.bells.as_ref().map(|file| file.read_again()).transpose() {
            Ok(bells) => bells,
            Err(error) => return tracing::error!("SIGHUP: everything stays as it was: {error}"),
        };
        for warning in new.warnings.iter().filter(|warning| !self.config.warnings.contains(warning)) {
            tracing::warn!("{warning}");
        }
        self.config.warnings.clone_from(&new.warnings);
        // If either level has the line below, it is logged.
        self.logging.set_level(new.log_level.max(self.config.log_level));
        // Another address may do without the tokens that this one needs.
        let is_elsewhere = self.config.admin_listen != new.admin_listen;
        let may_change =
            CHANGING.into_iter().filter(|name| !(is_elsewhere && name.starts_with("admin_token")));
        let (mut changed, needs_restart) = self.config.take_over(&new, &Vec::from_iter(may_change));
        self.hub.bound_connections(new.bounds.connections, new.bounds.connections_per_address);
        self.rooms.limit(&new);
        let other = |is_other: bool, name: &'static str| {
            Some(name).filter(|name| is_other && !changed.contains(name))
        };
        let tokens = self.access.replace_api_tokens(new.api_tokens);
        let keys = self.access.replace_keys(keys);
        let shown = self.certificates.as_ref().zip(certificates).is_some_and(|(now, new)| now.show(new));
        let rung = bells.is_some_and(|bells| self.rooms.ring_by(bells));
        let admin = !is_elsewhere && self.admin.replace_tokens(new.admin_tokens);
        let files = [
            other(tokens, "api_token_file"),
            other(admin, "admin_token_file"),
            other(keys, "token_keys"),
            other(shown, "tls_cert"),
            other(rung, "bells"),
        ];
        changed.extend(files.into_iter().flatten());
        let changed = if changed.is_empty() { "nothing".to_owned() } else { changed.join(", ") };
        if needs_restart.is_empty() {
            tracing::info!(changed, "SIGHUP: the settings have been read again");
        } else {
            let needs_restart = needs_restart.join(", ");
            tracing::warn!(changed, needs_restart, "SIGHUP: the settings have been read again, some in vain");
        }
        self.logging.set_level(self.config.log_level);
    }
}
