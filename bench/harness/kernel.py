"""What the kernel has of connections that say nothing, beside what the server's process has of them.

Server and load generator are on one machine, so each connection has two ends in the same kernel. Told apart are the
sockets (by the port that they are bound to), what waits in them, and the page tables and the table of open files of the
server's process. Not told apart are the kernel's objects, which `/proc/slabinfo` counts for the whole machine: of each kind
both ends have one, so that half of what has come is the server's. The ports that a client is given are the generator's.
"""

import re
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

from .load import LoadError
from .server import family

EVERY_SECONDS = 2
PAGE = 4096
CLIENTS_ALONE = ("tcp_bind_bucket", "tcp_bind2_bucket")
"""One for each port that a client has; those of a server share their port's."""
NOT_THEIRS = ("tw_sock_", "request_sock_")
"""Of connections before and after."""
WORTH_NAMING = 0.05
"""Objects for each member, fewer than which are the machine's and not the connections'."""


def watched(pids, port, members, work):
    """Does `work`, in which members come and are silent; adds what there was of them when last all were there."""
    before, last = reading(pids, port), None
    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(work)
        while not done.done():
            time.sleep(EVERY_SECONDS)
            now = reading(pids, port)
            if now["sockets"] >= members:
                last = now
        result = done.result()
    if last is None:
        raise LoadError(f"there were never {members} connections at a time")
    return result | {"kernel": compared(before, last, members)}


def reading(pids, port):
    """The sockets come last: if all are there, all were there before."""
    return {**process(pids), "slabs": slabs(), "accounted": accounted(), **ends(port)}


def slabs():
    """Objects in use of each cache, and the memory that one takes, with what is left over in its pages."""
    try:
        with open("/proc/slabinfo") as file:
            rows = [line.split() for line in file.readlines()[2:]]
    except PermissionError:
        raise LoadError("/proc/slabinfo is for root only") from None
    return {row[0]: (int(row[1]), int(row[5]) * PAGE / int(row[4])) for row in rows}


def process(pids):
    """Memory of processes and their descendants, and what the kernel has for each process: page tables, open files."""
    found = {"rss": 0, "pss": 0, "tables": 0}
    for pid in (each for pid in pids for each in family(pid)):
        try:
            with open(f"/proc/{pid}/smaps_rollup") as rollup, open(f"/proc/{pid}/status") as status:
                facts = {words[0]: int(words[1]) for words in map(str.split, [*rollup, *status])
                         if words[0] in ("Rss:", "Pss:", "VmPTE:", "FDSize:")}
        except FileNotFoundError:
            continue
        found["rss"] += facts["Rss:"] * 1024
        found["pss"] += facts["Pss:"] * 1024
        # A pointer for each place in the table of open files, and three bits.
        found["tables"] += facts["VmPTE:"] * 1024 + facts["FDSize:"] * 8 * 67 // 64
    return found


def ends(port):
    """The server's sockets, and the bytes that wait in them, in and out (`r` and `w` of `ss -m`)."""
    shown = subprocess.run(("ss", "-HOtnm", "state", "established", f"sport = :{port}"), capture_output=True, text=True, check=True)
    waiting = re.findall(r"skmem:\(r(\d+),.*?,w(\d+),", shown.stdout)
    return {"sockets": len(waiting), "waiting": sum(int(received) + int(written) for received, written in waiting)}


def accounted():
    """Bytes that TCP has reserved for buffers, on the whole machine: both ends."""
    with open("/proc/net/sockstat") as file:
        return int(next(line.split()[-1] for line in file if line.startswith("TCP:"))) * PAGE


def compared(before, after, members):
    """What has come, for each member."""
    def each(key):
        return (after[key] - before[key]) / members

    caches = {}
    for name, (count, size) in after["slabs"].items():
        come = (count - before["slabs"].get(name, (0, 0))[0]) / members
        if come >= WORTH_NAMING and not name.startswith(NOT_THEIRS):
            caches[name] = [round(come, 3), round(size)]
    return {key: round(each(key), 1) for key in ("rss", "pss", "tables", "sockets", "waiting", "accounted")} | {"caches": caches}


def process_of(record):
    """Bytes of the process for each member: its share of pages that it shares, which are few."""
    return record["result"]["kernel"]["pss"]


def objects(record):
    """Bytes of the kernel's objects for each member, the server's end."""
    caches = record["result"]["kernel"]["caches"]
    return sum(count * size for name, (count, size) in caches.items() if name not in CLIENTS_ALONE) / 2


def share(record):
    """Bytes that the kernel has for each member, the server's end."""
    found = record["result"]["kernel"]
    return objects(record) + found["tables"] + found["waiting"]


def largest(results, peer, polling=False):
    """The rounds with as many members as there were."""
    found = [record for record in results.find(peer, "kernel") if bool(record["load"].get("polling")) == polling]
    most = max((record["result"]["connections"] for record in found), default=0)
    return [record for record in found if record["result"]["connections"] == most]
