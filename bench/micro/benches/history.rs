//! What the history on disk does: acknowledged messages a second, how long an ack takes, and the opening of a large file.
//! `cargo bench --bench history`, with a folder on the disk to be measured as its only argument, or the system's folder
//! for temporary files. `ALERT_BENCH_GB=1` fills a file of that size first and opens it.

use alert_core::event::{RoomEvent, What};
use alert_core::names::{RoomCode, UserName};
use alert_core::position::Numbering;
use alert_server::config::{History, HistoryKind, Retention};
use alert_server::log::{Append, Log, Query, Start, Stored};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant, SystemTime};

const TEXT: &str = "Class ends in 5 minutes, please gather at the main entrance now.";

struct Speaker {
    log: Log,
    rooms: Vec<(RoomCode, Numbering)>,
    name: UserName,
    said: usize,
}

impl Speaker {
    fn new(log: &Log, rooms: usize) -> Self {
        let room = |number| {
            let code = RoomCode::parse(&format!("room {number}"), 64).expect("a code");
            (code, Numbering::new(log.next_epoch()))
        };
        let name = UserName::parse("Ada", 64).expect("a name");
        Self { log: log.clone(), rooms: (0..rooms).map(room).collect(), name, said: 0 }
    }

    /// Says something in the next room; how long its ack took comes through `told`.
    fn say(&mut self, text: &str, told: &SyncSender<Duration>) {
        let count = self.rooms.len();
        let (room, numbering) = &mut self.rooms[self.said % count];
        self.said += 1;
        let (position, at) = (numbering.advance(), SystemTime::now());
        let what = What::Said { name: self.name.clone(), text: text.into() };
        let (begun, told) = (Instant::now(), told.clone());
        let stored = move |stored| {
            assert_eq!(stored, Stored::Durably, "the disk answers");
            told.send(begun.elapsed()).expect("somebody counts");
        };
        let message = Arc::new(RoomEvent { at, position, what });
        let append = Append { room: room.clone(), message, key: None, stored: Some(Box::new(stored)) };
        assert!(self.log.append(append).is_none(), "the disk works");
    }
}

fn open(file: PathBuf, bytes: u64) -> Log {
    let retention = Retention { messages: 1000, age: Duration::from_secs(7 * 86_400), bytes: Some(bytes) };
    let history = History { kind: HistoryKind::Sqlite, is_asked_for: true, file: Some(file), retention };
    Log::open(&history).expect("a file")
}

fn show(what: &str, count: usize, time: Duration, mut acks: Vec<Duration>) {
    acks.sort_unstable();
    let at = |part: f64| acks[((acks.len() - 1) as f64 * part) as usize].as_secs_f64() * 1e3;
    let rate = count as f64 / time.as_secs_f64();
    println!(
        "{what:42} {rate:9.0}/s   ack p50 {:6.2} ms, p99 {:6.2} ms, most {:6.2} ms   CPU so far {}",
        at(0.5),
        at(0.99),
        at(1.0),
        cpu()
    );
}

/// User and system time of this process so far, in ticks of 10 ms.
fn cpu() -> String {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
    let ticks = |place: usize| fields.get(place).and_then(|ticks| ticks.parse::<f64>().ok()).unwrap_or(0.0);
    format!("{:.2} s", (ticks(11) + ticks(12)) / 100.0)
}

/// So many in flight: one more for each that is acknowledged.
fn windowed(file: PathBuf, rooms: usize, window: usize, time: Duration) {
    let log = open(file, 1 << 30);
    let mut speaker = Speaker::new(&log, rooms);
    let (tell, told) = sync_channel(window);
    (0..window).for_each(|_| speaker.say(TEXT, &tell));
    let (begun, mut acks) = (Instant::now(), Vec::new());
    while begun.elapsed() < time {
        acks.push(told.recv().expect("an ack"));
        speaker.say(TEXT, &tell);
    }
    let passed = begun.elapsed();
    drain(&told, window);
    show(&format!("{window} in flight, {rooms} rooms"), acks.len(), passed, acks);
    log.close();
}

/// So many a second, however fast the disk is.
fn paced(file: PathBuf, rooms: usize, rate: u32, time: Duration) {
    let log = open(file, 1 << 30);
    let mut speaker = Speaker::new(&log, rooms);
    let (tell, told) = sync_channel(1 << 20);
    let (begun, mut said) = (Instant::now(), 0);
    while begun.elapsed() < time {
        while said < (begun.elapsed().as_secs_f64() * f64::from(rate)) as usize {
            speaker.say(TEXT, &tell);
            said += 1;
        }
        std::thread::sleep(Duration::from_micros(200));
    }
    let passed = begun.elapsed();
    let acks: Vec<_> = (0..said).map(|_| told.recv().expect("an ack")).collect();
    show(&format!("{rate}/s, {rooms} rooms"), said, passed, acks);
    log.close();
}

fn drain(told: &Receiver<Duration>, count: usize) {
    told.iter().take(count).for_each(drop);
}

fn large(file: PathBuf, bytes: u64) {
    let log = open(file.clone(), 2 * bytes);
    let mut speaker = Speaker::new(&log, 2000);
    let (tell, told) = sync_channel(1024);
    let text = TEXT.repeat(8);
    let mut said = 0_u64;
    while std::fs::metadata(&file).map_or(0, |file| file.len()) < bytes {
        (0..1000).for_each(|_| speaker.say(&text, &tell));
        drain(&told, 1000);
        said += 1000;
    }
    log.close();
    drop(log);
    let begun = Instant::now();
    let log = open(file.clone(), 2 * bytes);
    let opened = begun.elapsed();
    let (tell, told) = sync_channel(1);
    let room = RoomCode::parse("room 7", 64).expect("a code");
    let query = Query { start: Start::Newest, limit: 100 };
    log.read(room, query, Box::new(move |page| tell.send(page).expect("a reader")));
    let page = told.recv().expect("an answer").expect("a page");
    let read = begun.elapsed() - opened;
    let size = std::fs::metadata(&file).map_or(0, |file| file.len());
    println!(
        "{said} messages, {size} bytes: opened in {opened:?}, the first page of {} in {read:?}",
        page.messages.len()
    );
    log.close();
}

fn main() {
    let folder = std::env::args().skip(1).find(|word| !word.starts_with('-'));
    let folder = folder.map_or_else(std::env::temp_dir, PathBuf::from);
    let folder = tempfile::tempdir_in(folder).expect("a folder");
    let file = |name: &str| folder.path().join(name).join("alert.db");
    let time = Duration::from_secs(10);
    windowed(file("one"), 1, 64, time);
    windowed(file("many"), 200, 64, time);
    windowed(file("deep"), 200, 1024, time);
    windowed(file("single"), 1, 1, time);
    paced(file("paced"), 200, 5000, time);
    if let Some(gigabytes) =
        std::env::var("ALERT_BENCH_GB").ok().and_then(|number| number.parse::<u64>().ok())
    {
        large(file("large"), gigabytes << 30);
    }
}
