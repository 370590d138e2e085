//! Requests for a session of another server: they are passed on to it, and its answer is handed back. Where it is gone,
//! so is the session, and the client opens another.

use super::handshake::switch_protocols;
use super::request::{Answer, Failure, take_head, with_type};
use crate::{
    engine::Engine,
    http::{
        body::RequestBody,
        connection::Takeover,
        line::{Line, NoLine},
        requests::{Doubt, Http},
        tunnel::{Owner, Side},
    },
    peers::{self, Peers, ServerName},
    shard::Shard,
};
use ::http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri, header};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use socketio_protocol::engine::request::{RequestError, TransportName};
use std::{rc::Rc, sync::Arc};

/// What a WebSocket handshake is made of.
const HANDSHAKE: [header::HeaderName; 5] = [
    header::CONNECTION,
    header::UPGRADE,
    header::SEC_WEBSOCKET_KEY,
    header::SEC_WEBSOCKET_VERSION,
    header::SEC_WEBSOCKET_PROTOCOL,
];

/// Another server, and where it is.
struct Other {
    peers: Arc<dyn Peers>,
    name: ServerName,
    address: String,
}

/// Passes a request on to the server that owns its session.
pub(super) async fn answer<E: Engine>(
    http: &Http<E>,
    request: &mut Request<RequestBody>,
    transport: TransportName,
    owner: ServerName,
) -> Result<Answer, Failure> {
    let unknown = RequestError::UnknownSid;
    let peers = http.shard.config.peers.clone().filter(|_| !peers::is_marked(request.headers()));
    let peers = peers.ok_or(unknown)?;
    let address = peers.find(owner).await.ok_or(unknown)?;
    let other = Other { peers, name: owner, address };
    let answered = async {
        match (transport, request.method()) {
            (TransportName::WebSocket, _) => other.upgrade(http, request).await,
            (TransportName::Polling, &Method::GET) => other.poll(http, request).await,
            (TransportName::Polling, &Method::POST) => other.post(http, request).await,
            (TransportName::Polling, _) => Err(RequestError::BadRequest.into()),
        }
    };
    let mut answer = answered.await;
    if http.shard.shutting_down.get()
        && let Ok(answer) = &mut answer
        && answer.status() != StatusCode::SWITCHING_PROTOCOLS
    {
        // The client's next request finds another way.
        answer.headers_mut().insert(header::CONNECTION, const { HeaderValue::from_static("close") });
    }
    answer
}

impl Other {
    async fn poll<E: Engine>(
        self,
        http: &Http<E>,
        request: &Request<RequestBody>,
    ) -> Result<Answer, Failure> {
        let passed = self.request(Method::GET, request.uri(), Bytes::new())?;
        let ends = async |line: &Line| {
            // The owner then answers with what there is.
            tokio::select! {
                biased;
                () = http.peer_ends() => http.doubt(Doubt::Elsewhere(Rc::clone(&line.stream))),
                () = http.shard.shuts_down() => {}
            }
            line.end_this_side().await;
        };
        self.ask(&http.shard, passed, ends).await
    }

    async fn post<E: Engine>(
        self,
        http: &Http<E>,
        request: &mut Request<RequestBody>,
    ) -> Result<Answer, Failure> {
        let head = take_head(request);
        let body = http.read_body(&head.headers, request.body_mut()).await.map_err(Failure::Body)?;
        let passed = self.request(Method::POST, &head.uri, body.bytes.clone())?;
        let shard = Rc::clone(&http.shard);
        // A task of its own: what the client has said counts, even if it has gone before the answer.
        let answer = tokio::task::spawn_local(async move {
            let _body = body;
            self.ask(&shard, passed, async |_| std::future::pending().await).await
        });
        answer.await.unwrap_or(Err(Failure::ShuttingDown))
    }

