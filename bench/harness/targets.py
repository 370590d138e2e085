"""What Alert has to reach, and whether it did. Ratios are taken round by round; the median counts."""

from dataclasses import dataclass

from .load import FAULTS
from .results import median

TALK = {"rooms": 1, "members": 1_000}
IDLE = {"rooms": 1_500, "members": 10}


@dataclass(frozen=True)
class Verdict:
    what: str
    target: str
    measured: str
    met: bool | None
    """None where it was not measured."""


def verdicts(results):
    """All targets in the order of the page."""
    yield from cost(results)
    yield from throughput(results)
    yield from latency(results)
    yield faults(results)
    yield from memory(results)
    yield from joining(results)
    yield polling(results)
    yield workers(results)
    yield from growth(results)
    values = results.ratios("cpu_us_per_delivery", "alert-sse", "alert", scenario="listeners")
    yield at_most("1,000 listeners over SSE, one message in flight: CPU per delivery over that of WebSocket members", values,
                  1.5, "{:.2f}")
    yield from returning(results)


def returning(results):
    """Who is cut off and comes back."""
    for name in ("jitter", "avalanche"):
        values = results.values("delivered_percent", "alert", scenario=name)
        yield judge(f"{name}: delivered", "100 %", values, lambda value: value == 100, "{:.3f}", " %")
    replay = [value / 1e3 for value in results.values("replay_p99_us", "alert", scenario="jitter")]
    yield at_most("jitter: p99 from connecting again to what was missed", replay, 1_000, "{:,.0f}", " ms")
    yield at_most("avalanche: all back with what they missed", results.values("all_back_s", "alert", scenario="avalanche"), 5,
                  "{:.2f}", " s")
    bystanders = [value / 1e3 for value in results.values("bystanders_p99_us", "alert", scenario="avalanche")]
    yield at_most("avalanche: p99 of two bystanders in a quiet room", bystanders, 100, "{:,.0f}", " ms")


def at_most(what, values, limit, form, unit=""):
    """The median of `values` must not pass `limit`."""
    return judge(what, f"at most {form.format(limit)}{unit}", values, lambda value: value <= limit, form, unit)


def judge(what, target, values, good, form, unit=""):
    middle = median(values)
    if middle is None:
        return Verdict(what, target, "not measured", None)
    spread = f" ({form.format(min(values))} to {form.format(max(values))}, {len(values)} rounds)" if len(values) > 1 else ""
    return Verdict(what, target, f"{form.format(middle)}{unit}{spread}", good(middle))


def cost(results):
    places = [("1,000 members", TALK | {"scenario": "window"}, 1.15),
              ("10 members", {"scenario": "size", "rooms": 1, "members": 10}, 1.30),
              ("5,000 members", {"scenario": "size", "rooms": 1, "members": 5_000}, 1.30),
              ("200 rooms of 5", {"scenario": "rooms", "rooms": 200, "members": 5}, 1.30)]
    for name, where, limit in places:
        for flight in (1, 4, 16):
            values = results.ratios("cpu_us_per_delivery", "alert", "limit", window=flight, **where)
            yield at_most(f"CPU per delivery over the limit's, {name}, window {flight}", values, limit, "{:.2f}")
    for flight in (1, 4, 16):
        values = results.ratios("cpu_us_per_delivery", "alert-off", "limit", scenario="unkept", window=flight)
        yield at_most(f"the same without history, as the limit is, 200 rooms of 5, window {flight}", values, 1.30, "{:.2f}")


def throughput(results):
    for peer, title, factor in (("node", "Node", 15), ("bun", "Bun", 12), ("socketioxide", "socketioxide", 3),
                                ("flask", "Flask + gevent", 30)):
        values = results.ratios("deliveries_per_s", "alert", peer, scenario="window", window=16, **TALK)
        yield judge(f"throughput over that of {title}, 1,000 members, window 16", f"at least {factor}", values,
                    lambda value, factor=factor: value >= factor, "{:.1f}")


def latency(results):
    values = results.ratios("p99_us", "alert", "node", scenario="rate", rate=100, **TALK)
    yield at_most("p99 latency over Node's, 1,000 members, 100 messages/s", values, 0.5, "{:.2f}")
    mine = [value / 1e3 for value in results.values("p99_us", "alert", scenario="rate", rate=300, **TALK)]
    theirs = median([value / 1e3 for value in results.values("p99_us", "node", scenario="rate", rate=300, **TALK)])
    title = "p99 latency, 1,000 members, 300 messages/s"
    title += f" (Node: {theirs:,.0f} ms)" if theirs is not None else ""
    yield judge(title, "under 10 ms", mine, lambda value: value < 10, "{:.2f}", " ms")


