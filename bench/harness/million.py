"""docs/benchmarks/memory.md: what a silent member takes of the process and of the kernel, and what a million would."""

from . import kernel
from .peers import PEERS
from .results import median
from .tables import runs, table

KERNEL = """\
## As the kernel sees it

`bench/run run --scenario kernel` (root, for `/proc/slabinfo`) lets as many members in as the machine permits, who then say
nothing for 30 s, and compares an empty server with the last moment when all are there. Each has two ends in the same kernel,
its server's and the load generator's. How they are told apart:

- **process**: of the server and its children, less what they had when empty (`/proc/PID/smaps_rollup`). RSS, and the
  anonymous part of PSS, which leaves out code: it does not grow with members, and Alert's is also the generator's.
- **objects**: what has come in each cache of `/proc/slabinfo`, in objects, at what one takes of its pages. A socket, its file
  and its entry of epoll are there once for each end, so **half** of them counts; the second table has the counts that show
  it. The ports of the clients (`tcp_bind_bucket`, `tcp_bind2_bucket`), which are the generator's alone, are taken off where
  the kernel keeps them in the same cache, and so is what a monitor's look into `/proc/PID/fd` leaves.
- **tables**: page tables and the table of open files of the server's process (`VmPTE`, `FDSize` in `/proc/PID/status`).
- **buffers**: what waits in the server's sockets, in and out (`ss -m`, by the server's port). Nothing, if nobody speaks.
  What is sent to a client far away is here until it is acknowledged.

Whoever polls has two sockets: one that waits, and one to speak, which Node closes after 5 s without use.
"""

NOT_MEASURED = """\
Not measured yet: `bench/run run --scenario kernel`.
"""


def parts(results):
    yield KERNEL
    found = [record for record in results.find(scenario="kernel")]
    if not found:
        yield NOT_MEASURED
        return
    yield table(("server", "transport", "members", "sockets each", "RSS, B", "anonymous, B", "objects, B", "tables, B", "buffers, B",
                 "kernel, B", "process and kernel, kB", "run"), [row(group) for group in grouped(found)])
    yield from objects(results)
    yield from million(results)


def grouped(found):
    groups = {}
    for record in found:
        key = (list(PEERS).index(record["peer"]), bool(record["load"].get("polling")), record["result"]["connections"])
        groups.setdefault(key, []).append(record)
    return [groups[key] for key in sorted(groups)]


def row(records):
    first = records[0]

    def middle(value):
        return median([value(record) for record in records])

    def noted(key):
        return middle(lambda record: record["result"]["kernel"][key])

    below = middle(kernel.share)
    return (PEERS[first["peer"]].title, "polling" if first["load"].get("polling") else "WebSocket", f"{first['result']['connections']:,}",
            f"{noted('sockets'):.2f}", *(f"{value:,.0f}" for value in (noted("rss"), noted("anonymous"), middle(kernel.objects), noted("tables"),
                                                                       noted("waiting"), below)),
            f"{(noted('anonymous') + below) / 1e3:.1f}", runs(records))


def objects(results):
    """Of Alert over WebSocket, since all servers have the same."""
    found = kernel.largest(results, "alert")
    if not found:
        return
    yield "Objects of the kernel for each member of Alert over WebSocket:\n"
    noted = found[0]["result"]["kernel"]
    rows = [(f"`{name}`", f"{count:.2f}", f"{size:,.0f}", f"{count * size / 2:,.0f}") for name, (count, size) in noted["objects"].items()]
    yield table(("cache", "objects, both ends", "bytes each", "of the server, B"), rows)
    yield f"All other caches together grew by {noted['other_objects']:,.0f} B for each member, whatever the reason.\n"


