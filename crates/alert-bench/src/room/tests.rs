//! Each way in which a server can fail a room, counted exactly.

use super::*;

/// A room of `members`, all of them there, that heard `said`: the sender of each message, in the order sent.
fn room(members: u32, senders: u32, said: &[u32]) -> Room {
    let mut room = Room::new(RoomTag::new(1, 1), members, senders);
    (0..members).for_each(|member| room.enter(member));
    for (number, sender) in (0..).zip(said) {
        assert_eq!(room.say(*sender, u64::from(number) * 10), number);
    }
    room
}

fn hear(room: &mut Room, member: u32, numbers: &[u32]) -> Vec<Option<u64>> {
    numbers.iter().map(|number| room.hear(member, *number)).collect()
}

#[test]
fn given_all_hear_all_then_nothing_is_wrong_and_each_delivery_has_its_time() {
    let mut room = room(2, 1, &[0, 0, 0]);
    assert_eq!(hear(&mut room, 0, &[0, 1, 2]), [Some(0), Some(10), Some(20)]);
    assert_eq!(hear(&mut room, 1, &[0, 1]), [Some(0), Some(10)]);
    assert_eq!(room.due(), 1);
    assert_eq!(hear(&mut room, 1, &[2]), [Some(20)]);
    assert_eq!(room.sent.len(), 0, "what all have heard is forgotten");
    assert_eq!(room.close(), Tally { messages: 3, deliveries: 6, ..Tally::default() });
}

#[test]
fn given_a_message_that_one_member_never_hears_then_one_is_lost() {
    let mut room = room(3, 1, &[0, 0, 0]);
    hear(&mut room, 0, &[0, 1, 2]);
    hear(&mut room, 1, &[0, 2]);
    hear(&mut room, 2, &[0, 1, 2]);
    assert_eq!(room.close(), Tally { messages: 3, deliveries: 8, lost: 1, ..Tally::default() });
}

#[test]
fn given_a_message_that_nobody_hears_then_it_is_lost_to_each() {
    let mut room = room(2, 1, &[0, 0]);
    hear(&mut room, 0, &[0]);
    hear(&mut room, 1, &[0]);
    assert_eq!(room.close(), Tally { messages: 2, deliveries: 2, lost: 2, ..Tally::default() });
}

#[test]
fn given_a_late_message_then_it_is_out_of_order_and_not_lost() {
    let mut room = room(2, 1, &[0, 0, 0]);
    assert_eq!(hear(&mut room, 0, &[1, 2, 0]), [Some(10), Some(20), Some(0)]);
    hear(&mut room, 1, &[0, 1, 2]);
    assert_eq!(room.close(), Tally { messages: 3, deliveries: 6, out_of_order: 1, ..Tally::default() });
}

#[test]
fn given_a_message_twice_then_the_second_is_a_duplicate_even_when_all_have_heard_it() {
    let mut room = room(2, 1, &[0, 0]);
    assert_eq!(hear(&mut room, 0, &[0, 0]), [Some(0), None]);
    hear(&mut room, 1, &[0, 1]);
    hear(&mut room, 0, &[1, 1]);
    assert_eq!(room.close(), Tally { messages: 2, deliveries: 4, duplicates: 2, ..Tally::default() });
}

#[test]
fn given_two_senders_then_any_order_between_them_is_fine_if_it_is_the_same_for_all() {
    let orders = |of_each: &[&[u32]]| {
        let mut room = room(of_each.len() as u32, 2, &[0, 1, 0]);
        for (member, numbers) in (0..).zip(of_each) {
            hear(&mut room, member, numbers);
        }
        room.close()
    };
    let fine = Tally { messages: 3, deliveries: 9, ..Tally::default() };
    assert_eq!(orders(&[&[1, 0, 2], &[1, 0, 2], &[1, 0, 2]]), fine);
    assert_eq!(orders(&[&[1, 0, 2], &[0, 1, 2], &[1, 0, 2]]), Tally { other_order: 1, ..fine });
    assert_eq!(orders(&[&[1, 2, 0], &[1, 0, 2], &[1, 0, 2]]), Tally { out_of_order: 1, ..fine });
}

#[test]
fn given_a_member_that_goes_then_what_it_has_not_heard_is_lost_and_the_rest_goes_on() {
    let mut room = room(2, 1, &[0, 0, 0]);
    hear(&mut room, 1, &[1]);
    hear(&mut room, 0, &[0, 1, 2]);
    room.leave(1);
    room.leave(1);
    assert_eq!((room.due(), room.tally().lost), (0, 2));
    room.say(0, 99);
    assert_eq!(hear(&mut room, 0, &[3]), [Some(99)]);
    assert_eq!(room.close(), Tally { messages: 4, deliveries: 5, lost: 2, ..Tally::default() });
}

#[test]
fn given_a_window_then_a_place_is_free_after_as_many_deliveries_as_members() {
    let mut room = room(2, 1, &[]);
    assert!(room.has_place(2));
    room.say(0, 0);
    assert!(room.has_place(2) && !room.has_place(1));
    room.say(0, 0);
    assert!(!room.has_place(2));
    hear(&mut room, 0, &[0, 1]);
    assert!(room.has_place(2));
}

#[test]
fn given_a_lost_message_when_it_is_written_off_then_the_window_is_free_and_it_still_counts() {
    let mut room = room(2, 1, &[0]);
    hear(&mut room, 0, &[0]);
    room.write_off();
    assert!(room.has_place(1));
    room.say(0, 5);
    assert!(!room.has_place(1));
    hear(&mut room, 0, &[1]);
    hear(&mut room, 1, &[1]);
    assert!(room.has_place(1));
    assert_eq!(room.close().lost, 1);
}

#[test]
fn given_a_sender_that_is_gone_then_the_next_one_speaks() {
    let mut room = room(3, 2, &[]);
    assert_eq!(room.sender(|sender| sender == 1), Some(1), "one may be on the way back");
    assert_eq!(room.sender(|_| false), None);
    assert_eq!(room.sender(|_| true), Some(0));
    room.say(0, 0);
    assert_eq!(room.sender(|_| true), Some(1));
    room.leave(1);
    assert_eq!(room.sender(|_| true), Some(0));
    room.leave(0);
    assert_eq!(room.sender(|_| true), None);
}
