"""The quiet room: two clients who speak 50 times a second and measure from send to receipt; and a prober of `/livez`."""

import re
import select
import socket
import time

from .client import Frames, event, frame, websocket
from .server import prefer

RATE = 50
"""Messages a second, by both together."""
PATIENCE = 3
"""Seconds after the last message within which the others may come."""
PROBES = 5
"""Probes of `/livez` a second."""
PROBE_SECONDS = 2

NUMBER = re.compile(rb"quiet (\d+)")


def talk(port, pipe):
    """Joins, says so, waits for a number of seconds to talk for, and hands back what was measured."""
    prefer(-15)
    # The acceptor deals sockets out in turn, so that they are on two shards.
    clients = [websocket(port, "quiet", name) for name in ("Ada", "Bob")]
    frames = {client: Frames() for client in clients}
    for client in clients:
        client.setblocking(False)
    pipe.send("ready")
    while not pipe.poll(1):
        for client in clients:
            take_in(client, frames[client])
    seconds = pipe.recv()
    due, latencies, seen = [], [], dict.fromkeys(clients, 0)
    start = time.monotonic()
    end = start + seconds
    while (now := time.monotonic()) < end or (min(seen.values()) < len(due) and now < end + PATIENCE):
        next_one = start + len(due) / RATE
        if next_one <= min(now, end):
            clients[len(due) % 2].send(frame(event("text", {"msg": f"quiet {len(due)}"})))
            # From when it was due: a client that is late itself must not hide that others are.
            due.append(next_one)
            continue
        ready, _, _ = select.select(clients, [], [], max(0, next_one - now) if next_one < end else 0.1)
        for client in ready:
            numbers = take_in(client, frames[client])
            now = time.monotonic()
            latencies += [now - due[number] for number in numbers]
            seen[client] += len(numbers)
    pipe.send({"latencies": latencies, "missing": sum(len(due) - count for count in seen.values())})


def take_in(client, frames):
    """What a client has to read: the numbers in it. Pings are answered."""
    try:
        data = client.recv(65536)
    except BlockingIOError:
        return []
    if not data:
        raise OSError("a client of the quiet room was closed")
    payloads = frames.feed(data)
    if b"2" in payloads:
        client.send(frame(b"3"))
    return [int(found[1]) for found in map(NUMBER.search, payloads) if found]


def probe(port, pipe):
    """Asks `/livez` over new connections. Hands back how often it asked, was answered, and the longest answer took."""
    prefer(-10)
    seconds = pipe.recv()
    asked = answered = 0
    longest = 0
    start = time.monotonic()
    while (now := time.monotonic()) < start + seconds:
        asked += 1
        if is_alive(port):
            answered += 1
            longest = max(longest, time.monotonic() - now)
        time.sleep(max(0, now + 1 / PROBES - time.monotonic()))
    pipe.send({"asked": asked, "answered": answered, "longest": longest})


def is_alive(port):
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=PROBE_SECONDS) as sock:
            sock.settimeout(PROBE_SECONDS)
            sock.sendall(b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            return sock.recv(12) == b"HTTP/1.1 200"
    except OSError:
        return False
