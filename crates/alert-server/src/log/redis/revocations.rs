//! Tokens that have been taken back, in Redis, where all servers find them.

use super::{Shared, Unavailable, bytes};
use crate::log::revocations::{MOST, Revocation};
use redis::{FromRedisValue, Value, from_redis_value};
use std::time::{Duration, UNIX_EPOCH};

impl Shared {
    /// Adds one.
    pub(super) fn put_revoked(
        &self,
        new: &Revocation,
        done: impl FnOnce(Result<Value, Unavailable>) + Send + 'static,
    ) {
        let until = new.until.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let args = vec![new.what.to_string().into_bytes(), bytes(until)];
        self.call("revoke", vec![self.0.keys.revoked()], args, done);
    }

    /// Those that count.
    pub(super) fn all_revoked(&self, done: impl FnOnce(Option<Vec<Revocation>>) + Send + 'static) {
        self.call("revoked", vec![self.0.keys.revoked()], vec![bytes(MOST)], |answer| {
            done(answer.ok().and_then(read));
        });
    }
}

/// What and until when, in turn.
fn read(answer: Value) -> Option<Vec<Revocation>> {
    let parts: Vec<Value> = from_redis_value(answer).ok()?;
    let one = |pair: &[Value]| {
        let [what, until] = pair else { return None };
        let what = String::from_redis_value_ref(what).ok()?.parse().ok()?;
        let until = f64::from_redis_value_ref(until).ok()?;
        Some(Revocation { what, until: UNIX_EPOCH.checked_add(Duration::from_millis(until as u64))? })
    };
    // What another version has there, and this one cannot read, is none of its own.
    Some(parts.chunks(2).filter_map(one).collect())
}
