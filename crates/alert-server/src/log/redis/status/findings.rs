//! What is wrong with the servers or their Redis, or may become so, and what to do.

use super::super::lease::{LEASE, RENEWAL};
use super::super::wire::WIRE;
use super::{Facts, Node, Status};
use std::collections::BTreeSet;
use std::time::Duration;

/// A node that Redis answered more slowly does not keep up.
const SLOW: Duration = Duration::from_secs(1);
/// Of the memory that Redis may use, in percent: from here on somebody should look.
const ALMOST_FULL: u64 = 90;

/// Something that whoever runs the servers should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Something is wrong: what, and what to do.
    Fault(String),
    /// Nothing is wrong yet.
    Warning(String),
}

impl Finding {
    /// In words.
    pub fn text(&self) -> &str {
        let (Self::Fault(text) | Self::Warning(text)) = self;
        text
    }
}

impl Status {
    /// All of them.
    pub fn findings(&self) -> Vec<Finding> {
        let mut findings: Vec<_> = self.masters.iter().flat_map(of_redis).collect();
        if self.nodes.is_empty() {
            findings.push(Finding::Fault(format!(
                "no server is alive: start one with this --redis and --redis-prefix {}, or correct them here",
                self.prefix
            )));
        }
        findings.extend(self.nodes.iter().flat_map(of_node));
        findings.extend(of_versions(&self.nodes));
        let silent = names(self.nodes.iter().filter(|node| node.about.address.is_none()));
        if self.nodes.len() > 1 && !silent.is_empty() {
            findings.push(Finding::Warning(format!(
                "the others do not know where they reach {silent}: clients that poll need sticky sessions there; set \
                 --advertise on it"
            )));
        }
        findings
    }
}

fn of_redis(redis: &Facts) -> Vec<Finding> {
    let mut findings: Vec<_> = redis.warnings.iter().cloned().map(Finding::Fault).collect();
    if redis.has_failed {
        findings.push(Finding::Fault(format!(
            "Redis ({}) cannot write its append-only file: look at its log, and at the space on its disk",
            redis.place
        )));
    }
    let used = redis.most_memory.map(|most| redis.memory.saturating_mul(100) / most.max(1));
    if let Some(used) = used.filter(|used| *used >= ALMOST_FULL) {
        findings.push(Finding::Fault(format!(
            "Redis ({}) uses {used} % of its maxmemory, and takes nothing more at 100 %: raise it, or lower history_messages or history_age", redis.place
        )));
    }
    findings
}

fn of_node(node: &Node) -> Vec<Finding> {
    let (name, about) = (&node.name, &node.about);
    let mut findings = Vec::new();
    if about.wire == 0 {
        findings.push(Finding::Fault(format!(
            "{name} says of itself what this version of Alert cannot read: use the alert of the newest server"
        )));
    } else if about.wire != WIRE {
        findings.push(Finding::Warning(format!(
            "{name} has wire version {}, and this command has {WIRE}: what it shows of it may be incomplete; use the alert \
             of that server",
            about.wire
        )));
    }
    let silence = LEASE.saturating_sub(node.lease);
    if silence > RENEWAL * 2 {
        findings.push(Finding::Fault(format!(
            "{name} has given no sign of life for {:.0} s: it is dead, stuck or cut off from Redis. Its people leave in \
             {:.0} s, unless they come back to another server; look at its log",
            silence.as_secs_f64(),
            node.lease.as_secs_f64()
        )));
    }
    let lag = Duration::from_millis(about.lag);
    if lag > SLOW {
        findings.push(Finding::Fault(format!(
            "Redis took {:.1} s to answer {name}: it, or the network, does not keep up; look at redis-cli --latency, at \
             SLOWLOG GET, and whether Redis has a core to itself",
            lag.as_secs_f64()
        )));
    }
    findings
}

