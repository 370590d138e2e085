"""Disturbances by rooms with many members, and by members who ask too much."""

import time

from .client import Sender, event, flood, frame, joined, websocket
from .crowd import Crowd, greedy, paced
from .speakers import speak

LONG = "\U0001d54f" * 60
"""Part of a name: 64 characters at most, four bytes each."""


def hot_room(count, kinds, size=16_000, members=1000, fill="plain"):
    def disturb(stage):
        crowd = Crowd(stage.port, [(greedy, members, "hot")])
        result = speak(stage, "hot", count, kinds, size, fill)
        return judge(result, crowd)

    return disturb


def judge(result, crowd):
    said = crowd.end()
    result["MB_each"] = said[0]["MB_each"]
    result["faults"] = [f"{part['closed']} of {part['members']} members were closed" for part in said if part["closed"]]
    return result


def hot_rooms(stage):
    """20 rooms of 50 members, a speaker in each."""
    crowd = Crowd(stage.port, [(greedy, 50, f"hot{number}") for number in range(20)])
    data = frame(event("text", {"msg": "x" * 16_000}))
    senders = [Sender(websocket(stage.port, f"hot{number}", "S"), data) for number in range(20)]
    stage.begin()
    return judge(flood(senders, stage.until), crowd)


def stalled(rate):
    """A member who takes so many bytes a second, among 30 who read, and a speaker. The 30 must not be closed."""

    def disturb(stage):
        crowd = Crowd(stage.port, [(greedy, 30, "hall")])
        lazy = Crowd(stage.port, [(paced, "websocket", 1, "hall", rate, 0)])
        result = judge(speak(stage, "hall", 1, ["websocket"], 16_000), crowd)
        (end, _, taken), = lazy.end()[0]
        return result | {"lazy": end or "open", "lazy_bytes": taken}

    return disturb


def asks_again(attackers, reads):
    """`joined` over and over with an ack, in a room of 1,000 with long names."""

    def disturb(stage):
        crowd = Crowd(stage.port, [(greedy, 1000, "long", LONG)])
        socks = [websocket(stage.port, "long", f"A{number}") for number in range(attackers)]
        data = b"".join(frame(joined("A", "long", ack=number)) for number in range(990))
        stage.begin()
        result = flood([Sender(sock, data, reads=reads) for sock in socks], stage.until)
        return judge(result, crowd)

    return disturb


def comes_and_goes(attackers, steps, members=1000):
    """Connections that join and leave without pause, next to members who read."""

    def disturb(stage):
        crowd = Crowd(stage.port, [(greedy, members // 2, room) for room in ("east", "west")])
        senders = []
        for number in range(attackers):
            name = f"{LONG}{number}"
            data = b"".join(frame(step(name)) for step in steps)
            senders.append(Sender(websocket(stage.port), data * (65536 // len(data) + 1)))
        stage.begin()
        return judge(flood(senders, stage.until), crowd)

    return disturb


def slow_beside_leavers(stage):
    """30 members at 2 Mbit/s, and 20 who come and go: not even with these can a member be cut off."""
    crowd = Crowd(stage.port, [(paced, "websocket", 30, "east", 250_000, 0)])
    # In and out within one segment, as often as the rate allows, so that they are hardly ever seen in the room.
    pairs = {websocket(stage.port): b"".join(frame(step(f"{LONG}{number}")) for step in (into("east"), out))
             for number in range(20)}
    for sock in pairs:
        sock.setblocking(False)
    stage.begin()
    result = {"sent": 0}
    while time.monotonic() < stage.until:
        for sock, pair in pairs.items():
            try:
                result["sent"] += sock.send(pair)
                sock.recv(1 << 20)
            except BlockingIOError:
                pass
        time.sleep(0.003)
    members = crowd.end()[0]
    closed = [end for end, _, _ in members if end is not None]
    result["faults"] = [f"{len(closed)} of 30 members were closed: {closed[0]}"] if closed else []
    return result | {"MB_each": round(sum(taken for _, _, taken in members) / 30e6, 1)}


def into(room):
    return lambda name: joined(name, room)


def out(name):
    return event("left", {"name": name})


def anywhere(stage):
    """Joins a room of its own, over and over: 60 attackers, a new code each time."""
    senders = []
    for number in range(60):
        data = b"".join(frame(joined("A", f"own-{number}-{each}")) for each in range(700))
        senders.append(Sender(websocket(stage.port), data))
    stage.begin()
    return flood(senders, stage.until)


CROWDS = {
    "asks-again-1": asks_again(1, reads=True),
    "asks-again-30": asks_again(30, reads=True),
    "asks-again-deaf-1": asks_again(1, reads=False),
    "asks-again-deaf-30": asks_again(30, reads=False),
    "hopping-1": comes_and_goes(1, [into("east"), into("west")]),
    "hopping-20": comes_and_goes(20, [into("east"), into("west")]),
    "leaving-1": comes_and_goes(1, [into("east"), out]),
    "leaving-20": comes_and_goes(20, [into("east"), out]),
    "leaving-slow": slow_beside_leavers,
    "anywhere-60": anywhere,
    "hot-1": hot_room(1, ["websocket"]),
    "hot-20": hot_room(20, ["websocket"]),
    "hot-20-controls": hot_room(20, ["websocket"], fill="controls"),
    "hot-post-1": hot_room(1, ["http"]),
    "hot-post-20": hot_room(20, ["http"]),
    "hot-short-20": hot_room(20, ["websocket"], size=20),
    "hot-rooms-20": hot_rooms,
    "stalled": stalled(0),
    "stalled-1-byte": stalled(1),
    "stalled-20-kB": stalled(20_000),
}
