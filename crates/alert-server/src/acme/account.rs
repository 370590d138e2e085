//! The account with the authority: made once, and kept.

use super::{AcmeClient, Fault, Folder};
use crate::config::AcmeSettings;
use instant_acme::{Account, AccountCredentials, NewAccount};
use serde::{Deserialize, Serialize};

/// What is kept of an account. It holds its key, and does not print.
#[derive(Serialize, Deserialize)]
struct Kept {
    email: Option<String>,
    credentials: AccountCredentials,
}

/// The account, once there is one.
pub(super) struct Accounts<'a> {
    settings: &'a AcmeSettings,
    folder: &'a Folder,
    client: &'a AcmeClient,
    account: Option<Account>,
    is_forgotten: bool,
}

impl<'a> Accounts<'a> {
    pub(super) fn new(settings: &'a AcmeSettings, folder: &'a Folder, client: &'a AcmeClient) -> Self {
        Self { settings, folder, client, account: None, is_forgotten: false }
    }

    /// The authority knows it no more: another is made.
    pub(super) fn forget(&mut self) {
        self.account = None;
        self.is_forgotten = true;
    }

    pub(super) async fn get(&mut self) -> Result<&Account, Fault> {
        let account = match self.account.take() {
            Some(account) => account,
            None => match self.kept() {
                Some(kept) => self.restore(kept).await?,
                None => self.create().await?,
            },
        };
        Ok(self.account.insert(account))
    }

    fn kept(&self) -> Option<Kept> {
        if self.is_forgotten {
            return None;
        }
        let text = std::fs::read_to_string(self.folder.account()).ok()?;
        match serde_json::from_str(&text) {
            Ok(kept) => Some(kept),
            Err(_) => {
                let path = self.folder.account();
                tracing::warn!("{} is damaged: another account is made with the authority", path.display());
                None
            }
        }
    }

    async fn restore(&self, kept: Kept) -> Result<Account, Fault> {
        let builder = Account::builder_with_http(self.client.boxed());
        let account = builder.from_credentials(kept.credentials).await?;
        if kept.email != self.settings.email {
            let contact = self.contact();
            let contact: Vec<&str> = contact.iter().map(String::as_str).collect();
            account.update_contacts(&contact).await?;
            // The credentials have gone into the account: they are read again, and kept with the new address.
            if let Some(kept) = self.kept() {
                self.keep(&Kept { email: self.settings.email.clone(), ..kept })?;
            }
        }
        Ok(account)
    }

    async fn create(&mut self) -> Result<Account, Fault> {
        let contact = self.contact();
        let contact: Vec<&str> = contact.iter().map(String::as_str).collect();
        // Whoever names a domain agrees: the help of the setting says so.
        let new =
            NewAccount { contact: &contact, terms_of_service_agreed: true, only_return_existing: false };
        let builder = Account::builder_with_http(self.client.boxed());
        let (account, credentials) = builder.create(&new, self.settings.directory.to_string(), None).await?;
        self.keep(&Kept { email: self.settings.email.clone(), credentials })?;
        self.is_forgotten = false;
        tracing::info!(
            authority = self.settings.directory.host_str(),
            "an account has been made with the authority"
        );
        Ok(account)
    }

    fn keep(&self, kept: &Kept) -> Result<(), Fault> {
        let path = self.folder.account();
        let text = serde_json::to_string(kept).map_err(|error| Fault::Rejected(error.to_string()))?;
        self.folder.write(&path, &text).map_err(|error| Fault::Kept(path, error))
    }

    fn contact(&self) -> Vec<String> {
        self.settings.email.iter().map(|email| format!("mailto:{email}")).collect()
    }
}
