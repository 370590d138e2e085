"""What is measured: the cells of each scenario, and how often for which server.

A cell is measured in rounds. Each round takes every server once, in turn, so that whatever else the machine does falls on
all of them alike, and ratios are taken within a round.
"""

import resource
from dataclasses import dataclass

from .load import Load
from .peers import PEERS

FIVE, THREE, ONCE = 5, 3, 1
"""Rounds: for what a target rests on, for what a plot shows, for what is slow and only shown."""

PAIR = {"alert": FIVE, "limit": FIVE}
NEIGHBOURS = [name for name, peer in PEERS.items() if peer.protocol != "socketio"]
"""Servers of other protocols, which do less: no names, and nobody is told who enters or leaves."""
OTHERS = [name for name in PEERS if not name.startswith("alert") and name not in ("limit", "node-recovery", *NEIGHBOURS)
          and not PEERS[name].nodes]


@dataclass(frozen=True)
class Cell:
    load: Load
    rounds: dict[str, int]
    """How often each server is measured."""
    fills: int = 1
    """How often the load is run against the same server, with a pause in which everybody is gone."""
    pinned: bool = True
    """Whether server and load generator have a core each."""


def shown(load, **more):
    """The servers that only a table or a plot needs, as far as they can take the load."""
    able = [name for name in OTHERS if load.members <= PEERS[name].largest_room]
    return {name: ONCE if PEERS[name].slow else THREE for name in able} | more


def cell(load, **more):
    """A cell with everybody; `more` says who is measured more often than a plot needs."""
    return Cell(load, PAIR | shown(load, **more))


def window():
    """1,000 members in one room, as fast as the server can."""
    yield cell(Load(1_000, window=16), node=FIVE, bun=FIVE, socketioxide=FIVE, flask=FIVE)
    for size in (1, 4, 64):
        yield cell(Load(1_000, window=size))


def rate():
    """1,000 members in one room, at a fixed rate."""
    for messages in (10, 30, 100, 200, 300):
        rounds = FIVE if messages in (100, 300) else ONCE
        load = Load(1_000, rate=messages, duration=5)
        yield Cell(load, {name: rounds for name in ("alert", "limit", "node")} | {
            name: ONCE for name in OTHERS if name != "node"})


def size():
    """Rooms of 10 to 5,000 members."""
    for members in (10, 100):
        yield cell(Load(members, window=4))
    # Once for the others: everybody who joins is 12.5 million statuses, which takes them minutes.
    largest = Load(5_000, window=4)
    yield Cell(largest, PAIR | dict.fromkeys(shown(largest), ONCE))
    for members in (10, 5_000):
        for flight in (1, 16):
            yield Cell(Load(members, window=flight), PAIR)


def rooms():
    """Many rooms of 5, with a sender in each."""
    yield cell(Load(5, rooms=200, window=4))
    for count in (1, 10, 1_000):
        yield Cell(Load(5, rooms=count, window=4), PAIR)
    for flight in (1, 16):
        yield Cell(Load(5, rooms=200, window=flight), PAIR)


def unkept():
    """200 rooms of 5, where keeping a history costs most: with it, which is the default, and without, as the limit is."""
    for flight in (1, 4, 16):
        yield Cell(Load(5, rooms=200, window=flight), PAIR | {"alert-off": FIVE})


def neighbours():
    """Servers of other protocols, which do less: one room of 1,000, and 200 of 5."""
    with_all = {"alert": THREE, "limit": THREE, "node": THREE} | dict.fromkeys(NEIGHBOURS, THREE)
    for flight in (1, 4, 16):
        yield Cell(Load(1_000, window=flight), with_all)
    yield Cell(Load(5, rooms=200, window=1), with_all)
    yield Cell(Load(1_000, rate=100, duration=5), with_all)


