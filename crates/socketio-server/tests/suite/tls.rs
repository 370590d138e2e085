//! A server with TLS, and clients that speak HTTP/2 to it: the `h2` crate's, and one that sends any frames.

use crate::harness::{DEADLINE, TestServer};
use ::http::{HeaderMap, Method, Request, Uri};
use bytes::Bytes;
use h2::{RecvStream, SendStream, client::SendRequest};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, ServerConfig, StreamOwned,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
};
use socketio_server::Config;
use std::{
    future::Future,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    process::Command,
    sync::{Arc, LazyLock},
    time::Duration,
};

/// A certificate for `test`, and its key.
static PEM: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let words = "req -x509 -nodes -newkey ec -pkeyopt ec_paramgen_curve:P-256 -subj /CN=test -addext subjectAltName=DNS:test -addext basicConstraints=critical,CA:FALSE -keyout -";
    let made = Command::new("openssl").args(words.split(' ')).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    made.stdout
});

/// A server that speaks TLS, and HTTP/2 to whoever wants it.
pub(crate) fn start(config: Config) -> TestServer {
    let certificate = CertificateDer::from_pem_slice(&PEM).unwrap();
    let key = PrivateKeyDer::from_pem_slice(&PEM).unwrap();
    let mut tls = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    TestServer::start_with(config, move |listener| listener.with_tls(Arc::new(tls)))
}

fn client_config(protocols: &[&str]) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(&PEM).unwrap()).unwrap();
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    Arc::new(config)
}

fn name() -> ServerName<'static> {
    ServerName::try_from("test").unwrap()
}

/// A TLS client that has offered these protocols.
pub(crate) fn connect(address: SocketAddr, protocols: &[&str]) -> StreamOwned<ClientConnection, TcpStream> {
    let tcp = TcpStream::connect(address).unwrap();
    tcp.set_read_timeout(Some(DEADLINE)).unwrap();
    tcp.set_write_timeout(Some(DEADLINE)).unwrap();
    let mut session = ClientConnection::new(client_config(protocols), name()).unwrap();
    let mut tcp = tcp;
    while session.is_handshaking() {
        session.complete_io(&mut tcp).unwrap();
    }
    StreamOwned::new(session, tcp)
}

/// A client that sends any frames.
pub(crate) struct Raw(StreamOwned<ClientConnection, TcpStream>);

/// A frame that came.
pub(crate) struct Came {
    pub(crate) kind: u8,
    pub(crate) stream: u32,
    pub(crate) payload: Vec<u8>,
}

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PING: u8 = 6;
pub(crate) const GOAWAY: u8 = 7;
pub(crate) const CONTINUATION: u8 = 9;
pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;

/// A frame's bytes.
pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// The head of a GET, encoded (RFC 7541).
pub(crate) fn get(path: &str) -> Vec<u8> {
    let text = |text: &str| [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
    [&[0x82, 0x87][..], &[0x01], &text("test"), &[0x04], &text(path)].concat()
}

impl Raw {
    /// One that has not even sent the preface.
    pub(crate) fn silent(address: SocketAddr) -> Self {
        Self(connect(address, &["h2"]))
    }

    /// One that has sent the preface and its settings.
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let mut raw = Self::silent(address);
        raw.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        raw.send(&frame(SETTINGS, 0, 0, &[]));
        raw
    }

    #[track_caller]
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.try_send(bytes).unwrap();
    }

    pub(crate) fn try_send(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.0.write_all(bytes)?;
        self.0.flush()
    }

    /// The next frame, unless the connection has ended.
    pub(crate) fn next(&mut self) -> Option<Came> {
        let mut header = [0; 9];
        self.0.read_exact(&mut header).ok()?;
        let [high, middle, low, kind, _, stream @ ..] = header;
        let mut payload = vec![0; usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low)];
        self.0.read_exact(&mut payload).ok()?;
        Some(Came { kind, stream: u32::from_be_bytes(stream), payload })
    }

    /// Reads until such a frame comes, or the end.
    pub(crate) fn wait_for(&mut self, kind: u8) -> Option<Came> {
        std::iter::from_fn(|| self.next()).find(|came| came.kind == kind)
    }

    /// Whether the server ends the connection before long.
    pub(crate) fn ends(&mut self) -> bool {
        while self.next().is_some() {}
        let mut rest = [0];
        // At the deadline there would be neither.
        match self.0.sock.read(&mut rest) {
            Ok(count) => count == 0,
            Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
        }
    }
}

