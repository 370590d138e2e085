"""docs/benchmarks.md: what can be read in a minute."""

from . import kernel, nodes
from .load import FAULTS
from .results import median
from .svg import number
from .tables import table
from .targets import per_connection, verdicts

INTRO = """\
The same load generator (`alert bench`) drives Alert, other servers, and a **limit**: a bare epoll loop that does nothing but
read, copy and write. Each server has one core, the generator another. Ratios carry over to other machines, times do not.
"""

MORE = """\
- [Targets](benchmarks/targets.md), met or not · [beside other Socket.IO servers](benchmarks/socketio.md) ·
  [beside servers of other protocols](benchmarks/neighbours.md) · [coming back](benchmarks/coming-back.md) ·
  [memory, and a million connections](benchmarks/memory.md) · [several nodes](benchmarks/nodes.md) ·
  [all runs, with versions](benchmarks/runs.md)
- How to repeat it, and what each server is: [bench/README.md](../bench/README.md). Why a figure is what it is, and what was
  tried: [bench/PROFILES.md](../bench/PROFILES.md). What TLS costs: [sizing](operations/scaling.md#sizing). Every single
  measurement: [latest.jsonl](../bench/results/latest.jsonl).
"""

TALK = {"rooms": 1, "members": 1_000}
SOCKETIO = {"alert": "Alert", "limit": "limit", "node": "Node", "bun": "Bun", "socketioxide": "socketioxide",
            "flask": "Flask + gevent", "uvicorn": "python-socketio"}
RETURNS = {"alert": "Alert", "alert-grace": "Alert, grace 5 s", "node-recovery": "Node, state recovery", "node": "Node",
           "limit": "limit"}
NEIGHBOURS = {"alert": "Alert", "limit": "limit", "node": "Node", "sockudo": "sockudo", "nchan": "nginx + nchan",
              "mosquitto": "mosquitto"}
NODES = {"alert-cluster": "Alert", "node-cluster": "Node, Redis streams", "flask-cluster": "Flask, Redis queue"}


def reached(key, factor=1, **where):
    """A figure of the results, as a function from a server to its measurements and their values."""
    return lambda results, peer: [(record, record["result"][key] * factor) for record in results.find(peer, **where)
                                  if record["result"].get(key) is not None]


def silent(polling, value):
    return lambda results, peer: [(record, value(record) / 1e3) for record in kernel.largest(results, peer, polling)]


def idle(results, peer):
    return [(record, per_connection(record)) for record in results.find(peer, "idle", rooms=1_500)]


def wrong(*scenarios):
    """Deliveries that were lost, doubled, in the wrong place or order."""
    def total(results, peer):
        found = [record for name in scenarios for record in results.find(peer, name)]
        faults = sum(record["result"].get(fault, 0) for record in found for fault in FAULTS)
        return [(record, faults) for record in found]

    return total


