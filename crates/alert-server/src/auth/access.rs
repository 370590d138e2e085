//! The credentials of this server: what each of them lets its holder do, and which of them have ended.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use alert_core::ApiToken;
use alert_core::access::{Principal, Right, Rights, Token};
use alert_core::names::UserName;
use alert_core::wire::v1::Limits;
use http::HeaderMap;

use super::api_token::{Tokens, bearer};
use super::held_tokens::{HeldTokens, Holding, OnEnd};
use super::token::{self, Key, KeyFileError, ReadKeys, TokenError, TokenKeys};
use crate::config::{AccessMode, ApiTokens, Config};
use crate::log::Log;

/// Who may do what on this server. Cheap to clone.
#[derive(Clone)]
pub struct Access(Arc<Shared>);

struct Shared {
    mode: AccessMode,
    api_tokens: Tokens,
    keys: TokenKeys,
    limits: Limits,
    held: HeldTokens,
}

/// Whoever makes a request over HTTP.
#[derive(Clone, Debug)]
pub struct Requester {
    /// Who they are.
    pub principal: Principal,
    /// The API token that they brought, if it was one.
    pub api_token: Option<ApiToken>,
}

/// Between two looks at what has been taken back: it is out within a second.
const LOOK: Duration = Duration::from_millis(500);

impl Access {
    /// As `config` says, with the keys that its files hold.
    ///
    /// # Errors
    /// If a file gives no key.
    pub fn new(config: &Config) -> Result<Self, KeyFileError> {
        Ok(Self(Arc::new(Shared {
            mode: config.access,
            api_tokens: Tokens::new(config.api_tokens.clone()),
            keys: TokenKeys::load(&config.token_keys)?,
            limits: config.limits,
            held: HeldTokens::default(),
        })))
    }

    /// What anybody may do who shows nothing.
    fn everywhere(&self) -> Rights {
        match self.0.mode {
            AccessMode::Open => Rights::OPEN,
            AccessMode::Token => Rights::NONE,
        }
    }

    /// Somebody who shows nothing.
    pub fn anybody(&self) -> Principal {
        Principal::with(self.everywhere())
    }

    /// Somebody who logged in on the web page under a name.
    pub fn logged_in(&self, name: UserName) -> Principal {
        self.anybody().named(name)
    }

    /// Whether clients may show tokens when they connect. Otherwise whatever is in the place of one is ignored.
    fn takes_tokens(&self) -> bool {
        self.0.mode == AccessMode::Token || self.0.keys.are_set()
    }

    /// Whoever connects with this token.
    ///
    /// # Errors
    /// If it does not count. Where no tokens are taken, it is nobody's.
    pub fn connects(&self, token: &str) -> Result<Option<Principal>, TokenError> {
        if !self.takes_tokens() {
            return Ok(None);
        }
        if self.0.api_tokens.find(token.as_bytes()).is_some() {
            return Ok(Some(Principal::with(Rights::OPEN).who_lists()));
        }
        self.verify(token, self.everywhere()).map(Some)
    }

    /// Whoever makes a request with these headers.
    ///
    /// # Errors
    /// A token that does not count is an error in any request, unless none are set.
    pub fn requester(&self, headers: &HeaderMap) -> Result<Requester, TokenError> {
        let Shared { mode, api_tokens, keys, .. } = &*self.0;
        let anybody = match mode {
            AccessMode::Open if api_tokens.are_set() => Rights::OPEN.without(Right::Speak),
            AccessMode::Open | AccessMode::Token => self.everywhere(),
        };
        let nobody = Requester { principal: Principal::with(anybody), api_token: None };
        let are_set = api_tokens.are_set() || keys.are_set();
        let Some(shown) = bearer(headers).filter(|_| are_set) else { return Ok(nobody) };
        if let Some(token) = api_tokens.find(shown) {
            let principal = Principal::with(Rights::OPEN).who_lists();
            return Ok(Requester { principal, api_token: Some(token) });
        }
        if !keys.are_set() {
            return Err(TokenError::Unknown);
        }
        let shown = std::str::from_utf8(shown).map_err(|_| TokenError::Malformed)?;
        Ok(Requester { principal: self.verify(shown, anybody)?, api_token: None })
    }

    fn verify(&self, shown: &str, anybody: Rights) -> Result<Principal, TokenError> {
        let keys = self.0.keys.now();
        let token = token::verify(&keys, shown, &self.0.limits, SystemTime::now())?;
        if self.0.held.is_revoked(&token) {
            return Err(TokenError::Revoked);
        }
        Ok(Principal::holding(Arc::new(token), anybody))
    }

    /// Whether there are API tokens, whose holders may see which rooms there are.
    pub fn has_api_tokens(&self) -> bool {
        self.0.api_tokens.are_set()
    }

    /// Has `on_end` called when a token ends, from any thread, while what is returned is kept.
    pub fn hold(&self, token: &Arc<Token>, on_end: OnEnd) -> Holding {
        self.0.held.hold(token, on_end)
    }

    /// Whether the holders of tokens that have ended may still do what anybody may.
    pub fn is_open(&self) -> bool {
        self.0.mode == AccessMode::Open
    }

    /// Other API tokens, from now on. Returns whether they are others.
    pub fn replace_api_tokens(&self, tokens: ApiTokens) -> bool {
        self.0.api_tokens.replace(tokens)
    }

    /// Reads the files of keys again, and changes nothing yet.
    ///
    /// # Errors
    /// If a file gives none.
    pub fn read_keys_again(&self) -> Result<ReadKeys, KeyFileError> {
        self.0.keys.read_again()
    }

    /// Other keys, from now on; what was signed with those before ends. Returns whether they are others.
    pub fn replace_keys(&self, keys: ReadKeys) -> bool {
        let are_others = self.0.keys.replace(keys);
        self.end_those_of_former_keys();
        are_others
    }

    fn end_those_of_former_keys(&self) {
        self.0.held.keep_signed_by(self.0.keys.now().iter().map(Key::mark).collect());
    }

    /// Takes up what has been taken back by now. Where that cannot be read, what was known before counts.
    pub async fn take_up_revoked(&self, log: &Log) {
        if self.0.keys.are_set()
            && let Some(revoked) = log.revoked().await
        {
            self.0.held.revoke(revoked.into_iter().map(|revocation| revocation.what).collect());
        }
    }

    /// Ends tokens when their time is over or they are taken back, and takes up keys that change. Never returns.
    pub async fn watch(&self, log: &Log) {
        if !self.0.keys.are_set() {
            return std::future::pending().await;
        }
        let look = async {
            loop {
                tokio::time::sleep(LOOK).await;
                self.take_up_revoked(log).await;
            }
        };
        tokio::join!(self.0.keys.watch(|| self.end_those_of_former_keys()), self.0.held.watch(), look);
    }
}
