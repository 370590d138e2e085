//! Libraries of versions that have ended.

use super::*;
use crate::log::redis::library::Library;
use std::collections::BTreeSet;

/// Loads one as another version would.
fn load(server: &Server, name: &str) {
    let code = format!("#!lua name={name}\nredis.register_function('{name}_f', function() return 1 end)");
    assert_eq!(server.cli(&["FUNCTION", "LOAD", &code]), name);
}

fn loaded(server: &Server) -> BTreeSet<String> {
    let list = server.cli(&["FUNCTION", "LIST"]);
    let words: Vec<_> = list.lines().map(str::trim).collect();
    let names = words.windows(2).filter(|pair| pair[0] == "library_name").map(|pair| pair[1].to_owned());
    names.collect()
}

#[tokio::test]
async fn given_libraries_that_no_node_uses_then_those_of_the_same_rooms_are_removed() {
    let server = Server::start();
    let node = server.node(1).await;
    let own = Library::new("alert", 0).name().to_owned();
    let (family, _) = own.rsplit_once('_').unwrap();
    let [old, used] = ["000000000000", "111111111111"].map(|code| format!("{family}_{code}"));
    // Of another prefix, another database, and somebody else.
    let [school, second] =
        [Library::new("school", 0), Library::new("alert", 1)].map(|one| one.name().to_owned());
    for name in [&*old, &used, &school, &second, "else"] {
        load(&server, name);
    }
    node.0.link.remove_libraries([used.clone()].into());
    let left: BTreeSet<_> = [own, used, school, second, "else".to_owned()].into();
    timeout(DEADLINE, async {
        while loaded(&server) != left {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn given_a_node_that_does_not_say_which_library_it_calls_then_none_is_removed() {
    let server = Server::start();
    let (one, other) = (server.node(1).await, server.node(2).await);
    one.renew().await.unwrap();
    other.renew().await.unwrap();
    one.renew().await.unwrap();
    let own = Library::new("alert", 0).name().to_owned();
    assert_eq!(one.0.nodes.libraries(), Some([own].into()));
    let about = format!("{{\"version\":\"0.0.9\",\"wire\":{WIRE}}}");
    let [_, says] = <[String; 2]>::try_from(one.0.keys.nodes()).unwrap();
    server.cli(&["HSET", &says, &keys::name(Run::new(2)), &about]);
    one.renew().await.unwrap();
    assert_eq!(one.0.nodes.libraries(), None);
}

#[tokio::test]
async fn given_a_library_that_was_removed_under_a_node_then_it_is_loaded_again() {
    let server = Server::start();
    let node = server.node(1).await;
    let room = room("room");
    said(&node, &room, "before").await;
    server.cli(&["FUNCTION", "FLUSH"]);
    said(&node, &room, "after").await;
    assert_eq!(shown(&read(&node, &room, Start::Oldest, 9).await).0, ["before", "after"]);
}
