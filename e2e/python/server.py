"""Starts the built `alert` on a free port and ends it."""

import os
import re
import signal
import subprocess
import tempfile
from pathlib import Path

TARGET = Path(__file__).resolve().parents[2] / "target"
CANDIDATES = [TARGET / profile / "alert" for profile in ("e2e", "release", "debug")]
KEY = "a2V5IG9mIHRoZSBweXRob24gdGVzdHMsIDMyIGJ5dGVzIG9yIG1vcmU="


def binary():
    """`ALERT_BIN`, or what was built last."""
    given = os.environ.get("ALERT_BIN")
    found = [Path(given)] if given else [path for path in CANDIDATES if path.exists()]
    if not found or not found[0].exists():
        raise SystemExit("no binary: run `make e2e`, or set ALERT_BIN")
    return found[0]


class Server:
    """A server with these flags; `port` 0 takes a free one."""

    def __init__(self, *flags, port=0, state=None):
        self.flags = flags
        self.state = state or tempfile.TemporaryDirectory(prefix="alert-state-")
        self.process = subprocess.Popen(
            [binary(), "--listen", f"127.0.0.1:{port}", *flags],
            env={"PATH": os.environ["PATH"], "ALERT_SESSION_KEY": KEY, "STATE_DIRECTORY": self.state.name},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.port = self._printed_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def _printed_port(self):
        for line in self.process.stdout:
            found = re.search(r"http://127\.0\.0\.1:(\d+)/v1$", line.strip())
            if found:
                return int(found[1])
        raise AssertionError(f"alert ended with {self.process.wait()}")

    def stop(self):
        """Ends it as a service manager does; it goes properly and in time."""
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(timeout=12)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        finally:
            self.process.stdout.close()
        assert code == 0, f"the server ended with {code}"

    def restarted(self):
        """Another one where this one was, as after a restart."""
        self.stop()
        return Server(*self.flags, port=self.port, state=self.state)

    def killed(self):
        """Another one where this one was, as after a crash."""
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        return Server(*self.flags, port=self.port, state=self.state)
