"""docs/benchmarks/memory.md: what a silent member takes of the process and of the kernel, and what a million would."""

from . import kernel
from .peers import PEERS
from .results import median
from .tables import runs, table
from .targets import per_connection

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

Whoever polls has two sockets: one that waits, and one to speak.
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
    process, below = (median([each(record) for record in found]) for each in (kernel.private, kernel.share))
    many = found[0]["result"]["connections"]
    few = [record for record in results.find("alert", "kernel")
           if not record["load"].get("polling") and record["result"]["connections"] < many]
    growing = f" ({median([kernel.private(record) for record in few]) / 1e3:.1f} kB at {few[0]['result']['connections']:,}, so it does not grow)" \
        if few and median([kernel.private(record) for record in few]) >= process else ""
    yield f"""\
## A million connections

Not measured: this machine has open files for {many:,}. Worked out from what it has shown, as if everything grew in proportion.

| what | for each | for a million |
| --- | --- | --- |
| memory of the process, silent members over WebSocket | {process / 1e3:.1f} kB{growing} | {process / 1e3:.1f} GB |
| memory of the kernel, their sockets | {below / 1e3:.1f} kB | {below / 1e3:.1f} GB |
| together | {(process + below) / 1e3:.1f} kB | **{(process + below) / 1e3:.1f} GB** |"""
    idle = results.find("alert", "idle", rooms=1_500)
    if idle:
        share = median([record["result"]["cpu_percent"] / record["result"]["connections"] for record in idle])
        yield f"| CPU for their pings, each 25 s | {share * 1e4 * 25:.0f} µs a ping | {share * 1e6:.0f} % of a core |"
    back = results.values("all_back_cpu_s", "alert", scenario="avalanche")
    if back:
        yield f"| CPU, if all lose their connection and come back with 100 missed messages each | {median(back) * 100:.0f} µs | {median(back) * 100:.0f} s, over all cores |"
    each = results.values("cpu_us_per_delivery", "alert", scenario="window", rooms=1, members=1_000, window=1)
    if each:
        yield f"| CPU for one message to everybody | {median(each):.1f} µs a delivery | {median(each):.1f} s, over all cores |"
    grown = [per_connection(record) for record in idle]
    more = f" After a minute of silence the process has less: {median(grown):.1f} kB at 15,000." if grown and median(grown) < process / 1e3 else ""
    yield f"""\

What is said comes in addition: up to `queue_limit` (1 MiB) for a client that reads slowly, and the history.{more}
{SETTINGS}"""


SETTINGS = """\
So a machine with 16 GB and 8 cores has room for a million who are mostly silent. What would have to be set:

| what | to | why |
| --- | --- | --- |
| `LimitNOFILE=` (`ulimit -Hn`) | 1,100,000 | an open file for each; two during an upgrade from long-polling, and for whoever polls |
| `sysctl fs.nr_open` | 1,200,000 | the most that `LimitNOFILE=` may be; 1,048,576 by default |
| `sysctl fs.file-max` | 1,300,000 | of the whole machine; by default it grows with memory, and is 2.4 million with 24 GB |
| `sysctl fs.epoll.max_user_watches` | 1,100,000 | by default 4 % of memory, so 5.4 million with 24 GB |
| `sysctl net.ipv4.tcp_mem` | by what may be under way | pages for buffers of all sockets. The default of a machine with 24 GB ends at 575,802 (2.4 GB): 2.4 kB for each of a million at a time |
| `sysctl net.core.somaxconn`, `net.ipv4.tcp_max_syn_backlog` | 4,096; 65,536 | when all come back at once. Alert asks for a queue of 4,096 |
| `sysctl net.ipv4.tcp_max_orphans`, `net.ipv4.tcp_max_tw_buckets` | 262,144 | when many go at once; above it the kernel forgets them sooner, which does no harm |
| `sysctl net.netfilter.nf_conntrack_max` | 1,100,000, or no tracking of this port | 262,144 by default where a firewall tracks connections; what is more is dropped |
| `net.ipv4.ip_local_port_range` **of a proxy** | `1024 65535` | one address has 28,232 ports to one address and port of a server by default, so a million take 36 addresses; with this 16. Clients with addresses of their own need nothing |
| Alert: `max_connections` | 0 | 50,000 by default |
| Alert: `trusted_proxy`, or `max_connections_per_address` 0 | | 10,000 of one address by default |
| Alert: `room_tries`, `join_rate` | 0, if they come from few addresses | 6,000 joins a minute of one address by default |
| Alert: `max_rooms`, `max_people` | by use | 100,000 rooms, 20,000 people in one |

Several servers over one Redis share them: each has its own people, and these limits are for each
([scaling](../scaling.md#how-many-servers)).
"""