TABLES = (
    ("Socket.IO, one core", SOCKETIO, (
        ("CPU for each delivery, 1,000 members, 1 message in flight, µs", reached("cpu_us_per_delivery", scenario="window", window=1, **TALK)),
        ("the same, 16 in flight", reached("cpu_us_per_delivery", scenario="window", window=16, **TALK)),
        ("deliveries a second, 16 in flight", reached("deliveries_per_s", scenario="window", window=16, **TALK)),
        ("CPU for each delivery, 200 rooms of 5, 4 in flight, µs", reached("cpu_us_per_delivery", scenario="rooms", rooms=200, window=4)),
        ("p99 at 100 messages/s to 1,000 members, ms", reached("p99_us", 1e-3, scenario="rate", rate=100, **TALK)),
        ("p99 at 300 messages/s, ms", reached("p99_us", 1e-3, scenario="rate", rate=300, **TALK)),
        ("CPU for each delivery by long-polling, µs", reached("cpu_us_per_delivery", scenario="polling")),
        ("1,000 join one room at once, s", reached("join_s", scenario="storm", members=1_000)),
        ("10,000 connect and join 100 rooms, s", reached("join_s", scenario="connect")),
        ("process, for each of 15,000 silent connections, kB", idle),
        ("lost, doubled or out of order in `window` and `rate`", wrong("window", "rate")),
    )),
    ("Coming back", RETURNS, (
        ("10,000 cut off at once: all back after, s", reached("all_back_s", scenario="avalanche")),
        ("of what was said, delivered, %", reached("delivered_percent", scenario="avalanche")),
        ("p99 of bystanders meanwhile, ms", reached("bystanders_p99_us", 1e-3, scenario="avalanche")),
        ("2,000 cut off every 15 s for 2 s: delivered, %", reached("delivered_percent", scenario="jitter")),
    )),
    ("A silent member, with what the kernel has of it", SOCKETIO | NEIGHBOURS, (
        ("process, kB", silent(False, kernel.private)),
        ("kernel, kB", silent(False, kernel.share)),
        ("long-polling: process, kB", silent(True, kernel.private)),
        ("long-polling: kernel, kB", silent(True, kernel.share)),
    )),
    ("Other protocols, which do less", NEIGHBOURS, (
        ("CPU for each delivery, 1,000 members, 1 message in flight, µs", reached("cpu_us_per_delivery", scenario="neighbours", window=1, **TALK)),
        ("the same, 16 in flight", reached("cpu_us_per_delivery", scenario="neighbours", window=16, **TALK)),
        ("CPU for each delivery, 200 rooms of 5, 1 in flight, µs", reached("cpu_us_per_delivery", scenario="neighbours", rooms=200)),
        ("p99 at 100 messages/s to 1,000 members, ms", reached("p99_us", 1e-3, scenario="neighbours", rate=100, **TALK)),
        ("lost, doubled or out of order", wrong("neighbours")),
    )),
    ("Three nodes over one Redis", NODES, (
        ("from node to node, 1,000 messages/s, p99, ms", reached("across_p99_us", 1e-3, scenario="across", members=3)),
        ("messages a second, 300 rooms, on two cores with everything", reached("messages_per_s", scenario="through", rooms=300)),
        ("a node killed under load: lost", reached("lost", scenario="death")),
    )),
)


def parts(results, drawn):
    yield INTRO
    used = set()
    for plot in drawn:
        numbers = {record["run"] for record in results.find(scenario=plot.scenario)}
        used.update(numbers)
        yield f"![{plot.alt}](benchmarks/{plot.file}.svg)\n"
        yield f"<sub>`bench/run run --scenario {plot.scenario}`, run {', '.join(map(str, sorted(numbers)))}</sub>\n"
    yield targets(results)
    yield "Median of the rounds. The small number is the run, whose command and commit are below.\n"
    for title, servers, rows in TABLES:
        yield from figures(results, title, servers, rows, used)
    yield f"## Runs\n\n{runs(results, used)}"
    yield f"## More\n\n{MORE}"


def targets(results):
    judged = [verdict for verdict in (*verdicts(results), *nodes.verdicts(results)) if verdict.met is not None]
    missed = [f"{verdict.what} ({verdict.measured}; {verdict.target})" for verdict in judged if not verdict.met]
    said = f"**{len(judged) - len(missed)} of {len(judged)} [targets](benchmarks/targets.md) are met.**"
    return f"{said} Not met: {'; '.join(missed)}.\n" if missed else f"{said}\n"


def figures(results, title, servers, rows, used):
    """A table; servers and rows of which nothing was measured are left out."""
    found = [(what, {peer: get(results, peer) for peer in servers}) for what, get in rows]
    found = [(what, by_server) for what, by_server in found if any(by_server.values())]
    there = [peer for peer in servers if any(by_server[peer] for _, by_server in found)]
    if not there:
        return
    yield f"## {title}\n"
    yield table(("", *(servers[peer] for peer in there)),
                [(what, *(figure(by_server[peer], used) for peer in there)) for what, by_server in found])


def figure(measured, used):
    if not measured:
        return ""
    numbers = {record["run"] for record, _ in measured}
    used.update(numbers)
    return f"{number(median([value for _, value in measured]))} <sup>{', '.join(map(str, sorted(numbers)))}</sup>"


def runs(results, used):
    rows = []
    for header in results.headers:
        if header["run"] in used:
            rows.append((f"[{header['run']}](benchmarks/runs.md#run-{header['run']})", header["date"], f"`{header['command']}`",
                         header["commit"], header["machine"]["system"]))
    return table(("run", "when", "command", "commit of Alert", "system"), rows)
