//! Where the Redis or Valkey is that several servers share, and how Alert shows there who it is.

use std::fmt::{self, Debug, Formatter};
use std::path::Path;
use std::time::Duration;

use alert_settings::{Allowed, file};
use redis::{
    Client, ClientTlsConfig, ConnectionAddr, ConnectionInfo, IntoConnectionInfo, ProtocolVersion,
    RedisConnectionInfo, RedisError, TlsCertificates,
};

mod address;

use super::secret_file::{self, SecretFile};
use address::Parsed;
pub use address::Place;

/// How Redis is used.
#[derive(Clone, Debug)]
pub struct RedisSettings {
    /// Where it is.
    pub address: RedisAddress,
    /// What all keys begin with.
    pub prefix: String,
    /// How long it has to answer.
    pub timeout: Duration,
}

/// Where Redis is, and as whom Alert comes. It prints without the password.
#[derive(Clone)]
pub struct RedisAddress {
    parsed: Parsed,
    tls: TlsCertificates,
    /// As whom Alert comes to the sentinels.
    sentinel: (Option<String>, Option<String>),
}

/// A password that was read from a file. It does not print.
#[derive(Clone)]
pub(super) struct Password(String);

const MOST_PREFIX: usize = 64;

impl RedisAddress {
    /// Reads an address.
    ///
    /// # Errors
    /// What is allowed instead. Nothing of the text is repeated.
    pub fn parse(text: &str) -> Result<Self, Allowed> {
        let tls = TlsCertificates { client_tls: None, root_cert: None };
        Ok(Self { parsed: Parsed::parse(text)?, tls, sentinel: (None, None) })
    }

    /// As it was given, without the password.
    pub fn shown(&self) -> &str {
        &self.parsed.shown
    }

    /// The first host and port; none where it is on this machine, over a Unix socket.
    pub fn place(&self) -> Option<(&str, u16)> {
        match &self.parsed.places[0] {
            Place::Host(host, port) => Some((host, *port)),
            Place::Socket(_) => None,
        }
    }

    /// Of one Redis, of some servers of a cluster, or of the sentinels; at least one.
    pub(crate) fn places(&self) -> &[Place] {
        &self.parsed.places
    }

    /// What the sentinels call the master, if it is they who are asked.
    pub(crate) fn service(&self) -> Option<&str> {
        self.parsed.service.as_deref()
    }

    /// The number of the database.
    pub(crate) fn database(&self) -> i64 {
        self.parsed.database
    }

    pub(crate) fn is_tls(&self) -> bool {
        self.parsed.is_tls
    }

    /// For connections to a Redis.
    pub(crate) fn client(&self, place: &Place) -> Result<Client, RedisError> {
        let Parsed { user, password, database, .. } = &self.parsed;
        self.client_as(place, (user.as_deref(), password.as_deref()), *database)
    }

    /// For connections to a sentinel.
    pub(crate) fn sentinel(&self, place: &Place) -> Result<Client, RedisError> {
        let (user, password) = &self.sentinel;
        self.client_as(place, (user.as_deref(), password.as_deref()), 0)
    }

    fn client_as(
        &self,
        place: &Place,
        (user, password): (Option<&str>, Option<&str>),
        database: i64,
    ) -> Result<Client, RedisError> {
        let is_tls = self.parsed.is_tls;
        let address = match place {
            Place::Socket(path) => ConnectionAddr::Unix(path.clone()),
            Place::Host(host, port) if is_tls => {
                ConnectionAddr::TcpTls { host: host.clone(), port: *port, insecure: false, tls_params: None }
            }
            Place::Host(host, port) => ConnectionAddr::Tcp(host.clone(), *port),
        };
        // Events come as pushes, which the older protocol does not have.
        let mut settings =
            RedisConnectionInfo::default().set_protocol(ProtocolVersion::RESP3).set_db(database);
        if let Some(user) = user {
            settings = settings.set_username(user);
        }
        if let Some(password) = password {
            settings = settings.set_password(password);
        }
        let info: ConnectionInfo = address.into_connection_info()?.set_redis_settings(settings);
        if !is_tls {
            return Client::open(info);
        }
        // The library takes the one of the process. That there is one already is no harm.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Client::build_with_tls(info, self.tls.clone())
    }
}

