//! https: whom a client trusts, and what it says of whom it does not. It may send its token only to the right one.

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::command::{Done, alert, run_with};
use crate::proxy::Proxy;
use crate::server::Server;

/// A certificate for localhost, signed by itself.
struct Certificate {
    folder: tempfile::TempDir,
}

const PAST: &str = "20200101000000Z";
const RECENT: &str = "20210101000000Z";
const FUTURE: &str = "20480101000000Z";
const FAR_FUTURE: &str = "20490101000000Z";

const AUTHORITY: &str = "\
[ca]\ndefault_ca = own\n[own]\ndatabase = index.txt\nrand_serial = yes\nnew_certs_dir = .\ndefault_md = sha256\n\
policy = any\nx509_extensions = ext\n[any]\ncommonName = supplied\n[ext]\nsubjectAltName = DNS:localhost\n\
basicConstraints = critical,CA:FALSE\n";

impl Certificate {
    /// One that is valid from `start` to `end`.
    fn new(time: [&str; 2]) -> Self {
        Self::with(time, AUTHORITY)
    }

    fn with([start, end]: [&str; 2], authority: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.cnf"), authority).unwrap();
        std::fs::write(folder.path().join("index.txt"), "").unwrap();
        let request = "req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key.pem -out request.pem \
                       -subj /CN=localhost";
        let sign = format!(
            "ca -batch -selfsign -config ca.cnf -keyfile key.pem -in request.pem -out cert.pem -startdate {start} -enddate {end}"
        );
        for words in [request, &sign] {
            let made =
                Command::new("openssl").args(words.split_whitespace()).current_dir(&folder).output().unwrap();
            assert!(made.status.success(), "{made:?}");
        }
        Self { folder }
    }

    fn good() -> Self {
        Self::new([PAST, FAR_FUTURE])
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("cert.pem")
    }

    /// A proxy in front of `server` that has it.
    fn proxy(&self, server: &Server) -> Proxy {
        let certificate = CertificateDer::from_pem_file(self.file()).unwrap();
        let key = PrivateKeyDer::from_pem_file(self.folder.path().join("key.pem")).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
        let config = Arc::new(config);
        Proxy::start(server.address, 0, move |mut tcp: TcpStream| {
            let mut tls = ServerConnection::new(Arc::clone(&config)).unwrap();
            tls.complete_io(&mut tcp).ok()?;
            Some(StreamOwned::new(tls, tcp))
        })
    }
}

fn send(url: &str, trusted: &Path) -> Done {
    run_with(alert(&["send", "--url", url, "D5DB", "hello"]).env("SSL_CERT_FILE", trusted), "")
}

#[test]
fn given_a_certificate_that_is_trusted_then_the_message_arrives() {
    let server = Server::start(&[]);
    let mut ada = server.join("D5DB", "Ada");
    let certificate = Certificate::good();
    let port = certificate.proxy(&server).address.port();
    let done = send(&format!("https://localhost:{port}"), &certificate.file());
    assert!(done.is_silent(), "{done:?}");
    assert_eq!(ada.hears().1, "http: hello");
}

#[test]
fn given_a_certificate_that_is_not_right_then_nothing_is_sent_and_it_says_why() {
    let server = Server::start(&[]);
    let [good, expired, early] =
        [[PAST, FAR_FUTURE], [PAST, RECENT], [FUTURE, FAR_FUTURE]].map(Certificate::new);
    let signs = Certificate::with([PAST, FAR_FUTURE], &AUTHORITY.replace("CA:FALSE", "CA:TRUE"));
    for (certificate, host, trusted, why) in [
        (&good, "localhost", &expired, "is not signed by anybody this machine trusts"),
        (&expired, "localhost", &expired, "has expired"),
        (&early, "localhost", &early, "is not valid yet"),
        (&signs, "localhost", &signs, "is an authority's, not a server's: make it with -addext"),
        (&good, "127.0.0.1", &good, "the certificate is for localhost, not for 127.0.0.1"),
    ] {
        let proxy = certificate.proxy(&server);
        let done = send(&format!("https://{host}:{}", proxy.address.port()), &trusted.file());
        assert_eq!((done.code, proxy.passed()), (Some(3), 0), "{done:?}");
        assert!(done.err.contains(why), "{why:?} in {done:?}");
    }
    let proxy = good.proxy(&server);
    let nobody = send(&format!("https://localhost:{}", proxy.address.port()), Path::new("/dev/null"));
    assert!(nobody.err.contains("this machine has no certificates to check servers with"), "{nobody:?}");
}

#[test]
fn given_the_wrong_scheme_then_it_says_which_one_to_write() {
    let server = Server::start(&[]);
    let certificate = Certificate::good();
    let plain = send(&format!("https://localhost:{}", server.address.port()), &certificate.file());
    assert_eq!(plain.code, Some(3));
    assert!(
        plain.err.contains("does not speak TLS: if it is a server without it, write http:// in --url"),
        "{plain:?}"
    );
    let encrypted = send(&format!("http://{}", certificate.proxy(&server).address), &certificate.file());
    assert_eq!(encrypted.code, Some(3));
    assert!(encrypted.err.contains("if it has TLS, write https://"), "{encrypted:?}");
}
