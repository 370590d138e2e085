//! `cargo bench --bench instructions`: how many instructions the parts of the hot path take outside the kernel, to be
//! compared between commits. Needs valgrind, and `cargo install gungraun-runner` of the version in Cargo.toml.

use gungraun::{library_benchmark, library_benchmark_group, main};
use micro::{Room, TEXT, decode, encode};
use socketio_server::Publication;
use std::hint::black_box;

#[library_benchmark]
#[bench::text(TEXT)]
fn decode_event(text: &str) -> usize {
    black_box(decode(black_box(text)))
}

#[library_benchmark]
#[bench::short("Ada: Class ends in 5 minutes")]
fn encode_event(msg: &str) -> Publication {
    black_box(encode(black_box(msg)))
}

fn warm_room(messages: usize) -> (Room, Publication, usize) {
    let message = encode("Ada: Class ends in 5 minutes");
    let mut room = Room::new(1000);
    room.publish(&message, messages);
    room.drain();
    (room, message, messages)
}

#[library_benchmark]
#[bench::window_1(warm_room(1))]
#[bench::window_4(warm_room(4))]
#[bench::window_16(warm_room(16))]
fn publish_and_flush_1000((mut room, message, messages): (Room, Publication, usize)) -> Room {
    room.publish(&message, messages);
    room
}

library_benchmark_group!(name = hot_path, benchmarks = [decode_event, encode_event, publish_and_flush_1000]);
main!(library_benchmark_groups = hot_path);
