//! What a client without recovery missed is known to whichever node it comes back to.

use super::*;
use alert_core::room::ClientKey;

const WINDOW: Duration = Duration::from_secs(120);
const UNNOTICED: Duration = Duration::from_secs(45);
const ABSENCE: Absence = Absence { window: WINDOW, unnoticed: UNNOTICED };
const PHONE: ClientKey = ClientKey(1 << 63);
const LAPTOP: ClientKey = ClientKey(7);

async fn waiting_node(server: &Server, run: u64) -> Shared {
    let node = server.node(run).await;
    node.wait_for_lost(ABSENCE);
    node
}

async fn comes(node: &Shared, room: &RoomCode, id: i64, client: ClientKey) -> Entering {
    let (tell, told) = tokio::sync::oneshot::channel();
    node.enter(room, &name("Ada"), 1, Some((StayId(id), client)), 1000, |entering| _ = tell.send(entering));
    timeout(DEADLINE, told).await.expect("in time").unwrap().unwrap().unwrap()
}

async fn goes(node: &Shared, room: &RoomCode, id: i64, end: StayEnd) {
    let (tell, told) = tokio::sync::oneshot::channel();
    let how = Going::Lost(Duration::from_secs(60));
    node.go(room, &name("Ada"), 0, how, Some((StayId(id), end)), |gone| _ = tell.send(gone));
    timeout(DEADLINE, told).await.expect("in time").unwrap().unwrap();
}

fn lost(client: ClientKey, entered: Position, upto: Position, unconfirmed: u64) -> StayEnd {
    StayEnd::Lost(LostStay { client, entered, upto, unconfirmed })
}

#[tokio::test]
async fn given_a_person_who_was_lost_then_one_connection_takes_their_place_on_any_node() {
    let server = Server::start();
    let (one, two) = (waiting_node(&server, 1).await, waiting_node(&server, 2).await);
    let room = room("room");
    let came = comes(&one, &room, 1, PHONE).await;
    assert_eq!((came.taken, came.asked), (None, vec![]));
    let entered = came.arrival.placed.position;
    let upto = said(&one, &room, "a").await;
    goes(&one, &room, 1, lost(PHONE, entered, upto, 33)).await;
    let taken = comes(&two, &room, 1, PHONE).await.taken.unwrap();
    assert_eq!((taken.entered, taken.upto, taken.unconfirmed, taken.since), (entered, upto, 33, None));
    assert!(taken.away < WINDOW);
    assert_eq!(comes(&one, &room, 2, LAPTOP).await.taken, None, "it is back");
}

#[tokio::test]
async fn given_an_entering_that_is_repeated_or_undone_then_what_was_missed_is_not_lost() {
    let server = Server::start();
    let (one, two) = (waiting_node(&server, 1).await, waiting_node(&server, 2).await);
    let room = room("room");
    let entered = comes(&one, &room, 1, PHONE).await.arrival.placed.position;
    let upto = said(&one, &room, "a").await;
    goes(&one, &room, 1, lost(PHONE, entered, upto, 33)).await;
    let taken = comes(&two, &room, 5, PHONE).await.taken.unwrap();
    let again = comes(&two, &room, 5, PHONE).await.taken.unwrap();
    assert_eq!((taken.upto, again.upto), (upto, upto), "a repeated call has the same answer");
    goes(&two, &room, 5, StayEnd::Undone).await;
    assert_eq!(comes(&one, &room, 2, PHONE).await.taken.unwrap().upto, upto);
    goes(&one, &room, 2, StayEnd::Left).await;
    assert_eq!(comes(&two, &room, 6, PHONE).await.taken, None, "whoever left misses nothing");
}

#[tokio::test]
async fn given_several_that_were_lost_then_a_client_takes_its_own_and_those_of_one_count_together() {
    let server = Server::start();
    let node = waiting_node(&server, 1).await;
    let room = room("room");
    let entered = comes(&node, &room, 1, PHONE).await.arrival.placed.position;
    comes(&node, &room, 2, LAPTOP).await;
    comes(&node, &room, 3, LAPTOP).await;
    let [a, b, c] =
        [said(&node, &room, "a").await, said(&node, &room, "b").await, said(&node, &room, "c").await];
    goes(&node, &room, 1, lost(PHONE, entered, a, 1)).await;
    server.ticks(1);
    goes(&node, &room, 2, lost(LAPTOP, b, b, 2)).await;
    server.ticks(1);
    goes(&node, &room, 3, lost(LAPTOP, entered, c, 3)).await;
    for place in [4, 5] {
        let taken = comes(&node, &room, place, LAPTOP).await.taken.unwrap();
        assert_eq!((taken.entered, taken.upto, taken.unconfirmed), (entered, b, 3), "either of the two");
    }
    assert_eq!(comes(&node, &room, 6, LAPTOP).await.asked.len(), 1, "or its own, half open");
    let taken = node.take(&room, &name("Ada"), StayId(6), &[]).await.unwrap();
    assert_eq!(taken.unwrap().upto, a, "the first that was lost");
}

