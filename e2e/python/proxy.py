"""HAProxy as a program of a test."""

import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import closing
from pathlib import Path

# Nothing that a test waits for takes longer.
DEADLINE = 20

HAPROXY = """
defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s
frontend f
    bind 127.0.0.1:{port}
    default_backend b
backend b
{servers}
"""


class Proxy:
    """HAProxy before servers: each request goes to the next."""

    def __init__(self, *servers):
        with closing(socket.socket()) as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.folder = tempfile.TemporaryDirectory()
        config = Path(self.folder.name) / "haproxy.cfg"
        lines = (f"    server alert-{server.port} 127.0.0.1:{server.port}" for server in servers)
        config.write_text(HAPROXY.format(port=self.port, servers="\n".join(lines)))
        program = shutil.which("haproxy") or "/usr/sbin/haproxy"
        self.process = subprocess.Popen([program, "-q", "-db", "-f", config])
        self.url = f"http://127.0.0.1:{self.port}"
        until = time.monotonic() + DEADLINE
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            except ConnectionRefusedError:
                if time.monotonic() > until:
                    raise

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.folder.cleanup()
