//! How many rooms one address may name, and how fast it may post.

use crate::server::Server;

/// Names rooms by every way of the HTTP API until one is refused, and says how many were not.
fn name_rooms(server: &Server) -> usize {
    (0..200)
        .take_while(|number| {
            let answer = match number % 3 {
                0 => server.get(&format!("/v1/rooms/room-{number}")),
                1 => server.post(&format!("/v1/rooms/room-{number}"), &[], "hello"),
                _ => server.ask("HEAD", &format!("/v1/rooms/room-{number}/events"), &[], b""),
            };
            [200, 202].contains(&answer.status)
        })
        .count()
}

#[test]
fn given_sixty_rooms_then_the_next_is_refused_whatever_is_done_with_it() {
    let server = Server::start(&[]);
    // One more for each second that it takes.
    let named = name_rooms(&server);
    assert!((60..80).contains(&named), "{named}");
    // Nobody in front of us is trusted, so what is said about the address does not count.
    let other = [("x-forwarded-for", "198.51.100.7")];
    for answer in [
        server.ask("GET", "/v1/rooms/one-more", &other, b""),
        server.get("/v1/rooms/one-more/events"),
        server.post("/v1/rooms/one-more", &other, "hello"),
        server.post("/v1/rooms/one-more/messages", &[], "hello"),
    ] {
        assert_eq!((answer.status, answer.problem().as_str()), (429, "too_many_rooms"));
        let wait: u64 = answer.header("retry-after").parse().unwrap();
        assert!((1..=60).contains(&wait), "{wait}");
    }
    assert_eq!(server.get("/v1/rooms/room-0").status, 200, "one that was named before");
}

#[test]
fn given_a_trusted_proxy_then_each_client_behind_it_has_its_own_limit_and_a_token_has_none() {
    let token = "0123456789abcdef";
    let server = Server::start(&["--trusted-proxy", "127.0.0.1", "--api-token", token]);
    let named = |number: usize, headers: &[(&str, &str)]| {
        server.ask("GET", &format!("/v1/rooms/room-{number}"), headers, b"").status
    };
    let [one, other] = ["198.51.100.7", "198.51.100.8"].map(|address| [("x-forwarded-for", address)]);
    let number = (0..200).find(|number| named(*number, &one) == 429).unwrap();
    assert!((60..80).contains(&number), "{number}");
    assert_eq!((named(number, &one), named(number, &other)), (429, 200));
    let bearer = format!("Bearer {token}");
    let with_token = [one[0], ("authorization", bearer.as_str())];
    assert_eq!(named(number, &with_token), 200);
}

#[test]
fn given_messages_over_the_rate_then_the_sender_is_told_when_to_come_again() {
    let server = Server::start(&["--event-rate", "1", "--event-burst", "3"]);
    let answers: Vec<_> = (0..5).map(|_| server.post("/v1/rooms/D5DB", &[], "hello")).collect();
    let refused = answers.iter().find(|answer| answer.status != 202).unwrap();
    assert_eq!((refused.status, refused.problem().as_str()), (429, "too_many_messages"));
    assert_eq!(refused.header("retry-after"), "1");
    assert_eq!(answers.iter().take(3).map(|answer| answer.status).collect::<Vec<_>>(), [202; 3]);
    assert_eq!(server.get("/v1/rooms/D5DB").status, 200, "reading is another matter");
}
