//! Who acts, and what they may do. Every right is denied by default.

use crate::names::UserName;

/// Whoever acts, as shown by exactly one credential or by none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Principal {
    /// The name that the credential fixes. Without one, people say in each message who they are.
    pub name: Option<UserName>,
    /// What the principal may do.
    pub rights: Rights,
}

/// What may be done. The default is nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rights {
    /// Enter rooms, hear them and see who is in them.
    pub read: bool,
    /// Say something to rooms.
    pub speak: bool,
    /// See which rooms there are.
    pub list: bool,
}

/// The right to do something is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the right to do this is missing")]
pub struct Denied;

impl Rights {
    /// What an open server lets anybody do who knows a room's code.
    pub const OPEN: Self = Self { read: true, speak: true, list: false };
}

impl Principal {
    /// Succeeds if the right is there: `principal.may(|rights| rights.speak)?`.
    ///
    /// # Errors
    /// [`Denied`] if it is not.
    pub fn may(&self, right: impl FnOnce(Rights) -> bool) -> Result<(), Denied> {
        if right(self.rights) { Ok(()) } else { Err(Denied) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_nothing_then_nothing_may_be_done() {
        let nobody = Principal::default();
        assert_eq!(nobody.may(|rights| rights.read || rights.speak || rights.list), Err(Denied));
        assert_eq!(Principal { name: None, rights: Rights::OPEN }.may(|rights| rights.speak), Ok(()));
    }
}
