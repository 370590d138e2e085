//! Members that are cut off and come back: what each of them keeps from one connection to the next, and how that went
//! overall.

use serde::Serialize;

use super::{error::BenchError, latency::Times, packet};

/// What a member that will be cut off keeps.
#[derive(Debug, Default)]
pub(super) struct Return {
    /// What it recovers its place with; `None` if the server gives none.
    pid: Option<String>,
    /// The last offset that it was given, or nothing.
    offset: Vec<u8>,
    /// It has been in its room before.
    pub(super) is_again: bool,
    /// When it began to connect again.
    began: u64,
    /// Since when it has heard its room live.
    live_since: u64,
    /// When the messages were sent that came before the server's CONNECT. The official client holds them back until then.
    held: Vec<u64>,
}

/// What became of all cuts.
#[derive(Clone, Debug)]
pub(super) struct Comebacks {
    pub(super) cuts: u64,
    /// Cuts after which the server gave the member its place back.
    pub(super) recovered: u64,
    /// Cuts after which the member joined anew.
    pub(super) joined_again: u64,
    /// Attempts to come back that failed and were repeated.
    pub(super) failed: u64,
    /// Members whose connection ended without a cut: room and seat.
    pub(super) dropped: Vec<(u32, u32)>,
    /// Messages that came by replay.
    pub(super) replayed: u64,
    /// From connecting again to being in the room.
    pub(super) back: Times,
    /// From connecting again to a message that was missed.
    pub(super) replay: Times,
    /// From sending to the delivery of such a message.
    pub(super) since_sent: Times,
}

/// What a client shows in CONNECT.
#[derive(Serialize)]
struct Auth<'a> {
    pid: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<&'a str>,
}

impl Comebacks {
    pub(super) fn new() -> Result<Self, BenchError> {
        Ok(Self {
            cuts: 0,
            recovered: 0,
            joined_again: 0,
            failed: 0,
            dropped: Vec::new(),
            replayed: 0,
            back: Times::new()?,
            replay: Times::new()?,
            since_sent: Times::new()?,
        })
    }

    /// Members that are on their way back.
    pub(super) fn away(&self) -> u64 {
        self.cuts - self.recovered - self.joined_again
    }

    fn replayed(&mut self, began: u64, sent: u64, now: u64) {
        self.replayed += 1;
        self.replay.record(now.saturating_sub(began));
        self.since_sent.record(now.saturating_sub(sent));
    }
}

impl Return {
    /// The connection is gone.
    pub(super) fn lost(&mut self) {
        self.is_again = true;
        self.live_since = u64::MAX;
        self.held.clear();
    }

    /// It begins to connect.
    pub(super) fn begin(&mut self, now: u64) {
        self.began = now;
    }

    /// The CONNECT packet.
    pub(super) fn connect(&self) -> Vec<u8> {
        let mut packet = packet::CONNECT.to_vec();
        if let Some(pid) = &self.pid {
            let offset = std::str::from_utf8(&self.offset).ok().filter(|offset| !offset.is_empty());
            // Writing strings into memory cannot fail.
            let _ = serde_json::to_writer(&mut packet, &Auth { pid, offset });
        }
        packet
    }

    /// The server's CONNECT, with its JSON. Returns whether it gives back the place that the member asked for.
    pub(super) fn connected(&mut self, json: &[u8], comebacks: &mut Comebacks, now: u64) -> bool {
        let pid = packet::member(json, "pid");
        let recovered = self.is_again && pid.is_some() && pid == self.pid;
        self.pid = pid;
        for sent in std::mem::take(&mut self.held) {
            comebacks.replayed(self.began, sent, now);
        }
        if recovered {
            comebacks.recovered += 1;
            self.is_back(comebacks, now);
        }
        recovered
    }

    /// It is in its room, after asking for that.
    pub(super) fn joined(&mut self, comebacks: &mut Comebacks, now: u64) {
        if self.is_again {
            comebacks.joined_again += 1;
            self.is_back(comebacks, now);
        }
    }

    fn is_back(&mut self, comebacks: &mut Comebacks, now: u64) {
        self.live_since = now;
        comebacks.back.record(now.saturating_sub(self.began));
    }

    /// An event came: the client remembers its offset.
    pub(super) fn note(&mut self, event: &[u8]) {
        if let Some(offset) = packet::offset(event) {
            self.offset.clear();
            self.offset.extend_from_slice(offset);
        }
    }

    /// A message came that was sent at `sent`. Returns whether it had been missed, and is accounted for here.
    pub(super) fn heard(
        &mut self,
        sent: u64,
        is_connected: bool,
        comebacks: &mut Comebacks,
        now: u64,
    ) -> bool {
        if sent >= self.live_since {
            return false;
        }
        if is_connected {
            comebacks.replayed(self.began, sent, now);
        } else {
            self.held.push(sent);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    /// In seconds.
    fn p99(times: &Times) -> u64 {
        times.summary().unwrap().p99 / 1_000_000
    }

    #[test]
    fn a_member_that_recovers_shows_its_pid_and_has_what_it_missed_when_the_server_says_so() {
        let (mut member, mut all) = (Return::default(), Comebacks::new().unwrap());
        assert_eq!(member.connect(), b"40");
        assert!(!member.connected(b"{\"sid\":\"s\",\"pid\":\"p\"}", &mut all, 0));
        member.joined(&mut all, 0);
        member.note(b"{\"msg\":\"a\"},\"7-1\"]");
        assert!(!member.heard(SECOND, true, &mut all, SECOND), "live");
        all.cuts += 1;
        member.lost();
        member.begin(3 * SECOND);
        assert_eq!(member.connect(), b"40{\"pid\":\"p\",\"offset\":\"7-1\"}");
        assert!(member.heard(2 * SECOND, false, &mut all, 4 * SECOND));
        assert!(member.connected(b"{\"sid\":\"s\",\"pid\":\"p\"}", &mut all, 5 * SECOND));
        assert_eq!((all.recovered, all.joined_again, all.replayed, all.away()), (1, 0, 1, 0));
        assert_eq!([&all.back, &all.replay, &all.since_sent].map(p99), [2, 2, 3]);
        assert!(!member.heard(5 * SECOND, true, &mut all, 6 * SECOND), "live again");
    }

    #[test]
    fn a_member_that_does_not_recover_is_back_when_it_has_joined() {
        let (mut member, mut all) = (Return::default(), Comebacks::new().unwrap());
        member.connected(b"{\"sid\":\"s\"}", &mut all, 0);
        member.joined(&mut all, 0);
        all.cuts += 1;
        member.lost();
        member.begin(SECOND);
        assert_eq!(member.connect(), b"40");
        assert!(!member.connected(b"{\"sid\":\"t\"}", &mut all, 2 * SECOND));
        assert_eq!(all.away(), 1);
        member.joined(&mut all, 3 * SECOND);
        assert!(member.heard(SECOND, true, &mut all, 4 * SECOND), "the server sent it again");
        assert_eq!((all.recovered, all.joined_again, all.replayed, all.away()), (0, 1, 1, 0));
        assert_eq!([&all.back, &all.replay].map(p99), [2, 3]);
    }
}
