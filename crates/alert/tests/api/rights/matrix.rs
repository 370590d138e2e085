//! Principal, right, way, transport and server: whoever lacks the right is refused by every way to a room that there is.

use super::every_way::WAYS;
use super::nodes::Nodes;
use super::ways::{Shows, Who};
use super::{API_TOKEN, Key};

const SESSION_KEY: &str = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";

/// Somebody, and what they may do in R1: over a socket, and over HTTP, where logins do not count.
struct Principal {
    who: Who,
    socket: Vec<&'static str>,
    http: Vec<&'static str>,
}

fn principals(key: &Key, cookie: &str, access: &str) -> Vec<Principal> {
    let is_open = access == "open";
    let anybody = if is_open { vec!["read", "speak", "make"] } else { vec![] };
    // Where there are API tokens, nobody posts without one.
    let caller = if is_open { vec!["read", "make"] } else { vec![] };
    let all = vec!["read", "speak", "make", "list"];
    let mut principals = vec![
        Principal { who: in_r1(Shows::Nothing), socket: anybody.clone(), http: caller.clone() },
        Principal {
            who: in_r1(Shows::Login(cookie.to_owned())),
            socket: anybody.clone(),
            http: caller.clone(),
        },
        Principal { who: in_r1(Shows::Token(API_TOKEN.to_owned())), socket: all.clone(), http: all },
    ];
    let mut holder = |words: &[&str], granted: &[&'static str]| {
        let who = in_r1(Shows::Token(key.mint(&[&["Ada"], words].concat())));
        let makes: &[_] =
            if ["read", "moderate"].iter().all(|right| granted.contains(right)) { &["make"] } else { &[] };
        let [socket, http] = [&anybody, &caller].map(|base| [&base[..], granted, makes].concat());
        principals.push(Principal { who, socket, http });
    };
    for can in
        [&["read"][..], &["speak"], &["read", "speak"], &["alert"], &["moderate"], &["read", "moderate"]]
    {
        holder(&["--room", "R1", "--can", &can.join(",")], can);
    }
    holder(&["--prefix", "R", "--can", "read"], &["read"]);
    holder(&["--prefix", "", "--can", "speak"], &["speak"]);
    holder(&["--room", "R2", "--room", "r1", "--can", "read,speak,alert,moderate"], &[]);
    principals
}

fn in_r1(shows: Shows) -> Who {
    Who { room: "R1".to_owned(), shows }
}

#[test]
fn whoever_has_the_rights_gets_in_by_each_way_and_nobody_else_does() {
    let key = Key::new();
    let flags = ["--api-token", API_TOKEN, "--session-key", SESSION_KEY, "--room-tries", "0"];
    let open = Nodes::of_each_kind(&key, "open", &flags);
    let login = open[0].here().post("/v1", &[], "name=Ada&room=R1");
    let cookie = login.header("set-cookie").split(';').next().unwrap().to_owned();
    assert!(cookie.starts_with("alert_session="), "{login:?}");
    let token = Nodes::of_each_kind(&key, "token", &flags);
    for (access, nodes) in
        open.iter().map(|nodes| ("open", nodes)).chain(token.iter().map(|nodes| ("token", nodes)))
    {
        // Whoever names a room makes it; it is there for those who come.
        let room = Who { room: "R1".to_owned(), shows: Shows::Token(API_TOKEN.to_owned()) };
        assert_eq!(room.asks(nodes.here(), "POST", "/v1/rooms/R1", "*/*").outcome(), "ok");
        for (number, principal) in principals(&key, &cookie, access).iter().enumerate() {
            for (way, transport) in
                WAYS.iter().flat_map(|way| way.transports().iter().map(move |by| (way, *by)))
            {
                let rights = if way.is_of_people() { &principal.socket } else { &principal.http };
                let is_host = ["read", "moderate"].iter().all(|right| rights.contains(right));
                let has = |right| rights.contains(&right) || right == "alert" && is_host;
                let may = way.does.iter().all(|step| has(step.takes()));
                let outcome = way.goes(nodes.there(), &principal.who, transport);
                let refusals = ["not_allowed", "token_required"];
                let is_right = if may { outcome == "ok" } else { refusals.contains(&outcome.as_str()) };
                assert!(
                    is_right,
                    "--access {access}: {} takes {:?}: {outcome} over {transport:?} for principal {number} with {rights:?}",
                    way.name, way.does
                );
            }
        }
    }
}
