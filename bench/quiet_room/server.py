"""The server under test: the binary with default settings on a free port, and what it costs."""

import os
import re
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

START_SECONDS = 20
STOP_SECONDS = 15
TICKS = os.sysconf("SC_CLK_TCK")


def prefer(niceness, pid=0):
    """Runs a process (this one) before (less than 0) or after others, where it may. Those who disturb a server in the
    wild bring a machine of their own."""
    try:
        os.setpriority(os.PRIO_PROCESS, pid, niceness)
    except PermissionError:
        pass


class Server:
    def __init__(self, process, port, log):
        self.process, self.port, self.log = process, port, log
        self.pid = process.pid

    def memory(self):
        """Resident bytes: now, and the peak since `forget_peak`."""
        with open(f"/proc/{self.pid}/status") as status:
            figures = dict(line.split(":", 1) for line in status if line.startswith("Vm"))
        return tuple(int(figures[key].split()[0]) * 1024 for key in ("VmRSS", "VmHWM"))

    def forget_peak(self):
        with open(f"/proc/{self.pid}/clear_refs", "w") as refs:
            refs.write("5")

    def cpu(self):
        """Seconds of processor time, ever."""
        with open(f"/proc/{self.pid}/stat") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def is_up(self):
        return self.process.poll() is None

    def slow_consumers(self):
        """Connections that it has closed because they did not read."""
        return self.log.read_text(errors="replace").count("raise --queue-limit")


@contextmanager
def running(binary):
    """Runs a server; it is stopped at the end of the block, and by the kernel should this process be killed."""
    with tempfile.TemporaryDirectory(prefix="quiet-") as folder:
        out, log = Path(folder, "out"), Path(folder, "log")
        env = {"PATH": os.environ["PATH"], "HOME": folder, "XDG_STATE_HOME": folder}
        with out.open("wb") as stdout, log.open("wb") as stderr:
            command = ["setpriv", "--pdeathsig", "KILL", str(binary), "serve", "--listen", "127.0.0.1:0"]
            process = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr)
        prefer(-10, process.pid)
        try:
            yield Server(process, port_of(process, out, log), log)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def port_of(process, out, log):
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        said = re.search(r"127\.0\.0\.1:(\d+)", out.read_text(errors="replace") + log.read_text(errors="replace"))
        if said and said[1] != "0":
            return int(said[1])
        time.sleep(0.02)
    raise RuntimeError(f"the server did not start: {log.read_text(errors='replace')[-500:]}")
