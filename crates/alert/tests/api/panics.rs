//! What a panic of a server comes to. The panic is a real one: the system refuses to give random numbers.

use std::os::unix::process::ExitStatusExt;
use std::process::Command;

use crate::server::Server;

/// Takes the place of the C library's function; refuses as soon as the file in `REFUSE` is there.
const NO_RANDOM: &str = r#"
#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

ssize_t getrandom(void *buffer, size_t length, unsigned flags) {
    const char *file = getenv("REFUSE");
    if (file && access(file, F_OK) == 0) {
        errno = EPERM;
        return -1;
    }
    return syscall(SYS_getrandom, buffer, length, flags);
}
"#;

#[test]
#[cfg(target_os = "linux")]
fn given_a_panic_in_a_request_then_the_process_ends_with_one_line_and_no_zombie_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let [source, library, refuse] =
        ["no_random.c", "no_random.so", "refuse"].map(|name| folder.path().join(name));
    std::fs::write(&source, NO_RANDOM).unwrap();
    let built =
        Command::new("cc").args(["-shared", "-fPIC", "-o"]).args([&library, &source]).status().unwrap();
    assert!(built.success());
    for (method, path) in [("GET", "/v1?fresh=1"), ("GET", "/socket.io/?EIO=4&transport=polling")] {
        let mut command = Server::command(0, &["--log-level", "warn"]);
        command.env("LD_PRELOAD", &library).env("REFUSE", &refuse);
        let mut server = Server::spawn(command, true);
        let answer = server.ask(method, path, &[], b"hello");
        assert!(answer.status == 200, "{answer:?}");
        std::fs::write(&refuse, "").unwrap();
        // Room code and session id are random; without random numbers there is no answer.
        server.ask_in_vain(method, path, b"hello");
        assert_eq!(server.wait().signal(), Some(6), "SIGABRT at {path}");
        let log = server.rest_of_log();
        let said: Vec<_> = log.iter().filter(|line| line.contains("a panic ends the server")).collect();
        assert_eq!(said.len(), 1, "{log:#?}");
        assert!(said[0].contains("ERROR") && said[0].contains("thread=\"shard-"), "{said:?}");
        std::fs::remove_file(&refuse).unwrap();
    }
}
