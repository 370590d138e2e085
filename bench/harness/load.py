"""One run of the load generator, `alert bench`: what it is asked to do, and what it reports."""

import json
import subprocess
from dataclasses import asdict, dataclass, replace

TIMEOUT_SECONDS = 300


FAULTS = ("lost", "duplicates", "out_of_order", "other_order", "leaked", "unknown")
"""What must not happen to a delivery."""


class LoadError(Exception):
    """The load generator failed, or did not end in time."""


@dataclass(frozen=True)
class Load:
    """What the load generator does. Either `window`, `rate`, `storm`, `hold`, `jitter` or `avalanche` is set."""

    members: int
    """Members of each room."""
    rooms: int = 1
    window: int | None = None
    """Messages in flight in each room: as fast as the server can."""
    rate: int | None = None
    """Messages a second over all rooms: whatever the server does."""
    storm: bool = False
    """Join as fast as possible, and that is all."""
    hold: int | None = None
    """Seconds to stay connected without a word."""
    kernel: bool = False
    """Notes meanwhile what the kernel has of the members (kernel.py)."""
    jitter: bool = False
    """Members are cut off all the time and come back, for a minute."""
    avalanche: bool = False
    """Members are cut off at once and come back at once."""
    fault: str | None = None
    """What is killed meanwhile (cluster.py); whose connection ends comes back to the next server."""
    polling: bool = False
    listeners: bool = False
    """One message at a time over HTTP, to whoever hears it (listeners.py)."""
    warmup: float = 1
    duration: float = 3

    @property
    def connections(self):
        return self.members * self.rooms

    def briefly(self):
        """The same for a quick run."""
        return replace(self, warmup=0.3, duration=1, hold=self.hold and 1)

    def record(self):
        """The parameters that count for this load."""
        silent = self.storm or self.hold is not None or self.jitter or self.avalanche
        return {key: value for key, value in asdict(self).items()
                if value not in (None, False) and not (silent and key in ("warmup", "duration"))}


def generate(load, alert, ports, pids, core, protocol="socketio"):
    """Runs the load against servers that share their rooms, or one; returns a flat record of what came out."""
    command = ["setpriv", "--pdeathsig", "KILL"]
    command += [] if core is None else ["taskset", "-c", str(core)]
    command += [str(alert), "bench", *(f"http://127.0.0.1:{port}" for port in ports), "--json", "--pid", ",".join(map(str, pids))]
    command += ["--members", str(load.members), "--rooms", str(load.rooms)]
    command += ["--protocol", protocol] if protocol != "socketio" else []
    command += ["--transport", "polling" if load.polling else "websocket"]
    if load.storm:
        command += ["--storm"]
    elif load.fault:
        command += ["--jitter", "--cut-every", "0", "--rate", str(load.rate), "--duration", f"{load.duration}s"]
    elif load.jitter or load.avalanche:
        command += ["--jitter" if load.jitter else "--avalanche"]
    elif load.hold is not None:
        command += ["--hold", f"{load.hold}s"]
    else:
        pace = ["--window", str(load.window)] if load.window else ["--rate", str(load.rate)]
        command += [*pace, "--warmup", f"{load.warmup}s", "--duration", f"{load.duration}s"]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        raise LoadError(f"not done after {TIMEOUT_SECONDS} s") from None
    if not done.stdout.strip():
        raise LoadError(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else f"ended with {done.returncode}")
    return flatten(json.loads(done.stdout))


def flatten(report):
    """What the pages need of the report of `alert bench --json`; its help says what the fields are."""
    join, server = report["join"], report["server"]
    flat = {
        "connections": join["members"],
        "joined": join["joined"],
        "died": sum(report["died"].values()),
        # Until the last status had arrived: when everybody knows of everybody.
        "join_s": join["statuses_s"],
        "statuses": join["statuses"],
        "statuses_expected": join["statuses_expected"],
        "join_cpu_s": server["join_cpu_s"],
        "cpu_percent": server["cpu_percent"],
        "generator_percent": report["generator"]["cpu_percent"],
        "memory": server["memory_end"],
    }
    if report["fanout"]:
        flat |= {key: report["fanout"][key] for key in ("messages_per_s", "deliveries_per_s", "arrived", *FAULTS)}
        flat |= {f"{name}_us": value for name, value in (report["fanout"]["latency_us"] or {}).items()}
        across = report["fanout"]["latency_across_us"] or {}
        flat |= {f"across_{name}_us": value for name, value in across.items() if name in ("p50", "p99")}
        flat["cpu_us_per_delivery"] = server["cpu_us_per_delivery"]
    if report["comeback"]:
        flat |= comeback(report["comeback"])
    return flat


def comeback(report):
    """How members came back who were cut off."""
    def p99(times):
        return times and times["p99"]

    return {
        **{key: report[key] for key in ("cuts", "recovered", "joined_again", "not_back", "all_back_s", "all_back_cpu_s")},
        "delivered_percent": report["delivered_share"] * 100,
        "replay_p99_us": p99(report["replay_us"]),
        "replay_since_sent_p99_us": p99(report["replay_since_sent_us"]),
        "bystanders_p99_us": report["bystanders"] and p99(report["bystanders"]["latency_us"]),
    }