/// Runs a test of clients that are asynchronous. They go on while the test blocks.
pub(crate) fn run(test: impl Future<Output = ()>) {
    // Not the runtime with several threads: with another feature of tokio, all that needs it would be built twice.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (is_over, over) = tokio::sync::oneshot::channel::<()>();
    let test = async { tokio::time::timeout(DEADLINE * 2, test).await.expect("in time") };
    std::thread::scope(|scope| {
        scope.spawn(|| runtime.block_on(over));
        runtime.handle().block_on(test);
        drop(is_over);
    });
}

/// A client, its connection driven by the runtime.
pub(crate) struct Client {
    pub(crate) send: SendRequest<Bytes>,
    pub(crate) ended: tokio::task::JoinHandle<Result<(), h2::Error>>,
}

/// A response.
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: RecvStream,
    /// Of the request.
    pub(crate) stream: SendStream<Bytes>,
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self::with_window(address, 1 << 20).await
    }

    /// One that takes so many bytes of each response before it has read any.
    pub(crate) async fn with_window(address: SocketAddr, window: u32) -> Self {
        let tcp = tokio::net::TcpStream::connect(address).await.unwrap();
        let connector = tokio_rustls::TlsConnector::from(client_config(&["h2"]));
        let tls = connector.connect(name(), tcp).await.unwrap();
        let (send, connection) = h2::client::Builder::new()
            .initial_window_size(window)
            .initial_connection_window_size(1 << 24)
            .handshake(tls)
            .await
            .unwrap();
        Self { send, ended: tokio::spawn(connection) }
    }

    /// Sends a request, with a body that may be ended later.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&[u8]>,
    ) -> impl Future<Output = Result<Response, h2::Error>> + use<> {
        let uri = format!("https://test{path}").parse::<Uri>().unwrap();
        let request = Request::builder().method(method).uri(uri).body(()).unwrap();
        let mut ready = self.send.clone().ready().await.unwrap();
        let (response, mut stream) = ready.send_request(request, body.is_none()).unwrap();
        if let Some(body) = body {
            stream.send_data(Bytes::copy_from_slice(body), true).unwrap();
        }
        async move {
            let (head, body) = response.await?.into_parts();
            Ok(Response { status: head.status.as_u16(), headers: head.headers, body, stream })
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.send(Method::GET, path, None).await.await.unwrap()
    }

    pub(crate) async fn post(&self, path: &str, body: &[u8]) -> Response {
        self.send(Method::POST, path, Some(body)).await.await.unwrap()
    }
}

impl Response {
    /// The next bytes, which make room for more.
    pub(crate) async fn next(&mut self) -> Option<Result<Bytes, h2::Error>> {
        let bytes = self.body.data().await?;
        if let Ok(bytes) = &bytes {
            self.body.flow_control().release_capacity(bytes.len()).unwrap();
        }
        Some(bytes)
    }

    /// The whole body.
    pub(crate) async fn text(mut self) -> String {
        let mut all = Vec::new();
        while let Some(bytes) = self.next().await {
            all.extend_from_slice(&bytes.unwrap());
        }
        String::from_utf8(all).unwrap()
    }

    /// Reads until so many bytes have come.
    pub(crate) async fn read(&mut self, count: usize) -> Vec<u8> {
        let mut all = Vec::new();
        while all.len() < count {
            all.extend_from_slice(&self.next().await.expect("more").unwrap());
        }
        all
    }
}

/// Waits a little, so that something that must not happen could.
pub(crate) async fn a_moment() {
    tokio::time::sleep(Duration::from_millis(100)).await;
}
