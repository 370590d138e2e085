"""Disturbances by a few connections that send without pause what costs them nothing."""

import os
import time

from .client import (CONTINUATION, PING, PONG, Poller, Sender, connect, event, flood, frame, listen, outcome, request,
                     websocket)

ATTACKERS = 4
"""Connections of a flood, unless it says something else: two on each of two shards."""


def frames(data, first=b"", reads=True):
    """Floods WebSockets that are connected."""

    def disturb(stage):
        socks = [websocket(stage.port) for _ in range(ATTACKERS)]
        stage.begin()
        return flood([Sender(sock, data, first, reads) for sock in socks], stage.until)

    return disturb


def many(one, size=64 << 10):
    return one * (size // len(one))


def upgrade(data, first=b"", reads=True):
    """Floods WebSockets that are about to take over from long-polling, over and over."""

    def disturb(stage):
        stage.begin()
        ends, sent = [], 0
        while time.monotonic() < stage.until:
            socks = [websocket(stage.port, sid=Poller(stage.port).sid) for _ in range(ATTACKERS)]
            senders = [Sender(sock, data, first, reads) for sock in socks]
            sent += flood(senders, stage.until)["sent"]
            ends += [sender.end for sender in senders]
        return outcome(ends) | {"sent": sent}

    return disturb


def post_noops(stage):
    """POSTs with nothing but noops, as large as they may be."""
    pollers = [Poller(stage.port) for _ in range(ATTACKERS)]
    body = b"\x1e".join([b"6"] * 499_000)
    senders = []
    for poller in pollers:
        head = f"POST {poller.target} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n\r\n"
        senders.append(Sender(poller.posts, head.encode() + body))
    stage.begin()
    result = flood(senders, stage.until)
    answers = []
    for poller in pollers:
        try:
            poller.posts.settimeout(0.2)
            answers.append(request(connect(stage.port), "POST", poller.target, b"6")[0])
        except OSError as error:
            answers.append(str(error))
    return result | {"sessions": {str(answer): answers.count(answer) for answer in answers}}


def sse_sends(stage):
    """Listeners who send, though they have nothing to say."""
    socks = [listen(stage.port, "hall") for _ in range(ATTACKERS)]
    stage.begin()
    return flood([Sender(sock, b"x" * 65536) for sock in socks], stage.until)


def pipelined(target):
    """Requests one behind the other, without waiting for answers; the answers are read."""

    def disturb(stage):
        socks = [connect(stage.port) for _ in range(ATTACKERS)]
        one = f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{stage.port}\r\n\r\n".encode()
        stage.begin()
        return flood([Sender(sock, many(one)) for sock in socks], stage.until)

    return disturb


def half_heads(stage):
    """Heads that never end: 500 connections that stand still, and 4 that go on and on."""
    still = [connect(stage.port) for _ in range(500)]
    for sock in still:
        sock.sendall(b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ")
    busy = [connect(stage.port) for _ in range(ATTACKERS)]
    stage.begin()
    senders = [Sender(sock, b"x", b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ") for sock in busy]
    return flood(senders, stage.until)


def foreign_origin(stage):
    """Requests of a page that may not connect, with an origin of 30 kB, in a row."""
    socks = [connect(stage.port) for _ in range(ATTACKERS)]
    one = ("GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: 127.0.0.1\r\n"
           f"Origin: https://{'x' * 30_000}.example\r\n\r\n").encode()
    stage.begin()
    return flood([Sender(sock, one) for sock in socks], stage.until)


def unfinished_posts(stage):
    """300 requests whose bodies want a byte, some of them over and over from the start."""
    body = os.urandom(1 << 16).hex().encode()[:65536]
    socks = []
    stage.begin()
    for number in range(300):
        sock = connect(stage.port)
        path = "/socket.io/?EIO=4&transport=polling&sid=AABhM-nUSOflEDqXl6ZZNV2d" if number % 2 else "/v1/rooms/hall"
        sock.sendall(f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 999999\r\n\r\n".encode())
        sock.settimeout(2)
        try:
            for _ in range(15):
                sock.sendall(body)
        except OSError:
            pass
        socks.append(sock)
    stage.wait()
    return outcome([None if is_open(sock) else "closed" for sock in socks])


def is_open(sock):
    try:
        sock.setblocking(False)
        return sock.recv(65536) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False


def connects(stage):
    """2,000 connections at once from one address, each joining; over and over if there is time."""
    stage.begin()
    socks, refused = [], 0
    for number in range(2000):
        try:
            sock = connect(stage.port)
            sock.sendall(b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                         b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                         b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n" + frame(b"40")
                         + frame(event("joined", {"name": f"P{number}", "headless": True, "room": f"C{number % 100}"})))
            socks.append(sock)
        except OSError:
            refused += 1
    stage.wait()
    ends = []
    for sock in socks:
        try:
            sock.setblocking(False)
            ends.append(None if b"has entered" in sock.recv(1 << 20) else "not in its room")
        except OSError as error:
            ends.append(str(error))
    return outcome(ends) | {"refused": refused}


FRAGMENT = frame(b"4" + b"x" * 999, CONTINUATION, fin=False)

FLOODS = {
    "idle": lambda stage: stage.begin() or stage.wait() or {},
    "eio-3": frames(many(frame(b"3"))),
    "eio-6": frames(many(frame(b"6"))),
    "eio-6-deaf": frames(many(frame(b"6")), reads=False),
    "ws-ping": frames(many(frame(b"", PING))),
    "ws-ping-125": frames(many(frame(b"x" * 125, PING))),
    "ws-ping-deaf": frames(many(frame(b"x" * 125, PING)), reads=False),
    "ws-pong": frames(many(frame(b"", PONG))),
    "empty-fragments": frames(many(frame(b"", CONTINUATION, fin=False)), frame(b"4", fin=False)),
    "byte-fragments": frames(many(frame(b"x", CONTINUATION, fin=False)), frame(b"4", fin=False)),
    "endless-fragments": frames(many(FRAGMENT), frame(b"4", fin=False)),
    "ping-in-fragments": frames(many(frame(b"", PING) + frame(b"x" * 256, CONTINUATION, fin=False)),
                                frame(b"4", fin=False)),
    "empty-events": frames(many(frame(event("x", {})))),
    "acked-events": frames(many(frame(event("x", {}, ack=1)))),
    "unknown-900k": frames(frame(event("x" * 900_000, {}))),
    "not-json-900k": frames(frame(b'42["text",{"msg":"' + b"\\u0000" * 150_000 + b'"}]')),
    "upgrade-ping": upgrade(many(frame(b"x" * 125, PING))),
    "upgrade-pong": upgrade(many(frame(b"", PONG))),
    "upgrade-probe": upgrade(many(frame(b"2probe"))),
    "upgrade-fragments": upgrade(many(frame(b"x" * 999, CONTINUATION, fin=False)), frame(b"2", fin=False)),
    "upgraded-ping": upgrade(many(frame(b"x" * 125, PING)), frame(b"2probe") + frame(b"5")),
    "post-noops": post_noops,
    "sse-sends": sse_sends,
    "pipelined-livez": pipelined("/livez"),
    "pipelined-page": pipelined("/v1"),
    "pipelined-members": pipelined("/v1/rooms/hall"),
    "pipelined-sessions": pipelined("/socket.io/?EIO=4&transport=polling"),
    "half-heads": half_heads,
    "foreign-origin": foreign_origin,
    "unfinished-posts": unfinished_posts,
    "connects": connects,
}
