"""`bench/run report`: writes docs/benchmarks.md, the pages below it and their plots from the results, or checks them."""

import sys

from . import front, million, nodes, plots
from .peers import PEERS, ROOT
from .results import FILE, Results
from .tables import RETURNS, scenario, table
from .targets import verdicts

DOCS = ROOT / "docs"
WRITTEN = "<!-- Written by `bench/run report` from bench/results/latest.jsonl. Do not edit. -->"
UP = "[Benchmarks](../benchmarks.md) · how it is measured, and what each server is: [bench/README.md](../../bench/README.md)"

QUICK = """\
**This page shows a quick run, in part or whole: it is a test of the benchmark, and its figures mean nothing.**
"""

TARGETS = """\
What Alert set out to reach, and whether it did. Ratios are taken within a round; median of the rounds, and in brackets the
lowest and the highest.
"""

SOCKETIO = """\
Alert beside other Socket.IO servers and beside the limit, one core each. The run of a row leads to its command and commit.
"""

NEIGHBOURS = """\
Servers of other protocols, in their own words to the same load generator (`alert bench --protocol`). They do less: nobody is
told who enters or leaves, names are not checked, nothing is kept for later. sockudo does not send a client's message back to
that client, so each message has one delivery fewer.
"""

COMING_BACK = """\
Members whose connection is cut off, without a goodbye, and who connect again with what connection state recovery gave them;
where it gave them nothing, they join again. Each message has to reach each member once and in order, whether or not it was
away. "From connecting again" begins with the new TCP connection, and what comes before the answer to CONNECT counts as coming
with it, as in the official client; "from sending" has the 2 s away in it. The bystanders are two members of another room, 50
messages a second, from just before the others come back until all are.

With its default `--leave-grace 2s` Alert also tells everybody in the room who left and entered; with 5 s nobody hears of the
cuts, as with Node's recovery. Where a member joins again, all are told that it entered, which is what Node without recovery is
busy with. To repeat it:

    taskset -c 0 alert serve --workers 1 --room-tries 0 --join-rate 0
    taskset -c 1 alert bench http://127.0.0.1:5000 --jitter --pid $(pidof alert)
    taskset -c 1 alert bench http://127.0.0.1:5000 --avalanche --pid $(pidof alert)

or, with the servers beside it, `bench/run run --scenario jitter,avalanche`. The flags are for 10,100 members who join from one
address: 10,000 who come back need neither. `kill -9` under load, with a ledger of every message: `make proof`.
"""


def run(arguments):
    results = Results.load()
    if not results.records:
        print(f"there is nothing in {FILE.relative_to(ROOT)}; measure first: bench/run run")
        return 1
    files = written(results)
    if arguments.check:
        return check(files)
    for path, text in files.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    for path in left_over(files):
        path.unlink()
    print(f"wrote {len(files)} files: docs/benchmarks.md and docs/benchmarks/")
    return 0


def check(files):
    """Whether the files in the repository are those of the results in the repository."""
    wrong = [path for path, text in files.items() if not path.exists() or path.read_text() != text] + left_over(files)
    for path in wrong:
        print(f"{path.relative_to(ROOT)} is not what bench/results/latest.jsonl says; write it: bench/run report", file=sys.stderr)
    return min(len(wrong), 1)


def left_over(files):
    """Files below docs/benchmarks that nothing writes any more."""
    return [path for path in sorted((DOCS / "benchmarks").iterdir()) if path not in files]


def written(results):
    """All pages and plots, by path."""
    main, detail, beside = plots.front(results), plots.detail(results), plots.neighbours(results)
    pages = {
        "targets": ("Targets", TARGETS, targets(verdicts(results))),
        "socketio": ("Beside other Socket.IO servers", SOCKETIO, *images(detail), *scenarios(
            results, "window", "rate", "size", "rooms", "unkept", "idle", "fills", "storm", "connect", "polling", "workers", "listeners")),
        "neighbours": ("Beside servers of other protocols", NEIGHBOURS, *images(beside), *scenarios(results, "neighbours")),
        "coming-back": ("Coming back", COMING_BACK, *scenarios(results, *RETURNS)),
        "memory": ("Memory", *million.parts(results)),
        "nodes": ("Several nodes", nodes.INTRO, targets(nodes.verdicts(results)), *scenarios(results, *nodes.NAMES)),
        "runs": ("Runs", *circumstances(results)),
    }
    quick = [QUICK] if any(header["quick"] for header in results.headers) else []
    files = {DOCS / "benchmarks" / f"{name}.md": "\n".join((f"# {title}\n\n{WRITTEN}\n\n{UP}\n", *quick, *parts))
             for name, (title, *parts) in pages.items()}
    files[DOCS / "benchmarks.md"] = "\n".join((f"# Benchmarks\n\n{WRITTEN}\n", *quick, *front.parts(results, main)))
    return files | {DOCS / "benchmarks" / f"{plot.file}.svg": plot.image for plot in (*main, *detail, *beside)}


def images(drawn):
    return [f"![{plot.alt}]({plot.file}.svg)\n" for plot in drawn]


def scenarios(results, *names):
    return [scenario(results, name) for name in names]


def targets(all_of_them):
    rows = []
    for verdict in all_of_them:
        met = {True: "met", False: "**not met**", None: "not measured"}[verdict.met]
        rows.append((verdict.what, verdict.target, verdict.measured, met))
    return table(("what", "target", "measured", ""), rows)


def circumstances(results):
    """Where, when and with what."""
    for header in results.headers:
        machine = header["machine"]
        measured = sorted({each["scenario"] for each in results.records if each["run"] == header["run"]})
        yield f"## Run {header['run']}\n"
        yield f"{header['date']}, `{header['command']}`, Alert at {header['commit']}: {', '.join(measured)}."
        yield f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gib']} GiB, {machine['system']}.\n"
        yield table(("server", "versions"), [(PEERS[name].title, text) for name, text in header["versions"].items()])
