"""Plots written as SVG: curves over two axes, and bars. Plain text, so that the same data gives the same file everywhere."""

import math
from dataclasses import dataclass
from html import escape

from .results import median

WIDTH, LEFT, RIGHT, TOP, BOTTOM = 760, 76, 190, 64, 46
PLOT_HEIGHT = 280
BAR, GAP = 18, 10
BAR_LEFT, BAR_RIGHT = 222, 216
"""Room for the names before the bars, and for what is written behind them."""
LINE = 15
"""Between two names at the ends of curves."""

# Colours that colour-blind readers can tell apart (Okabe and Ito), lighter where the paper is dark; each curve also has its
# name at its end. The paper is drawn, since an image does not know what it is shown on.
COLOURS = {
    "paper": ("#ffffff", "#0d1117"),
    "ink": ("#1f2328", "#e6edf3"),
    "faint": ("#59636e", "#9198a1"),
    "grid": ("#d1d9e0", "#30363d"),
    "alert": ("#d55e00", "#ff8c42"),
    "limit": ("#000000", "#ffffff"),
    "socketioxide": ("#0072b2", "#58a6ff"),
    "bun": ("#b77900", "#f2b134"),
    "node": ("#00805c", "#2ecc9a"),
    "flask": ("#a8507f", "#e79ac4"),
    "uvicorn": ("#3583ab", "#8fd0f5"),
    "neighbour-1": ("#6f42c1", "#b392f0"),
    "neighbour-2": ("#8a6d3b", "#c9a66b"),
    "neighbour-3": ("#59636e", "#b1bac4"),
}


@dataclass(frozen=True)
class Curve:
    name: str
    colour: str
    points: dict[float, list[float]]
    """For each x, what each round gave."""
    dashed: bool = False


@dataclass(frozen=True)
class Bar:
    name: str
    colour: str
    parts: tuple[float, ...]
    """Drawn end to end; the second is pale."""
    note: str
    """Written behind it."""
    spread: tuple[float, float] | None = None
    """The lowest round and the highest."""


class Axis:
    """Turns a value into a place between `start` and `end`."""

    def __init__(self, values, start, end, logarithmic, only=None):
        self.start, self.end, self.logarithmic = start, end, logarithmic
        self.ticks = sorted(only) if only else ticks(max(values), min(values), logarithmic)
        reach = [*values, *self.ticks]
        self.low, self.high = self.scaled(min(reach)), self.scaled(max(reach))

    def scaled(self, value):
        return math.log10(value) if self.logarithmic else value

    def __call__(self, value):
        share = (self.scaled(value) - self.low) / ((self.high - self.low) or 1)
        return self.start + share * (self.end - self.start)


def ticks(high, low, logarithmic):
    if logarithmic:
        first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
        subs = (1,) if last - first > 3 else (1, 2, 5)
        every = [sub * 10.0**power for power in range(first, last + 1) for sub in subs]
        inside = [tick for tick in every if low <= tick <= high]
        below, above = [tick for tick in every if tick < low][-1:], [tick for tick in every if tick > high][:1]
        return below + inside + above
    step = 10.0 ** math.floor(math.log10(high / 4))
    step *= next(factor for factor in (1, 2, 5, 10) if high / (step * factor) <= 6)
    return [step * number for number in range(math.ceil(high / step) + 1)]


def curves(title, below, labels, all_of_them, logarithmic=(True, True)):
    """Medians joined by lines, with a bar from the lowest round to the highest, and each curve's name at its end."""
    values = [value for curve in all_of_them for point in curve.points.values() for value in point]
    places = {x for curve in all_of_them for x in curve.points}
    height = TOP + PLOT_HEIGHT + BOTTOM
    right, bottom = WIDTH - RIGHT, TOP + PLOT_HEIGHT
    across = Axis(places, LEFT + 14, right - 14, logarithmic[0], only=places)
    up = Axis(values, bottom, TOP, logarithmic[1])
    parts = [head(title, below)]
    for tick in up.ticks:
        parts += [line(LEFT, up(tick), right, up(tick), "grid"), text(LEFT - 8, up(tick) + 4, f"{tick:,.10g}", "small end")]
    for tick in across.ticks:
        parts += [line(across(tick), TOP, across(tick), bottom, "grid"), text(across(tick), bottom + 17, f"{tick:,.10g}", "small middle")]
    parts += [text((LEFT + right) / 2, bottom + 37, labels[0], "small middle"),
              f'<text class="small middle" transform="translate(16 {TOP + PLOT_HEIGHT / 2:.0f}) rotate(-90)">{escape(labels[1])}</text>']
    ends = []
    for curve in all_of_them:
        middles = {x: median(point) for x, point in curve.points.items()}
        spots = [(across(x), up(y)) for x, y in middles.items()]
        drawn = []
        for x, point in curve.points.items():
            if max(point) > min(point):
                drawn.append(line(across(x), up(min(point)), across(x), up(max(point)), "spread"))
        path = "M" + " L".join(f"{x:.1f} {y:.1f}" for x, y in spots)
        drawn.append(f'<path class="curve{" dashed" if curve.dashed else ""}{" thick" if curve.colour == "alert" else ""}" d="{path}"/>')
        drawn += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.2"/>' for x, y in spots]
        parts.append(f'<g class="{curve.colour}">' + "".join(drawn) + "</g>")
        ends.append((spots[-1], curve))
    for (x, y), place, curve in named(ends, TOP, bottom):
        parts.append(f'<g class="{curve.colour}">' + line(x + 5, y, right + 8, place, "lead")
                     + text(right + 12, place + 4, curve.name, "name") + "</g>")
    return document(height, title, parts)


