//! The server under a service manager, as systemd speaks to it: it says how it is, feeds a watchdog, and takes sockets.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::certificates::Folder;
use crate::server::{DEADLINE, Server};

/// The service manager's end.
struct Manager {
    folder: tempfile::TempDir,
    socket: UnixDatagram,
}

impl Manager {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = UnixDatagram::bind(folder.path().join("notify")).unwrap();
        socket.set_read_timeout(Some(DEADLINE)).unwrap();
        Self { folder, socket }
    }

    fn command(&self, flags: &[&str]) -> Command {
        let mut command = Server::command(0, flags);
        command.env("NOTIFY_SOCKET", self.folder.path().join("notify"));
        command
    }

    /// The next message.
    fn is_told(&self) -> String {
        let mut bytes = [0; 4096];
        let length = self.socket.recv(&mut bytes).unwrap();
        String::from_utf8(bytes[..length].to_vec()).unwrap()
    }

    /// The next message with this line.
    fn is_told_of(&self, line: &str) -> String {
        loop {
            let text = self.is_told();
            if text.lines().any(|said| said.starts_with(line)) {
                return text;
            }
        }
    }
}

/// Now, by the clock that systemd compares with.
fn monotonic_us() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    now.tv_sec as u64 * 1_000_000 + now.tv_nsec as u64 / 1_000
}

#[test]
fn given_a_service_manager_then_it_is_told_when_the_server_is_ready_rereads_and_stops() {
    let manager = Manager::new();
    let mut server = Server::spawn(manager.command(&["--drain-wait", "100ms"]), true);
    assert_eq!(manager.is_told(), "READY=1\nSTATUS=Serving 0 connections\n");
    assert_eq!(server.get("/readyz").status, 200);
    for _ in 0..2 {
        let before = monotonic_us();
        server.signal("HUP");
        let text = manager.is_told_of("RELOADING=1");
        let time = text.lines().find_map(|line| line.strip_prefix("MONOTONIC_USEC=")).unwrap();
        assert!((before..=monotonic_us()).contains(&time.parse().unwrap()), "{text}");
        assert!(manager.is_told().starts_with("READY=1\n"));
    }
    let _ada = server.join("D5DB", "Ada");
    server.signal("TERM");
    let text = manager.is_told_of("STOPPING=1");
    assert!(text.contains("STATUS=Stopping: balancers have 100ms"), "{text}");
    assert_eq!(manager.is_told(), "STATUS=Closing 1 connections\n");
    assert!(server.wait().success());
}

#[test]
fn given_a_server_that_cannot_start_then_the_service_manager_is_told_why() {
    let manager = Manager::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut command = manager.command(&[]);
    command.args(["--listen", &taken.local_addr().unwrap().to_string()]);
    assert_eq!(command.output().unwrap().status.code(), Some(1));
    let told = manager.is_told();
    assert!(told.starts_with("STATUS=cannot listen on") && !told.contains("READY"), "{told}");
}

#[test]
fn given_a_service_manager_that_takes_nothing_then_people_are_served() {
    let manager = Manager::new();
    let mut command = manager.command(&[]);
    command.env("WATCHDOG_USEC", "3000");
    let mut server = Server::spawn(command, true);
    // Its socket is full soon, at 3 ms for each message.
    thread::sleep(Duration::from_millis(300));
    let _ada = server.join("D5DB", "Ada");
    server.signal("TERM");
    assert!(server.wait().success());
}

