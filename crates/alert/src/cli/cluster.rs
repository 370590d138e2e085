//! `alert cluster status`.

mod lines;

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::{Duration, UNIX_EPOCH};

use alert_core::wire::history::At;
use alert_server::config::RedisFlags;
use alert_server::log::redis::{ArchiveError, Facts, Finding, Node, Status};
use clap::Subcommand;
use serde_json::{Value, json};

use super::usage::notes;
use super::{UNREACHABLE, USAGE_ERROR};

pub(super) const EXAMPLES: &str = "\
Examples:
  alert cluster status --redis redis://db.example.org:6379
  alert cluster status --config /etc/alert.toml
                                          the Redis of the server's own file
  alert cluster status --json | jq '.nodes[] | {name, version}'
  until alert cluster status; do sleep 1; done
                                          wait until all is well

With a password, set ALERT_REDIS instead of --redis, which others on this machine see. It asks Redis
only, never the servers: one that was killed is shown until its lease ends, 10 s after its last sign of
life.

Exit codes: 0 nothing is wrong, there may be warnings; 1 something is wrong; 2 wrong usage or
configuration; 3 there is no way to Redis.";

const JSON: &str = "\
--json prints one object:
  ok        whether nothing is wrong
  redis     {address, prefix, masters}
            masters   each {address, version, role, replicas, memory,
                      max_memory, policy, append_only,
                      append_only_failed}; memory in bytes, max_memory
                      null where there is no limit
  nodes     by name: {name, version, wire, address, started, connections,
            lag_ms, lease_ms}
            wire      version of what servers write in Redis: all must
                      have the same; 0 if it is not known
            address   where other servers reach it, or null
            lag_ms    how long Redis took to answer its last renewal, which
                      waits behind the calls of the same tag from that
                      server, as it said itself up to 3 s ago
            lease_ms  time until the others give it up, unless it renews
                      its lease, as it does every 3 s
  rooms     in which somebody is
  people    in them; whoever is in two rooms counts twice
  findings  {severity, text}; severity is fault or warning";

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Print the servers that are alive, how their Redis is, and what is wrong
    #[command(after_help = notes(EXAMPLES), after_long_help = notes(&format!("{EXAMPLES}\n\n{JSON}")))]
    Status {
        /// Print one JSON object; --help describes it
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        flags: RedisFlags,
    },
}

impl Command {
    pub(super) fn run(&self) -> ExitCode {
        let Self::Status { json, flags: RedisFlags(flags) } = self;
        let history = match super::load(flags) {
            Ok(config) => config.history,
            Err(code) => return code,
        };
        let status = match Status::ask(&history) {
            Ok(status) => status,
            Err(error) => {
                super::complain(&error);
                return match error {
                    ArchiveError::NoRedis => ExitCode::from(USAGE_ERROR),
                    error if error.is_silence() => ExitCode::from(UNREACHABLE),
                    _ => ExitCode::FAILURE,
                };
            }
        };
        let findings = status.findings();
        let is_well = !findings.iter().any(|finding| matches!(finding, Finding::Fault(_)));
        let text = if *json {
            format!("{:#}\n", as_json(&status, &findings, is_well))
        } else {
            lines::of(&status, &findings, is_well)
        };
        match io::stdout().write_all(text.as_bytes()) {
            // Whoever stops reading has seen enough.
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                super::complain(format_args!("cannot write to standard output: {error}"));
                ExitCode::FAILURE
            }
            _ if is_well => ExitCode::SUCCESS,
            _ => ExitCode::FAILURE,
        }
    }
}

fn as_json(status: &Status, findings: &[Finding], is_well: bool) -> Value {
    let masters = status.masters.iter().map(|master| {
        let Facts { place, version, role, replicas, memory, most_memory, policy, has_aof, has_failed, .. } = master;
        json!({
            "address": place, "version": version, "role": role, "replicas": replicas, "memory": memory,
            "max_memory": most_memory, "policy": policy, "append_only": has_aof, "append_only_failed": has_failed,
        })
    });
    let nodes = status.nodes.iter().map(|Node { name, about, lease }| {
        json!({
            "name": name, "version": about.version, "wire": about.wire, "address": about.address,
            "started": started(about.started), "connections": about.connections, "lag_ms": about.lag,
            "lease_ms": u64::try_from(lease.as_millis()).unwrap_or(u64::MAX),
        })
    });
    let findings = findings.iter().map(|finding| {
        let severity = if matches!(finding, Finding::Fault(_)) { "fault" } else { "warning" };
        json!({ "severity": severity, "text": finding.text() })
    });
    json!({
        "ok": is_well,
        "redis": {
            "address": status.address, "prefix": status.prefix, "masters": masters.collect::<Vec<_>>(),
        },
        "nodes": nodes.collect::<Vec<_>>(),
        "rooms": status.rooms,
        "people": status.people,
        "findings": findings.collect::<Vec<_>>(),
    })
}

/// Milliseconds since 1970 as a time; 0 if it is not known.
fn started(millis: u64) -> Option<At> {
    let at = UNIX_EPOCH.checked_add(Duration::from_millis(millis))?;
    (millis > 0).then_some(At(at))
}
