//! The result as a person reads it.

use std::fmt::{self, Display, Formatter};

use super::{
    latency::Latency,
    report::{Bystanders, Comeback, Joined, Report, Settings, Spoken, Usage},
};

impl Display for Report {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let Self { settings, join, fanout, comeback, server, generator, .. } = self;
        let mut row = |name: &str, text: String| writeln!(out, "{name:<13}{text}");
        row(if settings.urls.len() > 1 { "Servers" } else { "Server" }, settings.urls.join(", "))?;
        row("Load", load(settings))?;
        row("Joined", joined(join))?;
        row("Connecting", times(join.connect_us, &format!("all in {:.2} s", join.connected_s)))?;
        row("Joining", times(join.join_us, &format!("all in {:.2} s", join.joined_s)))?;
        row(
            "Statuses",
            format!(
                "{} of {} in {:.2} s",
                number(join.statuses),
                number(join.statuses_expected),
                join.statuses_s
            ),
        )?;
        if let Some(spoken) = fanout {
            let Spoken { messages, messages_per_s, deliveries, deliveries_per_s, duration_s, .. } = spoken;
            row(
                "Messages",
                format!("{} in {duration_s:.1} s: {}/s", number(*messages), decimal(*messages_per_s)),
            )?;
            row("Deliveries", format!("{}: {}/s", number(*deliveries), decimal(*deliveries_per_s)))?;
            row("Latency", times(spoken.latency_us, ""))?;
            if settings.urls.len() > 1 {
                row("", times(spoken.latency_across_us, "by another server than the sender's"))?;
            }
            let faults = spoken.faults().map(|(name, count)| format!("{} {name}", number(count)));
            row("Faults", faults.join(", "))?;
        }
        if let Some(comeback) = comeback {
            for (name, text) in back(comeback) {
                row(name, text)?;
            }
        }
        if let Some(server) = server {
            row("Server CPU", cpu(server, settings))?;
            row("Memory", memory(server))?;
        }
        row("Generator", format!("CPU {}", cpu(generator, settings)))?;
        for (reason, count) in &self.died {
            let connections = if *count == 1 { "connection" } else { "connections" };
            row("Ended", format!("{} {connections}: {reason}", number(*count)))?;
        }
        for note in &self.notes {
            row("Note", note.clone())?;
        }
        row("Result", result(self).to_owned())
    }
}

fn load(settings: &Settings) -> String {
    let Settings { rooms, members, senders, transport, .. } = settings;
    let rooms = if *rooms == 1 { "1 room of".to_owned() } else { format!("{rooms} rooms of") };
    let mut text = format!("{rooms} {members} members, {transport}");
    if let Some(payload) = settings.payload {
        text += &format!(
            ", {senders} {} each, {payload} bytes",
            if *senders == 1 { "sender" } else { "senders" }
        );
    }
    match (settings.window, settings.rate) {
        (Some(window), _) => text += &format!(", {window} in flight per room"),
        (_, Some(rate)) => text += &format!(", {rate} messages/s in all"),
        _ => {}
    }
    let seconds = |time: f64| format!("{time} s");
    match (settings.cut_every_s.map(seconds), settings.cut_for_s.map(seconds), settings.missed) {
        (Some(every), Some(time), _) => text += &format!(", the others cut off every {every} for {time}"),
        (None, Some(time), Some(missed)) => {
            text += &format!(", the others cut off for {time} and {missed} messages");
        }
        _ => {}
    }
    text
}

