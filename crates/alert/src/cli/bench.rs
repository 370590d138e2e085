//! `alert bench`.

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use alert_bench::{
    Avalanche, BenchError, FanOut, Jitter, Mode, Pace, Plan, Protocol, Report, Target, Transport,
};
use clap::ValueEnum;
use tokio::signal::unix::{SignalKind, signal};

/// What a shell expects from a program that Ctrl-C ended.
const ENDED_AT_ONCE: i32 = 130;

pub(super) const EXAMPLES: &str = "\
Examples:
  alert bench http://127.0.0.1:5000 --members 800 --rate 5
      will this machine carry 800 pupils, with 5 messages a second?
  alert bench http://127.0.0.1:5000 --window 16 --pid $(pidof alert)
      the most that it can deliver, and what that costs; start the server
      with --event-rate 0 --byte-rate 0 --room-byte-rate 0
  alert bench http://127.0.0.1:5000 --members 1000 --storm
      everybody joins together
  alert bench http://127.0.0.1:5000 --rooms 150 --members 100 --hold 1m
      15,000 quiet connections
  alert bench http://127.0.0.1:5000 --rooms 50 --members 30 --transport mixed
      50 classes, half of the pupils behind a proxy without WebSocket

  alert bench 127.0.0.1:5001 127.0.0.1:5002 --rate 1000 --members 2
      two servers that share their rooms: one member on each, the first speaks

  alert bench http://127.0.0.1:5000 --jitter
      2,000 in a room with bad Wi-Fi: each is cut off every 15 s, for 2 s
  alert bench http://127.0.0.1:5000 --avalanche
      10,000 are cut off at once, miss 100 messages each, and come back at once;
      start the server with --join-rate 0

A message in a room of 800 is 800 deliveries. Names and rooms are new in each run (bench-...):
apart from its load, a run disturbs nobody on a live server. It needs an open file for each member,
two for each that polls.

Exit codes: 0 everything arrived, once and in order; 1 something was lost, came twice, out of
order or in another room, or a connection ended; 2 wrong usage or too few open files; 3 the server
cannot be reached. Ctrl-C ends a run early, with what there is so far.";