    /// Passes on a request and gets the answer whole. Meanwhile `ends` may end this side of the line.
    async fn ask<E: Engine>(
        &self,
        shard: &Rc<Shard<E>>,
        mut request: Request<Full<Bytes>>,
        ends: impl AsyncFn(&Line),
    ) -> Result<Answer, Failure> {
        let unknown = || Failure::from(RequestError::UnknownSid);
        let answered = async {
            loop {
                let mut line = self.line(shard).await?;
                let answer = line.send(request);
                tokio::pin!(answer);
                let (answer, has_ended) = tokio::select! {
                    biased;
                    answer = &mut answer => (answer, false),
                    () = ends(&line) => (answer.await, true),
                };
                match answer {
                    Ok(answer) => {
                        let answer = whole(answer).await?;
                        if !has_ended {
                            line.keep(shard);
                        }
                        return Ok(answer);
                    }
                    Err(Some(again)) => request = again,
                    Err(None) => return Err(unknown()),
                }
            }
        };
        tokio::select! {
            answer = answered => answer,
            // Stopped, or cut off: no answer comes.
            () = self.peers.ended(self.name) => Err(unknown()),
        }
    }

    async fn upgrade<E: Engine>(
        self,
        http: &Http<E>,
        request: &Request<RequestBody>,
    ) -> Result<Answer, Failure> {
        let response = switch_protocols(request)?;
        let mut passed = self.request(Method::GET, request.uri(), Bytes::new())?;
        for name in HANDSHAKE {
            for value in request.headers().get_all(&name) {
                passed.headers_mut().append(&name, value.clone());
            }
        }
        let unknown = RequestError::UnknownSid;
        let shaken = async {
            // A new one: it is not needed again.
            let mut line = Line::new(&http.shard, self.name, &self.address).await?;
            let answer = line.send(passed).await.map_err(|_| unknown)?;
            if answer.status() != StatusCode::SWITCHING_PROTOCOLS {
                return whole(answer).await;
            }
            let (stream, early, place) = line.into_stream().await.ok_or(unknown)?;
            let owner = Owner { peers: Arc::clone(&self.peers), name: self.name };
            http.takeover.replace(Some(Takeover::Tunnel(Side { stream, early, place }, owner)));
            Ok(response)
        };
        tokio::select! {
            answer = shaken => answer,
            () = self.peers.ended(self.name) => Err(unknown.into()),
        }
    }

    async fn line<E: Engine>(&self, shard: &Rc<Shard<E>>) -> Result<Line, Failure> {
        match Line::free(shard, self.name).await {
            Some(line) => Ok(line),
            None => Ok(Line::new(shard, self.name, &self.address).await?),
        }
    }

    /// What the owner needs: the session has its client's address and cookies already, and the origin was judged here.
    fn request(&self, method: Method, uri: &Uri, body: Bytes) -> Result<Request<Full<Bytes>>, RequestError> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method;
        let target = uri.path_and_query().ok_or(RequestError::BadRequest)?;
        *request.uri_mut() = Uri::from(target.clone());
        let host = HeaderValue::from_str(&self.address).map_err(|_| RequestError::UnknownSid)?;
        request.headers_mut().insert(header::HOST, host);
        self.peers.key().mark(request.headers_mut());
        Ok(request)
    }
}

impl From<NoLine> for Failure {
    fn from(no: NoLine) -> Self {
        match no {
            NoLine::Full(bound) => bound.into(),
            NoLine::Gone => RequestError::UnknownSid.into(),
        }
    }
}

/// The owner's answer, without the headers that every answer gets here.
async fn whole(answer: Response<Incoming>) -> Result<Answer, Failure> {
    let (head, body) = answer.into_parts();
    // One that ends early took its server with it.
    let body = body.collect().await.map_err(|_| RequestError::UnknownSid)?.to_bytes();
    let take = |headers: &HeaderMap, name| headers.get(name).cloned();
    let content_type = take(&head.headers, header::CONTENT_TYPE);
    let content_type = content_type.unwrap_or(HeaderValue::from_static("text/plain"));
    let mut response = with_type(head.status, content_type, body);
    if let Some(after) = take(&head.headers, header::RETRY_AFTER) {
        response.headers_mut().insert(header::RETRY_AFTER, after);
    }
    Ok(response)
}
