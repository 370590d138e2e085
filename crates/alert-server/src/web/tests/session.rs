//! The session cookie: what it holds, how large it gets, and who may use it.

use std::time::{Duration, UNIX_EPOCH};

use alert_core::names::UserName;

use super::*;

#[tokio::test]
async fn a_session_holds_a_name_for_each_room_the_last_login_last() {
    let site = Site::new();
    let cookie = site.log_in("Ada", "one", "").await;
    let cookie = site.log_in("Bea", "two", &cookie).await;
    let session = site.session(&cookie);
    assert_eq!(session.name_in(&room("one")).unwrap().as_str(), "Ada");
    assert_eq!(session.name_in(&room("two")).unwrap().as_str(), "Bea");
    assert_eq!(session.name_in(&room("three")), None);
    assert_eq!(session.last().unwrap().0, &room("two"));
    let again = site.session(&site.log_in("Cleo", "one", &cookie).await);
    assert_eq!(again.last().map(|(room, name)| (room.as_str(), name.as_str())), Some(("one", "Cleo")));
    assert!(again.name_in(&room("two")).is_some());
}

#[tokio::test]
async fn a_session_keeps_the_newest_eight_rooms() {
    let site = Site::new();
    let mut cookie = String::new();
    for number in 0..9 {
        cookie = site.log_in("Ada", &format!("room {number}"), &cookie).await;
    }
    let session = site.session(&cookie);
    assert_eq!(session.name_in(&room("room 0")), None);
    assert!((1..9).all(|number| session.name_in(&room(&format!("room {number}"))).is_some()));
}

#[tokio::test]
async fn a_session_with_the_longest_names_fits_into_a_cookie_and_forgets_the_oldest_rooms() {
    let site = Site::with([("ALERT_MAX_NAME_CHARS", "256"), ("ALERT_MAX_ROOM_CHARS", "256")]);
    for (chars, kept) in [((256, 256), 1), ((64, 128), 3), ((16, 32), 8)] {
        let name = "\u{1F600}".repeat(chars.0);
        let mut cookie = String::new();
        let mut header = String::new();
        for number in 0..8 {
            let code = format!("{number}{}", "\u{1F512}".repeat(chars.1 - 1));
            let answer = site.post(&name, &code, &[("cookie", &cookie)]).await;
            header = answer.header("set-cookie").to_owned();
            cookie = answer.cookie();
            assert!(header.len() <= 4096, "{} bytes", header.len());
        }
        let session = site.session(&cookie);
        let rooms = (0..8).map(|number| room(&format!("{number}{}", "\u{1F512}".repeat(chars.1 - 1))));
        let known: Vec<bool> = rooms.map(|room| session.name_in(&room).is_some()).collect();
        let wanted: Vec<bool> = (0..8).map(|number| number >= 8 - kept).collect();
        assert_eq!(known, wanted, "{chars:?}: {} bytes", header.len());
    }
}

#[tokio::test]
async fn the_cookie_is_unreadable_and_a_forged_or_old_one_is_no_session() {
    let site = Site::new();
    let cookie = site.log_in("Ada", "secret-room", "").await;
    assert!(!cookie.contains("secret") && site.session(&cookie).last().is_some());
    let other = Site::with([("ALERT_SESSION_KEY", "b3RoZXIgb3RoZXIgb3RoZXIgb3RoZXIgb3RoZXIgb3RoZXI=")]);
    assert_eq!(other.session(&cookie), WebSession::default());
    let at = cookie.len() - 9;
    let other_digit = if cookie.as_bytes()[at] == b'A' { "B" } else { "A" };
    let mut tampered = cookie.clone();
    tampered.replace_range(at..=at, other_digit);
    for wrong in
        [tampered.as_str(), "alert_session=", "alert_session=rubbish", "alert_session", "=;;", "other=1"]
    {
        assert_eq!(site.session(wrong), WebSession::default(), "{wrong}");
        assert_eq!(site.get_with("/v1", wrong).await.status, StatusCode::OK, "{wrong}");
    }
}

#[tokio::test]
async fn the_cookie_is_found_among_others() {
    let site = Site::new();
    let cookie = site.log_in("Ada", "one", "").await;
    let all = [format!("a=1; {cookie}; b=2"), format!("{cookie};;"), format!("caf=\u{e9}; {cookie}")];
    for all in all {
        assert!(site.session(&all).last().is_some(), "{all}");
    }
    let mut headers = HeaderMap::new();
    headers.append(header::COOKIE, HeaderValue::from_bytes(b"other=caf\xE9").unwrap());
    headers
        .append(header::COOKIE, HeaderValue::from_bytes(&[b"a=\xFF; ", cookie.as_bytes()].concat()).unwrap());
    assert!(site.state.sessions().read(&headers).last().is_some());
}

