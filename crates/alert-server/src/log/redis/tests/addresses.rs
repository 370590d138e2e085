//! Ways to a Redis, with TLS and passwords, and what is said of each that does not lead there.

use super::process::{Process, free_port};
use super::{Listening, WEEK, enter, is_said, node_at, room, said};
use crate::config::{Config, Flags, RedisAddress, RedisSettings};
use crate::log::redis::library::Library;
use crate::log::redis::masters::Masters;
use crate::log::redis::server::{self, ConnectError};
use alert_settings::Environment;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// What is said where it fails.
async fn connect(pairs: &[(&str, &str)]) -> Result<(), String> {
    let config = Config::load(&Flags::default(), &Environment::from(pairs)).unwrap();
    let RedisSettings { address, .. } = config.history.redis.unwrap();
    let connected = async {
        let masters = Masters::find(&address, None).await?;
        server::connect(&address, masters.of(0), &Library::new("alert", 0)).await.map(drop)
    };
    connected.await.map_err(|error: ConnectError| error.to_string())
}

async fn refused(pairs: &[(&str, &str)], words: &str) {
    let Err(error) = connect(pairs).await else { panic!("{pairs:?}") };
    assert!(error.contains(words), "{pairs:?}: {error}");
    assert!(!error.contains("hunter2"), "{error}");
}

/// Certificates of one authority: `ca.pem`, and what it has signed.
struct Authority(TempDir);

impl Authority {
    fn new() -> Self {
        let authority = Self(tempfile::tempdir().unwrap());
        authority.run(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout ca.key -out ca.pem -subj /CN=authority -days 9",
        );
        authority
    }

    /// Signs a certificate for a name: `NAME.pem` and `NAME.key`.
    fn sign(&self, name: &str, subject: &str, days: i32) {
        let names = format!("subjectAltName={subject}\nbasicConstraints=CA:FALSE\n");
        std::fs::write(self.0.path().join("extensions"), names).unwrap();
        self.run(&format!(
            "req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout {name}.key -out request -subj /CN={name}"
        ));
        self.run(&format!(
            "x509 -req -in request -CA ca.pem -CAkey ca.key -CAcreateserial -days {days} -extfile extensions -out {name}.pem"
        ));
    }

    fn run(&self, words: &str) {
        let done = Command::new("openssl").args(words.split(' ')).current_dir(&self.0).output().unwrap();
        assert!(done.status.success(), "{done:?}");
    }

