//! Health, files, headers, and the addresses that lead nowhere.

use super::*;

#[tokio::test]
async fn the_root_goes_to_v1_and_keeps_the_room() {
    for (address, status, location) in [
        ("/", StatusCode::TEMPORARY_REDIRECT, "/v1"),
        ("/?room=K7Q-FM2-XD9", StatusCode::TEMPORARY_REDIRECT, "/v1?room=K7Q-FM2-XD9"),
        ("/v1/", StatusCode::PERMANENT_REDIRECT, "/v1"),
        ("/v1/?room=a%20b", StatusCode::PERMANENT_REDIRECT, "/v1?room=a%20b"),
    ] {
        let answer = Site::new().get(address).await;
        assert_eq!((answer.status, answer.header("location")), (status, location), "{address}");
    }
}

#[tokio::test]
async fn the_screen_of_a_room_is_there_for_everybody_in_the_language_that_is_asked_for() {
    let site = Site::new();
    for (address, language, direction) in [
        ("/v1/screen?room=%3Cb%3E", "en", "ltr"),
        ("/v1/screen?room=%3Cb%3E&lang=de-AT", "de", "ltr"),
        ("/v1/screen?room=%3Cb%3E&lang=ar", "ar", "rtl"),
        ("/v1/screen?room=%3Cb%3E&lang=x", "en", "ltr"),
    ] {
        let page = site.get(address).await;
        assert_eq!((page.status, page.header("content-language")), (StatusCode::OK, language), "{address}");
        assert!(page.body.contains(&format!("<html lang=\"{language}\" dir=\"{direction}\">")), "{address}");
        assert!(page.body.contains("data-room=\"&#60;b&#62;\""), "{address}: {}", page.body);
        assert!(page.body.contains("\"screen_lost\"") && page.body.contains("\"alert_words\""));
    }
    for address in ["/v1/screen", "/v1/screen?room=", "/v1/screen?room=%00"] {
        let answer = site.get(address).await;
        assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/v1"), "{address}");
    }
}

#[tokio::test]
async fn the_app_is_the_router_as_the_server_calls_it() {
    let request = Request::builder().uri("/livez").body(http_body_util::Full::default()).unwrap();
    let answer = app(Site::new().state).oneshot(request).await.unwrap();
    let AppAnswer::Whole(answer) = answer else { panic!("a whole response") };
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "ok\n");
}

#[tokio::test]
async fn health_tells_living_from_ready() {
    let site = Site::new();
    for address in ["/livez", "/readyz"] {
        let answer = site.get(address).await;
        assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, "ok\n"), "{address}");
    }
    site.readiness.begin_drain();
    assert_eq!(site.get("/readyz").await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(site.get("/livez").await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_unknown_address_is_a_small_page() {
    let site = Site::new();
    for address in ["/nowhere", "/v1/nowhere", "/assets/nothing.js", "/assets/", "/assets/../Cargo.toml"] {
        let answer = site.get(address).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{address}");
        assert!(answer.body.contains("There is no page here"), "{address}: {}", answer.body);
        assert_eq!(answer.header("cache-control"), "no-store");
    }
}

#[tokio::test]
async fn a_link_to_a_room_that_is_nearly_right_leads_to_the_room() {
    let site = Site::new();
    for (address, link) in [
        ("/V1?room=K7Q", "/v1?room=K7Q"),
        ("/v2?room=a%22b", "/v1?room=a%22b"),
        ("/login?room=K7Q&x=%3Cb%3E", "/v1?room=K7Q&#38;x=%3Cb%3E"),
        ("/v1/chat/?room=K7Q", "/v1/chat?room=K7Q"),
    ] {
        let page = site.ask(Method::GET, address, &[("accept", "text/html")], "").await;
        assert!(page.body.contains(&format!("<a href=\"{link}\">")), "{address}: {}", page.body);
    }
}

#[tokio::test]
async fn a_document_is_found_without_its_ending_and_in_any_case() {
    let site = Site::new();
    for (address, meant) in [
        ("/docs/http-api", "/docs/http-api.md"),
        ("/docs/HTTP-API.md", "/docs/http-api.md"),
        ("/docs/http-api.html", "/docs/http-api.md"),
        ("/docs/http-api.md/", "/docs/http-api.md"),
        ("/docs/openapi.json", "/docs/openapi.yaml"),
        ("/docs/clients", "/docs/clients/README.md"),
        ("/docs/clients/", "/docs/clients/README.md"),
    ] {
        let page = site.ask(Method::GET, address, &[("accept", "text/html")], "").await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{address}");
        assert!(page.body.contains(&format!("<a href=\"{meant}\">")), "{address}: {}", page.body);
    }
    let page = site.ask(Method::GET, "/docs/nothing", &[("accept", "text/html")], "").await;
    assert!(!page.body.contains("<a href=\"/docs/nothing"), "{}", page.body);
}

#[tokio::test]
async fn a_wrong_method_is_told_the_right_ones() {
    let site = Site::new();
    for (method, address, allow) in [
        (Method::DELETE, "/v1", "GET,HEAD,POST"),
        (Method::POST, "/v1/chat", "GET,HEAD"),
        (Method::POST, "/livez", "GET,HEAD"),
        (Method::PUT, "/assets/favicon.svg", "GET,HEAD"),
    ] {
        let answer = site.ask(method, address, &[], "").await;
        assert_eq!(
            (answer.status, answer.header("allow")),
            (StatusCode::METHOD_NOT_ALLOWED, allow),
            "{address}"
        );
    }
}

#[tokio::test]
async fn head_is_get_without_a_body() {
    let site = Site::new();
    for address in ["/v1", "/livez", assets::CSS] {
        let answer = site.ask(Method::HEAD, address, &[], "").await;
        assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, ""), "{address}");
    }
}

