//! Stays outlive the server, and are bounded.

use super::*;
use crate::log::Gone;
use crate::log::sqlite::stays;
use crate::log::stays::MOST;
use alert_core::position::{Epoch, Position};
use alert_core::room::ClientKey;

fn stay(room: &str, number: u64, until: Option<SystemTime>) -> Stay {
    let whole = SystemTime::UNIX_EPOCH + Duration::from_micros(1_700_000_000_000_123);
    let position = Position { epoch: Epoch { run: Run::new(u64::MAX), part: 3 }, number };
    let gone = |until| Gone {
        at: whole + Duration::from_secs(1),
        until,
        upto: Position { number: number + 1, ..position },
        unconfirmed: 77,
        since: number.is_multiple_of(2).then_some(whole),
    };
    Stay {
        room: RoomCode::parse(room, 64).unwrap(),
        name: UserName::parse("Ada", 64).unwrap(),
        client: ClientKey(u64::MAX - number),
        entered: position,
        at: whole,
        given: whole - Duration::from_secs(3),
        gone: until.map(gone),
    }
}

fn later() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 33)
}

#[test]
fn what_is_kept_of_a_stay_is_there_after_a_restart_with_the_last_position_of_its_room() {
    let folder = tempfile::tempdir().unwrap();
    let before = SystemTime::now() - Duration::from_secs(1);
    let mut first = open_in(folder.path(), KEEP_ALL);
    let mut room = first.room("one");
    first.say(&mut room, "a");
    let last = first.say(&mut room, "b");
    let stays: Vec<_> = [("one", 1, None), ("one", 2, Some(later())), ("two", 3, Some(later()))]
        .into_iter()
        .map(|(room, number, until)| (StayId(number as i64), stay(room, number, until)))
        .collect();
    for (id, stay) in &stays {
        first.store.put_stay(*id, Some(stay.clone()));
    }
    first.store.put_stay(StayId(4), Some(stay("one", 4, None)));
    first.store.put_stay(StayId(4), None);
    assert!(first.store.order(first.run) > first.store.order(Run::new(5)));
    first.store.close();
    for _ in 0..2 {
        let second = open_in(folder.path(), KEEP_ALL);
        let former = second.store.former_stays().unwrap();
        let expected = stays.iter().zip([Some(last), Some(last), None]);
        let expected: Vec<_> = expected.map(|((id, stay), last)| (*id, stay.clone(), last)).collect();
        assert_eq!(former.stays, expected);
        assert!(former.died > before && former.died <= SystemTime::now());
        assert!(second.store.order(first.run) < second.store.order(second.run));
        second.store.close();
    }
}

#[test]
fn stays_whose_time_is_over_or_that_are_too_many_go_the_oldest_first() {
    let folder = tempfile::tempdir().unwrap();
    open_in(folder.path(), KEEP_ALL).store.close();
    let mut connection = file::open_to_write(&folder.path().join("alert.db")).unwrap();
    let most = MOST as i64;
    let mut stays = state::Stays::new();
    for id in 1..=most + 600 {
        let until = if id > most + 300 { SystemTime::UNIX_EPOCH } else { later() };
        stays.insert(StayId(id), Some(stay("one", 1, (id % 2 == 0).then_some(until))));
    }
    let transaction = connection.transaction().unwrap();
    stays::write(&transaction, &stays).unwrap();
    transaction.commit().unwrap();
    while prune::rest(&mut connection, &KEEP_ALL).unwrap() {}
    let ids: (i64, i64, i64) = connection
        .query_row("SELECT min(id), max(id), count(*) FROM stays", [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .unwrap();
    assert!(ids.2 <= most && ids.2 >= most - 600, "{ids:?}");
    assert_eq!(ids.1, most + 599, "the newest that is still there stays");
    assert!(ids.0 > 1 && ids.0 <= 601, "{ids:?}");
    assert!(stays::is_anybody_there(&connection).unwrap());
    connection.execute("DELETE FROM stays WHERE until IS NULL", []).unwrap();
    assert!(!stays::is_anybody_there(&connection).unwrap());
}
