//! The session cookie: what it holds, how large it gets, and who may use it.

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
    for all in [format!("a=1; {cookie}; b=2"), format!("alert_session=stale; {cookie}")] {
        assert!(site.session(&all).last().is_some(), "{all}");
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
