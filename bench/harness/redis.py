"""A Redis of the benchmark's own: started with its append-only file, asked what it did, killed and started again."""

import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from tempfile import TemporaryDirectory

from .server import ServerError, accepts

READY_SECONDS = 10


class Redis:
    """`redis-server` on a port of 127.0.0.1, whose data outlives its process."""

    def __init__(self, port, folder, core):
        self.port, self.folder, self.core = port, folder, core
        self.url = f"redis://127.0.0.1:{port}"
        self.process = None

    def start(self):
        if accepts(self.port):
            raise ServerError(f"something listens on port {self.port} already; stop it, or choose another with --port")
        command = ["setpriv", "--pdeathsig", "KILL"]
        command += [] if self.core is None else ["taskset", "-c", str(self.core)]
        # As it has to run: each message is in the file before it is answered, and on disk within a second.
        command += ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--dir", self.folder,
                    "--appendonly", "yes", "--save", ""]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True)
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            try:
                if self.ask("PING") == "+PONG":
                    return self.go_first()
            except OSError:
                pass
            time.sleep(0.02)
        raise ServerError(f"Redis was not ready within {READY_SECONDS} s")

    def go_first(self):
        """On the load generator's core it does not wait for that one: in life it has a core of its own."""
        if self.core is None:
            return
        try:
            os.sched_setscheduler(self.process.pid, os.SCHED_FIFO, os.sched_param(1))
        except PermissionError:
            print("Redis waits for the load generator on its core: only root may change that", file=sys.stderr)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def ask(self, *words):
        """Calls a command; gives its answer, if it is a line or one string."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=READY_SECONDS) as client:
            parts = [str(word).encode() for word in words]
            client.sendall(b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts))
            answer = client.makefile("rb")
            first = answer.readline().decode().strip()
            return answer.read(int(first[1:])).decode() if first.startswith("$") and first != "$-1" else first

    def info(self):
        """What `INFO` counts."""
        lines = (line.partition(":") for line in self.ask("INFO", "everything").splitlines())
        facts = {name: value for name, _, value in lines if value}
        calls = {name.removeprefix("cmdstat_"): int(value.split("=")[1].split(",")[0])
                 for name, value in facts.items() if name.startswith("cmdstat_")}
        return {
            "cpu_s": float(facts["used_cpu_user"]) + float(facts["used_cpu_sys"]),
            "memory": int(facts["used_memory"]),
            # Less the one that asks.
            "clients": int(facts["connected_clients"]) - 1,
            "calls": calls,
        }


@contextmanager
def running(port, core):
    with TemporaryDirectory(prefix="alert-bench-redis-") as folder:
        redis = Redis(port, folder, core)
        try:
            redis.start()
            yield redis
        finally:
            if redis.process:
                redis.kill()
