//! `alert doctor`.

use std::io::{self, Write};
use std::process::ExitCode;

use alert_client::doctor::{Finding, Plan, Verdict, examine};
use alert_client::{ClientFlags, RoomArgument, block_on};
use serde::Serialize;
use socketio_server::origin::Origin;

mod lines;

use lines::{Lines, summary};

pub(super) const EXAMPLES: &str = "\
Examples:
  alert doctor https://alert.example.org
      from the network of its users: does everything let Alert through?
  alert doctor http://127.0.0.1:5000
      on the server itself, without the proxy: to tell the two apart
  alert doctor https://alert.example.org --origin https://school.example.org
      may pages of that site connect?
  alert doctor --json | jq '.checks[] | select(.outcome == \"failed\")'

It takes about as long as the ping interval (25 s), as it waits for a heartbeat at the end. It joins
no room, and nobody hears of it.

Exit codes: 0 nothing failed, there may be warnings; 1 something failed; 2 wrong usage; 3 there is no
connection (DNS or TCP).";

pub(super) const JSON: &str = "\
--json prints one object at the end:
  url      what was examined
  origin   of --origin, or null
  ok       whether nothing failed
  checks   in order: {check, outcome, seen, advice}
           outcome  ok, warning, failed or skipped
           seen     what was seen, or why it was skipped
           advice   null, or {text, config}: what to change, and for each
                    program (nginx, caddy, alert) the lines: {program, lines}";

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The server as its users write it, as in https://alert.example.org [default: the one that alert
    /// send and alert join take: ALERT_URL, or the url of the client's file]
    url: Option<String>,
    /// A web page of another site that should be able to connect, as in https://example.org
    #[arg(long, value_name = "ORIGIN", value_parser = Origin::parse)]
    origin: Option<Origin>,
    /// Print one JSON object instead of lines; --help describes it
    #[arg(long)]
    json: bool,
}

impl Args {
    /// Examines the server and prints what is found, as it is found.
    pub(super) fn run(self) -> ExitCode {
        // The link to a room leads to its server.
        let link = self.url.as_deref().and_then(|text| RoomArgument::parse(text).ok()?.server);
        let url = self.url.filter(|_| link.is_none());
        let flags = ClientFlags { url, link, ..ClientFlags::default() };
        let server = match super::load_client(&flags) {
            Ok(config) => config.server,
            Err(code) => return code,
        };
        let plan = Plan { server, origin: self.origin.map(|origin| origin.as_str().to_owned()) };
        let examined = if self.json { as_json(&plan) } else { as_lines(&plan) };
        match examined {
            Ok(Verdict::Well) => ExitCode::SUCCESS,
            Ok(Verdict::Failed) => ExitCode::FAILURE,
            Ok(Verdict::Unreachable) => ExitCode::from(super::UNREACHABLE),
            // Whoever stops reading has seen enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::FAILURE,
            Err(error) => {
                super::complain(error);
                ExitCode::FAILURE
            }
        }
    }
}

fn as_json(plan: &Plan) -> io::Result<Verdict> {
    #[derive(Serialize)]
    struct Json<'a> {
        url: String,
        origin: Option<&'a str>,
        ok: bool,
        checks: &'a [Finding],
    }
    let mut lines = Lines::new(false);
    let report = block_on(examine(plan, &mut lines))?;
    lines.clear_progress();
    let verdict = report.verdict();
    let json = serde_json::to_string(&Json {
        url: plan.server.address.to_string(),
        origin: plan.origin.as_deref(),
        ok: verdict == Verdict::Well,
        checks: &report.findings,
    })?;
    writeln!(io::stdout(), "{json}")?;
    Ok(verdict)
}

fn as_lines(plan: &Plan) -> io::Result<Verdict> {
    let mut lines = Lines::new(true);
    lines.write(&format!("alert doctor {}\n\n", plan.server.address));
    let report = block_on(examine(plan, &mut lines))?;
    lines.clear_progress();
    lines.write(&format!("\n{}\n", summary(&report)));
    lines.failure.map_or(Ok(report.verdict()), Err)
}
