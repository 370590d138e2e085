//! A school behind one address.

use std::sync::Barrier;

use crate::server::Server;

const CLASSES: usize = 100;
const PUPILS: usize = 20;

#[test]
fn given_a_school_of_2000_behind_one_address_when_100_classes_begin_at_once_then_everybody_is_in() {
    let _ = rlimit::increase_nofile_limit(16_384);
    let server = Server::start(&[]);
    let together = Barrier::new(CLASSES);
    let class = |number: usize| {
        let room = format!("class {number}");
        together.wait();
        let mut members: Vec<_> =
            (0..PUPILS).map(|pupil| server.join(&room, &format!("Pupil {pupil}"))).collect();
        // A page or a bell listens from outside.
        let bell = server.listen(&room.replace(' ', "%20"), "application/x-ndjson");
        let mut heard = members[0].hears();
        for _ in 2..PUPILS {
            heard = members[0].hears();
        }
        assert_eq!(heard.1, format!("Pupil {} has entered the room.", PUPILS - 1));
        (members, bell)
    };
    let classes: Vec<_> = std::thread::scope(|scope| {
        let classes: Vec<_> = (0..CLASSES).map(|number| scope.spawn(move || class(number))).collect();
        classes.into_iter().map(|class| class.join().unwrap()).collect()
    });
    assert_eq!(classes.iter().map(|(members, _)| members.len()).sum::<usize>(), 2_000);
}