/// Holds one thread of the server up, as a call that never returns would; nothing where that is not possible here.
fn hold_up(server: &Server, thread: &str) -> Option<Child> {
    let tasks = Path::new("/proc").join(server.pid().to_string()).join("task");
    let task = std::fs::read_dir(tasks)
        .unwrap()
        .map(|task| task.unwrap().path())
        .find(|task| std::fs::read_to_string(task.join("comm")).is_ok_and(|name| name.trim_end() == thread));
    let task = task.unwrap();
    let mut strace = Command::new("strace");
    strace.args(["-e", "inject=epoll_wait:delay_enter=600000000", "-e", "trace=epoll_wait", "-p"]);
    strace.arg(task.file_name().unwrap()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut strace = strace.spawn().ok()?;
    let mut lines = BufReader::new(strace.stderr.take().unwrap()).lines();
    let first = lines.next()?.unwrap();
    thread::spawn(move || lines.for_each(drop));
    if first.contains("attached") {
        return Some(strace);
    }
    let _ = strace.kill();
    let _ = strace.wait();
    None
}

#[test]
fn given_a_watchdog_then_it_is_fed_while_all_shards_turn_and_not_when_one_is_stuck() {
    let manager = Manager::new();
    let mut command = manager.command(&[]);
    command.env("WATCHDOG_USEC", "600000");
    let server = Server::spawn(command, true);
    for _ in 0..5 {
        manager.is_told_of("WATCHDOG=1");
    }
    let Some(mut strace) = hold_up(&server, "shard-1") else {
        println!("SKIPPED: a stuck shard: install strace, and run it as a user who may trace");
        return;
    };
    server.wait_for_log("a shard is stuck");
    // What was under way has come by now.
    manager.socket.set_nonblocking(true).unwrap();
    while manager.socket.recv(&mut [0; 4096]).is_ok() {}
    manager.socket.set_nonblocking(false).unwrap();
    manager.socket.set_read_timeout(Some(Duration::from_millis(1500))).unwrap();
    assert!(manager.socket.recv(&mut [0; 4096]).is_err(), "the other threads live, and say nothing");
    manager.socket.set_read_timeout(Some(DEADLINE)).unwrap();
    let _ = Command::new("kill").args(["-s", "INT", &strace.id().to_string()]).status();
    let _ = strace.wait();
    manager.is_told_of("WATCHDOG=1");
}

#[test]
fn given_a_watchdog_of_another_process_then_it_is_not_fed() {
    let manager = Manager::new();
    let mut command = manager.command(&[]);
    command.env("WATCHDOG_USEC", "300000").env("WATCHDOG_PID", "1");
    let _server = Server::spawn(command, true);
    assert!(manager.is_told().starts_with("READY=1"));
    manager.socket.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    assert!(manager.socket.recv(&mut [0; 4096]).is_err());
}

/// The binary with this socket as systemd passes it: number 3, with its name.
fn with_socket(socket: OwnedFd, name: &str, flags: &[&str]) -> Command {
    let binary = Server::command(0, &[]);
    let script = "exec 3<&0 </dev/null; LISTEN_PID=$$ exec \"$@\"";
    let mut shell = Command::new("sh");
    shell.args(["-c", script, "sh"]).arg(binary.get_program()).args(["--workers", "2"]).args(flags);
    shell.env_clear().envs(binary.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell.env("LISTEN_FDS", "1").env("LISTEN_FDNAMES", name).stdin(socket);
    shell
}

/// What a server that cannot start says.
fn refusal(mut command: Command) -> String {
    let ended = command.output().unwrap();
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    String::from_utf8(ended.stderr).unwrap()
}

#[test]
fn given_a_passed_socket_then_a_restart_under_load_refuses_nobody() {
    let kept = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = kept.local_addr().unwrap();
    let start = || Server::spawn(with_socket(kept.try_clone().unwrap().into(), "alert.socket", &[]), true);
    let (is_over, mut server) = (AtomicBool::new(false), start());
    assert_eq!(server.address, address, "the default address is not needed");
    let answered = thread::scope(|scope| {
        let callers: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let mut answered = 0;
                    while !is_over.load(Ordering::Relaxed) {
                        let mut stream = TcpStream::connect(address).expect("nobody is refused");
                        stream.set_read_timeout(Some(DEADLINE)).unwrap();
                        let request =
                            format!("GET /livez HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
                        stream.write_all(request.as_bytes()).unwrap();
                        let mut answer = String::new();
                        stream.read_to_string(&mut answer).expect("an answer");
                        assert!(answer.ends_with("ok\n"), "{answer}");
                        answered += 1;
                    }
                    answered
                })
            })
            .collect();
        for _ in 0..4 {
            server.signal("TERM");
            assert!(server.wait().success());
            server = start();
        }
        is_over.store(true, Ordering::Relaxed);
        callers.into_iter().map(|caller| caller.join().unwrap()).sum::<u32>()
    });
    assert!(answered > 20, "{answered}");
}

