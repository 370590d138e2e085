"""The plots of docs/benchmarks.md, as SVG. Run with the Python of bench/.venv; the same data gives the same files."""

import matplotlib

matplotlib.use("svg")

import matplotlib.pyplot as plt  # noqa: E402
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter  # noqa: E402

from .peers import PEERS, ROOT  # noqa: E402
from .results import Results, median  # noqa: E402

FOLDER = ROOT / "docs" / "benchmarks"

# Colours that colour-blind readers can tell apart (Okabe and Ito), and a marker each for those who see none.
STYLES = {
    "alert": ("#d55e00", "o"),
    "limit": ("#000000", "x"),
    "socketioxide": ("#0072b2", "s"),
    "bun": ("#e69f00", "^"),
    "node": ("#009e73", "D"),
    "flask": ("#cc79a7", "v"),
    "uvicorn": ("#56b4e9", "P"),
}


def deliveries(record):
    return record["result"]["deliveries_per_s"]


def p99(record):
    return record["result"]["p99_us"] / 1e3


def cost(record):
    return record["result"]["cpu_us_per_delivery"]


def memory(record):
    return record["result"]["memory"] / 1e6


def seconds(record):
    return record["result"]["join_s"]


def points(records, horizontal, vertical):
    """For each x, the y of every round."""
    found = {}
    for record in records:
        value = vertical(record)
        if value is not None:
            found.setdefault(horizontal(record), []).append(value)
    return dict(sorted(found.items()))


def draw(name, title, labels, curves, logarithmic=(True, True)):
    """One plot: the median of each point, and a bar from its lowest round to its highest."""
    figure, axes = plt.subplots(figsize=(8, 4.8), layout="constrained")
    for peer, curve in curves.items():
        if not curve:
            continue
        colour, marker = STYLES[peer]
        middles = [median(values) for values in curve.values()]
        low = [middle - min(values) for middle, values in zip(middles, curve.values())]
        high = [max(values) - middle for middle, values in zip(middles, curve.values())]
        axes.errorbar(list(curve), middles, yerr=[low, high], label=PEERS[peer].title, color=colour, marker=marker,
                      markersize=5, linewidth=2.4 if peer == "alert" else 1.3, elinewidth=0.8, capsize=2,
                      linestyle="--" if peer == "limit" else "-")
    axes.set_title(title, loc="left", fontsize=11)
    axes.set_xlabel(labels[0])
    axes.set_ylabel(labels[1])
    for axis, scale, log in ((axes.xaxis, axes.set_xscale, logarithmic[0]), (axes.yaxis, axes.set_yscale, logarithmic[1])):
        if log:
            scale("log")
            axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axis.set_minor_formatter(NullFormatter())
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    if logarithmic[0]:
        ticks = sorted({x for curve in curves.values() for x in curve})
        axes.set_xticks(ticks, minor=False)
        axes.minorticks_off()
    axes.grid(alpha=0.25)
    axes.legend(fontsize=8, frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    figure.savefig(FOLDER / f"{name}.svg", metadata={"Date": None, "Creator": None})
    plt.close(figure)


def main():
    # Fixed, so that the same data gives the same file, and that a diff shows what has changed.
    plt.rcParams.update({"svg.hashsalt": "alert", "svg.fonttype": "none", "font.family": "sans-serif"})
    FOLDER.mkdir(parents=True, exist_ok=True)
    results = Results.load()

    def curves(horizontal, vertical, fits, scenario=None, base=None):
        found = {}
        for peer in STYLES:
            records = [record for record in results.find(peer, scenario) if fits(record["load"])]
            found[peer] = points(records, horizontal, vertical)
            if base and found[peer]:
                found[peer] = {0: [base(record) for record in records]} | found[peer]
        return found

    talk = {"rooms": 1, "members": 1_000}

    def in_talk(load):
        return all(load[key] == value for key, value in talk.items())

    draw("throughput", "Throughput against messages in flight: 1,000 members, one core",
         ("messages in flight (window)", "deliveries a second"),
         curves(lambda record: record["load"]["window"], deliveries, lambda load: in_talk(load) and "window" in load))
    draw("latency", "Latency against rate: 1,000 members, one core",
         ("messages a second, each to 1,000 members", "p99 latency (ms)"),
         curves(lambda record: record["load"]["rate"], p99, in_talk, "rate"))
    draw("cost", "CPU per delivery against room size: 4 messages in flight",
         ("members of the room", "server CPU per delivery (µs)"),
         curves(lambda record: record["load"]["members"], cost,
                lambda load: load["rooms"] == 1 and load["members"] >= 10 and load.get("window") == 4))
    draw("memory", "Memory against idle connections",
         ("connections", "resident memory (MB)"),
         curves(lambda record: record["result"]["connections"], memory, lambda load: True, "idle",
                base=lambda record: record["result"]["memory_empty"] / 1e6), logarithmic=(False, True))
    draw("storm", "Join storm against room size: until every join is known to all",
         ("members that join one room at once", "seconds"),
         curves(lambda record: record["load"]["members"], seconds, lambda load: True, "storm"))


if __name__ == "__main__":
    main()
