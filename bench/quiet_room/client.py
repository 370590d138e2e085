"""Clients at their barest: sockets, WebSocket frames and HTTP, so that an attacker can send what no library would."""

import json
import select
import socket
import time

CONNECT_SECONDS = 10
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10

UPGRADE = (
    "GET /socket.io/?EIO=4&transport=websocket{sid} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: Upgrade\r\n"
    "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{more}\r\n"
)


def frame(payload=b"", opcode=TEXT, fin=True):
    """A masked frame. The mask is zero, so that the payload stands in it as it is."""
    head = bytes([fin << 7 | opcode])
    length = len(payload)
    if length < 126:
        head += bytes([0x80 | length])
    elif length < 1 << 16:
        head += b"\xfe" + length.to_bytes(2, "big")
    else:
        head += b"\xff" + length.to_bytes(8, "big")
    return head + b"\0\0\0\0" + payload


class Frames:
    """Takes a server's frames apart; they may come in any pieces."""

    def __init__(self):
        self.rest = b""

    def feed(self, data):
        """The payloads of the frames that are complete now."""
        data = self.rest + data if self.rest else data
        payloads, at, end = [], 0, len(data)
        while end - at >= 2:
            length, head = data[at + 1] & 0x7F, 2
            if length == 126:
                length, head = int.from_bytes(data[at + 2:at + 4], "big"), 4
            elif length == 127:
                length, head = int.from_bytes(data[at + 2:at + 10], "big"), 10
            if end - at < head + length:
                break
            payloads.append(data[at + head:at + head + length])
            at += head + length
        self.rest = data[at:]
        return payloads


def event(name, body, ack=""):
    """A Socket.IO event as the payload of an Engine.IO packet."""
    return f"42{ack}{json.dumps([name, body], separators=(',', ':'))}".encode()


def joined(name, room, ack=""):
    return event("joined", {"name": name, "room": room, "headless": True}, ack)


def connect(port, source=None, receive_buffer=None):
    sock = socket.socket()
    if receive_buffer:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.settimeout(CONNECT_SECONDS)
    if source:
        sock.bind((source, 0))
    sock.connect(("127.0.0.1", port))
    return sock


def head_of(sock, data=b""):
    """Reads until the end of a response's head: the head, and what came behind it."""
    while b"\r\n\r\n" not in data:
        more = sock.recv(65536)
        if not more:
            raise OSError(f"closed in the head of a response: {data[:80]!r}")
        data += more
    head, _, rest = data.partition(b"\r\n\r\n")
    return head, rest


def websocket(port, room=None, name="Ada", source=None, receive_buffer=None, sid=None, more=""):
    """A connection on a WebSocket, in a room if one is named; what has come by then is dropped."""
    sock = connect(port, source, receive_buffer)
    query = f"&sid={sid}" if sid else ""
    sock.sendall(UPGRADE.format(port=port, sid=query, more=more).encode())
    head, rest = head_of(sock)
    if not head.startswith(b"HTTP/1.1 101"):
        raise OSError(head.splitlines()[0].decode())
    if sid is None:
        sock.sendall(frame(b"40"))
    if room is not None:
        sock.sendall(frame(joined(name, room)))
        wait_for(sock, b"has entered", rest)
    return sock


def wait_for(sock, word, data=b""):
    """Reads until a word comes. Returns what came in all."""
    while word not in data:
        more = sock.recv(65536)
        if not more:
            raise OSError(f"closed while waiting for {word}")
        data += more
    return data


def request(sock, method, target, body=b"", headers=""):
    """One HTTP request on a connection that stays: the status, and the body of the answer."""
    text = f"{method} {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
    sock.sendall(text.encode() + body)
    return response(sock)


