"""Who hears a room, one message at a time: members on WebSockets, or listeners over Server-Sent Events.

`alert bench` has members only, so this speaks for itself: raw sockets, and the same loop for both kinds. The server's CPU
time counts, not this program's. A message is posted over HTTP when the one before has reached everyone.
"""

import http.client
import json
import os
import selectors
import socket
import subprocess
import sys
import time

from .load import TIMEOUT_SECONDS, LoadError
from .peers import ROOT
from .server import UPGRADE, family, memory

ROOM = "LISTENERS"
TICKS = os.sysconf("SC_CLK_TCK")
BATCH = 200
"""Sockets that are opened, and may join, at a time: no more than what waits to be accepted."""


def generate(load, port, pid, core, sse):
    """Runs this module on a core of its own; returns what `load.generate` does, as far as it applies."""
    command = ["setpriv", "--pdeathsig", "KILL"]
    command += [] if core is None else ["taskset", "-c", str(core)]
    command += [sys.executable, "-m", "harness.listeners", str(port), str(pid), str(load.members), str(load.duration),
                "sse" if sse else "websocket"]
    done = subprocess.run(command, cwd=ROOT / "bench", capture_output=True, text=True, timeout=TIMEOUT_SECONDS)
    if done.returncode:
        raise LoadError(done.stderr.strip().splitlines()[-1])
    return json.loads(done.stdout)


def main(port, pid, count, seconds, kind):
    port, pid, count, seconds = int(port), int(pid), int(count), float(seconds)
    waiting = selectors.EpollSelector()
    connect = listen if kind == "sse" else join
    for begin in range(0, count, BATCH):
        batch = [connect(port, each) for each in range(begin, min(begin + BATCH, count))]
        for client in batch:
            client.setblocking(False)
            waiting.register(client, selectors.EVENT_READ, bytearray())
    poster = http.client.HTTPConnection("127.0.0.1", port)
    # Everything that joining brings comes before the first message, which therefore ends it.
    say(poster, waiting, count, "warm-up")
    before, start, messages = cpu(pid), time.monotonic(), 0
    while time.monotonic() < start + seconds:
        say(poster, waiting, count, f"message {messages}")
        messages += 1
    used, took, deliveries = cpu(pid) - before, time.monotonic() - start, messages * count
    print(json.dumps({
        "connections": count, "joined": count, "died": 0, "statuses": 0, "statuses_expected": 0, "lost": 0,
        "deliveries_per_s": deliveries / took, "cpu_us_per_delivery": used / deliveries * 1e6,
        "cpu_percent": used / took * 100, "memory": memory(pid),
    }))


def say(poster, waiting, count, text):
    """Posts a message and waits until everyone has it."""
    poster.request("POST", f"/v1/rooms/{ROOM}?name=bench", f"{text};", {"Content-Type": "text/plain"})
    answer = poster.getresponse()
    queued_for = json.loads(answer.read())["connections"]
    if answer.status != 202:
        raise SystemExit(f"the message was answered with {answer.status}")
    end, missing = f": {text};".encode(), count
    while missing:
        ready = waiting.select(30)
        if not ready:
            raise SystemExit(f"{missing} of {count} did not get {text!r}, which was queued for {queued_for}")
        for key, _ in ready:
            got = key.fileobj.recv(65536)
            if not got:
                raise SystemExit("the server closed a connection")
            key.data.extend(got)
            if end in key.data:
                missing -= 1
                key.data.clear()


def listen(port, _):
    client = socket.create_connection(("127.0.0.1", port))
    client.sendall(f"GET /v1/rooms/{ROOM}/events HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
    if not client.recv(4096).startswith(b"HTTP/1.1 200"):
        raise SystemExit("the server refuses a listener")
    return client


def join(port, number):
    client = socket.create_connection(("127.0.0.1", port))
    client.sendall(UPGRADE.format(port=port).encode())
    if not client.recv(4096).startswith(b"HTTP/1.1 101"):
        raise SystemExit("the server refuses a WebSocket")
    body = json.dumps({"name": f"member {number}", "headless": True, "room": ROOM})
    client.sendall(frame("40") + frame(f'42["joined",{body}]'))
    return client


def frame(text):
    """A text frame of a client, masked with zeros (RFC 6455, section 5.2); shorter than 126 bytes."""
    return bytes([0x81, 0x80 | len(text), 0, 0, 0, 0]) + text.encode()


def cpu(pid):
    """Seconds of processor time of a process and its descendants."""
    total = 0
    for each in family(pid):
        with open(f"/proc/{each}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


if __name__ == "__main__":
    main(*sys.argv[1:])
