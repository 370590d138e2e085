//! The binary as a person runs it.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::{Duration, Instant};

use crate::server::{DEADLINE, Server};

/// What is said until somebody hears it.
const UP: &str = "up?";
const HEARD_UP: &str = "http: up?";
const BETWEEN: Duration = Duration::from_millis(50);

/// A command that runs.
pub(crate) struct Running {
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
    errors: Receiver<String>,
}

/// What a command did: exit code, standard output, standard error.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Done {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// `alert` with these words, and an empty environment.
pub(crate) fn alert(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_alert"));
    command.env_clear().args(words);
    command
}

/// Runs it to its end.
pub(crate) fn run(words: &[&str]) -> Done {
    run_with(&mut alert(words), "")
}

/// Runs it to its end, with this standard input.
pub(crate) fn run_with(command: &mut Command, input: &str) -> Done {
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    // It may end before it has read everything.
    let feeder = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let done = child.wait_with_output().unwrap().into();
    let _ = feeder.join().unwrap();
    done
}

/// Runs it on a terminal; what it prints and what it reports come together.
pub(crate) fn run_on_terminal(words: &[&str]) -> Done {
    let quoted: Vec<String> = words.iter().map(|word| format!("'{}'", word.replace('\'', "'\\''"))).collect();
    let line = format!("'{}' {}", env!("CARGO_BIN_EXE_alert"), quoted.join(" "));
    let mut command = Command::new("script");
    command.env_clear().env("PATH", "/usr/bin:/bin").env("TERM", "xterm").env("TZ", "UTC");
    command.args(["--quiet", "--return", "--flush", "--command", &line, "/dev/null"]);
    command.stdin(Stdio::null()).output().unwrap().into()
}

impl From<Output> for Done {
    fn from(output: Output) -> Self {
        let [out, err] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
        Self { code: output.status.code(), out, err }
    }
}

impl Done {
    /// It did what it was asked to, without a word about it.
    pub(crate) fn is_silent(&self) -> bool {
        (self.code, self.out.as_str(), self.err.as_str()) == (Some(0), "", "")
    }
}

impl Running {
    pub(crate) fn start(command: &mut Command) -> Self {
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let lines = in_background(child.stdout.take().unwrap());
        let errors = in_background(child.stderr.take().unwrap());
        Self { input: child.stdin.take(), child, lines, errors }
    }

    pub(crate) fn type_line(&mut self, line: &str) {
        writeln!(self.input.as_mut().unwrap(), "{line}").unwrap();
    }

    pub(crate) fn end_input(&mut self) {
        self.input = None;
    }

    /// The next line that it prints.
    pub(crate) fn line(&self) -> String {
        self.lines
            .recv_timeout(DEADLINE)
            .unwrap_or_else(|_| panic!("no line; errors: {:?}", self.all_errors()))
    }

    /// The next line on standard error.
    pub(crate) fn error(&self) -> String {
        self.errors.recv_timeout(DEADLINE).unwrap()
    }

    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
    }

    /// Sends it to the process group that it leads, as a terminal does.
    pub(crate) fn signal_group(&self, name: &str) {
        let group = format!("-{}", self.child.id());
        assert!(Command::new("kill").args(["-s", name, "--", &group]).status().unwrap().success());
    }

    /// Waits for its end; nothing that was not read is left out.
    pub(crate) fn end(mut self) -> Done {
        let until = Instant::now() + DEADLINE;
        let code = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status.code();
            }
            assert!(Instant::now() < until, "it does not end");
            std::thread::sleep(Duration::from_millis(5));
        };
        let rest = |lines: &Receiver<String>| lines.iter().map(|line| line + "\n").collect();
        Done { code, out: rest(&self.lines), err: rest(&self.errors) }
    }

    fn all_errors(&self) -> Vec<String> {
        self.errors.try_iter().collect()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Starts `alert watch` for D5DB with these words, and waits until it listens. It has heard "http: up?" then.
    pub(crate) fn watch(&self, words: &[&str]) -> Running {
        self.watch_beside(0, words)
    }

    /// The same, where others are in the room already.
    pub(crate) fn watch_beside(&self, others: u64, words: &[&str]) -> Running {
        let url = self.url();
        let mut command = alert(&[&["watch", "D5DB", "--url", &url], words].concat());
        let watch = Running::start(command.env("TZ", "UTC").env("PATH", "/usr/bin:/bin"));
        self.until_heard_by(others + 1);
        watch
    }

    /// Says "up?" until this many connections hear it. Whoever is about to listen hears one that was said just before,
    /// too, though it was not counted: that is rare, since there is time between them, and [`Running::line`] passes it over.
    pub(crate) fn until_heard_by(&self, connections: u64) {
        let until = Instant::now() + DEADLINE;
        while self.post("/v1/rooms/D5DB", &[], UP).json()["connections"] != connections {
            assert!(Instant::now() < until, "nobody listens");
            std::thread::sleep(BETWEEN);
        }
    }

    /// Says something in D5DB.
    pub(crate) fn say(&self, name: &str, msg: &str) {
        let body = serde_json::json!({ "name": name, "msg": msg }).to_string();
        let kind = [("content-type", "application/json")];
        assert_eq!(self.ask("POST", "/v1/rooms/D5DB/messages", &kind, body.as_bytes()).status, 202);
    }
}

fn in_background(output: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, lines) = sync_channel(100_000);
    std::thread::spawn(move || {
        let mut was_up = false;
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            let is_again = was_up && line.ends_with(HEARD_UP);
            was_up = line.ends_with(HEARD_UP);
            if is_again {
                continue;
            }
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    lines
}
