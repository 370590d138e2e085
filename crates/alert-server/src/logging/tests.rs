//! What a line holds, what is left out of the log, and what becomes of lines that nobody reads.

use std::io::{Read, Write};
use std::net::Ipv4Addr;
use std::os::fd::OwnedFd;
use std::time::Instant;

use alert_core::printable::is_unsafe;

use super::*;

/// The lines of some events.
fn logged(format: LogFormat, level: Level, events: impl FnOnce()) -> String {
    let (log, dropped) = logged_and_dropped(format, level, events);
    assert_eq!(dropped, 0);
    log
}

/// The lines of some events, and how many did not fit into the queue.
fn logged_and_dropped(format: LogFormat, level: Level, events: impl FnOnce()) -> (String, u64) {
    let log = Log::new(format);
    tracing::subscriber::with_default(subscriber(log.clone(), level), events);
    let mut batch = Vec::new();
    log.0.queue.wake();
    let dropped = log.0.queue.take(&mut batch, None);
    for left in log.0.repeats.all_left_out() {
        batch.extend_from_slice(log.left_out(&left).as_bytes());
    }
    (String::from_utf8(batch).unwrap(), dropped)
}

const HOSTILE: [&str; 6] = [
    "Ada\n2026-01-01T00:00:00Z ERROR forged",
    "Ada\r\nx",
    "\u{1B}[2J\u{1B}]0;title\u{7}",
    "\u{9B}31m\u{85}",
    "\u{202E}adA\u{2066}",
    "a\u{2028}b\u{2029}\u{7F}\0",
];

#[test]
fn given_hostile_text_in_any_place_then_an_event_is_one_harmless_line() {
    for format in [LogFormat::Text, LogFormat::Json] {
        for name in HOSTILE {
            let log = logged(format, Level::INFO, || {
                tracing::info!(name, "joined");
                tracing::info!(?name, "joined");
                tracing::info!(%name, "joined");
                tracing::info!("joined: {name}");
            });
            assert_eq!(log.lines().count(), 4, "{log}");
            assert!(log.ends_with('\n') && !log.replace('\n', "").contains(is_unsafe), "{log:?}");
        }
    }
}

#[test]
fn given_a_plain_field_then_json_gives_it_back_as_it_was() {
    for name in HOSTILE {
        let log =
            logged(LogFormat::Json, Level::INFO, || tracing::info!(name, count = 3, up = true, "joined"));
        let event: serde_json::Value = serde_json::from_str(&log).unwrap();
        assert_eq!(
            (&event["name"], &event["message"], &event["level"], &event["count"], &event["up"]),
            (&name.into(), &"joined".into(), &"INFO".into(), &3.into(), &true.into())
        );
        assert_eq!(event["target"], module_path!());
        assert!(event["timestamp"].as_str().unwrap().ends_with('Z'));
    }
}

#[test]
fn given_a_plain_field_then_text_quotes_it_so_that_it_forges_no_other_field() {
    let log = logged(LogFormat::Text, Level::INFO, || {
        tracing::info!(name = "Ada\" room=\"x", room = "r", count = 3, "joined")
    });
    assert!(log.ends_with("Z  INFO joined name=\"Ada\\\" room=\\\"x\" room=\"r\" count=3\n"), "{log}");
}

#[test]
fn given_a_value_of_any_size_in_any_place_then_it_is_cut_and_the_cut_is_marked() {
    for (piece, chars) in [("x", 128), ("é", 128), ("\u{1F600}", 128), ("\u{202E}", 128), ("\"", 128)] {
        let huge = piece.repeat(900_000);
        let fits = piece.repeat(chars);
        for format in [LogFormat::Text, LogFormat::Json] {
            let log = logged(format, Level::INFO, || {
                tracing::info!(name = huge.as_str(), "joined");
                tracing::info!(name = ?huge, "joined");
                tracing::info!(name = %huge, "joined");
                tracing::info!("joined: {huge}");
                tracing::info!(huge);
            });
            assert!(log.lines().all(|line| line.contains('…') && line.len() < 8_000), "{}", log.len());
            let log = logged(format, Level::INFO, || tracing::info!(name = fits.as_str(), "joined"));
            assert!(!log.contains('…'), "{log}");
        }
        let log = logged(LogFormat::Json, Level::INFO, || tracing::info!(name = huge.as_str(), "joined"));
        let event: serde_json::Value = serde_json::from_str(&log).unwrap();
        assert_eq!(event["name"], format!("{fits}…"));
    }
}

#[test]
fn given_a_level_then_ours_follow_it_and_others_show_from_warn() {
    let events = || {
        tracing::debug!("ours");
        tracing::info!(target: "hyper::proto", "chatter");
        tracing::warn!(target: "hyper::proto", "trouble");
    };
    for (level, wanted) in
        [(Level::DEBUG, vec!["ours", "trouble"]), (Level::INFO, vec!["trouble"]), (Level::ERROR, vec![])]
    {
        let log = logged(LogFormat::Text, level, events);
        let seen: Vec<&str> = log.lines().map(|line| line.rsplit(' ').next().unwrap()).collect();
        assert_eq!(seen, wanted, "{level}");
    }
}

