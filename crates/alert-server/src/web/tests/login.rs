//! The way in: form, mistakes, cookie, chat page.

use super::*;

#[tokio::test]
async fn the_login_form_is_filled_in_from_the_address() {
    let site = Site::new();
    let page = site.get("/v1").await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert!(page.body.contains("method=\"post\" action=\"/v1\""), "{}", page.body);
    assert!(page.body.contains("At most 64 characters") && page.body.contains("At most 128 characters"));
    let page = site.get("/v1?room=%22%3E%3Cscript%3E").await;
    assert!(page.body.contains("value=\"&#34;&#62;&#60;script&#62;\""), "{}", page.body);
}

#[tokio::test]
async fn the_button_makes_a_fresh_code_and_keeps_the_name() {
    let site = Site::new();
    let mut codes = std::collections::HashSet::new();
    for _ in 0..8 {
        let page = site.get("/v1?fresh=1&name=Ada&room=old").await;
        assert!(page.body.contains("value=\"Ada\"") && !page.body.contains("value=\"old\""), "{}", page.body);
        let field = page.body.split("id=\"room\"").nth(1).unwrap();
        let code = field.split("value=\"").nth(1).unwrap().split('"').next().unwrap();
        let is_in_threes = |(at, c): (usize, char)| {
            if at % 4 == 3 { c == '-' } else { "0123456789BCDFGHJKMNPQRSTVWXYZ".contains(c) }
        };
        assert!(code.len() == 11 && code.chars().enumerate().all(is_in_threes), "{code}");
        assert!(page.body.contains("id=\"fresh\""), "another one can be had");
        codes.insert(code.to_owned());
    }
    assert_eq!(codes.len(), 8);
}

