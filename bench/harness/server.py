"""A running server: started, found ready, and stopped for sure."""

import os
import signal
import socket
import subprocess
import time
from contextlib import contextmanager
from tempfile import TemporaryDirectory

READY_SECONDS = 30
STOP_SECONDS = 5

UPGRADE = (
    "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{more}\r\n"
)
OPENINGS = {
    "socketio": {"path": "/socket.io/?EIO=4&transport=websocket", "more": ""},
    "mqtt": {"path": "/mqtt", "more": "Sec-WebSocket-Protocol: mqtt\r\n"},
    "nchan": {"path": "/ready", "more": ""},
    "pusher": {"path": "/app/bench-key?protocol=7", "more": ""},
}
"""What the request for an upgrade has, for each protocol."""


class ServerError(Exception):
    """A server did not start."""


@contextmanager
def running(peer, alert, port, core, redis=""):
    """Runs a server on a port, on one core or (None) wherever it likes; yields its process id.

    Only this block's end stops it: first kindly, then not. Should this process be killed, the kernel stops the server.
    """
    if accepts(port):
        raise ServerError(f"something listens on port {port} already; stop it, or choose another with --port")
    command = ["setpriv", "--pdeathsig", "KILL"]
    command += [] if core is None else ["taskset", "-c", str(core)]
    state = TemporaryDirectory(prefix="alert-bench-")
    command += [part.format(port=port, alert=alert, redis=redis, state=state.name) for part in peer.start]
    home = {"HOME": os.environ.get("HOME", "/"), "XDG_STATE_HOME": state.name}
    env = {"PATH": os.environ["PATH"], "PORT": str(port), **home, **peer.env}
    env |= {"REDIS": redis} if redis else {}
    process = subprocess.Popen(command, cwd=peer.folder, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               start_new_session=True)
    try:
        wait_until_ready(process, peer, port)
        yield process.pid
    finally:
        stop(process)
        state.cleanup()


def wait_until_ready(process, peer, port):
    """Waits for the answer to a WebSocket handshake: some listen long before they can answer."""
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise ServerError(f"{peer.title} ended with {process.returncode}; is it set up? (bench/run setup)")
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1) as client:
                client.sendall(UPGRADE.format(port=port, **OPENINGS[peer.protocol]).encode())
                if client.recv(12) == b"HTTP/1.1 101":
                    return
        except OSError:
            pass
        time.sleep(0.05)
    raise ServerError(f"{peer.title} was not ready within {READY_SECONDS} s")


def stop(process):
    """Stops the process and all that it started."""
    for number, seconds in ((signal.SIGTERM, STOP_SECONDS), (signal.SIGKILL, None)):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            pass
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            continue
    # The leader is gone and reaped; what it left of its group was killed above.


def accepts(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def memory(pid):
    """Resident bytes of a process and its descendants."""
    total = 0
    for each in family(pid):
        try:
            with open(f"/proc/{each}/status") as status:
                total += sum(int(line.split()[1]) * 1024 for line in status if line.startswith("VmRSS:"))
        except FileNotFoundError:
            pass
    return total


def family(pid):
    """A process and its descendants."""
    found = [pid]
    for each in found:
        try:
            tasks = os.listdir(f"/proc/{each}/task")
            for task in tasks:
                with open(f"/proc/{each}/task/{task}/children") as children:
                    found += map(int, children.read().split())
        except FileNotFoundError:
            pass
    return found
