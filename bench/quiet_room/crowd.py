"""Members of a room who read: as fast as they can, or at a pace. They run in processes of their own."""

import re
import select
import socket
import time

from .client import Poller, frame, joined, listen, websocket
from .run import fork

MARK = re.compile(rb"#(\d+):(\d+)#")
"""The number of a speaker and that of the message, in every numbered message."""
TICK = 0.01
SMALL = 64 << 10
"""A receive buffer that hides little of the pace from the server."""


class Crowd:
    """Runs `read` in processes, and knows when all have joined."""

    def __init__(self, port, parts):
        """`parts`: for each process its function, and its arguments after the port."""
        self.all = []
        for read, *arguments in parts:
            ours, theirs = fork.Pipe()
            process = fork.Process(target=read, args=(port, theirs, *arguments), daemon=True)
            process.start()
            theirs.close()
            self.all.append((process, ours))
        for _, pipe in self.all:
            if pipe.recv() != "ready":
                raise OSError("members could not join")

    def end(self):
        """Has them stop, and hands back what each process has to say."""
        for _, pipe in self.all:
            pipe.send("end")
        said = [pipe.recv() for _, pipe in self.all]
        for process, _ in self.all:
            process.join()
        return said


def greedy(port, pipe, count, room, name="M"):
    """WebSocket members who take all that comes and look at nothing: how many were closed, and bytes for each."""
    waiting, socks, sink = select.epoll(), {}, bytearray(1 << 20)
    closed = taken = 0

    def take(timeout):
        nonlocal closed, taken
        for number, _ in waiting.poll(timeout):
            try:
                # The kernel forgets the bytes instead of copying them.
                size = socks[number].recv_into(sink, 0, socket.MSG_TRUNC)
            except BlockingIOError:
                continue
            except OSError:
                size = 0
            taken += size
            if size == 0:
                closed += 1
                waiting.unregister(number)
                socks.pop(number).close()

    for number in range(count):
        sock = websocket(port)
        sock.sendall(frame(joined(f"{name}{number}", room)))
        sock.setblocking(False)
        socks[sock.fileno()] = sock
        waiting.register(sock, select.EPOLLIN)
        take(0)
    pipe.send("ready")
    while not pipe.poll(0):
        take(0.05)
    pipe.send({"members": count, "closed": closed, "MB_each": round(taken / count / 1e6, 1)})


class Paced:
    """A member, or a listener, that takes so many bytes a second, and notes the numbers that it hears."""

    def __init__(self, port, kind, room, name, rate):
        self.kind, self.rate, self.budget = kind, rate, 0
        self.tail, self.heard, self.taken, self.end = b"", [], 0, None
        self.head, self.left, self.poller = b"", 0, None
        if kind == "websocket":
            self.sock = websocket(port, room, name, receive_buffer=SMALL)
        elif kind == "listener":
            self.sock = listen(port, room, receive_buffer=SMALL)
        else:
            self.poller = Poller(port, receive_buffer=SMALL)
            self.poller.join(name, room)
            self.sock = self.poller.sock
            self.poller.ask()
        self.sock.setblocking(False)

    def tick(self, seconds):
        self.budget = min(self.budget + self.rate * seconds, self.rate * 0.1 + 1)
        while self.end is None and self.budget >= 1:
            try:
                data = self.sock.recv(min(int(self.budget), 1 << 18))
            except BlockingIOError:
                return
            except OSError as error:
                self.end = error.strerror
                return
            if not data:
                self.end = "end of the stream"
                return
            self.budget -= len(data)
            self.taken += len(data)
            if self.poller:
                self.follow(data)
            self.note(data)

    def note(self, data):
        data = self.tail + data
        at = 0
        for found in MARK.finditer(data):
            self.heard.append((int(found[1]), int(found[2])))
            at = found.end()
        self.tail = data[max(at, len(data) - 40):]

    def follow(self, data):
        """Follows the answers to GETs, and asks for the next one when one is complete."""
        while data:
            if self.left == 0:
                self.head += data
                if b"\r\n\r\n" not in self.head:
                    return
                head, _, data = self.head.partition(b"\r\n\r\n")
                self.head = b""
                if b" 200 " not in head.split(b"\r\n")[0]:
                    self.end = head.split(b"\r\n")[0].decode()
                    return
                length = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
                self.left = int(length[1])
            size = min(self.left, len(data))
            self.left -= size
            if self.left == 0:
                self.poller.ask()
            data = data[size:]


def paced(port, pipe, kind, count, room, rate, first):
    members = [Paced(port, kind, room, f"R{first + number}", rate) for number in range(count)]
    pipe.send("ready")
    before = time.monotonic()
    pings = before
    while not pipe.poll(0):
        now = time.monotonic()
        for member in members:
            member.tick(now - before)
            # A pong that nobody asked for is as good as one that somebody did, now and then.
            if now - pings > 10 and member.end is None:
                if kind == "websocket":
                    member.sock.send(frame(b"3"))
                elif kind == "polling":
                    member.poller.post(b"3")
        pings = now if now - pings > 10 else pings
        before = now
        time.sleep(max(0, now + TICK - time.monotonic()))
    pipe.send([(member.end, member.heard, member.taken) for member in members])


def faults(heard):
    """What is wrong with the numbers that members heard: a list of words."""
    found = []
    first = max((numbers for _, numbers, _ in heard), key=len)
    for number, (end, numbers, _) in enumerate(heard):
        if end is not None:
            found.append(f"member {number} was closed: {end}")
        if numbers != first[:len(numbers)]:
            found.append(f"member {number} heard another order")
    following = {}
    for speaker, number in first:
        if number != following.get(speaker, 0):
            found.append(f"of speaker {speaker} came {number} instead of {following.get(speaker, 0)}")
            break
        following[speaker] = number + 1
    return found
