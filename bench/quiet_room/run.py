"""Plays one disturbance: the server, the quiet room, the prober and the disturbers, each a process of its own."""

import multiprocessing
import time
import traceback
from dataclasses import dataclass

from . import room, server

SETUP_SECONDS = 120
PEAK_PAUSE = 1

fork = multiprocessing.get_context("fork")


class Stage:
    """What a disturbance is told, and what it tells: it prepares, then calls `begin`, and ends at `until`."""

    def __init__(self, port, seconds, pipe):
        self.port, self.seconds, self.pipe = port, seconds, pipe
        self.until = None

    def begin(self):
        self.pipe.send("ready")
        self.pipe.recv()
        self.until = time.monotonic() + self.seconds

    def wait(self):
        time.sleep(max(0, self.until - time.monotonic()))


@dataclass
class Result:
    name: str
    latencies: list
    missing: int
    asked: int
    answered: int
    longest_probe: float
    memory: tuple
    """Resident bytes before, at the peak, and at the end."""
    cpu: float
    """Cores that the server kept busy."""
    slow_consumers: int
    outcome: dict
    faults: list


def disturb(action, port, seconds, pipe):
    server.prefer(5)
    stage = Stage(port, seconds, pipe)
    try:
        result = action(stage)
    except Exception as error:  # noqa: BLE001  (whatever it is, it is the result)
        traceback.print_exc()
        result = {"error": repr(error)}
    if stage.until is None:
        pipe.send("ready")
    pipe.send(result)


def play(name, action, binary, seconds):
    with server.running(binary) as running:
        return measure(name, action, running, seconds)


def measure(name, action, running, seconds):
    talker, talk = start(room.talk, running.port)
    prober, probe = start(room.probe, running.port)
    disturber, say = start(disturb, action, running.port, seconds)
    faults = []
    try:
        hear(talk, SETUP_SECONDS)
        hear(say, SETUP_SECONDS)
        time.sleep(PEAK_PAUSE / 2)
        running.forget_peak()
        before, cpu, since = running.memory()[0], running.cpu(), time.monotonic()
        for pipe in (talk, probe, say):
            pipe.send(seconds)
        heard = [hear(pipe, seconds + 30) for pipe in (talk, probe, say)]
        cores = (running.cpu() - cpu) / (time.monotonic() - since)
        time.sleep(PEAK_PAUSE)
        after, peak = running.memory()
    finally:
        for process in (talker, prober, disturber):
            process.kill()
            process.join()
    talked, probed, outcome = (part if isinstance(part, dict) else {"error": part} for part in heard)
    faults += [str(part["error"]) for part in (talked, probed, outcome) if "error" in part]
    faults += outcome.pop("faults", [])
    if not running.is_up():
        faults.append("the server has ended")
    return Result(name, sorted(talked.get("latencies", [])), talked.get("missing", -1), probed.get("asked", 0),
                  probed.get("answered", 0), probed.get("longest", 0), (before, peak, after), cores,
                  running.slow_consumers(), outcome, faults)


def start(target, *arguments):
    ours, theirs = fork.Pipe()
    process = fork.Process(target=target, args=(*arguments, theirs))
    process.start()
    theirs.close()
    return process, ours


def hear(pipe, seconds):
    """What the other side says, or what went wrong."""
    try:
        return pipe.recv() if pipe.poll(seconds) else "no word in time"
    except EOFError:
        return "it has ended without a word"
