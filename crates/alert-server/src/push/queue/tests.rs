//! What overtakes what, who waits for whom, and what remains.

use super::*;
use alert_core::names::UserName;
use alert_core::room::push::Subscription;
use bytes::Bytes;
use std::time::{Duration, SystemTime};

const KEY: &str = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";

fn device(number: usize) -> Device {
    let endpoint = format!("https://push.example/{number}");
    Device {
        name: UserName::parse("Ada", 64).unwrap(),
        subscription: Subscription::parse(&endpoint, KEY, "BTBZMqHH6r4Tts7J_aSIgg").unwrap(),
        quiet: None,
        entered: 0,
        is_host: false,
        token: None,
        renewed: SystemTime::UNIX_EPOCH,
    }
}

fn notice(room: &str, revision: u64, urgency: Urgency) -> Arc<Notice> {
    Arc::new(Notice {
        room: RoomCode::parse(room, 64).unwrap(),
        revision,
        words: Bytes::new(),
        made: Instant::now(),
        lives: Duration::from_secs(60),
        urgency,
        topic: HeaderValue::try_from(room).unwrap(),
        is_current: Box::new(|_| Box::pin(std::future::ready(true))),
    })
}

/// One for each of so many devices.
fn fill(queue: &mut Queue, notice: &Arc<Notice>, devices: usize, service: impl Fn(usize) -> String) {
    for number in 0..devices {
        queue.put(notice, &device(number), &service(number));
    }
}

/// All that may be under way now.
fn all(queue: &mut Queue) -> Vec<Job> {
    std::iter::from_fn(|| queue.next()).collect()
}

fn rooms(jobs: &[Job]) -> Vec<&str> {
    jobs.iter().map(|job| job.notice.room.as_str()).collect()
}

/// A queue that knows a service as one that answers.
fn knowing(service: &str) -> Queue {
    let mut queue = Queue::default();
    queue.prompt.insert(service.into());
    queue
}

#[test]
fn given_something_newer_then_what_is_older_is_neither_tried_again_nor_overtaken() {
    let (mut queue, now) = (Queue::default(), Instant::now());
    let put = |queue: &mut Queue, revision| {
        queue.put(&notice("a", revision, Urgency::Emergency), &device(0), "push.example")
    };
    assert_eq!(put(&mut queue, 1), Put::Waits);
    let first = queue.next().unwrap();
    assert_eq!(put(&mut queue, 2), Put::Waits);
    assert_eq!(put(&mut queue, 3), Put::Replaces);
    assert!(queue.next().is_none(), "what is under way is not overtaken");
    assert_eq!(queue.ended(&first, Some(now)), Next::Replaced);
    let third = queue.next().unwrap();
    assert_eq!(third.notice.revision, 3);
    assert_eq!(queue.ended(&third, Some(now)), Next::Pauses { needs_keeper: true });
    assert_eq!(put(&mut queue, 4), Put::Replaces);
    let fourth = queue.next().unwrap();
    assert_eq!((fourth.notice.revision, fourth.tries), (4, 0), "it goes at once");
    assert_eq!(put(&mut queue, 3), Put::Replaces);
    assert_eq!(queue.ended(&fourth, None), Next::Over, "nothing older comes after it");
    assert!(!queue.wake(now) && queue.next().is_none());
    assert!(queue.lanes.is_empty() && queue.rooms.is_empty() && queue.services.is_empty());
    assert_eq!((queue.under_way, queue.doubtful), (0, 0));
}

#[test]
fn given_a_failure_then_it_is_tried_again_when_it_has_paused() {
    let (mut queue, now) = (Queue::default(), Instant::now());
    queue.put(&notice("a", 1, Urgency::High), &device(0), "push.example");
    let job = queue.next().unwrap();
    let until = now + Duration::from_secs(1);
    assert_eq!(queue.ended(&job, Some(until)), Next::Pauses { needs_keeper: true });
    assert!(queue.wake(now) && queue.next().is_none());
    assert!(!queue.wake(until));
    let again = queue.next().unwrap();
    assert_eq!(again.tries, 1);
    assert_eq!(queue.ended(&again, Some(until)), Next::Pauses { needs_keeper: true });
}

