//! Which pages may connect, and the CORS headers of every answer.

use crate::{
    harness::TestServer,
    http::{Http, POLLING, Polling, Response},
    ws::{WEBSOCKET, Ws},
};
use socketio_server::{
    Config,
    origin::{OriginPattern, OriginPolicy},
};

const REFUSED: &str =
    r#"{"code":4,"message":"Pages of \"http://foreign\" may not connect. The server does not list it."}"#;

fn server(allow: impl FnOnce(&mut OriginPolicy)) -> TestServer {
    let mut origins = OriginPolicy::default();
    allow(&mut origins);
    TestServer::start(Config { origins, ..Config::default() })
}

fn cors(response: &Response) -> (Option<&str>, Option<&str>) {
    let name = |rest: &str| format!("access-control-allow-{rest}");
    (response.header(&name("origin")), response.header(&name("credentials")))
}

#[test]
fn a_long_origin_is_not_repeated_whole() {
    let server = server(|_| ());
    let origin = format!("Origin: http://{}", "x".repeat(20_000));
    let response = Http::connect(server.address).request("GET", POLLING, &[&origin]);
    assert_eq!(response.status, 403);
    assert!(response.text().len() < 400, "{} bytes", response.text().len());
}

#[test]
fn a_foreign_page_is_refused_on_every_transport() {
    let server = server(|_| ());
    let mut client = Polling::connected(server.address);
    let origin = ["Origin: http://foreign"];
    let mut http = Http::connect(server.address);
    for (method, target) in
        [("GET", POLLING), ("GET", &client.target), ("POST", &client.target), ("OPTIONS", POLLING)]
    {
        let response = http.request(method, target, &origin);
        response.expect(403, REFUSED);
        assert_eq!(cors(&response), (None, None));
    }
    for target in [WEBSOCKET.to_owned(), format!("{WEBSOCKET}&sid={}", client.sid)] {
        let (_, response) = Ws::handshake(server.address, &target, &origin);
        response.expect(403, REFUSED);
    }
    http.request("GET", POLLING, &["Origin: null"]).expect(
        403,
        r#"{"code":4,"message":"Pages of \"null\" may not connect. The server does not list it."}"#,
    );
    client.send(r#"42["echo",1]"#);
    assert_eq!(client.next(), r#"42["echo",1]"#, "the session is unhurt");
}

#[test]
fn our_own_page_may_connect_with_its_credentials() {
    let server = server(|_| ());
    let mut http = Http::connect(server.address);
    let response = http.request("GET", POLLING, &["Origin: http://test"]);
    assert_eq!((response.status, cors(&response)), (200, (Some("http://test"), Some("true"))));
    let (_, response) = Ws::handshake(server.address, WEBSOCKET, &["Origin: http://test"]);
    assert_eq!(response.status, 101);
}

#[test]
fn a_listed_page_may_connect_and_may_read_errors() {
    let server = server(|origins| origins.allow(OriginPattern::parse("http://foreign").unwrap()));
    let origin = ["Origin: http://foreign"];
    let mut http = Http::connect(server.address);
    for (target, status) in [
        (POLLING, 200),
        ("/socket.io/?EIO=3&transport=polling", 400),
        ("/socket.io/?EIO=4&transport=polling&sid=abc", 400),
        ("/socket.io/", 400),
    ] {
        let response = http.request("GET", target, &origin);
        assert_eq!((response.status, cors(&response)), (status, (Some("http://foreign"), Some("true"))));
        assert_eq!(response.header("vary"), Some("Origin"));
    }
    let too_large = vec![b'x'; 1_000_001];
    http.send_request("POST", &Polling::connected(server.address).target, &origin, &too_large);
    let response = http.response();
    assert_eq!((response.status, cors(&response).0), (413, Some("http://foreign")));
}

#[test]
fn every_page_may_connect_without_credentials_where_all_are_allowed() {
    let server = server(OriginPolicy::allow_any);
    let mut http = Http::connect(server.address);
    for origin in ["Origin: http://foreign", "Origin: null"] {
        let response = http.request("GET", POLLING, &[origin]);
        assert_eq!((response.status, cors(&response)), (200, (Some("*"), None)));
    }
}

#[test]
fn a_preflight_is_granted() {
    let server = server(|origins| origins.allow(OriginPattern::parse("http://foreign").unwrap()));
    let mut http = Http::connect(server.address);
    let asked = [
        "Origin: http://foreign",
        "Access-Control-Request-Method: POST",
        "Access-Control-Request-Headers: x-one, x-two",
    ];
    let response = http.request("OPTIONS", POLLING, &asked);
    response.expect(204, "");
    assert_eq!(cors(&response), (Some("http://foreign"), Some("true")));
    assert_eq!(response.header("access-control-allow-headers"), Some("x-one, x-two"));
    assert!(response.header("access-control-allow-methods").unwrap().contains("POST"));
}
