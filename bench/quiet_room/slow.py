"""Members who read slowly, but read: none may be closed, and each hears all in one order."""

import functools

from .crowd import Crowd, faults, paced
from .speakers import speak

MEMBERS = 30
PACES = {"20M": (2_500_000, 16_000), "2M": (250_000, 1_000)}
"""Bits a second that each member takes: bytes of that, and the size of the messages."""
KINDS = {"ws": ["websocket"], "poll": ["polling"], "post": ["http"], "mix": ["websocket", "polling", "http"]}
READERS = {"ws": ["websocket"] * 2, "poll": ["polling"] * 2, "sse": ["listener"] * 2,
           "all": ["websocket", "polling", "listener"]}


def read_slowly(pace, readers, speakers, kinds, fill, stage):
    rate, size = PACES[pace]
    parts = READERS[readers]
    each = MEMBERS // len(parts)
    # Somebody must be in the room, or it is none.
    crowd = Crowd(stage.port, [(paced, kind, each, "hall", rate, number * each) for number, kind in enumerate(parts)])
    result = speak(stage, "hall", speakers, KINDS[kinds], size, fill)
    heard = [member for said in crowd.end() for member in said]
    result["MB_each"] = round(sum(taken for _, _, taken in heard) / len(heard) / 1e6, 1)
    result["messages"] = max(len(numbers) for _, numbers, _ in heard)
    found = faults(heard)
    result["faults"] = found[:3] + ([f"and {len(found) - 3} more"] if len(found) > 3 else [])
    return result


SLOW = {
    f"slow-{pace}-{readers}-{speakers}x{kinds}-{fill}":
        functools.partial(read_slowly, pace, readers, speakers, kinds, fill)
    for pace in PACES for readers in READERS for speakers in (1, 20) for kinds in KINDS
    for fill in ("plain", "quotes", "controls") if not (speakers == 1 and kinds == "mix")
}
