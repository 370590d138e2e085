//! `cargo bench --bench time`: how long the parts of the hot path take.

use divan::{Bencher, black_box};
use micro::{Room, TEXT, decode, encode};

fn main() {
    divan::main();
}

#[divan::bench]
fn decode_text() -> usize {
    decode(black_box(TEXT))
}

#[divan::bench(args = [64, 16_384])]
fn encode_message(bencher: Bencher, bytes: usize) {
    let msg = "x".repeat(bytes);
    bencher.bench(|| encode(black_box(&msg)));
}

/// Into a room of 1,000, and onto its sockets.
#[divan::bench(args = [1, 4, 16])]
fn publish_and_flush(bencher: Bencher, messages: usize) {
    let message = encode("Ada: Class ends in 5 minutes");
    let mut room = Room::new(1000);
    bencher.bench_local(|| {
        room.publish(&message, messages);
        room.drain();
    });
}
