"""What is printed: a line for each disturbance."""

import math

HEAD = (f"{'disturbance':24} {'p50':>8} {'p99':>8} {'max':>8} {'lost':>5} {'livez':>8} {'slowest':>8} "
        f"{'RSS before/peak/after MB':>25} {'cores':>6}  outcome")


def line(result):
    megabytes = "/".join(f"{size / 1e6:.0f}" for size in result.memory)
    parts = [f"{result.name:24}", *(f"{ms(quantile(result, part)):>8}" for part in (0.5, 0.99, 1)), f"{result.missing:>5}",
             f"{result.answered}/{result.asked}".rjust(8), f"{ms(result.longest_probe):>8}", f"{megabytes:>25}",
             f"{result.cpu:>6.2f}", f" {words(result)}"]
    return " ".join(parts)


def quantile(result, part):
    """In seconds. A message that has not come counts as later than all others."""
    late = result.latencies + [math.inf] * max(result.missing, 0)
    return late[min(len(late) - 1, int(part * len(late)))] if late else math.inf


def ms(seconds):
    return "never" if math.isinf(seconds) else f"{seconds * 1000:.1f}ms"


def words(result):
    outcome = dict(result.outcome)
    said = [f"{count} x {reason!r}" for reason, count in outcome.pop("closed", {}).items()]
    said += [f"{key} {number(value)}" for key, value in outcome.items() if key != "error"]
    if result.slow_consumers:
        said.append(f"slow consumers {result.slow_consumers}")
    said += [f"FAULT: {fault}" for fault in result.faults]
    return ", ".join(said)


def number(value):
    return f"{value / 1e6:.0f}M" if isinstance(value, int) and value >= 10_000_000 else value