#[tokio::test]
async fn two_cookies_of_the_name_are_no_session_whichever_is_ours() {
    let site = Site::new();
    let cookie = site.log_in("Ada", "one", "").await;
    for all in [
        format!("alert_session=stale; {cookie}"),
        format!("{cookie}; alert_session=stale"),
        format!("{cookie}; {cookie}"),
        format!("{cookie}; a=1; alert_session="),
    ] {
        assert_eq!(site.session(&all), WebSession::default(), "{all}");
    }
    let mut headers = with_cookie(&cookie);
    headers.append(header::COOKIE, HeaderValue::from_str(&cookie).unwrap());
    assert_eq!(site.state.sessions().read(&headers), WebSession::default());
}

#[tokio::test]
async fn a_session_counts_for_30_days_whatever_the_browser_keeps() {
    let site = Site::new();
    let cookies = site.state.sessions();
    let mut session = WebSession::default();
    session.enter(room("one"), UserName::parse("Ada", 64).unwrap());
    let day = Duration::from_secs(86_400);
    let made = UNIX_EPOCH + 10_000 * day;
    let cookie = cookies.write_at(&session, &HeaderMap::new(), made);
    let cookie = with_cookie(cookie.to_str().unwrap().split(';').next().unwrap());
    for (now, counts) in [
        (made, true),
        (made + 29 * day, true),
        (made + 30 * day, true),
        (made + 30 * day + Duration::from_secs(1), false),
        (made + 40 * day, false),
        (made + 4_000 * day, false),
        (made - day, true),
        (made - 2 * day, false),
        (UNIX_EPOCH, false),
    ] {
        assert_eq!(cookies.read_at(&cookie, now).last().is_some(), counts, "{now:?}");
    }
}

#[tokio::test]
async fn a_new_key_with_the_previous_one_logs_nobody_out() {
    let [old, new] = [
        "b2xkIG9sZCBvbGQgb2xkIG9sZCBvbGQgb2xkIG9sZCBvbGQ=",
        "bmV3IG5ldyBuZXcgbmV3IG5ldyBuZXcgbmV3IG5ldyBuZXc=",
    ];
    let before = Site::with([("ALERT_SESSION_KEY", old)]);
    let cookie = before.log_in("Ada", "one", "").await;
    let after = Site::with([("ALERT_SESSION_KEY", new), ("ALERT_SESSION_KEY_PREVIOUS", old)]);
    assert!(after.session(&cookie).last().is_some());
    let again = after.log_in("Ada", "two", &cookie).await;
    assert!(after.session(&again).name_in(&room("one")).is_some());
    // What is made now is made with the new key.
    assert_eq!(before.session(&again), WebSession::default());
    let later = Site::with([("ALERT_SESSION_KEY", new)]);
    assert!(later.session(&again).last().is_some() && later.session(&cookie).last().is_none());
}

#[tokio::test]
async fn where_users_come_over_tls_the_cookie_is_bound_to_the_host() {
    let key = ("ALERT_SESSION_KEY", "b2xkIG9sZCBvbGQgb2xkIG9sZCBvbGQgb2xkIG9sZCBvbGQ=");
    let site = Site::with([key, ("ALERT_PUBLIC_URL", "https://alert.example")]);
    let answer = site.post("Ada", "one", &[]).await;
    let set = answer.header("set-cookie");
    assert!(set.starts_with("__Host-alert_session="), "{set}");
    assert!(set.contains("; Path=/") && set.contains("; Secure") && !set.contains("Domain"), "{set}");
    let cookie = answer.cookie();
    assert!(site.session(&cookie).last().is_some());
    // A page of another host of the domain can set a cookie with the plain name.
    let plain = Site::with([key]).log_in("Mallory", "one", "").await;
    assert!(plain.starts_with("alert_session="));
    assert_eq!(site.session(&plain), WebSession::default());
    assert_eq!(site.session(&format!("{plain}; {cookie}")).last().unwrap().1.as_str(), "Ada");
}