pub(super) const JSON: &str = "\
--json prints one object. *_s is seconds, *_us microseconds, memory_* bytes of resident memory;
latencies are {p50, p99, p999, max}. What does not apply is null.
  ok           whether everybody joined and stayed, and everything arrived once
               and in order
  interrupted  whether it was ended early
  settings     url (of the first server), urls, mode (fanout, storm, hold,
               jitter, avalanche), transport, rooms, members (of each room),
               senders, window, rate, payload, concurrency, cut_every_s,
               cut_for_s, missed, recovery
  join         members (of all rooms), joined, connected_s, joined_s, statuses_s
               (from the start to the last), statuses, statuses_expected,
               connect_us, join_us
  fanout       after the warm-up: duration_s, messages, messages_per_s,
               deliveries, deliveries_per_s, latency_us (without what was
               replayed), latency_across_us (of these, by another server than
               the sender's); in the whole run: arrived, lost,
               duplicates, out_of_order (after a later message of the same
               sender), other_order (members that heard another order than the
               others of their room), leaked (of another room), unknown
  comeback     with --jitter and --avalanche: cuts, recovered, joined_again,
               not_back, failed_attempts, delivered_share, replayed, back_us,
               replay_us (from connecting again), replay_since_sent_us; of an
               avalanche: all_back_s, all_back_cpu_s (of the server),
               bystanders {messages, lost, latency_us}
  server       with --pid: join_cpu_s, cpu_s, cpu_percent (of one core),
               cpu_us_per_delivery, memory_before, memory_joined, memory_end,
               memory_per_connection
  generator    the same of this program
  died         {reason: connections that ended}
  notes        what to know when reading the figures

Latency is from sending to delivery. At a fixed rate it counts from the moment when the message was
to be sent, so that a server that falls behind is not flattered.";

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The server, as in http://127.0.0.1:5000; several that share their rooms have the members of each room in turn
    #[arg(value_name = "URL", required = true)]
    urls: Vec<String>,
    /// Members of each room [default: 100; 2000 with --jitter, 101 with --avalanche]
    #[arg(long, value_name = "COUNT", value_parser = at_least_one())]
    members: Option<u32>,
    /// Rooms [default: 1; 100 with --avalanche]
    #[arg(long, value_name = "COUNT", value_parser = at_least_one())]
    rooms: Option<u32>,
    /// Members of each room that speak, in turn
    #[arg(long, value_name = "COUNT", default_value = "1", value_parser = at_least_one())]
    senders: u32,
    /// Messages in flight per room: one more is sent for each MEMBERS deliveries [default: 1]
    #[arg(long, value_name = "COUNT", value_parser = at_least_one())]
    window: Option<u32>,
    /// Messages a second over all rooms, however fast the server is [default with --jitter: 2]
    #[arg(long, value_name = "COUNT", value_parser = rate, conflicts_with = "window")]
    rate: Option<f64>,
    /// Length of a message
    #[arg(long, value_name = "BYTES", default_value = "64")]
    payload: usize,
    /// Time of measuring [default: 10s; 1m with --jitter]
    #[arg(long, value_name = "TIME", value_parser = time)]
    duration: Option<Duration>,
    /// Time of speaking before that
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = time)]
    warmup: Duration,
    /// Connect and join as fast as possible, and end
    #[arg(long, conflicts_with_all = SPEAKING)]
    storm: bool,
    /// Connect, join, and stay silent for this long
    #[arg(long, value_name = "TIME", value_parser = time, conflicts_with_all = SPEAKING, conflicts_with = "storm")]
    hold: Option<Duration>,
    /// Cut off all except the senders again and again, one after the other, and let them come back
    #[arg(long, group = "cutting", conflicts_with_all = ["storm", "hold", "window", "warmup"])]
    jitter: bool,
    /// Cut off all except the senders at once, and let them come back at once
    #[arg(long, group = "cutting", conflicts_with_all = ["storm", "hold", "jitter", "window", "rate", "warmup", "duration"])]
    avalanche: bool,
    /// From one cut of a member to its next, with --jitter; 0 cuts nobody off, for a run in which servers are stopped
    #[arg(long, value_name = "TIME", default_value = "15s", value_parser = time, requires = "jitter")]
    cut_every: Duration,
    /// From a cut until the member connects again, with --jitter and --avalanche
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = time, requires = "cutting")]
    cut_for: Duration,
    /// Messages that everybody misses, with --avalanche
    #[arg(long, value_name = "COUNT", default_value = "100", value_parser = at_least_one(), requires = "avalanche")]
    missed: u32,
    /// Come back without asking for recovery, with --jitter and --avalanche
    #[arg(long, requires = "cutting")]
    no_recovery: bool,
    /// How members connect; mixed is half of them each
    #[arg(long, value_enum, value_name = "TRANSPORT", default_value = "websocket")]
    transport: Word,
    /// What the server speaks: Socket.IO with the events of v1, or what another kind of server needs that is to be compared
    #[arg(long, value_enum, value_name = "PROTOCOL", default_value = "socketio")]
    protocol: Spoken,
    /// Connections that are opened side by side
    #[arg(long, value_name = "COUNT", default_value = "64", value_parser = at_least_one())]
    concurrency: u32,
    /// The server's process on this machine: also report its CPU time and memory, children included; of several, their sum
    #[arg(long = "pid", value_name = "PID", value_delimiter = ',')]
    pids: Vec<i32>,
    /// Print one JSON object instead of the table; --help describes it
    #[arg(long)]
    json: bool,
}

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

