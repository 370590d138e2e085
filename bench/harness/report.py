"""`bench/run report`: writes docs/benchmarks.md and its plots from the results."""

import os
import subprocess

from . import nodes
from .load import FAULTS
from .peers import PEERS, ROOT
from .results import FILE, Results, median
from .scenarios import SCENARIOS
from .setup import PYTHON
from .targets import per_connection, verdicts

PAGE = ROOT / "docs" / "benchmarks.md"

INTRO = """\
# Benchmarks

<!-- Written by `bench/run report` from bench/results/latest.jsonl. Do not edit. -->

Alert beside other Socket.IO servers and beside a limit: a bare epoll loop that does nothing but read, copy and write. The
same load generator (`alert bench`) drives all of them; each server has one core, the generator another. How to repeat it,
and what each server is: [bench/README.md](../bench/README.md). Every number here comes from
[bench/results/latest.jsonl](../bench/results/latest.jsonl). Ratios carry over to other machines, absolute times do not.
What the profiles say, and what was tried: [bench/PROFILES.md](../bench/PROFILES.md).
"""

COMING_BACK = """\
## Coming back

Members whose connection is cut off, without a goodbye, and who connect again with what connection state recovery gave them;
where it gave them nothing, they join again. Each message has to reach each member once and in order, whether or not it was
away. "From connecting again" begins with the new TCP connection, and what comes before the answer to CONNECT counts as coming
with it, as in the official client; "from sending" has the 2 s away in it. The bystanders are two members of another room, 50
messages a second, from just before the others come back until all are.

With its default `--leave-grace 2s` Alert also tells everybody in the room who left and entered; with 5 s nobody hears of the
cuts, as with Node's recovery. Where a member joins again, all are told that it entered, which is what Node without recovery is
busy with. To repeat it:

    taskset -c 0 alert serve --workers 1 --room-tries 0 --join-rate 0
    taskset -c 1 alert bench http://127.0.0.1:5000 --jitter --pid $(pidof alert)
    taskset -c 1 alert bench http://127.0.0.1:5000 --avalanche --pid $(pidof alert)

or, with the servers beside it, `bench/run run --scenario jitter,avalanche`. The flags are for 10,100 members who join from one
address: 10,000 who come back need neither. `kill -9` under load, with a ledger of every message: `make proof`.
"""

RETURNS = ("jitter", "avalanche")

QUICK = """\
**This page shows a quick run, in part or whole: it is a test of the benchmark, and its figures mean nothing.**
"""

PLOTS = (
    ("throughput", "Throughput against window"),
    ("latency", "p99 latency against rate"),
    ("cost", "CPU per delivery against room size"),
    ("memory", "Memory against connections"),
    ("storm", "Join storm time against room size"),
)

COLUMNS = {
    "deliveries_per_s": ("deliveries/s", "{:,.0f}", 1),
    "cpu_us_per_delivery": ("CPU per delivery, µs", "{:.2f}", 1),
    "cpu_percent": ("CPU, % of a core", "{:.1f}", 1),
    "generator_percent": ("generator's CPU, %", "{:.1f}", 1),
    "p50_us": ("p50, ms", "{:,.2f}", 1e-3),
    "p99_us": ("p99, ms", "{:,.2f}", 1e-3),
    "join_s": ("all joined, s", "{:.2f}", 1),
    "join_cpu_s": ("CPU, s", "{:.2f}", 1),
    "delivered_percent": ("delivered, %", "{:.3f}", 1),
    "cuts": ("cuts", "{:,.0f}", 1),
    "recovered": ("recovered", "{:,.0f}", 1),
    "replay_p99_us": ("replay p99 from connecting again, ms", "{:,.1f}", 1e-3),
    "replay_since_sent_p99_us": ("from sending, ms", "{:,.0f}", 1e-3),
    "all_back_s": ("all back, s", "{:.2f}", 1),
    "all_back_cpu_s": ("CPU meanwhile, s", "{:.2f}", 1),
    "messages_per_s": ("messages/s", "{:,.0f}", 1),
    "across_p50_us": ("across: p50, ms", "{:,.2f}", 1e-3),
    "across_p99_us": ("p99, ms", "{:,.2f}", 1e-3),
    "redis_cpu_us_per_message": ("CPU of Redis per message, µs", "{:.1f}", 1),
    "redis_bytes_per_message": ("bytes in Redis per message", "{:.0f}", 1),
    "redis_connections": ("connections to Redis", "{:.0f}", 1),
    "redis_cpu_s": ("CPU of Redis, s", "{:.2f}", 1),
    "redis_memory_grown": ("memory of Redis, grown by, MB", "{:.1f}", 1e-6),
    "listing_calls": ("calls for listing", "{:.0f}", 1),
    "joined_again": ("joined again", "{:,.0f}", 1),
    "bystanders_p99_us": ("bystanders' p99, ms", "{:,.1f}", 1e-3),
}