#[test]
fn given_services_that_do_not_answer_then_they_hold_up_no_others() {
    let mut queue = knowing("good");
    fill(&mut queue, &notice("dead", 1, Urgency::Emergency), 100, |_| "dead".into());
    let dead = all(&mut queue);
    assert_eq!(dead.len(), DOUBTFUL_OF_ONE, "of one service");
    fill(&mut queue, &notice("many", 1, Urgency::Emergency), 100, |number| format!("{number}.dead"));
    assert_eq!(all(&mut queue).len(), DOUBTFUL_OF_ONE, "of one room");
    for room in ["b", "c", "d"] {
        fill(&mut queue, &notice(room, 1, Urgency::Emergency), 100, |number| format!("{room}{number}"));
    }
    assert_eq!(all(&mut queue).len(), DOUBTFUL - 2 * DOUBTFUL_OF_ONE, "of all");
    for number in 100..200 {
        for room in ["school", "many"] {
            queue.put(&notice(room, 1, Urgency::Normal), &device(number), "good");
        }
    }
    let good = all(&mut queue);
    assert_eq!(good.len(), OF_ONE, "to one that answers");
    assert_eq!(rooms(&good)[..4], ["school", "many", "school", "many"]);
    queue.ended(&dead[0], None);
    queue.heard(&dead[0], true);
    assert_eq!(all(&mut queue).len(), AT_A_TIME - DOUBTFUL - OF_ONE + 1, "now it is known");
    queue.heard(&good[0], false);
    queue.ended(&good[0], None);
    assert_eq!(rooms(&all(&mut queue)), ["dead"], "the other one is not known any more");
}

#[test]
fn given_many_that_wait_then_emergencies_go_first_and_first_tries_before_others_and_rooms_take_turns() {
    let (mut queue, now) = (knowing("good"), Instant::now());
    let good = |_| "good".to_owned();
    fill(&mut queue, &notice("failed", 1, Urgency::Emergency), 1, good);
    fill(&mut queue, &notice("late", 1, Urgency::High), 1, good);
    for job in all(&mut queue) {
        queue.ended(&job, Some(now));
    }
    queue.wake(now);
    fill(&mut queue, &notice("ice", 1, Urgency::High), 1, good);
    fill(&mut queue, &notice("large", 1, Urgency::Emergency), 3, good);
    fill(&mut queue, &notice("small", 1, Urgency::Emergency), 2, good);
    let jobs = all(&mut queue);
    assert_eq!(rooms(&jobs), ["large", "small", "large", "small", "large", "failed", "ice", "late"]);
}

#[test]
fn given_too_many_then_the_room_with_most_gives_up_what_has_failed_and_then_what_came_last() {
    let (mut queue, now) = (Queue::default(), Instant::now());
    let dead = |_| "dead".to_owned();
    queue.put(&notice("small", 1, Urgency::High), &device(0), "good");
    let _under_way = queue.next();
    fill(&mut queue, &notice("large", 1, Urgency::Emergency), MOST - 1, dead);
    for job in all(&mut queue) {
        queue.ended(&job, Some(now));
    }
    let large = RoomCode::parse("large", 64).unwrap();
    let newer = notice("small", 1, Urgency::Normal);
    let is_there = |queue: &Queue, number| {
        queue.lanes.contains_key(&key(&device(number), &notice("large", 1, Urgency::Normal)))
    };
    for number in 1..=DOUBTFUL_OF_ONE {
        assert_eq!(queue.put(&newer, &device(number), "good"), Put::Drops(large.clone()));
    }
    assert!((0..DOUBTFUL_OF_ONE).all(|number| !is_there(&queue, number)), "what has failed");
    assert!(is_there(&queue, MOST - 2));
    assert_eq!(queue.put(&newer, &device(9), "good"), Put::Drops(large));
    assert!(!is_there(&queue, MOST - 2), "what came last");
    assert_eq!(queue.len(), MOST);
}
