"""Tables of the pages: one for each scenario, with a row for each load and server."""

from .load import FAULTS
from .peers import PEERS
from .results import median
from .scenarios import SCENARIOS
from .targets import per_connection

RETURNS = ("jitter", "avalanche")

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
    "unkept": ("deliveries_per_s", "cpu_us_per_delivery", "cpu_percent", "generator_percent", "p99_us"),
    "neighbours": ("deliveries_per_s", "cpu_us_per_delivery", "cpu_percent", "generator_percent", "p50_us", "p99_us"),
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
    heads += ["statuses missing", "connections failed", "run"]
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
    return [*cells, f"{missing:,}", f"{failed:,}", runs(records)]


def runs(records):
    """The runs that measured it, linked: each has its command and commit."""
    return ", ".join(f"[{number}](runs.md#run-{number})" for number in sorted({record["run"] for record in records}))


def load_key(load):
    return tuple(load.get(key) or 0 for key in ("rooms", "members", "window", "rate"))


def describe(load):
    """`200 x 5, window 4`"""
    many = f"{load['rooms']:,} x {load['members']:,}" if load["rooms"] > 1 else f"{load['members']:,}"
    pace = [f"{key} {load[key]}" for key in ("window", "rate") if key in load]
    return ", ".join([many, *pace])


def table(heads, rows):
    def line(cells):
        return "| " + " | ".join(cells) + " |\n"

    padded = ([*cells, *[""] * (len(heads) - len(cells))] for cells in rows)
    return line(heads) + line(["---"] * len(heads)) + "".join(line(cells) for cells in padded)