impl Debug for RedisAddress {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        out.write_str(self.shown())
    }
}

/// What keys begin with: nothing that a hash tag could be taken from.
fn prefix(text: &str) -> Result<String, Allowed> {
    let text = text.trim();
    let is_good = (1..=MOST_PREFIX).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte));
    is_good.then(|| text.to_owned()).ok_or_else(|| format!("1 to {MOST_PREFIX} letters, digits, and - _ . :"))
}

impl super::Reader {
    /// How Redis is used, if it is.
    pub(super) fn redis(&mut self) -> Option<RedisSettings> {
        let timeout = self.one("redis_timeout", alert_settings::value::time(super::SHORT..=super::HOUR));
        let prefix = self.one("redis_prefix", prefix);
        let password = self.secret("redis_password_file");
        let sentinel_user = self.optional("redis_sentinel_user", user);
        let sentinel_password = self.secret("redis_sentinel_password_file");
        let (ca, cert) = (self.optional("redis_ca", certificates), self.optional("redis_cert", certificates));
        let key = self.secret("redis_key");
        let mut address = self.optional("redis", RedisAddress::parse)?;
        let Parsed { is_tls, service, password: given, .. } = &address.parsed;
        let (is_tls, has_sentinels, has_password) = (*is_tls, service.is_some(), given.is_some());
        for (name, is_given) in [("redis_ca", ca.is_some()), ("redis_cert", cert.is_some())] {
            if is_given && !is_tls {
                self.refuse(name, "nothing where redis is not rediss://".to_owned());
            }
        }
        if cert.is_some() != key.is_some() {
            let name = if cert.is_some() { "redis_cert" } else { "redis_key" };
            self.refuse(name, "set together with the other one of redis_cert and redis_key".to_owned());
        }
        if has_password && password.is_some() {
            self.refuse("redis_password_file", "nothing where redis has a password".to_owned());
        }
        for (name, is_given) in [
            ("redis_sentinel_user", sentinel_user.is_some()),
            ("redis_sentinel_password_file", sentinel_password.is_some()),
        ] {
            if is_given && !has_sentinels {
                self.refuse(name, "nothing where redis is not redis+sentinel://".to_owned());
            }
        }
        if let Some(Password(password)) = password {
            address.parsed.password = Some(password);
        }
        address.sentinel = (sentinel_user, sentinel_password.map(|Password(password)| password));
        let client_tls = cert.zip(key).map(|(cert, Password(key))| ClientTlsConfig {
            client_cert: cert.into_bytes(),
            client_key: key.into_bytes(),
        });
        address.tls = TlsCertificates { client_tls, root_cert: ca.map(String::into_bytes) };
        if is_tls && address.client(&address.places()[0]).is_err() {
            let name = if address.tls.client_tls.is_some() { "redis_key" } else { "redis_ca" };
            self.refuse(name, "a file in PEM format, with certificates or a private key".to_owned());
        }
        Some(RedisSettings { address, prefix, timeout })
    }

    /// What the file of a secret holds.
    fn secret(&mut self, name: &'static str) -> Option<Password> {
        let found = self.optional(name, |path| {
            let SecretFile { text, warning } =
                secret_file::read(Path::new(path)).map_err(|problem| unreadable(&problem))?;
            let text = text.trim_end_matches(['\r', '\n']);
            if text.is_empty() {
                return Err("a file that is not empty".to_owned());
            }
            Ok((Password(text.to_owned()), warning))
        });
        let (password, warning) = found?;
        self.0.warnings.extend(warning);
        Some(password)
    }
}

/// Redis knows no names with spaces in them.
fn user(text: &str) -> Result<String, Allowed> {
    let text = text.trim();
    let is_name = !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || c.is_control());
    is_name.then(|| text.to_owned()).ok_or_else(|| "a name without spaces".to_owned())
}

/// The text of a file with certificates.
fn certificates(path: &str) -> Result<String, Allowed> {
    let file = file::read(Path::new(path)).map_err(|problem| unreadable(&problem))?;
    if !file.text.contains("-----BEGIN CERTIFICATE-----") {
        return Err("a file with at least one certificate in PEM format".to_owned());
    }
    Ok(file.text)
}

fn unreadable(problem: &file::FileError) -> Allowed {
    format!("a file that can be read ({problem})")
}

#[cfg(test)]
mod tests;