#[tokio::test]
async fn given_a_connection_that_may_be_half_open_then_its_node_is_asked_and_a_dead_one_is_not_waited_for() {
    let server = Server::start();
    let (one, two) = (waiting_node(&server, 1).await, waiting_node(&server, 2).await);
    let room = room("room");
    let entered = comes(&one, &room, 1, PHONE).await.arrival.placed.position;
    assert_eq!(comes(&two, &room, 1, PHONE).await.asked.len(), 0, "nothing was said: it misses nothing");
    goes(&two, &room, 1, StayEnd::Left).await;
    let upto = said(&one, &room, "a").await;
    let mut heard = Listening::new(&one, &room).await;
    let came = comes(&two, &room, 2, PHONE).await;
    assert_eq!((came.taken, came.asked), (None, vec![keys::name(Run::new(1))]));
    while !matches!(heard.change().await, Change::Asked { client: PHONE, .. }) {}
    let silent = LostStay { client: PHONE, entered, upto, unconfirmed: 9 };
    one.probed(&room, &name("Ada"), &[(StayId(1), silent)]);
    while !matches!(heard.change().await, Change::Probed(..)) {}
    let taken = two.take(&room, &name("Ada"), StayId(2), &[]).await.unwrap().unwrap();
    assert_eq!((taken.upto, taken.unconfirmed, taken.since), (upto, 9, None));
    // Whoever is silent altogether: all that was said while it may have been gone.
    said(&one, &room, "b").await;
    let last = said(&one, &room, "c").await;
    let came = comes(&one, &room, 3, PHONE).await;
    let taken = one.take(&room, &name("Ada"), StayId(3), &came.asked).await.unwrap().unwrap();
    assert_eq!((taken.entered, taken.upto, taken.unconfirmed), (entered, last, 0));
    assert!(taken.since.unwrap() <= std::time::SystemTime::now() - UNNOTICED);
}

#[tokio::test]
async fn given_a_node_that_has_died_or_was_cut_off_then_what_its_people_may_have_missed_is_in_doubt() {
    let server = Server::start();
    let (one, two) = (waiting_node(&server, 1).await, waiting_node(&server, 2).await);
    let room = room("room");
    let entered = comes(&one, &room, 1, PHONE).await.arrival.placed.position;
    let upto = said(&one, &room, "a").await;
    let now = two.state(&room, None).await.unwrap();
    assert_eq!(now.people, [name("Ada")]);
    let died = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
    two.declare_of((Run::new(1), Some(died.to_string())), &room, [], &[], |_| {});
    let taken = comes(&two, &room, 1, PHONE).await.taken.unwrap();
    assert_eq!((taken.entered, taken.upto), (entered, upto));
    assert!(taken.since.unwrap() <= std::time::SystemTime::now() - UNNOTICED);
    goes(&two, &room, 1, StayEnd::Left).await;
    // It was only cut off. What it has is there again, and what it has no more is in doubt from the beginning.
    let (ada, at) = (name("Ada"), std::time::SystemTime::now());
    let here = StayHere { id: StayId(1), name: ada.clone(), client: PHONE, entered: Some((entered, at, at)) };
    one.declare(&room, [(&ada, 1)], &[here]);
    let _ = one.state(&room, None).await;
    let came = comes(&two, &room, 2, PHONE).await;
    assert_eq!((came.taken, came.asked.len()), (None, 1), "it lives");
    one.declare(&room, [], &[]);
    let _ = one.state(&room, None).await;
    assert!(two.take(&room, &ada, StayId(2), &[]).await.unwrap().is_some());
}

#[tokio::test]
async fn given_a_window_that_is_over_then_nobody_is_waited_for_and_nothing_is_kept() {
    let server = Server::start();
    let node = server.node(1).await;
    node.wait_for_lost(Absence { window: Duration::from_millis(1), unnoticed: UNNOTICED });
    let room = room("room");
    let entered = comes(&node, &room, 1, PHONE).await.arrival.placed.position;
    goes(&node, &room, 1, lost(PHONE, entered, entered, 0)).await;
    server.ticks(2);
    // Whatever happens in the room next.
    enter(&node, &room, "Bob", 1).await;
    let base = Keys::new("alert").room(&room);
    for key in ["stays", "away"] {
        assert_eq!(server.cli(&["EXISTS", &format!("{base}:{key}")]), "0", "{key}");
    }
    assert_eq!(comes(&node, &room, 2, PHONE).await.taken, None);
}

#[tokio::test]
async fn given_that_redis_was_away_then_the_last_sign_of_a_dead_node_is_its_own() {
    let server = Server::start();
    let (one, two) = (server.node(1).await, server.node(2).await);
    for node in [&one, &two] {
        node.renew().await.unwrap();
    }
    let [leases, _] = <[String; 2]>::try_from(Keys::new("alert").nodes()).unwrap();
    let names = [1, 2].map(|run| keys::name(Run::new(run)));
    let sign = server.cli(&["HGET", &format!("{leases}:signs"), &names[0]]);
    // For long; then nobody's lease ends, until it is not renewed.
    server.cli(&["ZADD", &leases, "1", &names[0], "1", &names[1]]);
    assert_eq!(two.renew().await.unwrap().1, []);
    server.cli(&["ZADD", &leases, "1", &names[0]]);
    assert_eq!(two.renew().await.unwrap().1, [(names[0].clone(), sign)]);
}
