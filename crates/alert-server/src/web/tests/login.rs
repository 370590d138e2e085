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
async fn the_button_makes_a_fresh_code_of_128_bits_and_keeps_the_name() {
    let site = Site::new();
    let mut codes = std::collections::HashSet::new();
    for _ in 0..8 {
        let page = site.get("/v1?fresh=1&name=Ada&room=old").await;
        assert!(page.body.contains("value=\"Ada\"") && !page.body.contains("value=\"old\""), "{}", page.body);
        let field = page.body.split("id=\"room\"").nth(1).unwrap();
        let code = field.split("value=\"").nth(1).unwrap().split('"').next().unwrap();
        let upper_hex = |digit: u8| digit.is_ascii_digit() || (b'A'..=b'F').contains(&digit);
        assert!(code.len() == 32 && code.bytes().all(upper_hex), "{code}");
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