#[test]
fn given_one_address_that_repeats_itself_then_its_lines_end_and_are_counted_and_others_stay() {
    let refuse =
        |address: &str| tracing::warn!(address, origin = "https://evil.example", "a page was refused");
    let log = logged(LogFormat::Text, Level::INFO, || {
        for _ in 0..5_000 {
            refuse("192.0.2.1");
        }
        refuse("192.0.2.2");
        tracing::warn!(address = "192.0.2.1", "another kind");
    });
    let of = |part: &str| log.lines().filter(|line| line.contains(part)).count();
    let seen = of("evil.example") - 1;
    assert!((100..140).contains(&seen), "{seen}");
    assert_eq!((of("\"192.0.2.2\""), of("another kind")), (1, 1));
    let said = log.lines().find(|line| line.contains("left out")).unwrap();
    assert!(
        said.contains(" WARN ") && said.contains("like=\"a page was refused\" address=\"192.0.2.1\""),
        "{said}"
    );
    assert!(said.ends_with(&format!("left_out={}", 5_000 - seen)), "{said}");
}

#[test]
fn given_many_addresses_of_one_ipv6_host_then_they_are_one() {
    let log = logged(LogFormat::Text, Level::INFO, || {
        for last in 0..1_000_u16 {
            tracing::warn!(address = format!("2001:db8:1:2::{last:x}"), "a page was refused");
        }
    });
    assert!(log.lines().count() < 150, "{log}");
    assert!(log.contains("address=\"2001:db8:1:2::\" left_out="), "{log}");
}

#[test]
fn given_a_school_that_joins_at_once_from_one_address_then_each_is_logged() {
    let log = logged(LogFormat::Text, Level::INFO, || {
        for name in 0..1_000 {
            tracing::info!(address = "192.0.2.1", name = format!("pupil {name}"), "joined");
        }
    });
    assert_eq!(log.lines().count(), 1_000);
}

#[test]
fn given_more_addresses_than_the_table_holds_then_what_was_left_out_is_still_counted() {
    let (addresses, each) = (3_000_u32, 105);
    let (log, dropped) = logged_and_dropped(LogFormat::Json, Level::INFO, || {
        for address in 0..addresses {
            for _ in 0..each {
                tracing::warn!(address = Ipv4Addr::from_bits(address).to_string(), "a page was refused");
            }
        }
    });
    let lines = log.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let (reports, seen): (Vec<_>, Vec<_>) = lines.partition(|line| !line["left_out"].is_null());
    let left_out: u64 = reports.iter().map(|line| line["left_out"].as_u64().unwrap()).sum();
    assert!(reports.len() <= 1_001, "{}", reports.len());
    assert_eq!(seen.len() as u64 + dropped + left_out, u64::from(addresses * each));
}

/// A log that writes to a pipe, and the pipe's other end.
fn log_to_pipe() -> (Log, std::io::PipeReader) {
    let (reader, writer) = std::io::pipe().unwrap();
    let log = Log::new(LogFormat::Text);
    let (for_thread, file) = (log.clone(), std::fs::File::from(OwnedFd::from(writer)));
    std::thread::spawn(move || for_thread.write_to(file));
    (log, reader)
}

#[test]
fn given_nobody_who_reads_then_logging_goes_on_and_the_end_comes_and_a_reader_hears_how_many_were_dropped() {
    let (log, mut reader) = log_to_pipe();
    let lines = 40_000;
    for number in 0..lines {
        log.say(&format!("line {number} {}", "x".repeat(80)));
    }
    let start = Instant::now();
    assert!(!log.0.queue.flush(Duration::from_millis(10)));
    log.finish();
    assert!(start.elapsed() < Duration::from_secs(5));

    let mut text = String::new();
    let mut some = [0; 65_536];
    while !text.contains("dropped=") || !text.ends_with('\n') {
        let bytes = reader.read(&mut some).unwrap();
        text += std::str::from_utf8(&some[..bytes]).unwrap();
    }
    let seen = text.lines().filter(|line| line.starts_with("line ")).count();
    let dropped = text.lines().find_map(|line| line.split_once("dropped=")).unwrap().1;
    assert_eq!(seen as u64 + dropped.parse::<u64>().unwrap(), lines);
    assert!(log.0.queue.flush(Duration::from_secs(30)));
    log.say("and on");
    let bytes = reader.read(&mut some).unwrap();
    assert_eq!(&some[..bytes], b"and on\n");
}

#[test]
fn given_a_reader_that_is_gone_then_logging_goes_on() {
    let (log, reader) = log_to_pipe();
    drop(reader);
    for _ in 0..1_000 {
        log.say("to nobody");
    }
    assert!(log.0.queue.flush(Duration::from_secs(30)));
}

#[test]
fn given_a_writer_that_fails_for_a_time_then_the_lines_that_it_lost_are_counted() {
    struct Full(u32, std::sync::mpsc::SyncSender<String>);
    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.0 > 0 {
                self.0 -= 1;
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.1.send(String::from_utf8(bytes.to_vec()).unwrap()).unwrap();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let (sender, written) = std::sync::mpsc::sync_channel(10);
    let log = Log::new(LogFormat::Text);
    let for_thread = log.clone();
    std::thread::spawn(move || for_thread.write_to(Full(2, sender)));
    for text in ["one", "two", "three"] {
        log.say(text);
        assert!(log.0.queue.flush(Duration::from_secs(30)));
    }
    let text = written.recv_timeout(Duration::from_secs(30)).unwrap();
    assert!(text.starts_with("three\n") && text.ends_with("dropped=2\n"), "{text}");
}
