//! Servers that know of each other, as where clients reach them under one address.

use crate::{
    harness::TestServer,
    http::{Http, Polling},
    ws::{WEBSOCKET, Ws},
};
use socketio_server::{Config, Later, PeerKey, Peers, ServerName};
use std::{collections::HashMap, net::SocketAddr, sync::Arc};
use tokio::sync::watch;

const KEY: &str = "0123456789abcdefghijABCDEFGHIJ-_";

/// Where each server is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table(Arc<watch::Sender<HashMap<ServerName, SocketAddr>>>);

#[derive(Debug)]
struct Member {
    this: ServerName,
    key: PeerKey,
    table: Table,
}

impl Peers for Member {
    fn this(&self) -> ServerName {
        self.this
    }

    fn key(&self) -> &PeerKey {
        &self.key
    }

    fn find(&self, server: ServerName) -> Later<'_, Option<String>> {
        let found = self.table.0.borrow().get(&server).map(SocketAddr::to_string);
        Box::pin(async { found })
    }

    fn ended(&self, server: ServerName) -> Later<'_, ()> {
        let mut servers = self.table.0.subscribe();
        Box::pin(async move { drop(servers.wait_for(|servers| !servers.contains_key(&server)).await) })
    }
}

impl Table {
    /// Starts the server with this number.
    pub(crate) fn start(&self, number: u64, config: Config) -> TestServer {
        let this = ServerName::new(number);
        let peers = Member { this, key: PeerKey::parse(KEY).unwrap(), table: self.clone() };
        let server = TestServer::start(Config { peers: Some(Arc::new(peers)), ..config });
        self.put(number, server.address);
        server
    }

    pub(crate) fn put(&self, number: u64, address: SocketAddr) {
        self.0.send_modify(|servers| {
            servers.insert(ServerName::new(number), address);
        });
    }

    pub(crate) fn remove(&self, number: u64) {
        self.0.send_modify(|servers| {
            servers.remove(&ServerName::new(number));
        });
    }
}

/// The owner of sessions, and another server that passes their requests on.
pub(crate) fn two(config: impl Fn() -> Config) -> (Table, TestServer, TestServer) {
    let table = Table::default();
    let (owner, other) = (table.start(1, config()), table.start(2, config()));
    (table, owner, other)
}

impl Polling {
    /// The same session, with requests that go to another server from here on.
    pub(crate) fn via(mut self, server: &TestServer) -> Self {
        (self.get, self.post) = (Http::connect(server.address), Http::connect(server.address));
        self
    }

    /// Moves the session to a WebSocket over another server.
    pub(crate) fn upgrade_via(&mut self, server: &TestServer) -> Ws {
        self.begin_poll();
        let mut ws = Ws::shake_hands(server.address, &format!("{WEBSOCKET}&sid={}", self.sid));
        ws.send("2probe");
        assert_eq!(ws.text(), "3probe");
        self.get.response().expect(200, "6");
        ws.send("5");
        ws.settle();
        ws
    }
}
