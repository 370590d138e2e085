"""What the kernel has of connections that say nothing, beside what the server's process has of them.

Server and load generator are on one machine, so each connection has two ends in the same kernel. Told apart are the
sockets (by the port that they are bound to), what waits in them, and the page tables and the table of open files of the
server's process. Not told apart are the kernel's objects, which `/proc/slabinfo` counts for the whole machine: of each kind
in `OBJECTS` both ends have one for each socket, so half of what has come is the server's.
"""

import os
import re
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

from .load import LoadError
from .server import family

EVERY_SECONDS = 2
PAGE = 4096
OBJECTS = ("TCP", "TCPv6", "sock_inode_cache", "dentry", "filp", "eventpoll_epi", "eventpoll_pwq", "ep_head",
           "lsm_inode_cache", "lsm_file_cache")
"""Caches of what a socket consists of: itself, its file, its entry of epoll, and what a security module keeps of it."""
PORTS = ("tcp_bind_bucket", "tcp_bind2_bucket")
"""Caches of what each port of a client has, and which are the generator's alone. Those of a server share its port's."""
LOOKED_AT = ("dentry", "lsm_inode_cache")
"""Of which a descriptor also has one if somebody (a monitor, say) looks at it in `/proc/PID/fd`."""


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
    return {**process(pids), "slabs": slabs(), "over": over(), **ends(port)}


def slabs():
    """Objects in use of each cache, and the memory that one takes, with what is left over in its pages."""
    try:
        with open("/proc/slabinfo") as file:
            rows = [line.split() for line in file.readlines()[2:]]
    except PermissionError:
        raise LoadError("/proc/slabinfo is for root only") from None
    return {row[0]: (int(row[1]), int(row[5]) * PAGE / int(row[4])) for row in rows}


def merged(name):
    """The caches that are one with this one, since their objects have the same size, itself included."""
    folder = "/sys/kernel/slab"
    link = os.path.realpath(f"{folder}/{name}")
    return [each for each in os.listdir(folder) if os.path.realpath(f"{folder}/{each}") == link]


def process(pids):
    """Memory of processes and their descendants, and what the kernel has for each process: page tables, open files."""
    found = {"rss": 0, "anonymous": 0, "tables": 0}
    for pid in (each for pid in pids for each in family(pid)):
        try:
            with open(f"/proc/{pid}/smaps_rollup") as rollup, open(f"/proc/{pid}/status") as status:
                facts = {words[0]: int(words[1]) for words in map(str.split, [*rollup, *status])
                         if words[0] in ("Rss:", "Pss_Anon:", "VmPTE:", "FDSize:")}
        except FileNotFoundError:
            continue
        found["rss"] += facts["Rss:"] * 1024
        found["anonymous"] += facts["Pss_Anon:"] * 1024
        # A pointer for each place in the table of open files, and two bits.
        found["tables"] += facts["VmPTE:"] * 1024 + facts["FDSize:"] * 66 // 8
    return found


def ends(port):
    """The server's sockets, and the bytes that wait in them, in and out (`r` and `w` of `ss -m`)."""
    shown = subprocess.run(("ss", "-HOtnm", "state", "established", f"sport = :{port}"), capture_output=True, text=True, check=True)
    waiting = re.findall(r"skmem:\(r(\d+),.*?,w(\d+),", shown.stdout)
    return {"sockets": len(waiting), "waiting": sum(int(received) + int(written) for received, written in waiting)}


def over():
    """Connections that are over, but whose port is kept for a minute."""
    with open("/proc/net/sockstat") as file:
        words = next(line.split() for line in file if line.startswith("TCP:"))
    return int(words[words.index("tw") + 1])


def compared(before, after, members):
    """What has come, for each member."""
    def each(key):
        return (after[key] - before[key]) / members

    def come(cache):
        return (after["slabs"][cache][0] - before["slabs"].get(cache, (0, 0))[0]) / members

    objects, counted = {}, {"proc_inode_cache"}
    for name in OBJECTS:
        same = merged(name)
        shown = next((cache for cache in same if cache in after["slabs"]), None)
        if shown is None:
            continue
        counted.add(shown)
        count = come(shown) - (each("sockets") + each("over")) * sum(port in same for port in PORTS)
        if name in LOOKED_AT:
            count -= come("proc_inode_cache")
        if abs(count) >= 0.01:
            objects[name] = [round(count, 3), round(after["slabs"][shown][1], 1)]
    rest = sum(come(cache) * size for cache, (_, size) in after["slabs"].items() if cache not in counted)
    flat = {key: round(each(key), 1) for key in ("rss", "anonymous", "tables", "sockets", "waiting")}
    return flat | {"objects": objects, "other_objects": round(rest, 1)}


def private(record):
    """Bytes of the process for each member. Its code is not in it, which the generator, if it is the same binary, shares."""
    return record["result"]["kernel"]["anonymous"]


def objects(record):
    """Bytes of the kernel's objects for each member, the server's end."""
    return sum(count * size for count, size in record["result"]["kernel"]["objects"].values()) / 2


def share(record):
    """Bytes that the kernel has for each member, the server's end."""
    found = record["result"]["kernel"]
    return objects(record) + found["tables"] + found["waiting"]


def largest(results, peer, polling=False):
    """The rounds with as many members as there were."""
    found = [record for record in results.find(peer, "kernel") if bool(record["load"].get("polling")) == polling]
    most = max((record["result"]["connections"] for record in found), default=0)
    return [record for record in found if record["result"]["connections"] == most]
