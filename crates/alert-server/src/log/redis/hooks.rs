//! What is kept of webhooks in Redis, and which node delivers for each: steps there (`library/hook.lua`).

use super::{Shared, Unavailable, bytes};
use crate::log::hooks::{
    AGE, Claim, HookError, HookKey, HookStore, LEASE, Letter, MOST_LETTERS, OnClaim, OnHookKept, OnLetters,
    OnLook,
};
use redis::{FromRedisValue, Value, from_redis_value};

impl Shared {
    /// What every step of a webhook takes first.
    fn of_hook(&self, of: &HookKey) -> (Vec<String>, Vec<Vec<u8>>) {
        (vec![self.0.keys.room(&of.room)], vec![of.hook.as_str().into()])
    }

    fn lease_of_hook(&self) -> [Vec<u8>; 3] {
        [self.node(), bytes(LEASE.as_millis()), bytes(AGE.as_millis())]
    }
}

impl HookStore for Shared {
    fn claim(&self, of: &HookKey, done: OnClaim) {
        let (keys, mut args) = self.of_hook(of);
        args.extend(self.lease_of_hook());
        self.call("claim_hook", keys, args, |answer| {
            done(read::<Vec<String>>(answer).map(|parts| match &*parts {
                [state] => Claim::Yours(Some(state.clone()).filter(|state| !state.is_empty())),
                _ => Claim::Anothers,
            }));
        });
    }

    fn look(&self, of: &HookKey, done: OnLook) {
        let (keys, args) = self.of_hook(of);
        self.call("hook_of", keys, args, |answer| {
            done(read::<String>(answer).map(|state| Some(state).filter(|state| !state.is_empty())));
        });
    }

    fn keep(&self, of: &HookKey, state: String, letter: Option<Letter>, done: OnHookKept) {
        let (keys, mut args) = self.of_hook(of);
        args.extend(self.lease_of_hook());
        args.push(state.into_bytes());
        let Letter { id, text } = letter.unwrap_or(Letter { id: "".into(), text: "".into() });
        args.extend([id, text].map(|text| text.as_bytes().to_vec()));
        args.push(bytes(MOST_LETTERS));
        self.call("keep_hook", keys, args, |answer| done(read::<u8>(answer).map(|kept| kept != 0)));
    }

    fn letters(&self, of: &HookKey, done: OnLetters) {
        let (keys, args) = self.of_hook(of);
        self.call("letters_of", keys, args, |answer| {
            done(read::<Vec<(String, String)>>(answer).map(|letters| {
                letters.into_iter().map(|(id, text)| Letter { id: id.into(), text: text.into() }).collect()
            }));
        });
    }

    fn put_letter(&self, of: &HookKey, id: &str, text: Option<Box<str>>, done: OnHookKept) {
        let (keys, mut args) = self.of_hook(of);
        args.extend([id.into(), text.unwrap_or_default().as_bytes().to_vec()]);
        self.call("put_letter", keys, args, |answer| done(read::<u8>(answer).map(|put| put != 0)));
    }

    fn forget(&self, of: &HookKey) {
        let (keys, args) = self.of_hook(of);
        self.call("forget_hook", keys, args, |_| {});
    }
}

fn read<T: FromRedisValue>(answer: Result<Value, Unavailable>) -> Result<T, HookError> {
    from_redis_value(answer.map_err(|_| HookError)?).map_err(|_| HookError)
}