/// Several of them side by side.
fn of_versions(nodes: &[Node]) -> Option<Finding> {
    let version = |node: &Node| (node.about.wire, node.about.version.clone());
    let versions: BTreeSet<_> = nodes.iter().map(version).collect();
    if versions.len() < 2 {
        return None;
    }
    let list: Vec<_> = versions
        .iter()
        .map(|one| {
            let nodes = names(nodes.iter().filter(|node| version(node) == *one));
            format!("{} (wire version {}) on {nodes}", one.1, one.0)
        })
        .collect();
    let (list, wires) = (list.join("; "), versions.iter().map(|(wire, _)| wire).collect::<BTreeSet<_>>());
    Some(if wires.len() > 1 {
        Finding::Fault(format!(
            "versions are alive that cannot work with each other: {list}. Stop all servers of one of them"
        ))
    } else {
        Finding::Warning(format!("several versions are alive, which can work with each other: {list}"))
    })
}

fn names<'a>(nodes: impl Iterator<Item = &'a Node>) -> String {
    nodes.map(|node| node.name.as_str()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::redis::About;
    use std::time::SystemTime;

    fn node(name: &str, version: &str, wire: u32) -> Node {
        let about = About {
            version: version.to_owned(),
            wire,
            address: Some("10.0.0.5:5000".to_owned()),
            ..About::default()
        };
        Node { name: name.to_owned(), about, lease: Duration::from_secs(8) }
    }

    fn status(nodes: Vec<Node>) -> Status {
        let redis = Facts {
            place: "db:6379".to_owned(),
            version: "Redis 7.0.15".to_owned(),
            role: "master".to_owned(),
            replicas: 0,
            memory: 89,
            most_memory: Some(100),
            policy: "noeviction".to_owned(),
            has_aof: true,
            has_failed: false,
            at: SystemTime::UNIX_EPOCH,
            warnings: Vec::new(),
        };
        Status {
            address: "redis://db".to_owned(),
            prefix: "alert".to_owned(),
            masters: vec![redis],
            nodes,
            rooms: 0,
            people: 0,
        }
    }

    fn found(status: &Status) -> Vec<Finding> {
        status.findings()
    }

    #[test]
    fn given_that_all_is_well_then_nothing_is_found() {
        assert_eq!(found(&status(vec![node("a", "0.1.0", WIRE), node("b", "0.1.0", WIRE)])), []);
    }

    #[test]
    fn given_anything_that_is_wrong_then_it_is_a_fault_with_what_to_do() {
        let all_well = || status(vec![node("a", "0.1.0", WIRE)]);
        let change = |change: &dyn Fn(&mut Status)| {
            let mut status = all_well();
            change(&mut status);
            status
        };
        for (status, words) in [
            (change(&|status| status.nodes.clear()), "start one with this --redis"),
            (change(&|status| status.nodes[0].lease = Duration::from_secs(3)), "no sign of life for 7 s"),
            (change(&|status| status.nodes[0].about.lag = 1001), "Redis took 1.0 s to answer a"),
            (change(&|status| status.nodes[0].about.wire = 0), "use the alert of the newest server"),
            (change(&|status| status.masters[0].memory = 90), "90 % of its maxmemory"),
            (change(&|status| status.masters[0].has_failed = true), "append-only file"),
            (
                change(&|status| status.masters[0].warnings.push("set appendonly yes".to_owned())),
                "appendonly",
            ),
            (change(&|status| status.nodes.push(node("b", "9.0.0", 7))), "Stop all servers of one of them"),
        ] {
            let found = found(&status);
            assert!(
                found.iter().any(|finding| matches!(finding, Finding::Fault(text) if text.contains(words))),
                "{words}: {found:?}"
            );
        }
    }

    #[test]
    fn given_versions_that_work_with_each_other_or_no_address_then_that_is_a_warning() {
        let two = status(vec![node("a", "0.1.0", WIRE), node("b", "0.2.0", WIRE)]);
        let found_of_two = found(&two);
        assert!(
            matches!(&found_of_two[..], [Finding::Warning(text)] if text.contains(&format!("0.1.0 (wire version {WIRE}) on a; 0.2.0"))),
            "{found_of_two:?}"
        );
        let mut hidden = status(vec![node("a", "0.1.0", WIRE), node("b", "0.1.0", WIRE)]);
        hidden.nodes[1].about.address = None;
        let found_of_hidden = found(&hidden);
        assert!(
            matches!(&found_of_hidden[..], [Finding::Warning(text)] if text.contains("reach b")),
            "{found_of_hidden:?}"
        );
    }
}