const SPEAKING: [&str; 6] = ["senders", "window", "rate", "payload", "duration", "warmup"];

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Word {
    Websocket,
    Polling,
    Mixed,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Spoken {
    Socketio,
    /// MQTT 3.1.1 over WebSocket at /mqtt, QoS 0: a room is a topic
    Mqtt,
    /// nchan_pubsub over WebSocket: a room is the channel /ROOM
    Nchan,
    /// Pusher channels, of the application bench-key with the secret bench-secret: a room is a private channel
    Pusher,
}

impl Args {
    /// Runs it and prints what it found.
    pub(super) fn run(self) -> ExitCode {
        let json = self.json;
        let plan = match self.plan() {
            Ok(plan) => plan,
            Err(problem) => return fail(super::USAGE_ERROR, &problem),
        };
        let stop = Arc::new(AtomicBool::new(false));
        end_on_signal(Arc::clone(&stop));
        match alert_bench::run(&plan, &stop) {
            Ok(report) => print(&report, json),
            Err(error @ (BenchError::Unreachable { .. } | BenchError::Unknown { .. })) => {
                fail(super::UNREACHABLE, &error.to_string())
            }
            Err(error @ (BenchError::OpenFiles { .. } | BenchError::Process { .. })) => {
                fail(super::USAGE_ERROR, &error.to_string())
            }
            Err(error) => fail(1, &error.to_string()),
        }
    }

    fn plan(self) -> Result<Plan, String> {
        let Self { senders, payload, cut_for, missed, .. } = self;
        let (members, rooms, mode) = match (self.jitter, self.avalanche, self.storm, self.hold) {
            (true, ..) => {
                let (rate, duration) = (self.rate.unwrap_or(2.0), self.duration.unwrap_or(MINUTE));
                let recovery = !self.no_recovery;
                let cut_every = Some(self.cut_every).filter(|every| !every.is_zero());
                let jitter = Jitter { rate, senders, payload, duration, cut_every, cut_for, recovery };
                (2_000, 1, Mode::Jitter(jitter))
            }
            (_, true, ..) => {
                let recovery = !self.no_recovery;
                (101, 100, Mode::Avalanche(Avalanche { missed, senders, payload, cut_for, recovery }))
            }
            (_, _, true, _) => (100, 1, Mode::Storm),
            (.., Some(time)) => (100, 1, Mode::Hold(time)),
            _ => {
                let pace = self.rate.map_or(Pace::Window(self.window.unwrap_or(1)), Pace::Rate);
                let (warmup, duration) = (self.warmup, self.duration.unwrap_or(10 * SECOND));
                (100, 1, Mode::FanOut(FanOut { pace, senders, payload, warmup, duration }))
            }
        };
        let targets: Result<_, _> = self.urls.iter().map(|url| Target::parse(url)).collect();
        let plan = Plan {
            targets: targets.map_err(|error| error.to_string())?,
            rooms: self.rooms.unwrap_or(rooms),
            members: self.members.unwrap_or(members),
            transport: match self.transport {
                Word::Websocket => Transport::WebSocket,
                Word::Polling => Transport::Polling,
                Word::Mixed => Transport::Mixed,
            },
            protocol: match self.protocol {
                Spoken::Socketio => Protocol::SocketIo,
                Spoken::Mqtt => Protocol::Mqtt,
                Spoken::Nchan => Protocol::Nchan,
                Spoken::Pusher => Protocol::Pusher,
            },
            mode,
            concurrency: self.concurrency,
            pids: self.pids,
        };
        plan.check().map_err(|error| error.to_string())
    }
}

fn print(report: &Report, json: bool) -> ExitCode {
    let text = if json {
        serde_json::to_string(report).map_err(std::io::Error::from).map(|text| text + "\n")
    } else {
        Ok(report.to_string())
    };
    match text.and_then(|text| std::io::stdout().write_all(text.as_bytes())) {
        Ok(()) if report.ok => ExitCode::SUCCESS,
        Ok(()) => ExitCode::FAILURE,
        Err(error) => fail(1, &error.to_string()),
    }
}

fn fail(code: u8, problem: &str) -> ExitCode {
    super::complain(problem);
    ExitCode::from(code)
}

/// Ctrl-C ends the run, a second one the process. If signals cannot be handled, the first one ends the process.
fn end_on_signal(stop: Arc<AtomicBool>) {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
    let interrupts = {
        let _inside = runtime.enter();
        signal(SignalKind::interrupt())
    };
    let Ok(mut interrupts) = interrupts else { return };
    std::thread::spawn(move || {
        runtime.block_on(async {
            interrupts.recv().await;
            stop.store(true, Ordering::Relaxed);
            interrupts.recv().await;
            std::process::exit(ENDED_AT_ONCE);
        });
    });
}

fn at_least_one() -> clap::builder::RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(1..=1_000_000)
}

fn rate(text: &str) -> Result<f64, String> {
    let rate = text.parse().ok().filter(|rate: &f64| (0.001..=10_000_000.0).contains(rate));
    rate.ok_or_else(|| "allowed: messages a second, from 0.001 to 10000000".to_owned())
}

fn time(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().map(Duration::try_from_secs_f64);
    let time = seconds.map_or_else(|| humantime::parse_duration(text).ok(), Result::ok);
    time.filter(|time| *time <= Duration::from_secs(86_400))
        .ok_or_else(|| "allowed: a time up to 1 day, such as 10s or 2m; a plain number is seconds".to_owned())
}