def response(sock):
    head, rest = head_of(sock)
    length = next((int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")), 0)
    parts, have = [rest], len(rest)
    while have < length:
        more = sock.recv(65536)
        if not more:
            raise OSError("closed in the body of a response")
        parts.append(more)
        have += len(more)
    return int(head.split(b" ")[1]), b"".join(parts)


class Poller:
    """A session on long-polling, with a connection of its own for what it sends."""

    def __init__(self, port, source=None, receive_buffer=None):
        self.sock, self.posts = connect(port, source, receive_buffer), connect(port, source)
        _, body = request(self.sock, "GET", "/socket.io/?EIO=4&transport=polling")
        self.sid = json.loads(body[1:])["sid"]
        self.target = f"/socket.io/?EIO=4&transport=polling&sid={self.sid}"
        self.post(b"40")

    def post(self, body):
        return request(self.posts, "POST", self.target, body)

    def join(self, name, room):
        self.post(joined(name, room))
        data = b""
        while b"has entered" not in data:
            status, data = request(self.sock, "GET", self.target)
            if status != 200:
                raise OSError(f"a poll was answered with {status}")

    def ask(self):
        """Sends a GET; its answer comes in its time."""
        self.sock.sendall(f"GET {self.target} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())


def listen(port, room, source=None, receive_buffer=None):
    """A listener over Server-Sent Events."""
    sock = connect(port, source, receive_buffer)
    sock.sendall(f"GET /v1/rooms/{room}/events HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
    head, rest = head_of(sock)
    if b" 200 " not in head.splitlines()[0]:
        raise OSError(head.splitlines()[0].decode())
    wait_for(sock, b":", rest)
    return sock


def close_reason(tail):
    """The reason in the close frame at the end of what came, if it ends with one."""
    for at in range(max(0, len(tail) - 127), len(tail) - 3):
        if tail[at] == 0x88 and tail[at + 1] == len(tail) - at - 2:
            return f"{int.from_bytes(tail[at + 2:at + 4], 'big')} {tail[at + 4:].decode(errors='replace')}"
    return None


class Sender:
    """Sends the same bytes over and over, and reads (or does not) what comes back."""

    def __init__(self, sock, data, first=b"", reads=True):
        sock.setblocking(False)
        self.sock, self.data, self.reads = sock, data, reads
        self.rest = memoryview(first + self.next())
        self.sent, self.tail, self.end = 0, b"", None

    def next(self):
        return self.data

    def step(self):
        """Reads and writes what can be. True while the connection is up and anything moved."""
        moved = False
        try:
            if self.reads:
                more = self.sock.recv(1 << 18)
                self.tail = (self.tail + more)[-256:]
                if not more:
                    self.end = close_reason(self.tail) or "end of the stream"
                    return False
                moved = True
        except BlockingIOError:
            pass
        except OSError as error:
            self.end = close_reason(self.tail) or error.strerror
            return False
        try:
            count = self.sock.send(self.rest)
            self.sent += count
            self.rest = self.rest[count:] or memoryview(self.next())
            return True
        except BlockingIOError:
            return moved
        except OSError as error:
            # What it was told before it was cut off is there to be read.
            self.drain()
            self.end = close_reason(self.tail) or error.strerror
            return False

    def drain(self):
        try:
            while more := self.sock.recv(1 << 18):
                self.tail = (self.tail + more)[-256:]
        except OSError:
            pass


def flood(senders, until):
    """Lets senders send until a moment or until all are closed. Says how each ended, and what was sent."""
    live = list(senders)
    while live and time.monotonic() < until:
        moved = False
        for sender in list(live):
            moved |= sender.step()
            if sender.end:
                live.remove(sender)
        if not moved and live:
            waiting = select.poll()
            for sender in live:
                waiting.register(sender.sock, select.POLLOUT | (select.POLLIN if sender.reads else 0))
            waiting.poll(100)
    return outcome(sender.end for sender in senders) | {"sent": sum(sender.sent for sender in senders)}


def outcome(ends):
    """Counts how connections ended: `{"closed": {reason: count}, "open": count}`."""
    closed, still_open = {}, 0
    for end in ends:
        if end is None:
            still_open += 1
        else:
            closed[end] = closed.get(end, 0) + 1
    return {"closed": closed, "open": still_open}
