"""`bench/run run`: goes through the scenarios and keeps what it measured."""

import os
import resource
import sys
import time

from . import cluster, kernel, listeners, machine, results
from .load import FAULTS, LoadError, generate
from .peers import PEERS
from .scenarios import SCENARIOS, Cell
from .server import ServerError, memory

QUICK_CONNECTIONS = 1_000
"""Loads with more connections are left out of a quick run."""
PAUSE_SECONDS = 4
"""Between two fills: longer than the 2 s for which Alert keeps a person whose connection was lost."""


def run(arguments):
    plan = {name: [chosen(cell, arguments) for cell in SCENARIOS[name]() if taken(cell, arguments)]
            for name in arguments.scenario}
    count = sum(sum(cell.rounds.values()) * cell.fills for cells in plan.values() for cell in cells)
    if arguments.plan:
        return show(plan, count)
    allow_open_files()
    whole = len(plan) == len(SCENARIOS) and len(arguments.only) == len(PEERS)
    kept = results.Results() if whole else results.Results.load()
    number = max((header["run"] for header in kept.headers), default=0) + 1
    kept.headers.append(machine.header(number, command(), arguments.quick, arguments.only, arguments.alert))
    done = failed = 0
    for name, cells in plan.items():
        records = []
        for cell in cells:
            for each in range(max(cell.rounds.values())):
                for peer in (peer for peer, rounds in cell.rounds.items() if each < rounds):
                    for record in measure(cell, peer, arguments):
                        records.append({"run": number, "scenario": name, "peer": peer, "round": each, **record})
                        done += 1
                        failed += "error" in record
                        say(f"{done}/{count} {name} {peer} {cell.load.record()} round {each + 1}: {brief(record)}")
        # After each scenario, so that a run that is stopped keeps what it has.
        kept.replace(name, arguments.only, records)
        kept.save()
    say(f"{done} measurements, {failed} failed; now: bench/run report")
    return 0


def allow_open_files():
    """Lets the servers have as many connections as this user may open files; most do not ask for that themselves."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def taken(cell, arguments):
    quick = not arguments.quick or cell.load.connections <= QUICK_CONNECTIONS
    return quick and any(name in arguments.only for name in cell.rounds)


def chosen(cell, arguments):
    """The cell as far as the flags want it."""
    rounds = {name: rounds for name, rounds in cell.rounds.items() if name in arguments.only}
    if not arguments.quick:
        return Cell(cell.load, rounds, cell.fills, cell.pinned)
    return Cell(cell.load.briefly(), dict.fromkeys(rounds, 1), min(cell.fills, 2), cell.pinned)


def measure(cell, name, arguments):
    """Starts a server, runs the load against it (as often as the cell says), and stops it."""
    server_core, generator_core = (arguments.server_core, arguments.generator_core) if cell.pinned else (None, None)
    load = cell.load.record()
    try:
        # Redis is beside the load generator: as in life, it takes nothing from the servers.
        with cluster.running(PEERS[name], arguments.alert, arguments.port, server_core, generator_core) as servers:
            empty = sum(map(memory, servers.pids))
            for fill in range(cell.fills):
                time.sleep(PAUSE_SECONDS if fill else 0)
                if cell.load.listeners:
                    result = listeners.generate(cell.load, arguments.port, servers.pids[0], generator_core, sse=name == "alert-sse")
                else:
                    result = loaded(cell.load, servers, arguments.alert, generator_core, PEERS[name].protocol)
                record = {"load": load, "result": {"memory_empty": empty, **result}}
                yield {"fill": fill, **record} if cell.fills > 1 else record
    except (ServerError, LoadError) as error:
        yield {"load": load, "error": str(error)}


def loaded(load, servers, alert, core, protocol):
    """Runs the load, with what befalls the servers meanwhile and what their Redis does."""
    def work():
        return generate(load, alert, servers.ports, servers.pids, core, protocol)

    if load.kernel:
        return kernel.watched(servers.pids, servers.ports[0], load.connections, work)
    if load.fault:
        return cluster.struck(servers, load.fault, work)
    if servers.redis is None:
        return work()
    before = servers.redis.info()
    if load.hold:
        return cluster.watched(servers, before, work)
    result = work()
    # Whoever hears itself: each message has as many deliveries as its room has members.
    messages = result.get("arrived", 0) / load.members
    return {**result, **cluster.used(servers.redis, before, messages)}


def brief(record):
    if "error" in record:
        return f"FAILED: {record['error']}"
    result = record["result"]
    keys = ("deliveries_per_s", "cpu_us_per_delivery", "p99_us", "join_s", "memory", "cpu_percent", "generator_percent",
            "delivered_percent", "replay_p99_us", "all_back_s", "bystanders_p99_us", "messages_per_s", "across_p50_us",
            "across_p99_us", "redis_cpu_us_per_message", "redis_cpu_s", "redis_connections")
    faults = ("died", *FAULTS)
    return " ".join([f"{key}={result[key]:.6g}" for key in keys if result.get(key) is not None]
                    + [f"{key}={result[key]}" for key in faults if result.get(key)])


def command():
    """As it was typed, less where the binary lies."""
    words = ["bench/run", *sys.argv[1:]]
    return " ".join(os.path.basename(word) if os.path.isabs(word) else word for word in words)


def show(plan, count):
    for name, cells in plan.items():
        print(f"{name}: {SCENARIOS[name].__doc__}")
        for cell in cells:
            more = f" x{cell.fills} fills" if cell.fills > 1 else ""
            print(f"  {cell.load.record()}{more}: " + ", ".join(f"{peer} x{rounds}" for peer, rounds in cell.rounds.items()))
    print(f"{count} measurements")
    return 0


def say(text):
    print(text, flush=True)