#[test]
fn given_a_passed_unix_socket_then_it_is_served_beside_what_listen_names_and_its_file_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("alert.sock");
    let kept = UnixListener::bind(&path).unwrap();
    let command = with_socket(kept.into(), "alert.socket", &["--listen", "127.0.0.1:0"]);
    let mut server = Server::spawn(command, true);
    assert_eq!(server.get("/livez").status, 200);
    let mut stream = UnixStream::connect(&path).unwrap();
    stream.write_all(b"GET /livez HTTP/1.0\r\nhost: a\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.ends_with("ok\n"), "{answer}");
    server.signal("TERM");
    assert!(server.wait().success());
    assert!(path.exists());
}

#[test]
fn given_a_passed_socket_that_listen_names_too_then_it_is_taken_once() {
    let kept = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = kept.local_addr().unwrap().to_string();
    let server = Server::spawn(with_socket(kept.into(), "x", &["--listen", &address]), true);
    assert_eq!(server.get("/livez").status, 200);
}

#[test]
fn given_sockets_that_cannot_be_used_then_the_server_says_why_and_what_to_do() {
    let listener = || TcpListener::bind("127.0.0.1:0").unwrap();
    let said = refusal(with_socket(listener().into(), "redirect", &[]));
    assert!(said.contains("there is no --tls-cert"), "{said}");
    let client = TcpStream::connect(listener().local_addr().unwrap()).unwrap();
    let said = refusal(with_socket(client.into(), "alert.socket", &[]));
    assert!(said.contains("the socket alert.socket") && said.contains("Accept="), "{said}");
    let taken = listener();
    let every = format!("0.0.0.0:{}", taken.local_addr().unwrap().port());
    let said = refusal(with_socket(taken.into(), "alert.socket", &["--listen", &every]));
    assert!(
        said.contains("the service manager passes") && said.contains("take it out of --listen"),
        "{said}"
    );
}

/// Asks over a Unix socket.
fn ask_unix(path: &Path, target: &str) -> String {
    let mut stream = UnixStream::connect(path).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    write!(stream, "GET {target} HTTP/1.0\r\nhost: a.example\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn given_systemds_own_activation_with_two_sockets_then_each_does_what_its_name_says() {
    let folder = Folder::new();
    folder.certificate("a", "DNS:a.example", 9);
    let path = |name: &str| folder.path(name).to_str().unwrap().to_owned();
    let mut activate = Command::new("systemd-socket-activate");
    activate.args(["-l", &path("serving"), "-l", &path("redirecting"), "--fdname=alert.socket:redirect"]);
    activate.args([
        "-E",
        &format!("STATE_DIRECTORY={}", path("state")),
        env!("CARGO_BIN_EXE_alert"),
        "serve",
    ]);
    activate.args(folder.flags(&["a"]));
    activate.args(["--public-url", "https://a.example:8443"]);
    let mut activate = activate.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let until = Instant::now() + DEADLINE;
    while !folder.path("redirecting").exists() {
        assert!(Instant::now() < until, "systemd-socket-activate listens");
        thread::sleep(Duration::from_millis(5));
    }
    let redirected = ask_unix(&folder.path("redirecting"), "/v1");
    assert!(redirected.contains("308") && redirected.contains("https://a.example:8443/v1"), "{redirected}");
    assert!(ask_unix(&folder.path("serving"), "/livez").ends_with("ok\n"));
    let _ = activate.kill();
    let _ = activate.wait();
}