fn back(comeback: &Comeback) -> Vec<(&'static str, String)> {
    let Comeback { cuts, recovered, joined_again, not_back, failed_attempts, .. } = comeback;
    let [cuts, recovered, joined_again, not_back, failed] =
        [*cuts, *recovered, *joined_again, *not_back, *failed_attempts].map(number);
    let mut rows = vec![
        (
            "Cuts",
            format!(
                "{cuts}: {recovered} recovered, {joined_again} joined again, {not_back} not back; {failed} attempts failed"
            ),
        ),
        ("Delivered", format!("{:.3} %", comeback.delivered_share * 100.0)),
        ("Back", times(comeback.back_us, "from connecting again")),
        (
            "Replayed",
            times(comeback.replay_us, &format!("{}, from connecting again", number(comeback.replayed))),
        ),
        ("", times(comeback.replay_since_sent_us, "from sending")),
    ];
    if let Some(seconds) = comeback.returned.all_back_s {
        let cpu = comeback.returned.all_back_cpu_s.map(|cpu| format!("; server CPU {cpu:.2} s"));
        rows.push(("All back", format!("after {seconds:.2} s{}", cpu.unwrap_or_default())));
    }
    if let Some(Bystanders { messages, lost, latency_us }) = comeback.returned.bystanders {
        let before = format!("{} messages, {} lost", number(messages), number(lost));
        rows.push(("Bystanders", times(latency_us, &before)));
    }
    rows
}

fn joined(join: &Joined) -> String {
    format!("{} of {}", number(u64::from(join.joined)), number(u64::from(join.members)))
}

fn times(latency: Option<Latency>, before: &str) -> String {
    let Some(Latency { p50, p99, p999, max }) = latency else { return "nothing to measure".to_owned() };
    let [p50, p99, p999, max] = [p50, p99, p999, max].map(time);
    let before = if before.is_empty() { String::new() } else { format!("{before}: ") };
    format!("{before}p50 {p50}, p99 {p99}, p99.9 {p999}, max {max}")
}

fn cpu(usage: &Usage, settings: &Settings) -> String {
    let while_joining = format!("{:.2} s while joining", usage.join_cpu_s);
    if settings.mode == "storm" {
        return while_joining;
    }
    let each = usage.cpu_us_per_delivery.map(|cpu| format!("{cpu:.2} us a delivery, ")).unwrap_or_default();
    format!("{each}{:.1} % of a core; {while_joining}", usage.cpu_percent)
}

fn memory(usage: &Usage) -> String {
    let megabytes = |bytes: u64| format!("{:.1} MB", bytes as f64 / 1e6);
    let each = match usage.memory_per_connection / 1e3 {
        each @ 0.05.. => format!("{each:.1} kB a connection"),
        _ => "no growth: restart the server to see what a connection takes".to_owned(),
    };
    format!(
        "{} before, {} when all had joined, {} at the end; {each}",
        megabytes(usage.memory_before),
        megabytes(usage.memory_joined),
        megabytes(usage.memory_end)
    )
}

fn result(report: &Report) -> &'static str {
    match (report.ok, report.interrupted, report.fanout.is_some()) {
        (false, ..) => "FAILED: not everybody joined and stayed, or not everything arrived once and in order",
        (true, true, _) => "fine up to here; ended early",
        (true, false, true) => "fine: everything arrived, once and in order",
        (true, false, false) => "fine: everybody joined and stayed",
    }
}

/// `1234567` as `1,234,567`.
pub(super) fn number(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Microseconds, in the unit that suits them.
pub(super) fn time(microseconds: u64) -> String {
    match microseconds {
        0..1_000 => format!("{microseconds} us"),
        1_000..10_000 => format!("{:.2} ms", microseconds as f64 / 1e3),
        10_000..1_000_000 => format!("{:.0} ms", microseconds as f64 / 1e3),
        _ => format!("{:.1} s", microseconds as f64 / 1e6),
    }
}

/// With a decimal if that says something.
fn decimal(value: f64) -> String {
    if value < 100.0 { format!("{value:.1}") } else { number(value.round() as u64) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_numbers_and_times_then_they_are_easy_to_read() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(number), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([7, 1_500, 15_000, 2_500_000].map(time), ["7 us", "1.50 ms", "15 ms", "2.5 s"]);
        assert_eq!([9.97, 1234.5].map(decimal), ["10.0", "1,235"]);
    }
}