def million(results):
    found = kernel.largest(results, "alert")
    if not found:
        return
    many = found[0]["result"]["connections"]
    rows = []

    def for_each(what, records, value, one, all_of_them):
        """A row, if it was measured; what one takes, times a factor, is what a million take."""
        if records:
            middle = median([value(record) for record in records])
            rows.append((what, one.format(middle), all_of_them.format(middle), runs(records)))

    polled = kernel.largest(results, "alert", polling=True)
    for_each("memory of the process, silent members over WebSocket", found, lambda record: kernel.private(record) / 1e3, "{:.1f} kB", "{:.1f} GB")
    for_each("memory of the kernel, their sockets", found, lambda record: kernel.share(record) / 1e3, "{:.1f} kB", "{:.1f} GB")
    for_each("**together**", found, both, "{:.1f} kB", "**{:.1f} GB**")
    for_each("together, by long-polling", polled, both, "{:.1f} kB", "{:.1f} GB")
    idle = results.find("alert", "idle", rooms=1_500)
    for_each("CPU for pings, each 25 s", idle, lambda record: record["result"]["cpu_percent"] / record["result"]["connections"] * 25e4,
             "{:.0f} µs a ping", "{:.0f} s in 25 s")
    for_each("CPU, if all lose their connection at once and come back for 100 missed messages each", results.find("alert", "avalanche"),
             lambda record: record["result"]["all_back_cpu_s"] * 100, "{:.0f} µs", "{:.0f} s, over all cores")
    for_each("CPU for one message to everybody", results.find("alert", "window", window=1), lambda record: record["result"]["cpu_us_per_delivery"],
             "{:.1f} µs", "{:.1f} s, over all cores")
    yield f"""\
## A million connections

Not measured: this machine has open files for {many:,}. Worked out from what it has shown, as if everything grew in proportion;
what each member takes falls with their number (first table).
"""
    yield table(("what", "for each", "for a million", "run"), rows)
    yield SETTINGS


def both(record):
    return (kernel.private(record) + kernel.share(record)) / 1e3


SETTINGS = """\
What is said comes in addition: up to `queue_limit` (1 MiB) for a client that reads slowly, and the history. So a machine with
16 GB and 8 cores would have room for a million who are mostly silent, over WebSocket. What would have to be set:

| what | to | why |
| --- | --- | --- |
| `LimitNOFILE=` (`ulimit -Hn`) | 1,100,000 | an open file for each; two during an upgrade from long-polling, and for whoever polls |
| `sysctl fs.nr_open` | 1,200,000 | the most that `LimitNOFILE=` may be; 1,048,576 by default |
| `sysctl fs.file-max` | 1,300,000 | of the whole machine; by default it grows with memory, and is 2.4 million with 24 GB |
| `sysctl fs.epoll.max_user_watches` | 1,100,000 | by default 4 % of memory, so 5.4 million with 24 GB |
| `sysctl net.ipv4.tcp_mem` | by what may be under way | pages for buffers of all sockets. The default of a machine with 24 GB ends at 575,802 (2.4 GB): 2.4 kB for each of a million at a time |
| `sysctl net.core.somaxconn`, `net.ipv4.tcp_max_syn_backlog` | 4,096; 65,536 | when all come back at once. Alert asks for a queue of 4,096 |
| `sysctl net.ipv4.tcp_max_orphans`, `net.ipv4.tcp_max_tw_buckets` | 262,144 | when many go at once; above it the kernel drops them sooner |
| `sysctl net.netfilter.nf_conntrack_max` | 1,100,000, or no tracking of this port | 262,144 by default where a firewall tracks connections; what is more is dropped |
| `net.ipv4.ip_local_port_range` **of a proxy** | `1024 65535` | one address has 28,232 ports to one address and port of a server by default, so a million take 36 addresses; with this 16. Clients with addresses of their own need nothing |
| Alert: `max_connections` | 0 | 50,000 by default |
| Alert: `trusted_proxy`, or `max_connections_per_address` 0 | | 10,000 of one address by default |
| Alert: `room_tries`, `join_rate` | 0, if they come from few addresses | 6,000 joins a minute of one address by default |
| Alert: `max_rooms`, `max_people` | by use | 100,000 rooms, 20,000 people in one |

Several servers over one Redis share them: each has its own people, and these limits are for each
([scaling](../scaling.md#how-many-servers)).
"""
