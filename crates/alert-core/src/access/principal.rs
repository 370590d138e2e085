//! Whoever acts, and what they may do in one room.

use std::sync::Arc;

use super::{Denied, Right, Rights, Subject, Token};
use crate::names::{RoomCode, UserName};

/// Whoever acts, as shown by exactly one credential or by none. The default may do nothing.
#[derive(Clone, Debug, Default)]
pub struct Principal {
    /// The name that the credential fixes. Without one, people say in each message who they are.
    pub name: Option<UserName>,
    /// What they may do in every room.
    everywhere: Rights,
    /// They may see which rooms there are.
    lists: bool,
    /// What grants more in some rooms, while it counts.
    token: Option<Arc<Token>>,
}

/// What somebody may do in one room, decided when they named it. Only the end of their token changes it.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    /// What the token adds, while it counts.
    granted: Rights,
    /// What is left when it has ended.
    without_token: Rights,
    token: Option<Arc<Token>>,
}

impl Principal {
    /// Somebody with these rights in every room.
    #[must_use]
    pub fn with(rights: Rights) -> Self {
        Self { everywhere: rights, ..Self::default() }
    }

    /// The same, under a name that they cannot change.
    #[must_use]
    pub fn named(self, name: UserName) -> Self {
        Self { name: Some(name), ..self }
    }

    /// The same, who may also see which rooms there are.
    #[must_use]
    pub fn who_lists(self) -> Self {
        Self { lists: true, ..self }
    }

    /// The holder of a token, which adds to what anybody may.
    #[must_use]
    pub fn holding(token: Arc<Token>, anybody: Rights) -> Self {
        Self { name: token.name.clone(), everywhere: anybody, lists: false, token: Some(token) }
    }

    /// The token that they hold.
    #[must_use]
    pub fn token(&self) -> Option<&Arc<Token>> {
        self.token.as_ref()
    }

    /// What they may do in a room, from now until their token ends.
    #[must_use]
    pub fn in_room(&self, room: &RoomCode) -> Standing {
        let granted = self.token.as_ref().map_or(Rights::NONE, |token| token.grants_in(room));
        Standing { granted, without_token: self.everywhere, token: self.token.clone() }
    }

    /// What they may do in a room now.
    #[must_use]
    pub fn rights_in(&self, room: &RoomCode) -> Rights {
        self.in_room(room).rights()
    }

    /// Succeeds unless they lack a right in every room, so that it makes no difference which they name.
    ///
    /// # Errors
    /// [`Denied`] if they do.
    pub fn may_somewhere(&self, right: Right) -> Result<(), Denied> {
        let granted = self.token.as_ref().is_some_and(|token| token.grants_somewhere(right));
        if self.everywhere.has(right) || granted { Ok(()) } else { Err(denied(self.token.as_deref(), right)) }
    }

    /// Succeeds if they may see which rooms there are.
    ///
    /// # Errors
    /// [`Denied`] if they may not.
    pub fn may_list(&self) -> Result<(), Denied> {
        if self.lists { Ok(()) } else { Err(self.token.as_ref().map_or(Denied::NoToken, |_| Denied::List)) }
    }
}

impl Standing {
    /// What may be done now.
    #[must_use]
    pub fn rights(&self) -> Rights {
        if self.has_token() { self.without_token.and(self.granted) } else { self.without_token }
    }

    /// Who a token says they are that they have shown.
    #[must_use]
    pub fn subject(&self) -> Option<&Subject> {
        self.token.as_deref().map(|token| &token.subject)
    }

    /// The token that they have shown.
    #[must_use]
    pub fn token(&self) -> Option<&Token> {
        self.token.as_deref()
    }

    /// Whether a token has been shown that counts now.
    #[must_use]
    pub fn has_token(&self) -> bool {
        self.token.as_ref().is_some_and(|token| token.ended.get().is_none())
    }

    /// Whether it takes no token to do this here.
    #[must_use]
    pub fn is_open_to(&self, right: Right) -> bool {
        self.without_token.has(right)
    }

    /// Whether a token names the room for this, so that nobody who acts so is guessing.
    #[must_use]
    pub fn is_granted(&self, right: Right) -> bool {
        self.granted.has(right)
    }

