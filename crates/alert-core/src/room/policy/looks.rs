//! How the names in the lists of a policy look, computed once: each message is compared with all of them.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use super::look::Look;
use super::{Policy, Whom};
use crate::names::UserName;

/// Belongs to a policy as it is; one that is made of it takes over what is known of its names. Not a part of what was
/// decided: it makes no two policies differ.
#[derive(Debug, Default)]
pub struct Looks {
    known: OnceLock<Arc<Known>>,
    earlier: OnceLock<Arc<Known>>,
}

/// In the order of the lists; nothing for a network that is banned.
#[derive(Debug)]
pub(super) struct Known {
    by_name: HashMap<UserName, Arc<Look>>,
    pub(super) reserved: Box<[Arc<Look>]>,
    pub(super) mutes: Box<[Arc<Look>]>,
    pub(super) bans: Box<[Option<Arc<Look>>]>,
}

impl Looks {
    pub(super) fn of(&self, policy: &Policy) -> &Known {
        self.known.get_or_init(|| Arc::new(Known::of(policy, self.earlier.get().map(|known| &**known))))
    }

    fn latest(&self) -> Option<&Arc<Known>> {
        self.known.get().or_else(|| self.earlier.get())
    }

    /// Takes over what another policy knows.
    pub(super) fn take_over(&self, earlier: &Self) {
        earlier.latest().into_iter().for_each(|known| _ = self.earlier.set(Arc::clone(known)));
    }
}

impl Known {
    fn of(policy: &Policy, earlier: Option<&Self>) -> Self {
        let mut by_name = HashMap::new();
        let mut look = |name: &UserName| {
            let make = || {
                let known = earlier.and_then(|earlier| earlier.by_name.get(name)).cloned();
                known.unwrap_or_else(|| Arc::new(Look::of(name)))
            };
            Arc::clone(by_name.entry(name.clone()).or_insert_with(make))
        };
        let reserved = policy.reserved.iter().map(&mut look).collect();
        let mutes = policy.mutes.iter().map(|(name, _)| look(name)).collect();
        let ban = |(whom, _): &(Whom, _)| match whom {
            Whom::Name(name) => Some(look(name)),
            Whom::Network(_) => None,
        };
        let bans = policy.bans.iter().map(ban).collect();
        Self { by_name, reserved, mutes, bans }
    }
}

impl Clone for Looks {
    /// For a policy that is about to become another one.
    fn clone(&self) -> Self {
        let next = Self::default();
        next.take_over(self);
        next
    }
}

impl PartialEq for Looks {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Looks {}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::super::Action;
    use super::*;

    #[test]
    fn given_a_policy_that_is_made_of_another_then_what_is_known_of_its_names_is_not_computed_again() {
        let name = |text| UserName::parse(text, 64).unwrap();
        let mute = |policy: &Policy, text| {
            policy.after(&Action::Mute(name(text), None), &[], SystemTime::UNIX_EPOCH).unwrap()
        };
        let first = mute(&Policy::default(), "Ada");
        let known = Arc::clone(&first.looks.of(&first).mutes[0]);
        // Of the second, nobody asks; the third is read from elsewhere.
        let second = mute(&first, "Bea");
        let third = Policy::read(&mute(&second, "Cy").write()).unwrap();
        third.follows(&second);
        let looks = &third.looks.of(&third).mutes;
        assert!(Arc::ptr_eq(&looks[0], &known));
        assert_eq!([&*looks[1], &*looks[2]], [&Look::of(&name("Bea")), &Look::of(&name("Cy"))]);
    }
}
