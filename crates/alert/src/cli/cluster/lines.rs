//! The status of servers that share their rooms, as lines for people.

use alert_core::printable::one_line;
use alert_server::log::redis::{Facts, Finding, Node, Status};

const HEADS: [&str; 8] = ["SERVER", "VERSION", "WIRE", "ADDRESS", "STARTED", "CONNECTIONS", "LAG", "LEASE"];
/// What is not known.
const NONE: &str = "-";

pub(super) fn of(status: &Status, findings: &[Finding], is_well: bool) -> String {
    let mut text = of_redis(status);
    text.push('\n');
    text += &of_nodes(&status.nodes);
    text.push('\n');
    for finding in findings {
        let kind = if matches!(finding, Finding::Fault(_)) { "Wrong" } else { "Warning" };
        text += &format!("{kind}: {}.\n", one_line(finding.text()));
    }
    if is_well {
        text += "Nothing is wrong.\n";
    }
    text
}

fn of_redis(status: &Status) -> String {
    let mut lines = vec![("Redis", format!("{}, prefix {}", status.address, status.prefix))];
    for Facts { place, version, role, replicas, memory, most_memory, policy, has_aof, .. } in &status.masters
    {
        let memory = match most_memory {
            Some(most) => format!("{} of {} ({policy})", mebibytes(*memory), mebibytes(*most)),
            None => format!("{}, without a limit", mebibytes(*memory)),
        };
        let file = if *has_aof { "append-only file" } else { "no append-only file" };
        let line = format!("{version} at {place}, {role}, replicas: {replicas}, memory: {memory}, {file}");
        lines.push(("", line));
    }
    lines.push(("Rooms", format!("{}, people in them: {}", status.rooms, status.people)));
    lines.iter().map(|(what, value)| format!("{what:8}{}\n", one_line(value))).collect()
}

fn of_nodes(nodes: &[Node]) -> String {
    let rows = nodes.iter().map(|Node { name, about, lease }| {
        [
            name.clone(),
            about.version.clone(),
            about.wire.to_string(),
            about.address.clone().unwrap_or_else(|| NONE.to_owned()),
            super::started(about.started).map_or_else(|| NONE.to_owned(), |at| at.to_string()),
            about.connections.to_string(),
            format!("{} ms", about.lag),
            format!("{:.1} s", lease.as_secs_f64()),
        ]
        .map(|cell| if cell.is_empty() { NONE.to_owned() } else { one_line(&cell).into_owned() })
    });
    let rows: Vec<[String; 8]> = std::iter::once(HEADS.map(str::to_owned)).chain(rows).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let lines = rows.iter().map(|row| {
        let cells = row.iter().enumerate().map(|(column, cell)| format!("{cell:0$}", width(column)));
        format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
    });
    lines.collect()
}

#[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}
