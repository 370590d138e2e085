"""docs/benchmarks/nodes.md: what rooms that are shared over Redis have to reach, and did."""

from .load import FAULTS
from .targets import Verdict, at_most, judge

NAMES = ("across", "through", "shared", "crowd", "restart", "death")
"""The scenarios of this section."""

INTRO = """\
Three servers that share their rooms through one Redis (`redis-server` with `appendonly yes`, its defaults else), all on
127.0.0.1, and the same load generator with members on each (`alert bench URL URL URL`). Where servers are bound to a core, all
three share core 0, and Redis the generator's, so CPU per delivery is the servers' alone. In `through` nothing is bound: five
busy processes on two cores, so what counts there is CPU for each message, which carries over, and not messages a second, which
do not: others used the machine meanwhile. In runs 41 and 43 (Alert in `through` and `shared`) servers, Redis and generator
had priority over them (autogroup -15); Node and Flask-SocketIO, measured before, had not. In `shared`, Redis goes before the
generator on their core (SCHED_FIFO), since in life it has one to itself. Where it waited for the generator, CPU per delivery
was 1.21 times that with a file at window 4 and 1.28 times at window 16 (5 rounds, same commit), since fewer messages met in
one write. "Across" is what one server delivers of what was said on another. To repeat one figure:

    redis-server --port 6379 --appendonly yes --save ''
    for port in 5001 5002 5003; do alert --listen 127.0.0.1:$port --workers 1 --redis redis://127.0.0.1:6379 --event-rate 0 \\
        --byte-rate 0 --room-byte-rate 0 --room-tries 0 --join-rate 0 & done
    alert bench http://127.0.0.1:5001 http://127.0.0.1:5002 http://127.0.0.1:5003 --members 3 --rate 1000

or all of them, with the peers in turn: `bench/run run --scenario across,through,shared,crowd,restart,death`. Beside Alert stand
Node with `@socket.io/redis-streams-adapter` and connection state recovery, and Flask-SocketIO with its Redis message queue, three
processes each, against a Redis of the same settings. Theirs can be fewer than no statuses that are missing: a member also hears
of whoever entered just before it. What Flask loses without any fault, it says, is what its queue could not publish.
"""


def verdicts(results):
    """The targets of issue 10."""
    here = {"rooms": 1, "members": 3}
    for name, limit in (("p50", 2), ("p99", 15)):
        values = [value / 1e3 for value in results.values(f"across_{name}_us", "alert-cluster", scenario="across", **here)]
        yield at_most(f"from one server to another, 1,000 messages/s: {name}", values, limit, "{:.2f}", " ms")
    for rooms in (30, 300):
        values = results.values("messages_per_s", "alert-cluster", scenario="through", rooms=rooms)
        yield judge(f"messages/s through one Redis, {rooms} rooms, all processes on two cores", "at least 30,000", values,
                    lambda value: value >= 30_000, "{:,.0f}")
    cost = [1e6 / value for value in results.values("redis_cpu_us_per_message", "alert-cluster", scenario="through", rooms=30)]
    yield judge("messages/s for which one core of Redis is enough (1 s over its CPU for each)", "at least 30,000", cost,
                lambda value: value >= 30_000, "{:,.0f}")
    found = [each for name in NAMES[:4] for peer in ("alert-cluster", "alert-redis") for each in results.find(peer, name)]
    lost = sum(each["result"].get("lost", 0) for each in found)
    other = sum(each["result"].get(key, 0) for each in found for key in FAULTS) - lost
    yield Verdict("lost; out of order, doubled or foreign, over Redis", "0, always",
                  f"{lost}; {other}, in {len(found)} measurements", lost == other == 0 if found else None)
    for size in (4, 16):
        values = results.ratios("cpu_us_per_delivery", "alert-redis", "alert-file", scenario="shared", window=size)
        yield at_most(f"CPU per delivery with Redis over that with a file (SQLite), 1,000 members, window {size}", values, 1.1, "{:.2f}")
    connections = results.values("redis_connections", "alert-cluster", scenario="through")
    yield at_most("connections to one Redis from 3 servers", connections, 6, "{:.0f}")
    for members, who in ((10, "10,000 people in 1,000 rooms"), (1, "1,000 people in a room each")):
        # A step of a room asks for the time once; what servers do by themselves does not.
        values = [each["result"]["redis_calls"]["time"] / each["result"]["connections"]
                  for each in results.find("alert-cluster", "crowd", members=members) if "redis_calls" in each["result"]]
        yield judge(f"calls of Redis for entering, {who}", "at most 2", values, lambda value: value < 2.005, "{:.2f}")
    values = [each / 3 for each in results.values("listing_calls", "alert-cluster", scenario="crowd")]
    yield at_most("calls of Redis for listing a room, for each server that is asked", values, 1, "{:.0f}")
    for name, what in (("restart", "Redis killed, back after 1 s"), ("death", "a server killed")):
        values = results.values("lost", "alert-cluster", scenario=name)
        yield judge(f"{what}, 200 messages/s to 30 members: lost", "0", values, lambda value: value == 0, "{:.0f}")