#[tokio::test]
async fn a_login_in_a_frame_has_a_cookie_that_works_there_and_nobody_elses_changes() {
    let https = ("ALERT_PUBLIC_URL", "https://alert.example");
    let ancestors = ("ALERT_FRAME_ANCESTORS", "https://school.example");
    let site = Site::with([https, ancestors]);
    for (dest, is_framed) in [
        ("iframe", true),
        ("frame", true),
        ("object", true),
        ("embed", true),
        ("document", false),
        ("", false),
    ] {
        let answer = site.post("Ada", "one", &[("sec-fetch-dest", dest)]).await;
        let set = answer.header("set-cookie");
        let name = if is_framed { "__Host-alert_framed=" } else { "__Host-alert_session=" };
        let same_site = if is_framed { "; SameSite=None" } else { "; SameSite=Lax" };
        assert!(set.starts_with(name) && set.contains(same_site), "{dest}: {set}");
        assert!(set.contains("; HttpOnly") && set.contains("; Secure") && set.contains("; Path=/"), "{set}");
        assert_eq!(set.contains("; Partitioned"), is_framed, "{dest}: {set}");
        assert!(site.session(&answer.cookie()).name_in(&room("one")).is_some());
    }
    // Nobody has named a site, or no browser would keep it.
    for settings in [[https, ("ALERT_ALLOW_ORIGIN", "*")], [ancestors, ("ALERT_ALLOW_ORIGIN", "*")]] {
        let answer = Site::with(settings).post("Ada", "one", &[("sec-fetch-dest", "iframe")]).await;
        let set = answer.header("set-cookie");
        assert!(set.contains("alert_session=") && set.contains("; SameSite=Lax"), "{set}");
        assert!(!set.contains("Partitioned"), "{set}");
    }
}

#[tokio::test]
async fn given_the_cookies_of_a_frame_and_of_a_window_then_both_count_and_the_later_login_wins() {
    let site = Site::with([
        ("ALERT_PUBLIC_URL", "https://alert.example"),
        ("ALERT_FRAME_ANCESTORS", "https://school.example"),
    ]);
    let framed = HeaderMap::from_iter([(
        axum::http::HeaderName::from_static("sec-fetch-dest"),
        HeaderValue::from_static("iframe"),
    )]);
    let cookies = site.state.sessions();
    let made = std::time::SystemTime::now();
    let cookie = |rooms: &[&str], name: &str, headers: &HeaderMap, at| {
        let mut session = WebSession::default();
        for code in rooms {
            session.enter(room(code), UserName::parse(name, 64).unwrap());
        }
        let set = cookies.write_at(&session, headers, at);
        set.to_str().unwrap().split(';').next().unwrap().to_owned()
    };
    let minute = Duration::from_secs(60);
    let window = cookie(&["one", "two"], "Ada", &HeaderMap::new(), made - minute);
    let frame = cookie(&["two", "three"], "Bea", &framed, made);
    for both in [format!("{window}; {frame}"), format!("{frame}; {window}")] {
        let session = site.session(&both);
        let name = |code: &str| session.name_in(&room(code)).map(UserName::as_str);
        assert_eq!((name("one"), name("two"), name("three")), (Some("Ada"), Some("Bea"), Some("Bea")));
        assert_eq!(session.last().map(|(room, _)| room.as_str()), Some("three"));
    }
    // One that does not count takes nothing from the other.
    for other in ["__Host-alert_framed=rubbish", "__Host-alert_framed=a; __Host-alert_framed=b"] {
        assert!(site.session(&format!("{window}; {other}")).name_in(&room("one")).is_some(), "{other}");
    }
}

#[tokio::test]
async fn a_session_outlives_narrower_limits_only_where_it_fits_them() {
    let site = Site::new();
    let cookie = site.log_in("Ada", "long name", "").await;
    let cookie = site.log_in("Ada", "short", &cookie).await;
    let narrow = Site::with([("ALERT_MAX_ROOM_CHARS", "5")]).session(&cookie);
    assert!(narrow.name_in(&room("short")).is_some() && narrow.name_in(&room("long name")).is_none());
}

#[tokio::test]
async fn a_handshake_caused_by_a_foreign_page_has_no_session() {
    let settings =
        [("ALERT_PUBLIC_URL", "https://alert.example"), ("ALERT_ALLOW_ORIGIN", "https://friend.example,*")];
    let site = Site::with(settings);
    let cookie = site.log_in("Ada", "one", "").await;
    for (more, honoured) in [
        (&[][..], true),
        (&[("origin", "http://127.0.0.1:5000")], true),
        (&[("origin", "https://alert.example"), ("sec-fetch-site", "same-origin")], true),
        (&[("sec-fetch-site", "none")], true),
        (&[("origin", "https://friend.example")], false),
        (&[("origin", "https://evil.example")], false),
        (&[("origin", "null")], false),
        (&[("sec-fetch-site", "same-site")], false),
        (&[("sec-fetch-site", "cross-site")], false),
        (&[("sec-fetch-site", "")], false),
    ] {
        let mut headers = with_cookie(&cookie);
        headers.insert(header::HOST, HeaderValue::from_static(HOST));
        for (name, value) in more {
            headers.insert(*name, HeaderValue::from_static(value));
        }
        let session = site.state.sessions().read_for_handshake(&headers);
        assert_eq!(session.last().is_some(), honoured, "{more:?}");
    }
}