#[tokio::test]
async fn a_login_goes_to_the_chat_page_with_a_cookie_that_opens_it() {
    let site = Site::new();
    let answer = site.post(" Ada ", "Class 4b & c/ü", &[]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let address = answer.header("location").to_owned();
    assert_eq!(address, "/v1/chat?room=Class+4b+%26+c%2F%C3%BC");
    let attributes: Vec<&str> = answer.header("set-cookie").split("; ").skip(1).collect();
    assert_eq!(attributes, ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=2592000"]);
    let page = site.get_with(&address, &answer.cookie()).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(
        page.body.contains("data-room=\"Class 4b &#38; c/ü\"") && page.body.contains("data-name=\"Ada\""),
        "{}",
        page.body
    );
}

#[tokio::test]
async fn a_code_as_people_type_it_and_a_link_lead_to_the_room_that_is_meant() {
    let site = Site::new();
    for (typed, room) in [
        ("k7q fm2\u{A0}xd9", "K7Q-FM2-XD9"),
        ("https://alert.example/v1?room=k7qfm2xd9\r\n", "K7Q-FM2-XD9"),
        ("alert.example/v1/chat?room=Class+4b", "Class+4b"),
        ("7cof 2e9a 41d8 4b6f a352 0c9e 6d18 b7f4", "7C0F2E9A41D84B6FA3520C9E6D18B7F4"),
        ("new-red-cat", "new-red-cat"),
    ] {
        let answer = site.post("Ada", typed, &[]).await;
        assert_eq!(answer.header("location"), format!("/v1/chat?room={room}"), "{typed}");
        assert_eq!(site.get_with(answer.header("location"), &answer.cookie()).await.status, StatusCode::OK);
    }
    let answer = site.post("Ada", "https://alert.example/v1", &[]).await;
    assert!(answer.body.contains("The room code is required."), "a link without a room: {}", answer.body);
}

#[tokio::test]
async fn whoever_has_a_room_is_offered_no_other_in_passing() {
    let site = Site::new();
    let offers = |answer: Answer| answer.body.contains("id=\"fresh\"");
    assert!(offers(site.get("/v1").await));
    assert!(offers(site.get("/v1?room=").await));
    assert!(!offers(site.get("/v1?room=engine").await));
    assert!(!offers(site.post("", "engine", &[]).await), "the name was wrong, not the room");
    assert!(offers(site.post("Ada", "", &[]).await));
}

#[tokio::test]
async fn whoever_is_sent_back_from_the_chat_page_is_told_why_where_that_is_known() {
    let site = Site::new();
    let cookie = site.log_in("Ada", "one", "").await;
    let form = ("referer", "http://127.0.0.1:5000/v1?room=two");
    let stale = ("cookie", "alert_session=bm90aGluZw");
    let bookmark = ("referer", "http://127.0.0.1:5000/docs/");
    for (headers, why) in [
        (&[][..], ""),
        (&[bookmark], ""),
        (&[form], "&why=cookie-not-kept"),
        (&[stale], "&why=login-unknown"),
        (&[stale, form], "&why=login-unknown"),
        (&[("cookie", &*cookie)], ""),
        (&[("cookie", &*cookie), form], ""),
    ] {
        let answer = site.ask(Method::GET, "/v1/chat?room=two", headers, "").await;
        assert_eq!(answer.header("location"), format!("/v1?room=two{why}"), "{headers:?}");
    }
    for (site, why, words) in [
        (&site, "cookie-not-kept", "It blocks cookies"),
        (&site, "login-unknown", "no longer knows your login"),
        (
            &Site::with([("ALERT_PUBLIC_URL", "https://alert.example")]),
            "cookie-not-kept",
            "only at its https address",
        ),
    ] {
        let page = site.get(&format!("/v1?room=two&why={why}")).await.body;
        assert!(page.contains(words) && page.contains("value=\"two\""), "{page}");
    }
    let page = site.get("/v1?room=two&why=%3Cb%3E").await.body;
    assert!(page.contains("role=\"alert\"></p>") && page.contains("value=\"two\""), "{page}");
}

#[tokio::test]
async fn the_cookie_is_secure_where_users_come_over_https() {
    for (url, secure) in [("https://alert.example", true), ("http://alert.example", false)] {
        let site = Site::with([("ALERT_PUBLIC_URL", url)]);
        let cookie = site.post("Ada", "r", &[]).await.header("set-cookie").to_owned();
        assert_eq!(cookie.split("; ").any(|part| part == "Secure"), secure, "{url}: {cookie}");
    }
}

#[tokio::test]
async fn mistakes_are_shown_beside_the_field_and_what_was_typed_stays() {
    let site = Site::new();
    let long = "x".repeat(129);
    let huge = "x".repeat(100_000);
    for (name, room, id, text) in [
        ("", "r", "name-error", "Your name is required."),
        ("A\u{7}", "r", "name-error", "Your name must not contain control characters or line breaks."),
        (&huge, "r", "name-error", "Your name is longer than 64 characters."),
        ("Ada", " \u{200B} ", "room-error", "The room code is required."),
        ("Ada", &long, "room-error", "The room code is longer than 128 characters."),
    ] {
        let answer = site.post(name, room, &[]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(
            answer.body.contains(&format!("<p id=\"{id}\" class=\"field-error\">{text}</p>")),
            "{}",
            answer.body
        );
        assert!(
            answer.body.contains(&format!("value=\"{name}\"")) && answer.headers.get("set-cookie").is_none()
        );
    }
    let both = site.post("", "", &[]).await.body;
    assert!(both.contains("name-error") && both.contains("room-error"));
}

#[tokio::test]
async fn a_form_that_cannot_be_read_is_an_error_page() {
    let site = Site::new();
    let form = ("content-type", "application/x-www-form-urlencoded");
    let twice = site.ask(Method::POST, "/v1", &[form], "name=a&name=b&room=r").await;
    assert_eq!(twice.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(twice.body.contains("This form cannot be read"));
    let other = site.ask(Method::POST, "/v1", &[("content-type", "text/plain")], "name=a").await;
    assert_eq!(other.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let large = site.ask(Method::POST, "/v1", &[form], &"x".repeat(FORM_BYTES + 1)).await;
    assert_eq!(large.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn without_a_session_for_its_room_the_chat_page_goes_back_to_the_login() {
    let site = Site::new();
    let cookie = site.log_in("Ada", "one", "").await;
    for (address, cookie, back) in [
        ("/v1/chat?room=one", "", "/v1?room=one"),
        ("/v1/chat?room=two", &*cookie, "/v1?room=two"),
        ("/v1/chat?room=a%26b", &*cookie, "/v1?room=a%26b"),
        ("/v1/chat?room=a%0Ab", &*cookie, "/v1?room=a%0Ab"),
        ("/v1/chat", &*cookie, "/v1"),
        ("/v1/chat?room=x&room=y", &*cookie, "/v1"),
    ] {
        let answer = site.get_with(address, cookie).await;
        assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, back), "{address}");
    }
}

#[tokio::test]
async fn the_form_remembers_the_name_of_the_last_login() {
    let site = Site::new();
    let cookie = site.log_in("Ada", "one", "").await;
    assert!(site.get_with("/v1?room=two", &cookie).await.body.contains("value=\"Ada\""));
    assert!(!site.get_with("/v1?name=", &cookie).await.body.contains("value=\"Ada\""));
}

#[tokio::test]
async fn a_form_from_another_site_is_refused() {
    let site = Site::with([
        ("ALERT_PUBLIC_URL", "https://alert.example"),
        ("ALERT_ALLOW_ORIGIN", "https://friend.example,*"),
    ]);
    for (headers, allowed) in [
        (&[][..], true),
        (&[("origin", "http://127.0.0.1:5000"), ("sec-fetch-site", "same-origin")], true),
        (&[("origin", "https://alert.example")], true),
        (&[("sec-fetch-site", "none")], true),
        (&[("origin", "https://evil.example")], false),
        (&[("origin", "https://friend.example")], false),
        (&[("origin", "http://127.0.0.1:5001")], false),
        (&[("origin", "null")], false),
        (&[("sec-fetch-site", "cross-site")], false),
        (&[("sec-fetch-site", "same-site")], false),
        (&[("origin", "http://127.0.0.1:5000"), ("sec-fetch-site", "cross-site")], false),
    ] {
        let answer = site.post("Ada", "r", headers).await;
        let wanted = if allowed { StatusCode::SEE_OTHER } else { StatusCode::FORBIDDEN };
        assert_eq!(answer.status, wanted, "{headers:?}");
        assert_eq!(answer.headers.contains_key("set-cookie"), allowed, "{headers:?}");
        assert!(allowed || answer.body.contains("sent from another site"), "{}", answer.body);
    }
}
