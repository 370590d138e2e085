//! What nodes know of each other.

use super::*;
use crate::log::redis::about::Nodes;
use std::collections::HashMap;
use std::time::Instant;

#[tokio::test]
async fn given_a_node_that_has_just_started_then_another_finds_it_and_knows_it_from_then_on() {
    let server = Server::start();
    let (one, other) = (server.node(1).await, server.node(2).await);
    assert_eq!(one.find(Run::new(2)).await, None, "it has not said a word");
    other.announce(Some("10.0.0.2:5000".to_owned())).await.unwrap();
    other.count_connections(|| 7);
    assert_eq!(one.about(Run::new(2)), None);
    let about = one.find(Run::new(2)).await.unwrap();
    assert_eq!((about.address.as_deref(), about.connections, about.wire), (Some("10.0.0.2:5000"), 0, WIRE));
    assert_eq!(
        (about.version.as_str(), about.started > 1_700_000_000_000),
        (env!("CARGO_PKG_VERSION"), true)
    );
    assert_eq!(one.about(Run::new(2)), Some(about), "without asking again");
    other.renew().await.unwrap();
    one.renew().await.unwrap();
    assert_eq!(one.about(Run::new(2)).unwrap().connections, 7);
    assert_eq!(one.nodes().len(), 2);
    let ended = one.ended(Run::new(2));
    other.end().await;
    one.renew().await.unwrap();
    timeout(DEADLINE, ended).await.unwrap();
    assert_eq!(one.find(Run::new(2)).await, None);
}

#[tokio::test]
async fn given_many_who_look_for_a_node_that_is_not_there_then_redis_is_asked_a_few_times() {
    let server = Server::start();
    let node = server.node(1).await;
    let asked = Instant::now();
    let looks = (2..102).map(|run| {
        let node = node.clone();
        tokio::spawn(async move { node.find(Run::new(run)).await })
    });
    for look in looks.collect::<Vec<_>>() {
        assert_eq!(timeout(DEADLINE, look).await.unwrap().unwrap(), None);
    }
    let info = server.cli(&["INFO", "commandstats"]);
    let calls = info.lines().find_map(|line| line.strip_prefix("cmdstat_fcall:calls=")).unwrap();
    let calls: u128 = calls.split(',').next().unwrap().parse().unwrap();
    assert!(calls <= 2 + asked.elapsed().as_millis() / 100, "{calls}");
}

#[test]
fn given_what_another_version_says_then_what_is_known_of_it_is_read() {
    let nodes = Nodes::new("alert_one");
    let said = [
        ("000000000001", r#"{"version":"9.0.0","wire":7,"address":"a:1","new":{"x":[1]}}"#),
        ("000000000002", r#"{"version":"0.1.0"}"#),
        ("000000000003", "not JSON"),
    ];
    nodes
        .learn(Instant::now(), &HashMap::from(said.map(|(node, about)| (node.to_owned(), about.to_owned()))));
    let known = nodes.known();
    let newer =
        About { version: "9.0.0".to_owned(), wire: 7, address: Some("a:1".to_owned()), ..About::default() };
    assert_eq!(*known[&Run::new(1)], newer);
    assert_eq!(*known[&Run::new(2)], About { version: "0.1.0".to_owned(), ..About::default() });
    let unreadable = Run::new(3);
    assert_eq!(*known[&unreadable], About::default(), "it is not taken for one that is not there");
    let strangers = nodes.strangers();
    assert_eq!(strangers.len(), 3, "{strangers:?}");
    assert!(strangers[0].contains("9.0.0") && strangers[2].contains("does not say"), "{strangers:?}");
}
