//! The client against real sockets that fail in each way.

use super::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const LOCAL: &str = "127.0.0.0/8";

fn client(networks: &[&str]) -> Outbound {
    let networks = networks.iter().map(|network| network.parse().unwrap()).collect();
    Outbound::within(Duration::from_secs(5), networks)
}

/// Answers one connection after the other, each with `answer`, and gives the port and what was asked.
async fn receiver(answer: &'static [u8]) -> (u16, tokio::sync::mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (tell, told) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = tell.send(request(&mut stream).await);
            let _ = stream.write_all(answer).await;
        }
    });
    (port, told)
}

/// Reads a request up to the end of its body, which is `{}`.
async fn request(stream: &mut TcpStream) -> String {
    let mut read = Vec::new();
    while !read.ends_with(b"{}") && stream.read_buf(&mut read).await.unwrap_or(0) > 0 {}
    String::from_utf8_lossy(&read).into_owned()
}

async fn post(client: &Outbound, address: &str) -> Result<Answer, OutboundError> {
    client.post(&client.target(address).unwrap(), HeaderMap::new(), Bytes::from_static(b"{}")).await
}

#[tokio::test]
async fn given_a_network_that_is_named_then_what_is_posted_arrives_and_the_answer_comes_back() {
    let (port, mut asked) = receiver(b"HTTP/1.1 202 Accepted\r\ncontent-length: 2\r\n\r\nok").await;
    let answer = post(&client(&[LOCAL]), &format!("http://127.0.0.1:{port}/a?b=c")).await.unwrap();
    assert_eq!(answer.status.as_u16(), 202);
    let asked = asked.recv().await.unwrap();
    assert!(
        asked.starts_with("POST /a?b=c HTTP/1.1\r\n") && asked.contains(&format!("host: 127.0.0.1:{port}"))
    );
}

#[tokio::test]
async fn given_a_name_that_leads_to_this_machine_then_nobody_is_connected_to() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    // The name is looked at only when it is connected to: what it led to before means nothing.
    let refused = post(&client(&[]), &format!("https://localhost:{port}/")).await;
    assert!(matches!(refused, Err(OutboundError::Connect(ConnectError::NotPublic))), "{refused:?}");
    let refused = post(&client(&["10.0.0.0/8"]), &format!("http://localhost:{port}/")).await;
    assert!(matches!(refused, Err(OutboundError::Connect(ConnectError::NotPublic))), "{refused:?}");
    // The next to connect is this one.
    let own = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    assert_eq!(listener.accept().await.unwrap().1, own.local_addr().unwrap());
}

#[tokio::test]
async fn given_a_redirect_then_it_is_the_answer_and_is_not_followed() {
    let (port, mut asked) =
        receiver(b"HTTP/1.1 307 Temporary Redirect\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n")
            .await;
    let answer = post(&client(&[LOCAL]), &format!("http://127.0.0.1:{port}/")).await.unwrap();
    assert_eq!(answer.status.as_u16(), 307);
    assert!(asked.recv().await.unwrap().starts_with("POST / "));
    assert!(asked.try_recv().is_err(), "asked once");
}

#[tokio::test]
async fn given_a_body_without_end_then_the_status_counts_and_the_connection_is_closed() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let closed = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        request(&mut stream).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
        while stream.write_all(&[b'x'; 4096]).await.is_ok() {}
    });
    let answer = post(&client(&[LOCAL]), &format!("http://127.0.0.1:{port}/")).await.unwrap();
    assert_eq!(answer.status.as_u16(), 200);
    tokio::time::timeout(TIME, closed).await.unwrap().unwrap();
}

#[tokio::test]
async fn given_a_body_that_is_broken_or_never_ends_then_the_status_counts() {
    for head in [
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nslow",
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let closed = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            request(&mut stream).await;
            let _ = stream.write_all(head.as_bytes()).await;
            // The other side ends it: this one would go on.
            let _ = stream.read_buf(&mut Vec::new()).await;
        });
        let answer = post(&client(&[LOCAL]), &format!("http://127.0.0.1:{port}/")).await;
        assert_eq!(answer.unwrap().status.as_u16(), 200, "{head}");
        tokio::time::timeout(TIME, closed).await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn given_a_short_body_then_its_connection_is_used_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        drop(listener);
        while request(&mut stream).await.ends_with("{}") {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await.unwrap();
        }
    });
    let client = client(&[LOCAL]);
    for _ in 0..3 {
        assert_eq!(post(&client, &format!("http://127.0.0.1:{port}/")).await.unwrap().status.as_u16(), 200);
    }
}

#[tokio::test]
async fn given_a_receiver_that_fails_then_it_is_said_how() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = Outbound::within(Duration::from_millis(300), vec![LOCAL.parse().unwrap()]);
    let late = post(&client, &format!("http://{}/", silent.local_addr().unwrap())).await;
    assert!(matches!(late, Err(OutboundError::Late)), "{late:?}");

    let (port, _asked) = receiver(b"220 mail.example ESMTP\r\n").await;
    let other = post(&client, &format!("http://127.0.0.1:{port}/")).await;
    assert!(matches!(other, Err(OutboundError::Broken(_))), "{other:?}");
    let mail = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = mail.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (mut stream, _) = mail.accept().await.unwrap();
        let _ = stream.write_all(b"220 mail.example ESMTP\r\n").await;
        let _ = stream.read_buf(&mut Vec::new()).await;
    });
    let no_tls = post(&client, &format!("https://127.0.0.1:{port}/")).await;
    assert!(matches!(no_tls, Err(OutboundError::Tls(_))), "{no_tls:?}");

    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let nobody = post(&client, &format!("http://{closed}/")).await;
    assert!(matches!(nobody, Err(OutboundError::Connect(ConnectError::Unreached(_)))), "{nobody:?}");

    let nowhere = post(&client, "https://nowhere.invalid/").await;
    let is_right = |error: &OutboundError| {
        matches!(error, OutboundError::Connect(ConnectError::NoSuchName) | OutboundError::Late)
    };
    assert!(nowhere.as_ref().is_err_and(is_right), "{nowhere:?}");
}

#[tokio::test]
async fn given_a_certificate_that_nobody_signed_then_nothing_is_sent() {
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = certificate.self_signed(&key).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config =
        rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let accepted = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        tokio_rustls::TlsAcceptor::from(Arc::new(config)).accept(stream).await.is_ok()
    });
    let refused = post(&client(&[LOCAL]), &format!("https://localhost:{port}/")).await;
    assert!(matches!(refused, Err(OutboundError::Tls(_))), "{refused:?}");
    assert!(!accepted.await.unwrap());
}
