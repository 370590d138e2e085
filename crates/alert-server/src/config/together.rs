//! What no single value shows: settings that do not go together.

use super::reader::Reader;
use super::{AROUND_MSG, AccessMode, Config, admin};

impl Config {
    /// Checks what no single value shows.
    pub(super) fn check_together(&self, reader: &mut Reader) {
        let least = self.limits.msg_bytes + AROUND_MSG;
        if self.max_payload < least {
            let msg = self.limits.msg_bytes;
            let allowed = format!(
                "at least {least}, which is max_msg_bytes ({msg}) and {AROUND_MSG} for what is around it"
            );
            reader.refuse("max_payload", allowed);
        }
        if self.queue_limit < self.max_payload {
            reader.refuse(
                "queue_limit",
                format!("at least max_payload ({}), so that one payload fits", self.max_payload),
            );
        }
        if self.bounds.unfinished_bytes < self.max_payload {
            let allowed =
                format!("0, or at least max_payload ({}), so that one payload can arrive", self.max_payload);
            reader.refuse("max_unfinished_bytes", allowed);
        }
        if !self.has_tls() && !self.redirect_listen.is_empty() {
            reader.refuse(
                "redirect_listen",
                "nothing without tls_cert or acme_domain: there is no https to send to".to_owned(),
            );
        }
        if self.access == AccessMode::Token
            && self.token_keys.is_empty()
            && self.api_tokens.iter().next().is_none()
        {
            let allowed = "open, unless there are tokens: set token_keys (`alert token keygen` makes a key) or api_token";
            reader.refuse("access", allowed.to_owned());
        }
        admin::check(self, |name, allowed| reader.refuse(name, allowed));
        self.check_acme(reader);
        if self.advertise.is_some() && self.history.redis.is_none() {
            reader.refuse("advertise", "nothing without redis: there are no other servers".to_owned());
        }
        if self.listen.is_empty() {
            reader.refuse("listen", "at least one address".to_owned());
        }
        let is_taken = |address| self.listen.contains(address);
        if self.redirect_listen.iter().any(is_taken) {
            reader.refuse("redirect_listen", "another address than listen has".to_owned());
        }
        let twice = |(index, address)| self.listen[..index].contains(address);
        if self.listen.iter().enumerate().any(twice) {
            reader.refuse("listen", "each address once".to_owned());
        }
    }
}