    /// Succeeds if the right is there now.
    ///
    /// # Errors
    /// [`Denied`] if it is not.
    pub fn may(&self, right: Right) -> Result<(), Denied> {
        if self.rights().has(right) { Ok(()) } else { Err(denied(self.token.as_deref(), right)) }
    }
}

fn denied(token: Option<&Token>, right: Right) -> Denied {
    match token {
        None => Denied::NoToken,
        Some(token) => token.ended.get().map_or(Denied::Missing(right), Denied::Ended),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{End, Grant, SignedBy, TokenId, Which};
    use std::time::SystemTime;

    fn room(code: &str) -> RoomCode {
        RoomCode::parse(code, 64).unwrap()
    }

    fn token(grants: &[(Which, Rights)]) -> Arc<Token> {
        let grants = grants.iter().map(|(rooms, rights)| Grant { rooms: rooms.clone(), rights: *rights });
        Arc::new(Token {
            subject: Subject::parse("ortega").unwrap(),
            id: TokenId::parse("1").unwrap(),
            name: None,
            expires: SystemTime::UNIX_EPOCH,
            grants: grants.collect(),
            signed_by: SignedBy([0; 32]),
            ended: Default::default(),
        })
    }

    const READ: Rights = Rights::NONE.with(Right::Read);
    const HOST: Rights = Rights::OPEN.with(Right::Moderate);

    #[test]
    fn given_nothing_then_nothing_may_be_done() {
        let nobody = Principal::default();
        for right in Right::ALL {
            assert_eq!(nobody.in_room(&room("r")).may(right), Err(Denied::NoToken));
            assert_eq!(nobody.may_somewhere(right), Err(Denied::NoToken));
            assert!(Standing::default().may(right).is_err());
        }
        assert!(nobody.may_list().is_err());
    }

    #[test]
    fn on_an_open_server_anybody_reads_and_speaks_and_does_nothing_else() {
        let anybody = Principal::with(Rights::OPEN);
        let may = Right::ALL.map(|right| anybody.in_room(&room("r")).may(right).is_ok());
        assert_eq!((may, anybody.may_list().is_ok()), ([true, true, false, false], false));
        assert!(anybody.who_lists().may_list().is_ok());
    }

    #[test]
    fn a_token_grants_what_it_says_where_it_says_it() {
        let named = |code: &str| Which::Named(room(code));
        let holder = Principal::holding(
            token(&[(named("a"), READ), (Which::Prefix("class-".into()), HOST), (named("class-1"), READ)]),
            Rights::NONE,
        );
        for (code, rights) in [
            ("a", READ),
            ("ab", Rights::NONE),
            ("A", Rights::NONE),
            ("class-", HOST),
            ("class-1", HOST),
            ("class-12", HOST),
            ("class", Rights::NONE),
            ("my class-1", Rights::NONE),
        ] {
            assert_eq!(holder.rights_in(&room(code)), rights, "{code}");
        }
        assert_eq!(holder.in_room(&room("a")).may(Right::Speak), Err(Denied::Missing(Right::Speak)));
        assert_eq!(holder.may_somewhere(Right::Moderate), Ok(()));
        assert_eq!(holder.may_somewhere(Right::Alert), Err(Denied::Missing(Right::Alert)));
        let all = Principal::holding(token(&[(Which::Prefix("".into()), READ)]), Rights::NONE);
        assert_eq!(all.rights_in(&room("anything")), READ);
    }

    #[test]
    fn whoever_is_in_a_room_when_their_token_ends_may_do_what_anybody_may() {
        for (end, anybody) in [(End::Expired, Rights::OPEN), (End::Revoked, Rights::NONE)] {
            let token = token(&[(Which::Named(room("a")), HOST)]);
            let standing = Principal::holding(Arc::clone(&token), anybody).in_room(&room("a"));
            assert_eq!(standing.rights(), HOST);
            token.ended.set(end);
            token.ended.set(End::Expired);
            assert_eq!(standing.rights(), anybody);
            assert_eq!(standing.may(Right::Moderate), Err(Denied::Ended(end)));
        }
    }
}
