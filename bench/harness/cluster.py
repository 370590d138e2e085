"""Servers that share their rooms through one Redis, and what can befall them."""

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from urllib.request import urlopen

from . import redis as stores
from .redis import Redis
from .server import running as server_running

REDIS_PORT = 50
"""Of Redis, after the first server's."""
FAULT_SECONDS = 3
"""From the start of the load until something is killed: later than everybody has joined."""
AWAY_SECONDS = 1
"""For how long Redis is away."""
QUIET_CALLS = 50
"""Within half a second: fewer, and nobody enters any more."""


@dataclass(frozen=True)
class Cluster:
    ports: list[int]
    pids: list[int]
    redis: Redis | None = None


@contextmanager
def running(peer, alert, port, core, redis_core=None):
    """Runs as many servers as the peer has on one core or (None) anywhere, and a Redis if they share one."""
    with ExitStack() as all_of_them:
        if not peer.nodes:
            yield Cluster([port], [all_of_them.enter_context(server_running(peer, alert, port, core))])
            return
        redis = all_of_them.enter_context(stores.running(port + REDIS_PORT, redis_core))
        ports = [port + number for number in range(peer.nodes)]
        pids = [all_of_them.enter_context(server_running(peer, alert, each, core, redis.url)) for each in ports]
        yield Cluster(ports, pids, redis)


def struck(cluster, fault, work):
    """Does `work`, and meanwhile kills "redis", which is back after a second, or the last "node"."""
    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(work)
        time.sleep(FAULT_SECONDS)
        if fault == "node":
            os.kill(cluster.pids[-1], signal.SIGKILL)
        else:
            cluster.redis.kill()
            time.sleep(AWAY_SECONDS)
            # Here and not in the pool: the kernel stops it with the thread that has started it.
            cluster.redis.start()
        return done.result()


def watched(cluster, before, work):
    """Does `work`, which lets people in who stay for some seconds; notes what Redis did when all are there."""
    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(work)
        last, seen = before["calls"].get("fcall", 0), {}
        while not done.done() and not seen:
            time.sleep(0.5)
            calls = cluster.redis.info()["calls"].get("fcall", 0)
            # Besides its people, each server calls a few times a second.
            if before["calls"].get("fcall", 0) + QUIET_CALLS < calls < last + QUIET_CALLS:
                seen = {**used(cluster.redis, before, 0), **listed(cluster)}
            last = calls
        return {**done.result(), **seen}


def listed(cluster):
    """Calls of Redis for asking every server who is in one room: the least of some tries, since servers call by themselves."""
    base = ""
    while not base.endswith(":roster"):
        base = cluster.redis.ask("RANDOMKEY")
    room = base.removesuffix(":roster").rpartition("}:")[2]
    least = None
    for _ in range(5):
        before = cluster.redis.info()["calls"].get("fcall", 0)
        for port in cluster.ports:
            with urlopen(f"http://127.0.0.1:{port}/v1/rooms/{room}", timeout=5) as answer:
                answer.read()
        calls = cluster.redis.info()["calls"].get("fcall", 0) - before
        least = calls if least is None else min(least, calls)
    return {"listing_calls": least}


def some_log(redis):
    """The key of some room's messages, if Alert keeps there more than a few."""
    for _ in range(200):
        key = redis.ask("RANDOMKEY")
        if key.endswith(":log") and int(redis.ask("XLEN", key)[1:]) >= 100:
            return key
    return None


def used(redis, before, messages):
    """What Redis did since `before`, as a flat record."""
    now = redis.info()
    calls = {name: count - before["calls"].get(name, 0) for name, count in now["calls"].items()}
    cpu = now["cpu_s"] - before["cpu_s"]
    flat = {
        "redis_cpu_s": round(cpu, 3),
        "redis_memory": now["memory"],
        "redis_memory_grown": now["memory"] - before["memory"],
        "redis_connections": now["clients"],
        "redis_calls": {name: count for name, count in sorted(calls.items()) if count > 0 and name not in ("info", "ping")},
    }
    log = some_log(redis)
    if log:
        flat["redis_bytes_per_message"] = int(redis.ask("MEMORY", "USAGE", log, "SAMPLES", 0)[1:]) / int(redis.ask("XLEN", log)[1:])
    # Joining included, which is nothing beside some seconds of messages.
    return flat | ({"redis_cpu_us_per_message": cpu / messages * 1e6} if messages else {})
