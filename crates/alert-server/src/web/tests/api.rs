//! What the API refuses, and in which words. What it does is tested with the built server (tests/api).

use socketio_server::PeerAddr;

use super::*;

const PLAIN: (&str, &str) = ("content-type", "text/plain");
const JSON: (&str, &str) = ("content-type", "application/json");

impl Answer {
    /// The `code` of a problem document, after a look at all of it.
    fn problem(&self) -> (u16, String, String) {
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.body);
        assert_eq!(self.header("cache-control"), "no-store");
        let document: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&self.body).unwrap();
        assert_eq!(document.keys().collect::<Vec<_>>(), ["code", "detail", "status", "title", "type"]);
        assert_eq!(document["type"], "about:blank");
        assert_eq!(document["status"], self.status.as_u16());
        assert_eq!(document["title"], self.status.canonical_reason().unwrap());
        let text = |key: &str| document[key].as_str().unwrap().to_owned();
        (self.status.as_u16(), text("code"), text("detail"))
    }

    fn code(&self) -> (u16, String) {
        let (status, code, _) = self.problem();
        (status, code)
    }
}

fn is(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[tokio::test]
async fn what_is_wrong_with_a_message_is_said_in_the_words_of_v1() {
    let site = Site::with([
        ("ALERT_MAX_MSG_BYTES", "8"),
        ("ALERT_MAX_NAME_CHARS", "4"),
        ("ALERT_MAX_ROOM_CHARS", "6"),
    ]);
    let good = "/v1/rooms/D5DB";
    for (address, header, body, status, code, detail) in [
        (good, PLAIN, "", 400, "msg_required", "msg is required."),
        (good, PLAIN, "123456789", 413, "msg_too_long", "msg is longer than 8 bytes."),
        (good, JSON, "{}", 400, "msg_required", "msg is required."),
        (good, JSON, r#"{"msg":""}"#, 400, "msg_required", "msg is required."),
        (good, JSON, r#"{"msg":1}"#, 400, "invalid_body", "msg must be a string."),
        (good, JSON, r#"{"msg":"123456789"}"#, 413, "msg_too_long", "msg is longer than 8 bytes."),
        (good, JSON, r#"["hi"]"#, 400, "invalid_body", "the body must be one JSON object."),
        (good, JSON, "hi", 400, "invalid_body", "the body must be one JSON object in UTF-8."),
        (good, JSON, "", 400, "invalid_body", "the body must be one JSON object in UTF-8."),
        (good, JSON, "{\0\"\0", 400, "invalid_body", "the body must be one JSON object in UTF-8."),
        (good, PLAIN, "R\0i\0n\0", 400, "invalid_body", "the message must be UTF-8."),
        (good, JSON, r#"{"msg":"hi","name":""}"#, 400, "name_required", "name is required."),
        (good, JSON, r#"{"msg":"hi","name":7}"#, 400, "invalid_body", "name must be a string."),
        ("/v1/rooms/D5DB?name=", PLAIN, "hi", 400, "name_required", "name is required."),
        (
            "/v1/rooms/D5DB?name=Babbage",
            PLAIN,
            "hi",
            400,
            "name_too_long",
            "name is longer than 4 characters.",
        ),
        (
            "/v1/rooms/D5DB?name=a%0Ab",
            PLAIN,
            "hi",
            400,
            "name_invalid",
            "name must not contain control characters or line breaks.",
        ),
        ("/v1/rooms/%20/messages", PLAIN, "hi", 400, "room_required", "room is required."),
        ("/v1/rooms/1234567", PLAIN, "hi", 400, "room_too_long", "room is longer than 6 characters."),
        ("/v1/rooms/%FF", PLAIN, "hi", 400, "room_invalid", "room must be UTF-8."),
        (
            "/v1/rooms/a%00",
            PLAIN,
            "hi",
            400,
            "room_invalid",
            "room must not contain control characters or line breaks.",
        ),
    ] {
        let answer = site.ask(Method::POST, address, &[header], body).await;
        let wanted = (status, code.to_owned(), detail.to_owned());
        assert_eq!(answer.problem(), wanted, "{address} {header:?} {body}");
    }
    for address in [good, "/v1/rooms/D5DB?name=Ada"] {
        let answer = site.ask(Method::POST, address, &[PLAIN, ("alert-name", " ")], "hi").await;
        assert_eq!(
            answer.code(),
            is(400, "name_required"),
            "{address}: also where another name goes before it"
        );
    }
    let two = [PLAIN, ("alert-name", "Ada"), ("alert-name", "Bea")];
    assert_eq!(site.ask(Method::POST, good, &two, "hi").await.code(), is(400, "name_invalid"));
    for kind in ["multipart/form-data; boundary=x", "Multipart/Mixed", "text/plain; charset=utf-16"] {
        let answer = site.ask(Method::POST, good, &[("content-type", kind)], "hi").await;
        let (status, code, detail) = answer.problem();
        assert_eq!((status, code.as_str()), (415, "unsupported_media_type"), "{kind}");
        assert!(detail.contains("UTF-8"), "{detail}");
    }
    for key in ["", "a\tb"] {
        let answer = site.ask(Method::POST, good, &[PLAIN, ("idempotency-key", key)], "hi").await;
        assert_eq!(answer.code(), is(400, "idempotency_key_invalid"), "{key:?}");
    }
}

#[tokio::test]
async fn bytes_that_are_no_text_are_no_message_and_no_name() {
    let site = Site::new();
    let request = |name: &'static [u8], body: &'static [u8]| {
        let request =
            Request::post("/v1/rooms/D5DB").header("alert-name", HeaderValue::from_bytes(name).unwrap());
        router(site.state.clone()).oneshot(request.body(Body::from(body)).unwrap())
    };
    for (name, body, status) in
        [(&b"Ada"[..], &b"\xFF"[..], 400), (b"A\xFF", b"hi", 400), (b"Ada", b"hi", 202)]
    {
        assert_eq!(request(name, body).await.unwrap().status(), status, "{name:?} {body:?}");
    }
}

#[tokio::test]
async fn a_foreign_page_may_not_use_it_and_a_listed_one_may() {
    let listed = Site::with([("ALERT_ALLOW_ORIGIN", "https://friend.example")]);
    let any = Site::with([("ALERT_ALLOW_ORIGIN", "*")]);
    let cross = ("sec-fetch-site", "cross-site");
    let [own, friend, evil] = ["http://127.0.0.1:5000", "https://friend.example", "https://evil.example"]
        .map(|page| ("origin", page));
    for (site, headers, post, get, allowed) in [
        (&listed, &[][..], 202, 200, ""),
        (&listed, &[("sec-fetch-site", "none")], 202, 200, ""),
        (&listed, &[own, ("sec-fetch-site", "same-origin")], 202, 200, own.1),
        (&listed, &[friend, cross], 202, 200, friend.1),
        (&listed, &[evil], 403, 403, ""),
        (&listed, &[("origin", "null")], 403, 403, ""),
        // A link to a room does no harm; a message that nobody meant to send does.
        (&listed, &[cross], 403, 200, ""),
        (&listed, &[("sec-fetch-site", "same-site")], 403, 200, ""),
        (&any, &[evil, cross], 202, 200, "*"),
        (&any, &[cross], 403, 200, ""),
    ] {
        let posted = site.ask(Method::POST, "/v1/rooms/D5DB", headers, "hi").await;
        assert_eq!(posted.status, post, "{headers:?}");
        if post == 403 {
            assert_eq!(posted.code(), is(403, "foreign_origin"));
        }
        let got = site.ask(Method::GET, "/v1/rooms/D5DB", headers, "").await;
        assert_eq!(got.status, get, "{headers:?}");
        for answer in [posted, got] {
            assert_eq!(answer.header("access-control-allow-origin"), allowed, "{headers:?}");
            assert_eq!(answer.header("vary"), "Origin");
        }
    }
}

#[tokio::test]
async fn a_preflight_is_granted_to_listed_pages_alone() {
    let site = Site::with([("ALERT_ALLOW_ORIGIN", "https://friend.example")]);
    let asks = |origin| {
        [
            ("origin", origin),
            ("access-control-request-method", "POST"),
            ("access-control-request-headers", "authorization,idempotency-key"),
        ]
    };
    let granted =
        site.ask(Method::OPTIONS, "/v1/rooms/D5DB/messages", &asks("https://friend.example"), "").await;
    assert_eq!(granted.status, StatusCode::NO_CONTENT);
    assert_eq!(granted.header("access-control-allow-origin"), "https://friend.example");
    assert_eq!(granted.header("access-control-allow-methods"), "GET, POST, OPTIONS");
    assert_eq!(granted.header("access-control-allow-headers"), "authorization,idempotency-key");
    let refused =
        site.ask(Method::OPTIONS, "/v1/rooms/D5DB/messages", &asks("https://evil.example"), "").await;
    assert_eq!(refused.code(), is(403, "foreign_origin"));
    assert_eq!(refused.header("access-control-allow-origin"), "");
}

#[tokio::test]
async fn a_wrong_method_or_address_is_a_problem_too() {
    let site = Site::new();
    for (method, address, allow) in [
        (Method::DELETE, "/v1/rooms/D5DB", "GET,HEAD,POST"),
        (Method::PUT, "/v1/rooms/D5DB/messages", "GET,HEAD,POST"),
        (Method::POST, "/v1/rooms/D5DB/events", "GET,HEAD"),
        (Method::PUT, "/v1/rooms", "GET,HEAD,POST"),
        (Method::GET, "/v1/rooms/D5DB/actions", "POST"),
    ] {
        let answer = site.ask(method, address, &[], "").await;
        assert_eq!(answer.code(), is(405, "method_not_allowed"), "{address}");
        assert_eq!(answer.header("allow"), allow, "{address}");
    }
    for address in ["/v1/rooms/D5DB/nothing", "/v1/rooms/a/b/messages"] {
        assert_eq!(site.get(address).await.code(), is(404, "not_found"), "{address}");
    }
    for address in ["/v1/room/D5DB", "/v1/rooms/D5DB/", "/rooms/D5DB"] {
        let program = site.get(address).await;
        assert_eq!(program.code(), is(404, "not_found"), "{address}");
        assert!(program.body.contains("did you mean /v1/rooms/D5DB?"), "{}", program.body);
        let browser = site.ask(Method::GET, address, &[("accept", "text/html")], "").await;
        assert_eq!(browser.header("content-type"), "text/html; charset=utf-8", "{address}");
        assert!(browser.body.contains("<a href=\"/v1/rooms/D5DB\">"), "{}", browser.body);
    }
    for address in ["/v1/rooms/", "/v1/rooms//messages"] {
        let answer = site.ask(Method::POST, address, &[], "hi").await;
        assert_eq!(
            answer.code(),
            is(400, "room_required"),
            "{address}: as from a script whose variable is empty"
        );
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_question_about_the_history_is_said() {
    let site = Site::new();
    let since = "since must be a position as the server wrote it, all, none, a number of messages up to 1000, or a time \
                 such as 10m.";
    let before = "before is not a position: give one as the server wrote it, for example 8f3a1c20b7d41-57.";
    for (query, code, detail) in [
        ("since=yesterday", "since_invalid", since),
        ("since=", "since_invalid", since),
        ("since=1001", "since_invalid", since),
        ("before=10m", "before_invalid", before),
        (
            "since=all&before=8f3a1c20b7d41-57",
            "before_invalid",
            "since and before exclude each other: messages are read forwards from one, or backwards from the other.",
        ),
        ("limit=0", "limit_invalid", "limit must be a whole number from 1 to 1000."),
        ("limit=1001", "limit_invalid", "limit must be a whole number from 1 to 1000."),
    ] {
        let answer = site.get(&format!("/v1/rooms/D5DB/messages?{query}")).await;
        assert_eq!(answer.problem(), (400, code.to_owned(), detail.to_owned()), "{query}");
    }
}

#[tokio::test]
async fn a_room_that_nobody_is_in_is_an_empty_one() {
    let answer = Site::new().get("/v1/rooms/e%CC%81%2Fb").await;
    assert_eq!((answer.status, answer.header("content-type")), (StatusCode::OK, "application/json"));
    assert_eq!(answer.body, "{\"room\":\"\u{e9}/b\",\"members\":[],\"count\":0}\n");
}

#[tokio::test]
async fn given_a_request_for_events_then_the_server_gets_a_stream_to_open() {
    let site = Site::new();
    for (accept, kind) in [
        ("*/*", "text/event-stream; charset=utf-8"),
        ("application/x-ndjson", "application/x-ndjson; charset=utf-8"),
    ] {
        let request = Request::get("/v1/rooms/D5DB/events").header("accept", accept);
        let request = request.body(http_body_util::Full::default()).unwrap();
        let answer = app(site.state.clone()).oneshot(request).await.unwrap();
        let AppAnswer::Stream(head, _) = answer else { panic!("a stream") };
        assert_eq!(head.headers.get(header::CONTENT_LENGTH), None, "it would end the response");
        assert_eq!(head.headers[header::CONTENT_TYPE], kind);
        assert_eq!(head.headers.get_all(header::CACHE_CONTROL).iter().collect::<Vec<_>>(), ["no-store"]);
        let varies: Vec<_> = head.headers.get_all(header::VARY).iter().collect();
        assert!(varies.iter().any(|field| *field == "Accept"), "{varies:?}");
    }
}

#[tokio::test]
async fn clients_of_a_unix_socket_share_a_limit_unless_the_proxy_tells_them_apart() {
    let site = Site::with([("ALERT_EVENT_RATE", "1"), ("ALERT_EVENT_BURST", "1")]);
    let post = |address: Option<&'static str>| {
        let mut request = Request::post("/v1/rooms/D5DB").extension(PeerAddr::Unix);
        if let Some(address) = address {
            request = request.header("x-forwarded-for", address);
        }
        router(site.state.clone()).oneshot(request.body(Body::from("hi")).unwrap())
    };
    for (address, status) in [
        (None, 202),
        (None, 429),
        (Some("198.51.100.7"), 202),
        (Some("198.51.100.7"), 429),
        (Some("198.51.100.8"), 202),
    ] {
        assert_eq!(post(address).await.unwrap().status(), status, "{address:?}");
    }
}
