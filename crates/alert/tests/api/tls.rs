//! `--tls-cert`, `--tls-key` and `--redirect-listen`: what is spoken, with which certificate, and what is said of one that
//! cannot be used.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::certificates::Folder;
use crate::server::{DEADLINE, Server};

/// What curl prints, and whether it was content.
fn curl(words: &[&str]) -> (bool, String) {
    let output = Command::new("curl").args(["-sS", "--max-time", "20"]).args(words).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).unwrap())
}

/// Asks for `path` by the name of `host`, whose certificate has to be `trusted`.
fn ask(server: &Server, trusted: &Path, host: &str, path: &str) -> (bool, String) {
    let to = format!("{host}:443:127.0.0.1:{}", server.address.port());
    let url = format!("https://{host}{path}");
    curl(&["--cacert", trusted.to_str().unwrap(), "--connect-to", &to, &url])
}

#[test]
fn given_certificates_then_each_name_gets_its_own_and_is_answered() {
    let folder = Folder::new();
    folder.certificate("one", "DNS:one.example", 90);
    folder.certificate("two", "DNS:*.two.example,IP:127.0.0.1", 90);
    let server = folder.start(&["one", "two"], &[]);
    for (name, host, fits) in [
        ("one", "one.example", true),
        ("two", "a.two.example", true),
        ("two", "one.example", false),
        ("one", "a.two.example", false),
        ("two", "b.a.two.example", false),
        // Without a name that fits, the first one is shown.
        ("one", "three.example", false),
    ] {
        let (is_content, said) = ask(&server, &folder.path(&format!("{name}.pem")), host, "/livez");
        assert_eq!((is_content, said.starts_with("ok")), (fits, fits), "{name} for {host}: {said}");
    }
}

#[test]
fn given_tls_then_old_and_new_versions_are_spoken_and_the_cookie_is_secure() {
    let folder = Folder::new();
    folder.certificate("one", "IP:127.0.0.1", 90);
    let server = folder.start(&["one"], &[]);
    let (trusted, url) = (folder.path("one.pem"), format!("https://{}", server.address));
    for version in [["--tlsv1.2", "--tls-max", "1.2"], ["--tlsv1.3", "--tls-max", "1.3"]] {
        let page = format!("{url}/v1");
        let words = [&version[..], &["--cacert", trusted.to_str().unwrap(), &page]].concat();
        let (is_content, said) = curl(&words);
        assert!(is_content && said.contains("</html>"), "{said}");
    }
    let (_, said) = curl(&["-i", "-k", "-d", "name=Ada&room=r", &format!("{url}/v1")]);
    assert!(said.contains("__Host-alert_session") && said.contains("; Secure"), "{said}");
}

#[test]
fn given_a_client_that_can_speak_http2_then_pages_the_api_and_long_polling_come_over_it() {
    let folder = Folder::new();
    folder.certificate("one", "IP:127.0.0.1", 90);
    let server = folder.start(&["one"], &[]);
    let trusted = folder.path("one.pem");
    for (flags, version) in [(&[][..], "2"), (&["--http1.1"], "1.1"), (&["--no-alpn"], "1.1")] {
        for path in ["/v1", "/v1/rooms/r", "/readyz", "/socket.io/?EIO=4&transport=polling"] {
            let url = format!("https://{}{path}", server.address);
            let asked =
                ["--cacert", trusted.to_str().unwrap(), "-o", "/dev/null", "-w", "%{http_version}", &url];
            assert_eq!(curl(&[flags, &asked].concat()), (true, version.to_owned()), "{path}");
        }
    }
    // The page's address is the one that was asked for: it comes as :authority, not as Host.
    let url = format!("https://{}/v1", server.address);
    let (_, said) = curl(&[
        "-i",
        "-k",
        "-d",
        "name=Ada&room=r",
        "-H",
        &format!("Origin: https://{}", server.address),
        &url,
    ]);
    assert!(said.starts_with("HTTP/2 303"), "{said}");
    let (_, said) = curl(&["-i", "-k", "-d", "name=Ada&room=r", "-H", "Origin: https://other.example", &url]);
    assert!(said.starts_with("HTTP/2 403"), "{said}");
}

