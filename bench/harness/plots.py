"""The plots of docs/benchmarks: what each shows of the results, and in words for those who do not see it."""

from dataclasses import dataclass

from . import kernel, svg
from .peers import PEERS
from .results import median
from .svg import Bar, Curve, number

SERVERS = ("alert", "limit", "socketioxide", "bun", "node", "flask", "uvicorn")
"""Servers of Socket.IO and the limit, in the order of the legend."""
COLOURS = {
    **{name: name for name in SERVERS},
    "alert-grace": "alert",
    "node-recovery": "node",
    "sockudo": "neighbour-1",
    "nchan": "neighbour-2",
    "mosquitto": "neighbour-3",
}
SHORT = {
    "limit": "limit (bare loop)",
    "flask": "Flask + gevent",
    "uvicorn": "python-socketio",
    "node-recovery": "Node, state recovery",
    "node": "Node",
    "bun": "Bun",
    "sockudo": "sockudo",
    "nchan": "nchan",
    "mosquitto": "mosquitto",
    "alert-grace": "Alert, grace 5 s",
}
TALK = {"rooms": 1, "members": 1_000}


@dataclass(frozen=True)
class Plot:
    file: str
    scenario: str | None
    """What it shows, where that is one."""
    alt: str
    image: str


def short(name):
    return SHORT.get(name, PEERS[name].title)


def front(results):
    """The four of docs/benchmarks.md, as far as they were measured."""
    return [plot for plot in (cpu(results), latency(results), memory(results), back(results)) if plot]


def detail(results):
    """Those of docs/benchmarks/socketio.md."""
    one_room = {name: [record for scenario in ("size", "window") for record in results.find(name, scenario, rooms=1, window=4)]
                for name in SERVERS}
    silent = {name: {0: [record["result"]["memory_empty"] / 1e6 for record in records]}
              | points(records, lambda record: record["result"]["connections"], lambda record: record["result"]["memory"] / 1e6)
              for name in SERVERS if (records := results.find(name, "idle"))}
    drawn = (
        curves("throughput", "Deliveries a second against messages in flight", "1,000 members in one room, one core for the server",
               ("messages in flight (window)", "deliveries a second"),
               pick(results, "deliveries_per_s", "window", scenario="window", **TALK), at=16, scenario="window"),
        curves("size", "CPU for each delivery against the size of the room", "4 messages in flight, one core for the server",
               ("members of the room", "µs of the server's CPU for each delivery"),
               {name: points(records, lambda record: record["load"]["members"], lambda record: record["result"]["cpu_us_per_delivery"])
                for name, records in one_room.items()}, at=1_000),
        curves("idle", "Memory of the process against silent connections", "rooms of 10; at 0, the empty server",
               ("connections", "resident memory, MB"), silent, at=15_000, logarithmic=(False, True)),
        curves("storm", "Everybody joins one room at once", "until everybody knows of everybody",
               ("members that join", "seconds"), pick(results, "join_s", "members", scenario="storm"), at=1_000),
    )
    return [plot for plot in drawn if plot]


def neighbours(results):
    """Of docs/benchmarks/neighbours.md."""
    names = ("alert", "limit", "node", *(name for name, peer in PEERS.items() if peer.protocol != "socketio"))
    plot = curves("neighbours", "CPU for each delivery, servers of other protocols",
                  "1,000 members in one room; these do less: nobody is told who enters or leaves",
                  ("messages in flight (window)", "µs of the server's CPU for each delivery"),
                  pick(results, "cpu_us_per_delivery", "window", names, scenario="neighbours", **TALK), at=1)
    return [plot] if plot else []


def cpu(results):
    return curves("cpu", "What a delivery costs", "CPU of the server against messages in flight: 1,000 members in one room",
                  ("messages in flight (window)", "µs of CPU for each delivery"),
                  pick(results, "cpu_us_per_delivery", "window", scenario="window", **TALK), at=1, scenario="window")


def latency(results):
    return curves("latency", "How late messages come", "p99 against rate: 1,000 members in one room, one core for the server",
                  ("messages a second, each to 1,000 members", "p99 latency, ms"),
                  {name: {x: [value / 1e3 for value in values] for x, values in curve.items()}
                   for name, curve in pick(results, "p99_us", "rate", scenario="rate", **TALK).items()}, at=100, scenario="rate")


def memory(results):
    rows = []
    for name in (*SERVERS, *(name for name in PEERS if name not in SERVERS)):
        for polling in (False, True):
            found = kernel.largest(results, name, polling)
            if not found:
                continue
            process, below = (median([each(record) for record in found]) / 1e3 for each in (kernel.private, kernel.share))
            title = short(name) + (", polling" if polling else "")
            rows.append(Bar(title, COLOURS[name], (process, below), f"{process + below:.1f} kB = {process:.1f} + {below:.1f}"))
    if not rows:
        return None
    many = max(record["result"]["connections"] for record in results.find(scenario="kernel"))
    image = svg.bars("What a silent member takes", f"memory of the process (full) and of the kernel (pale), with up to {many:,} of them",
                     "kB for each member", rows)
    return Plot("memory", "kernel", "Memory for each silent member, process plus kernel: "
                + "; ".join(f"{row.name} {row.note}" for row in rows), image)


def back(results):
    rows = []
    for name in ("limit", "alert-grace", "alert", "node-recovery", "node"):
        took = results.values("all_back_s", name, scenario="avalanche")
        share = results.values("delivered_percent", name, scenario="avalanche")
        if took:
            rows.append(Bar(short(name), COLOURS[name], (median(took),),
                            f"{median(took):.1f} s, {percent(median(share))} delivered", (min(took), max(took))))
    if not rows:
        return None
    image = svg.bars("How long until all are back", "10,000 members cut off at once for 2 s, who each missed 100 messages",
                     "seconds until the last is back in its room", rows)
    return Plot("back", "avalanche", "10,000 members cut off at once, until all are back: "
                + "; ".join(f"{row.name} {row.note}" for row in rows), image)


def percent(value):
    """Cut, not rounded: 100 % is every single message."""
    return "100 %" if value == 100 else f"{int(value * 10) / 10:.1f} %"


def pick(results, key, across, names=SERVERS, **where):
    """For each server, what it reached, by a parameter of the load."""
    found = {name: [record for record in results.find(name, **where) if across in record["load"]] for name in names}
    return {name: points(records, lambda record: record["load"][across], lambda record: record["result"].get(key))
            for name, records in found.items()}


def points(records, horizontal, vertical):
    """For each x, the y of every round."""
    found = {}
    for record in records:
        value = vertical(record)
        if value is not None:
            found.setdefault(horizontal(record), []).append(value)
    return dict(sorted(found.items()))


def curves(file, title, below, labels, by_server, at, logarithmic=(True, True), scenario=None):
    """A plot, whose words have the medians of all at one place."""
    shown = [Curve(short(name), COLOURS[name], curve, name == "limit") for name, curve in by_server.items() if curve]
    if not shown:
        return None
    said = "; ".join(f"{curve.name} {number(median(curve.points[at]))}" for curve in shown if at in curve.points)
    return Plot(file, scenario, f"{title}, {below}. {labels[1]} at {at:,} {labels[0].split(' (')[0]}: {said}",
                svg.curves(title, below, labels, shown, logarithmic))