def named(ends, top, bottom):
    """Where each curve's name goes: beside its end, but not over another's."""
    ends = sorted(ends, key=lambda end: end[0][1])
    places = []
    for (_, y), _ in ends:
        places.append(max(y, places[-1] + LINE if places else top))
    for at in range(len(places) - 1, -1, -1):
        places[at] = min(places[at], (places[at + 1] - LINE) if at + 1 < len(places) else bottom)
    return [(spot, place, curve) for (spot, curve), place in zip(ends, places)]


def bars(title, below, label, rows):
    """One row a server; a part of a bar that is pale is the second of its parts."""
    height = TOP + len(rows) * (BAR + GAP) + BOTTOM
    right, bottom = WIDTH - BAR_RIGHT, height - BOTTOM
    longest = max(max(sum(row.parts), row.spread[1] if row.spread else 0) for row in rows)
    across = Axis([0, longest], BAR_LEFT, right, False)
    parts = [head(title, below)]
    for tick in across.ticks:
        parts += [line(across(tick), TOP - 4, across(tick), bottom, "grid"), text(across(tick), bottom + 17, f"{tick:,.10g}", "small middle")]
    parts.append(text((BAR_LEFT + right) / 2, bottom + 37, label, "small middle"))
    for at, row in enumerate(rows):
        y, start, drawn = TOP + at * (BAR + GAP) + GAP / 2, 0, []
        for part, value in enumerate(row.parts):
            x, width = across(start), across(start + value) - across(start)
            drawn.append(f'<rect class="part-{part}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{BAR}"/>')
            start += value
        end = across(start)
        if row.spread and row.spread[1] > row.spread[0]:
            drawn.append(line(across(row.spread[0]), y + BAR / 2, across(row.spread[1]), y + BAR / 2, "spread ink"))
            end = max(end, across(row.spread[1]))
        parts += [text(BAR_LEFT - 8, y + 13, row.name, "end"), f'<g class="{row.colour}">' + "".join(drawn) + "</g>",
                  text(end + 7, y + 13, row.note, "small")]
    return document(height, title, parts)


def head(title, below):
    return text(16, 24, title, "title") + text(16, 43, below, "small")


def text(x, y, words, classes):
    return f'<text class="{classes}" x="{x:.1f}" y="{y:.1f}">{escape(words)}</text>'


def line(x1, y1, x2, y2, classes):
    return f'<line class="{classes}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def document(height, title, parts):
    def colours(which):
        return "".join(f".{name}{{color:{pair[which]}}}" for name, pair in COLOURS.items())

    style = (
        "text{font:13px system-ui,-apple-system,'Segoe UI',Helvetica,Arial,sans-serif;fill:currentColor}"
        ".title{font-size:15px;font-weight:600}.small{font-size:12px}.end{text-anchor:end}.middle{text-anchor:middle}"
        ".back{fill:currentColor;stroke:none}line,path{stroke:currentColor;fill:none}circle,rect{fill:currentColor}"
        ".grid{stroke-width:.8}.curve{stroke-width:1.6}.thick{stroke-width:3}.dashed{stroke-dasharray:6 4}"
        ".spread{stroke-width:1}.lead{stroke-width:.6;opacity:.7}.part-1{opacity:.4}"
        f"{colours(0)}@media(prefers-color-scheme:dark){{{colours(1)}}}"
    )
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" width="{WIDTH}" height="{height:.0f}" role="img">\n'
        f"<title>{escape(title)}</title>\n<style>{style}</style>\n"
        f'<rect class="back paper" width="{WIDTH}" height="{height:.0f}"/>\n<g class="ink">\n{body}\n</g>\n</svg>\n'
    )


def number(value):
    """A figure as it is read: three digits."""
    if value == int(value) or value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"