#[test]
fn given_a_request_without_tls_then_it_is_told_to_use_it_or_sent_there() {
    let folder = Folder::new();
    folder.certificate("one", "IP:127.0.0.1", 90);
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let server = folder.start(&["one"], &["--redirect-listen", &free.to_string()]);
    let (_, said) = curl(&["-i", &format!("http://{}/v1", server.address)]);
    assert!(said.starts_with("HTTP/1.1 400") && said.contains("https://"), "{said}");
    let (_, said) = curl(&["-i", &format!("http://{free}/v1?room=K7")]);
    assert!(said.starts_with("HTTP/1.1 308"), "{said}");
    assert!(said.contains(&format!("location: https://{}/v1?room=K7", server.address)), "{said}");
    // Not even what is for clients.
    let (_, said) = curl(&["-i", &format!("http://{free}/socket.io/?EIO=4&transport=polling")]);
    assert!(said.starts_with("HTTP/1.1 308"), "{said}");
}

#[test]
fn given_new_files_then_they_are_shown_by_themselves_and_wrong_ones_are_not() {
    let folder = Folder::new();
    folder.certificate("one", "DNS:one.example", 90);
    let server = folder.start(&["one"], &[]);
    folder.certificate("next", "DNS:one.example", 90);
    let move_here = |from: &str, to: &str| std::fs::copy(folder.path(from), folder.path(to)).unwrap();
    move_here("next.pem", "one.pem");
    move_here("next.key", "one.key");
    server.wait_for_log("the TLS certificates have been read again");
    assert!(ask(&server, &folder.path("next.pem"), "one.example", "/livez").0);
    std::fs::write(folder.path("one.key"), "nothing").unwrap();
    server.wait_for_log("the TLS certificates of before stay: ");
    assert!(ask(&server, &folder.path("next.pem"), "one.example", "/livez").0);
}

#[test]
fn given_a_certificate_that_cannot_be_used_then_it_is_said_what_is_wrong() {
    let folder = Folder::new();
    folder.certificate("one", "DNS:one.example", 90);
    folder.certificate("two", "DNS:two.example", 90);
    folder.openssl("pkey -in one.key -aes256 -passout pass:secret -out locked.key");
    folder.openssl("x509 -in one.pem -outform DER -out der.pem");
    std::fs::write(folder.path("empty.pem"), "").unwrap();
    let file = |name: &str| folder.path(name).to_str().unwrap().to_owned();
    for (flags, wanted) in [
        (vec!["--tls-cert", "gone.pem"], "a file that can be read (No such file"),
        (vec!["--tls-cert", "empty.pem", "--tls-key", "one.key"], "holds no certificate in PEM"),
        (vec!["--tls-cert", "der.pem", "--tls-key", "one.key"], "holds no certificate in PEM"),
        (vec!["--tls-cert", "one.pem"], "holds no private key in PEM"),
        (vec!["--tls-cert", "one.pem", "--tls-key", "locked.key"], "has a password"),
        (vec!["--tls-cert", "one.pem", "--tls-key", "two.key"], "does not belong to the certificate"),
        (
            vec!["--tls-cert", "one.pem", "--tls-cert", "two.pem", "--tls-key", "one.key"],
            "one for each tls_cert",
        ),
        (vec!["--tls-key", "one.key"], "one for each tls_cert"),
        (vec!["--redirect-listen", "127.0.0.1:0"], "nothing without tls_cert"),
    ] {
        let is_file = |word: &str| word.ends_with(".pem") || word.ends_with(".key");
        let words = flags.iter().map(|word| if is_file(word) { file(word) } else { (*word).to_owned() });
        let output = Server::command(0, &[]).args(words).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && said.contains(wanted), "{flags:?}: {said}");
    }
}