    fn file(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    /// A Redis with this certificate that wants one of whoever comes, or not.
    fn redis(&self, name: &str, clients: &str) -> Process {
        let [ca, cert, key] =
            ["ca.pem", &format!("{name}.pem"), &format!("{name}.key")].map(|name| self.file(name));
        let flags = [
            "--port",
            "0",
            "--tls-port",
            "PORT",
            "--tls-cert-file",
            &cert,
            "--tls-key-file",
            &key,
            "--tls-ca-cert-file",
            &ca,
            "--tls-auth-clients",
            clients,
        ];
        let cli = ["--tls", "--insecure", "--cert", &cert, "--key", &key];
        let redis = Process::new(&flags, &cli);
        redis.answers();
        redis
    }
}

#[tokio::test]
async fn given_tls_then_redis_is_trusted_if_its_certificate_is() {
    let authority = Authority::new();
    let other = Authority::new();
    for (name, subject, days) in [
        ("good", "DNS:localhost,IP:127.0.0.1", 5),
        ("late", "DNS:localhost", -1),
        ("odd", "DNS:db.example.org", 5),
    ] {
        authority.sign(name, subject, days);
    }
    let [ca, other] = [authority.file("ca.pem"), other.file("ca.pem")];
    let good = authority.redis("good", "no");
    for host in ["localhost", "127.0.0.1"] {
        let url = format!("rediss://{host}:{}", good.port);
        assert_eq!(connect(&[("ALERT_REDIS", &url), ("ALERT_REDIS_CA", &ca)]).await, Ok(()));
        refused(
            &[("ALERT_REDIS", &url), ("ALERT_REDIS_CA", &other)],
            "signed by nobody that is trusted here",
        )
        .await;
        refused(
            &[("ALERT_REDIS", &url)],
            "signed by nobody that is trusted here: give its authority in --redis-ca",
        )
        .await;
    }
    let url = format!("redis://localhost:{}", good.port);
    refused(&[("ALERT_REDIS", &url)], "does not answer").await;
    for (name, words) in [("late", "has expired: renew it"), ("odd", "is for another name")] {
        let redis = authority.redis(name, "no");
        let url = format!("rediss://localhost:{}", redis.port);
        refused(&[("ALERT_REDIS", &url), ("ALERT_REDIS_CA", &ca)], words).await;
    }
    let plain = Process::start(&[]);
    let url = format!("rediss://localhost:{}", plain.port);
    refused(&[("ALERT_REDIS", &url), ("ALERT_REDIS_CA", &ca)], "or speaks no TLS there").await;
}

#[tokio::test]
async fn given_a_redis_that_wants_a_certificate_then_alert_shows_its_own() {
    let authority = Authority::new();
    let other = Authority::new();
    for name in ["redis", "alert"] {
        authority.sign(name, "DNS:localhost", 5);
    }
    other.sign("alert", "DNS:localhost", 5);
    let redis = authority.redis("redis", "yes");
    let (url, ca) = (format!("rediss://localhost:{}", redis.port), authority.file("ca.pem"));
    let base = [("ALERT_REDIS", &*url), ("ALERT_REDIS_CA", &*ca)];
    let with = |cert: &str, key: &str| {
        let pairs: Vec<(String, String)> = base
            .iter()
            .copied()
            .chain([("ALERT_REDIS_CERT", cert), ("ALERT_REDIS_KEY", key)])
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        pairs
    };
    fn borrowed(pairs: &[(String, String)]) -> Vec<(&str, &str)> {
        pairs.iter().map(|(name, value)| (&**name, &**value)).collect()
    }
    let (cert, key) = (authority.file("alert.pem"), authority.file("alert.key"));
    assert_eq!(connect(&borrowed(&with(&cert, &key))).await, Ok(()));
    refused(&base, "wants a certificate of Alert: give --redis-cert and --redis-key").await;
    let foreign = with(&other.file("alert.pem"), &other.file("alert.key"));
    refused(&borrowed(&foreign), "does not trust the certificate of Alert").await;
    let mixed = with(&cert, &authority.file("redis.key"));
    refused(&borrowed(&mixed), "give a certificate and its own key").await;
}

#[tokio::test]
async fn given_a_password_then_it_comes_from_the_address_or_a_file() {
    let redis = Process::new(&["--requirepass", "hunter2"], &["-a", "hunter2", "--no-auth-warning"]);
    redis.answers();
    let file = redis.file("password");
    std::fs::write(&file, "hunter2\n").unwrap();
    let file = file.to_str().unwrap();
    let with = |who: &str| format!("redis://{who}127.0.0.1:{}", redis.port);
    assert_eq!(connect(&[("ALERT_REDIS", &with(":hunter2@"))]).await, Ok(()));
    assert_eq!(connect(&[("ALERT_REDIS", &with("")), ("ALERT_REDIS_PASSWORD_FILE", file)]).await, Ok(()));
    assert_eq!(
        connect(&[("ALERT_REDIS", &with("default@")), ("ALERT_REDIS_PASSWORD_FILE", file)]).await,
        Ok(())
    );
    for who in ["", ":wrong@", "nobody:hunter2@"] {
        refused(&[("ALERT_REDIS", &with(who))], "refuses the user or the password").await;
    }
}

#[tokio::test]
async fn given_a_user_that_may_do_too_little_then_what_it_needs_is_said() {
    let redis = Process::start(&[]);
    let alert = ["~alert:*", "&alert:*", "+@all", "-@dangerous", "+info", "+function", "+fcall"];
    for (user, rules) in [
        ("alert", &alert[..]),
        ("blind", &["~*", "&*", "+@all", "-info"]),
        ("mute", &["~*", "&*", "+@all", "-function"]),
    ] {
        let set = [&["ACL", "SETUSER", user, "on", ">hunter2"], rules].concat();
        assert_eq!(redis.cli(&set), "OK", "{user}");
    }
    let with = |user: &str| format!("redis://{user}:hunter2@127.0.0.1:{}", redis.port);
    // It is enough for what is done there.
    let address = RedisAddress::parse(&with("alert")).unwrap();
    let settings =
        RedisSettings { address, prefix: "alert".to_owned(), timeout: std::time::Duration::from_secs(5) };
    let (node, room) = (node_at(&settings, 1, WEEK).await, room("room"));
    let mut heard = Listening::new(&node, &room).await;
    assert!(enter(&node, &room, "Ada", 1).await.is_new);
    said(&node, &room, "a").await;
    heard.next().await;
    assert!(is_said(&heard.change().await, "a"));
    assert_eq!(node.rooms().await, Ok(vec![(room, 1)]));
    for user in ["blind", "mute"] {
        refused(&[("ALERT_REDIS", &with(user))], "does not allow its user what Alert does").await;
    }
}

#[tokio::test]
async fn given_a_redis_that_closes_what_it_takes_then_it_is_said_why() {
    let full = Process::start(&["--maxclients", "1"]);
    let other = std::net::TcpStream::connect(("127.0.0.1", full.port)).unwrap();
    for _ in 0..10 {
        refused(&[("ALERT_REDIS", &full.url())], "has as many connections as it may: raise its maxclients")
            .await;
    }
    drop(other);
    // From another machine, as this one's address looks to it; a machine that is alone has none.
    let socket = std::net::UdpSocket::bind("0.0.0.0:0").unwrap();
    if socket.connect("192.0.2.1:9").is_err() {
        return;
    }
    let own = socket.local_addr().unwrap().ip();
    let protected = Process::start(&["--bind", "127.0.0.1", &own.to_string(), "--protected-mode", "yes"]);
    let url = format!("redis://{own}:{}", protected.port);
    for _ in 0..10 {
        refused(&[("ALERT_REDIS", &url)], "is in protected mode: it has no password").await;
    }
}

#[tokio::test]
async fn given_a_place_without_a_master_then_what_is_there_is_said() {
    let master = Process::start(&[]);
    let replica = Process::start(&["--replicaof", &format!("127.0.0.1 {}", master.port)]);
    refused(&[("ALERT_REDIS", &replica.url())], "is a replica; give the address of its master").await;
    // Servers that came to one or the other would not share their rooms.
    let both = format!("redis://127.0.0.1:{},127.0.0.1:{}", master.port, replica.port);
    refused(&[("ALERT_REDIS", &both)], "belongs to no cluster: give a single Redis").await;
    refused(&[("ALERT_REDIS", &format!("{}/99", master.url()))], "has no database of that number").await;
    assert_eq!(connect(&[("ALERT_REDIS", &format!("{}/9", master.url()))]).await, Ok(()));
    let nowhere = format!("redis://127.0.0.1:{}", free_port());
    refused(&[("ALERT_REDIS", &nowhere)], "does not answer").await;
    refused(&[("ALERT_REDIS", "redis://no-such-host.invalid")], "does not answer").await;
    let none = Path::new("/nowhere/redis").display().to_string();
    refused(&[("ALERT_REDIS", &format!("unix://{none}"))], "unix:///nowhere/redis does not answer").await;
    refused(&[("ALERT_REDIS", &format!("redis+sentinel://127.0.0.1:{}/one", master.port))], "is no sentinel")
        .await;
}