SHOWN = {
    "window": ("deliveries_per_s", "cpu_us_per_delivery", "cpu_percent", "generator_percent", "p50_us", "p99_us"),
    "rate": ("cpu_us_per_delivery", "cpu_percent", "generator_percent", "p50_us", "p99_us"),
    "size": ("deliveries_per_s", "cpu_us_per_delivery", "cpu_percent", "generator_percent", "p99_us"),
    "rooms": ("deliveries_per_s", "cpu_us_per_delivery", "cpu_percent", "generator_percent", "p99_us"),
    "idle": ("cpu_percent",),
    "fills": (),
    "storm": ("join_s", "join_cpu_s"),
    "connect": ("join_s", "join_cpu_s"),
    "polling": ("cpu_us_per_delivery", "cpu_percent", "generator_percent", "p50_us", "p99_us"),
    "listeners": ("deliveries_per_s", "cpu_us_per_delivery", "cpu_percent"),
    "jitter": ("delivered_percent", "cuts", "recovered", "replay_p99_us", "replay_since_sent_p99_us", "p99_us", "cpu_percent"),
    "avalanche": ("delivered_percent", "recovered", "all_back_s", "all_back_cpu_s", "replay_p99_us", "bystanders_p99_us"),
    "across": ("across_p50_us", "across_p99_us", "p99_us", "cpu_us_per_delivery", "cpu_percent", "redis_cpu_us_per_message"),
    "through": ("messages_per_s", "cpu_us_per_delivery", "cpu_percent", "generator_percent", "redis_cpu_us_per_message",
                "redis_bytes_per_message", "redis_connections", "p50_us", "p99_us"),
    "shared": ("deliveries_per_s", "cpu_us_per_delivery", "cpu_percent", "generator_percent", "p50_us", "p99_us"),
    "crowd": ("join_s", "join_cpu_s", "redis_cpu_s", "redis_memory_grown", "listing_calls"),
    "restart": ("delivered_percent", "cuts", "recovered", "joined_again", "p50_us", "p99_us"),
    "death": ("delivered_percent", "cuts", "recovered", "joined_again", "p50_us", "p99_us"),
    "workers": ("cpu_us_per_delivery", "cpu_percent", "generator_percent", "p50_us", "p99_us"),
}


def run(_arguments):
    results = Results.load()
    if not results.records:
        print(f"there is nothing in {FILE.relative_to(ROOT)}; measure first: bench/run run")
        return 1
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run([PYTHON, "-m", "harness.plots"], cwd=ROOT / "bench", env=env, check=True)
    quick = [QUICK] if any(header["quick"] for header in results.headers) else []
    parts = [INTRO, *quick, summary(results), plots(), *(scenario(results, name) for name in SCENARIOS if name not in (*RETURNS, *nodes.NAMES)), COMING_BACK,
             *(scenario(results, name, "###") for name in RETURNS), nodes.INTRO, targets(nodes.verdicts(results)),
             *(scenario(results, name, "###") for name in nodes.NAMES), circumstances(results)]
    PAGE.write_text("\n".join(parts))
    print(f"wrote {PAGE.relative_to(ROOT)}")
    return 0


def summary(results):
    return "## Targets\n\nMedian of the rounds, and in brackets the lowest and the highest.\n\n" + targets(verdicts(results))