def faults(results):
    found = results.find("alert") + results.find("alert-2") + results.find("alert-sse")
    lost = sum(each["result"].get("lost", 0) for each in found)
    order = sum(each["result"].get("out_of_order", 0) + each["result"].get("other_order", 0) for each in found)
    other = sum(each["result"].get(key, 0) for each in found for key in FAULTS) - lost - order
    statuses = sum(each["result"]["statuses_expected"] - each["result"]["statuses"] for each in found)
    away = sum(each["result"]["connections"] - each["result"]["joined"] + each["result"]["died"] for each in found)
    measured = f"{lost} lost, {order} out of order, {other} doubled or foreign, {statuses} statuses missing, "
    measured += f"{away} connections failed, in {len(found)} measurements"
    if not found:
        return judge("lost or out of order", "0, always", [], bool, "{}")
    return Verdict("lost or out of order", "0, always", measured, lost == order == other == statuses == away == 0)


def memory(results):
    found = results.find("alert", "idle", **IDLE)
    each = [per_connection(record) for record in found]
    yield at_most("resident memory per idle connection, 15,000 connections", each, 2.5, "{:.2f}", " kB")
    fills = {(record["run"], record["round"], record["fill"]): record["result"]["memory"]
             for record in results.find("alert", "fills")}
    last = max((fill for _, _, fill in fills), default=0)
    grown = [fills[run, each, last] / fills[run, each, 0] for run, each, fill in fills if fill == last and last == 9]
    yield at_most("memory at the tenth fill over the first", grown, 1.1, "{:.2f}")
    busy = [record["result"]["cpu_percent"] for record in found if record["load"].get("hold", 0) >= 50]
    yield judge("CPU of 15,000 idle connections at 25 s pings", "under 2 % of a core", busy,
                lambda value: value < 2, "{:.2f}", " %")


def per_connection(record):
    """Bytes, in thousands, that a connection adds to an empty server."""
    result = record["result"]
    return (result["memory"] - result["memory_empty"]) / 1e3 / result["connections"]


def joining(results):
    values = results.ratios("join_s", "alert", "limit", scenario="storm", storm=True, **TALK)
    yield at_most("join storm, 1,000 into one room: time over the limit's", values, 1.3, "{:.2f}")
    took = results.values("join_s", "alert", scenario="connect", rooms=100, members=100)
    yield judge("connect and join, 10,000 in 100 rooms", "under 3 s", took, lambda value: value < 3, "{:.2f}", " s")


def polling(results):
    values = results.ratios("cpu_us_per_delivery", "alert", "node", scenario="polling")
    return at_most("long-polling, 500 members, 20 messages/s: CPU over Node's", values, 1 / 3, "{:.2f}")


def workers(results):
    pairs = {}
    for record in results.find(scenario="workers"):
        pairs.setdefault(record["round"], {})[record["peer"]] = record["result"]["cpu_us_per_delivery"]
    values = [pair["alert-2"] / pair["alert"] for pair in pairs.values() if len(pair) == 2]
    return at_most("two workers over one, 100 messages/s to 1,000 members: CPU per delivery", values, 1.15, "{:.2f}")


def growth(results):
    """How far the ratio to the limit rises from one size to a larger one, at most; that it falls is no fault."""
    for what, places in (
        ("100 to 5,000 members", [{"scenario": "window" if members == 1_000 else "size", "rooms": 1, "members": members} for members in (100, 1_000, 5_000)]),
        ("1 to 1,000 rooms of 5", [{"scenario": "rooms", "rooms": rooms, "members": 5} for rooms in (1, 10, 200, 1_000)]),
    ):
        each = [median(results.ratios("cpu_us_per_delivery", "alert", "limit", window=4, **place)) for place in places]
        title = f"growth of the ratio to the limit, {what}, window 4"
        if None in each:
            yield Verdict(title, "within 15 %", "not measured", None)
        else:
            rise = max(larger / smaller for at, smaller in enumerate(each) for larger in each[at:]) - 1
            ratios = ", ".join(f"{ratio:.2f}" for ratio in each)
            yield Verdict(title, "within 15 %", f"{rise * 100:.0f} % ({ratios})", rise <= 0.15)