def idle():
    """Up to 15,000 connections that say nothing, in rooms of 10. At 15,000 for long enough to have two heartbeats each."""
    for connections in (1_000, 5_000, 10_000):
        load = Load(10, rooms=connections // 10, hold=1)
        yield Cell(load, {"alert": THREE} | {name: ONCE for name in OTHERS})
    yield Cell(Load(10, rooms=1_500, hold=50), {"alert": THREE} | {name: ONCE for name in OTHERS})


def kernel():
    """As many silent connections as the machine permits, in rooms of 10, for a heartbeat each: what the process has of each, and what the kernel has."""
    sockets = most_sockets()
    for connections in (5_000, sockets):
        yield Cell(Load(10, rooms=connections // 10, hold=30, kernel=True), {"alert": ONCE})
    beside = dict.fromkeys(("limit", *OTHERS, *NEIGHBOURS), ONCE)
    yield Cell(Load(10, rooms=sockets // 10, hold=30, kernel=True), beside)
    # Whoever polls has two: one that waits, and one to speak.
    yield Cell(Load(10, rooms=sockets // 20, hold=30, kernel=True, polling=True), {"alert": ONCE, "node": ONCE})


def most_sockets():
    """Connections that one process may have, and one address may make to one port, less some to spare."""
    _, files = resource.getrlimit(resource.RLIMIT_NOFILE)
    with open("/proc/sys/net/ipv4/ip_local_port_range") as file:
        first, last = map(int, file.read().split())
    return (min(files, last - first) - 500) // 1_000 * 1_000


def fills():
    """15,000 connections that leave and come back, ten times."""
    yield Cell(Load(10, rooms=1_500, hold=1), {"alert": THREE}, fills=10)


def storm():
    """Everybody joins one room at once; each join goes to everyone who is there."""
    for members in (1_000, 100, 300, 2_000):
        yield cell(Load(members, storm=True))


def connect():
    """10,000 connect and join, in 100 rooms."""
    load = Load(100, rooms=100, storm=True)
    yield Cell(load, PAIR | {name: ONCE for name in OTHERS})


def polling():
    """500 members on long-polling, 20 messages a second."""
    load = Load(500, rate=20, polling=True, duration=5)
    able = {name: THREE for name in OTHERS if PEERS[name].polling}
    yield Cell(load, {"alert": FIVE} | able | {"node": FIVE})


def workers():
    """One worker and two, at 100 messages a second to 1,000 members, on cores that nobody is bound to."""
    yield Cell(Load(1_000, rate=100, duration=5), {"alert": FIVE, "alert-2": FIVE}, pinned=False)


def listeners():
    """1,000 who hear a room, one message at a time over HTTP: members on WebSockets, and listeners over Server-Sent Events."""
    yield Cell(Load(1_000, listeners=True), {"alert": FIVE, "alert-sse": FIVE})


RETURNS = {"alert": THREE, "alert-grace": THREE, "node-recovery": ONCE, "node": ONCE}


def jitter():
    """2,000 members in one room, 2 messages a second for a minute; each member is cut off every 15 s, for 2 s."""
    yield Cell(Load(2_000, jitter=True), RETURNS)


def avalanche():
    """10,000 members in 100 rooms are cut off at once, for 2 s, miss 100 messages each, and come back at once."""
    # The limit gives nobody what was missed: it shows what coming back costs alone.
    yield Cell(Load(101, rooms=100, avalanche=True), RETURNS | {"limit": THREE})


CLUSTERS = ("alert-cluster", "node-cluster", "flask-cluster")


def across():
    """Three servers and one Redis: 1,000 messages a second, whose sender is on one server and whose listeners on the others."""
    yield Cell(Load(3, rate=1_000, duration=5), dict.fromkeys(CLUSTERS, FIVE) | {"flask-cluster": THREE})
    yield Cell(Load(10, rooms=10, rate=1_000, duration=5), dict.fromkeys(CLUSTERS, THREE) | {"flask-cluster": ONCE})


def through():
    """Three servers and one Redis, as many messages as they can, on cores that nobody is bound to."""
    for rooms, window in ((30, 64), (300, 16)):
        yield Cell(Load(2, rooms=rooms, window=window), {"alert-cluster": FIVE, "node-cluster": THREE, "flask-cluster": ONCE},
                   pinned=False)


def shared():
    """1,000 members in one room of one server, whose messages go over Redis, are in a file, or are not kept."""
    for size in (1, 4, 16):
        yield Cell(Load(1_000, window=size), {"alert-redis": FIVE, "alert-file": FIVE, "alert-off": FIVE})


def crowd():
    """Three servers and one Redis: 10,000 people enter 1,000 rooms, and 1,000 people a room of their own each."""
    for members in (10, 1):
        yield Cell(Load(members, rooms=1_000, hold=8), {"alert-cluster": THREE})


def restart():
    """Three servers: Redis is killed under 200 messages a second to 30 members, and is back after a second."""
    yield Cell(Load(30, rate=200, duration=12, fault="redis"), dict.fromkeys(CLUSTERS, THREE) | {"flask-cluster": ONCE})


def death():
    """Three servers: one is killed under 200 messages a second to 30 members, who come back to the others."""
    yield Cell(Load(30, rate=200, duration=12, fault="node"), dict.fromkeys(CLUSTERS, THREE) | {"flask-cluster": ONCE})


EACH = (window, rate, size, rooms, unkept, neighbours, idle, kernel, fills, storm, connect, polling, workers, listeners, jitter, avalanche,
        across, through, shared, crowd, restart, death)
SCENARIOS = {each.__name__: each for each in EACH}
"""By name; calling one gives its cells, and its docstring says what it is."""