def targets(all_of_them):
    rows = []
    for verdict in all_of_them:
        met = {True: "met", False: "**not met**", None: "not measured"}[verdict.met]
        rows.append((verdict.what, verdict.target, verdict.measured, met))
    return table(("what", "target", "measured", ""), rows)


def plots():
    return "## Plots\n\n" + "\n".join(f"![{text}](benchmarks/{name}.svg)\n" for name, text in PLOTS)


def scenario(results, name, level="##"):
    """The table of one scenario: a row for each load and server."""
    groups = {}
    for record in results.records:
        if record["scenario"] == name:
            key = (*load_key(record["load"]), list(PEERS).index(record["peer"]))
            groups.setdefault((*key, record.get("fill", 0)), []).append(record)
    if not groups:
        return f"{level} {name}\n\n{SCENARIOS[name].__doc__} Not measured.\n"
    heads = ["load", "server", "rounds", *(COLUMNS[key][0] for key in SHOWN[name])]
    heads += ["memory, MB", "kB per connection"] if name in ("idle", "fills") else []
    heads += ["lost", "out of order", "other faults"] if "p99_us" in SHOWN[name] or name in RETURNS else []
    heads += ["statuses missing", "connections failed"]
    rows = [row(name, groups[key]) for key in sorted(groups)]
    return f"{level} {name}\n\n{SCENARIOS[name].__doc__}\n\n" + table(heads, rows)


def row(name, records):
    good = [record for record in records if "error" not in record]
    first = records[0]
    fill = f", fill {first['fill'] + 1}" if "fill" in first else ""
    cells = [describe(first["load"]) + fill, PEERS[first["peer"]].title]
    if not good:
        return [*cells, f"failed: {first['error']}"]
    failed = len(records) - len(good)
    cells.append(f"{len(good)}, {failed} failed" if failed else str(len(good)))
    for key in SHOWN[name]:
        _, form, factor = COLUMNS[key]
        values = [record["result"][key] * factor for record in good if record["result"].get(key) is not None]
        cells.append(form.format(median(values)) if values else "")
    if name in ("idle", "fills"):
        cells.append(f"{median([record['result']['memory'] / 1e6 for record in good]):.1f}")
        cells.append(f"{median([per_connection(record) for record in good]):.2f}")

    def total(*keys):
        return sum(record["result"].get(key, 0) for record in good for key in keys)

    if "p99_us" in SHOWN[name] or name in RETURNS:
        named = ("lost", "out_of_order", "other_order")
        cells += [f"{total('lost'):,}", f"{total(*named[1:]):,}", f"{total(*FAULTS) - total(*named):,}"]
    missing, failed = total("statuses_expected") - total("statuses"), total("connections", "died") - total("joined")
    return [*cells, f"{missing:,}", f"{failed:,}"]


def load_key(load):
    return tuple(load.get(key) or 0 for key in ("rooms", "members", "window", "rate"))


def describe(load):
    """`200 x 5, window 4`"""
    many = f"{load['rooms']:,} x {load['members']:,}" if load["rooms"] > 1 else f"{load['members']:,}"
    pace = [f"{key} {load[key]}" for key in ("window", "rate") if key in load]
    return ", ".join([many, *pace])


def circumstances(results):
    """Where, when and with what."""
    parts = ["## Circumstances\n"]
    for header in results.headers:
        machine = header["machine"]
        measured = sorted({each["scenario"] for each in results.records if each["run"] == header["run"]})
        parts += [
            f"Run {header['run']}, {header['date']}, `{header['command']}`, Alert at {header['commit']}: {', '.join(measured)}.",
            f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gib']} GiB, {machine['system']}.\n",
            table(("server", "versions"), [(PEERS[name].title, text) for name, text in header["versions"].items()]),
        ]
    return "\n".join(parts)


def table(heads, rows):
    def line(cells):
        return "| " + " | ".join(cells) + " |\n"

    padded = ([*cells, *[""] * (len(heads) - len(cells))] for cells in rows)
    return line(heads) + line(["---"] * len(heads)) + "".join(line(cells) for cells in padded)