#[test]
fn given_certificates_then_config_check_looks_into_them() {
    let folder = Folder::new();
    folder.certificate("one", "DNS:one.example", 3);
    folder.certificate("two", "DNS:two.example", 90);
    for (key, code, wanted) in
        [("one.key", 0, " expires on "), ("two.key", 2, "does not belong to the certificate")]
    {
        let (chain, key) = (folder.path("one.pem"), folder.path(key));
        let mut command = Command::new(env!("CARGO_BIN_EXE_alert"));
        command.args([
            "config",
            "check",
            "--tls-cert",
            chain.to_str().unwrap(),
            "--tls-key",
            key.to_str().unwrap(),
        ]);
        let output = command.output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(code) && said.contains(wanted), "{said}");
    }
}

#[test]
fn given_a_certificate_that_browsers_refuse_then_the_start_warns() {
    let folder = Folder::new();
    folder.certificate("soon", "DNS:one.example", 3);
    folder.certificate("old", "DNS:one.example", 90);
    // `req -days` takes no negative number here.
    folder.openssl("req -new -key old.key -subj /CN=old -out old.csr");
    std::fs::write(folder.path("ext"), "subjectAltName=DNS:one.example").unwrap();
    folder.openssl("x509 -req -in old.csr -signkey old.key -days -1 -extfile ext -out old.pem");
    for (name, flags, wanted) in [
        ("soon", vec![], " expires on "),
        ("old", vec![], " expired on "),
        ("soon", vec!["--public-url", "https://two.example"], "no certificate is for two.example"),
    ] {
        let server = folder.start(&[name], &flags);
        server.wait_for_log(wanted);
    }
}

#[test]
fn given_a_handshake_that_never_ends_then_it_is_ended() {
    let folder = Folder::new();
    folder.certificate("one", "IP:127.0.0.1", 90);
    let server = folder.start(&["one"], &["--max-connections-per-address", "2"]);
    let mut slow: Vec<TcpStream> = (0..2).map(|_| TcpStream::connect(server.address).unwrap()).collect();
    // The beginning of a ClientHello.
    slow[0].write_all(&[0x16, 3, 1, 2, 0, 1]).unwrap();
    let mut buffer = [0; 64];
    for stream in &mut slow {
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        let _ = stream.read(&mut buffer);
    }
    let until = Instant::now() + DEADLINE;
    while !ask(&server, &folder.path("one.pem"), "127.0.0.1", "/livez").0 {
        assert!(Instant::now() < until, "its places are still taken");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn given_settings_of_an_authority_then_what_cannot_be_is_said() {
    let folder = Folder::new();
    folder.certificate("one", "DNS:one.example", 90);
    std::fs::write(folder.path("empty.pem"), "").unwrap();
    std::fs::write(folder.path("file"), "").unwrap();
    let name = ["--acme-domain", "one.example"];
    let file = |name: &str| folder.path(name).to_str().unwrap().to_owned();
    let (one, key, empty, below) = (file("one.pem"), file("one.key"), file("empty.pem"), file("file/acme"));
    for (command, flags, code, wanted) in [
        ("check", vec!["--tls-cert", &one, "--tls-key", &key], 2, "from files or from an authority"),
        ("check", vec!["--acme-domain", "ONE.example"], 2, "each name once"),
        ("check", vec!["--listen", "unix:/tmp/alert-acme"], 2, "nothing without a TCP address"),
        ("check", vec!["--acme-ca", &empty], 2, "no -----BEGIN CERTIFICATE-----"),
        ("check", vec!["--acme-ca", &one], 0, "at port 443, which listen does not have"),
        ("check", vec!["--redis", "redis://127.0.0.1"], 0, "the authority may ask one of those"),
        ("serve", vec!["--acme-ca", &one, "--acme-dir", &below], 1, "name another folder with --acme-dir"),
    ] {
        let mut alert = Command::new(env!("CARGO_BIN_EXE_alert"));
        let words: &[&str] =
            if command == "check" { &["config", "check"] } else { &["serve", "--listen", ":0"] };
        let output = alert.args(words).args(name).args(&flags).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(code) && said.contains(wanted), "{flags:?}: {said}");
    }
    let alone = Server::command(0, &["--acme-email", "a@example.org"]).output().unwrap();
    let said = String::from_utf8(alone.stderr).unwrap();
    assert!(said.contains("--acme-email") && said.contains("nothing without acme_domain"), "{said}");
}