#[tokio::test]
async fn the_pages_files_are_embedded_with_their_types() {
    let site = Site::new();
    let cookie = site.log_in("Ada", "r", "").await;
    let login = site.get("/v1").await.body;
    let chat = site.get_with("/v1/chat?room=r", &cookie).await.body;
    let forever = "public, max-age=31536000, immutable";
    for (page, address, kind, caching) in [
        (&login, assets::LOGIN_JS, "text/javascript; charset=utf-8", forever),
        (&chat, assets::CHAT_JS, "text/javascript; charset=utf-8", forever),
        (&chat, assets::CSS, "text/css; charset=utf-8", forever),
        (&chat, "/assets/favicon.svg", "image/svg+xml", "public, max-age=3600"),
    ] {
        assert!(page.contains(&format!("=\"{address}\"")), "{address} in {page}");
        let file = site.get(address).await;
        let seen = (file.status, file.header("content-type"), file.header("cache-control"));
        assert_eq!(seen, (StatusCode::OK, kind, caching), "{address}");
        assert!(!file.body.is_empty(), "{address}");
    }
}

#[tokio::test]
async fn every_answer_has_the_security_headers() {
    let site = Site::new();
    let get = |address: &'static str| site.get(address);
    let answers = [
        get("/").await,
        get("/v1").await,
        get("/nowhere").await,
        get("/livez").await,
        get(assets::CSS).await,
        site.ask(Method::DELETE, "/v1", &[], "").await,
        site.post("Ada", "r", &[("origin", "https://evil.example")]).await,
    ];
    let policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; manifest-src 'self'; base-uri 'none'; \
                  form-action 'self'; frame-ancestors 'none'; connect-src 'self' ws://127.0.0.1:5000 wss://127.0.0.1:5000";
    for answer in answers {
        assert_eq!(answer.header("content-security-policy"), policy);
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("x-frame-options"), "DENY");
        assert_eq!(answer.header("referrer-policy"), "same-origin");
        assert!(!answer.headers.contains_key("strict-transport-security"));
        assert!(!answer.header("cache-control").is_empty());
    }
    assert_eq!(site.get("/v1").await.header("cache-control"), "no-store");
}

#[tokio::test]
async fn only_pages_of_the_sites_that_are_named_may_show_ours_in_a_frame() {
    let site = Site::with([(
        "ALERT_FRAME_ANCESTORS",
        "https://School.example:443/,https://*.example.org,http://lan:8080",
    )]);
    for address in ["/v1", "/v1/chat?room=r", "/nowhere", "/livez"] {
        let answer = site.get(address).await;
        let policy = answer.header("content-security-policy");
        let directives: Vec<&str> = policy.split("; ").collect();
        let ancestors = "frame-ancestors https://school.example https://*.example.org http://lan:8080";
        assert!(directives.contains(&ancestors), "{policy}");
        assert_eq!(directives.iter().filter(|one| one.starts_with("frame-ancestors")).count(), 1);
        // Browsers differ in which of the two they follow.
        assert!(!answer.headers.contains_key("x-frame-options"));
    }
}

#[tokio::test]
async fn in_a_frame_too_only_our_own_form_logs_in() {
    let site = Site::with([
        ("ALERT_PUBLIC_URL", "https://alert.example"),
        ("ALERT_FRAME_ANCESTORS", "https://school.example"),
    ]);
    let dest = ("sec-fetch-dest", "iframe");
    for (headers, status) in [
        (
            &[dest, ("origin", "https://alert.example"), ("sec-fetch-site", "same-origin")][..],
            StatusCode::SEE_OTHER,
        ),
        (
            &[dest, ("origin", "https://school.example"), ("sec-fetch-site", "cross-site")],
            StatusCode::FORBIDDEN,
        ),
        (&[dest, ("origin", "https://school.example")], StatusCode::FORBIDDEN),
        (&[dest, ("origin", "null"), ("sec-fetch-site", "cross-site")], StatusCode::FORBIDDEN),
        (&[dest, ("sec-fetch-site", "same-site")], StatusCode::FORBIDDEN),
    ] {
        let answer = site.post("Ada", "one", headers).await;
        assert_eq!(
            (answer.status, answer.headers.contains_key("set-cookie")),
            (status, status.is_redirection())
        );
    }
}

#[tokio::test]
async fn a_host_that_is_no_host_adds_nothing_to_the_policy() {
    let state = Site::new().state;
    for host in ["a;script-src *", "a b", "'unsafe-inline'", ""] {
        let request =
            Request::builder().uri("/livez").header(header::HOST, host).body(Body::empty()).unwrap();
        let answer = router(state.clone()).oneshot(request).await.unwrap();
        let policy = answer.headers()["content-security-policy"].to_str().unwrap();
        assert!(policy.ends_with("connect-src 'self'"), "{policy}");
    }
}

#[tokio::test]
async fn no_page_has_anything_inline_or_from_elsewhere() {
    let site = Site::new();
    let cookie = site.log_in("Ada", "r", "").await;
    for body in [
        site.get("/v1").await.body,
        site.get_with("/v1/chat?room=r", &cookie).await.body,
        site.get("/x").await.body,
    ] {
        for wrong in [
            "<style",
            " style=",
            "<script>",
            " onclick=",
            " onload=",
            "javascript:",
            "src=\"http",
            "href=\"http",
        ] {
            assert!(!body.contains(wrong), "{wrong} in {body}");
        }
    }
}
