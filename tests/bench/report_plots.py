# SPDX-License-Identifier: GPL-2.0
"""Plots, all of one kind: a row a case or peer, a mark at the median, a bar from min to max.

Marks may have an axis that does not begin at 0, bars from 0 may not; ratios live near 1.  Colours
are those of Okabe and Ito, which colour-blind people can tell apart, and each series has a mark of
its own.
"""
import math
import subprocess
import tempfile
from dataclasses import dataclass, field

from report_input import Trouble
from report_tables import many_peers, metric_of, paired, values

KERNEL, TIERSCHED, PINNED, OTHER, SOFT = "#d55e00", "#0072b2", "#009e73", "#555555", "#e69f00"
DOT, SQUARE, DIAMOND, CIRCLE = 7, 5, 13, 6
STYLE = {"kernel": (KERNEL, SQUARE), "tiersched": (TIERSCHED, DOT), "pinned": (PINNED, DIAMOND)}
PLAIN = (OTHER, CIRCLE)


@dataclass
class Plot:
    name: str
    title: str
    alt: str
    axis: str
    rows: list  # of labels, from the top; None: a gap; ('head', text): a heading
    points: list = field(default_factory=list)   # (row, series, Summary)
    series: list = field(default_factory=list)   # (name, colour, mark), as in the key
    lines: list = field(default_factory=list)    # of axis values worth a line: (value, dashed)
    log: bool = False
    from_zero: bool = False
    key: bool = True


def quote(text):
    return '"' + text.replace("\\", "\\\\").replace('"', "'").replace("`", "'") + '"'


def axis_range(plot):
    low = min([summary.min for _, _, summary in plot.points] + [value for value, _ in plot.lines])
    high = max([summary.max for _, _, summary in plot.points] + [value for value, _ in plot.lines])
    if plot.log:
        return low / 1.25, high * 1.25
    margin = (high - low or abs(high) or 1) * 0.04
    return (0 if plot.from_zero else low - margin), high + margin


def lay_out(rows):
    """The place of each row, in row heights from the top: gaps are narrow, headings stand off what
    is above them."""
    at, places = 0.0, []
    for row in rows:
        if row is None:
            places.append(at - 0.35)
            at += 0.3
            continue
        if isinstance(row, tuple) and places:
            at += 0.4
        places.append(at)
        at += 1
    return places, at


def row_labels(plot, places):
    for row, at in zip(plot.rows, places):
        if isinstance(row, tuple):
            yield (f"set label {quote(row[1])} at graph 0.01, first {at:.2f} left front noenhanced "
                   "textcolor '#000000'")
        above = at - 0.7 if isinstance(row, tuple) and at else at if row is None else None
        if above is not None:
            yield (f"set arrow from graph 0, first {above:.2f} to graph 1, first {above:.2f} "
                   "nohead "
                   "back linecolor '#cccccc'")
    tics = ", ".join(f"{quote(row)} {at:.2f}" for row, at in zip(plot.rows, places)
                     if isinstance(row, str))
    yield f"set ytics ({tics}) scale 0"


def script(plot, path):
    low, high = axis_range(plot)
    places, rows = lay_out(plot.rows)
    widest = max((len(row) for row in plot.rows if isinstance(row, str)), default=1)
    top, bottom, row_height = 62 if plot.key else 38, 56, 22 if plot.key else 20
    height = round(top + bottom + row_height * (rows + 0.4))
    lines = [
        f"set terminal svg size 800,{height} fixed enhanced background '#ffffff' "
        "font 'sans-serif,13'",
        f"set output {quote(path)}",
        "set encoding utf8", "set border 3 linecolor '#888888'", "set errorbars small",
        "set pointintervalbox 0",
        f"set tmargin at screen {1 - top / height:.4f}",
        f"set bmargin at screen {bottom / height:.4f}",
        f"set label {quote(plot.title)} at screen 0.02, screen {1 - 18 / height:.4f} left "
        "noenhanced "
        "font 'sans-serif,15'",
        f"set xlabel {quote(plot.axis)} noenhanced",
        "set ytics noenhanced nomirror textcolor '#000000'",
        "set xtics nomirror textcolor '#000000'",
        "set grid xtics linecolor '#dddddd' linetype 1", f"set lmargin {widest + 2}",
        "set rmargin 3",
        f"set yrange [{rows - 0.4:.2f}:-0.8]", f"set xrange [{low:.9g}:{high:.9g}]",
        f"set key at graph 0, screen {1 - 42 / height:.4f} left horizontal Left reverse samplen 2 "
        "noenhanced" if plot.key else "unset key",
    ]
    if plot.log:
        powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        ticks = [digit * 10.0 ** power for power in powers for digit in (1, 2, 5)]
        tics = ", ".join(f'"{tick:g}" {tick:g}' for tick in ticks if low <= tick <= high)
        lines += ["set logscale x", f"set xtics ({tics})"]
    for value, dashed in plot.lines:
        # Colours differ because gnuplot's SVG joins neighbouring lines of one colour, whatever
        # their dashes.
        lines.append(f"set arrow from first {value:.9g}, graph 0 to first {value:.9g}, graph 1 "
                     "nohead back "
                     + ("linecolor '#444444' dashtype (8,5)" if dashed else "linecolor '#000000'"))
    lines += row_labels(plot, places)
    drawn = [(at, series) for at, series in enumerate(plot.series)
             if any(name == series[0] for _, name, _ in plot.points)]
    shown = []
    for turn, (at, (name, colour, mark)) in enumerate(drawn):
        shift = (turn - (len(drawn) - 1) / 2) * 0.36 if plot.key else 0
        lines.append(f"$s{at} << END")
        lines += [f"{summary.median:.9g} {places[row] + shift:.2f} "
                  f"{summary.min:.9g} {summary.max:.9g}"
                  for row, series, summary in plot.points if series == name]
        lines.append("END")
        shown.append(f"$s{at} using 1:2:3:4 with xerrorbars linecolor '{colour}' linewidth 1.5 "
                     f"pointtype {mark} pointsize 0.7 "
                     f"title {quote(name)}")
    lines.append("plot " + ", \\\n     ".join(shown))
    return "\n".join(lines) + "\n"


def by_workload(cases):
    """Rows of cases with a gap between workloads, and the row of each case."""
    rows, row_of = [], {}
    for case in cases:
        if rows and rows[-1].split(".")[0] != case.split(".")[0]:
            rows.append(None)
        row_of[case] = len(rows)
        rows.append(case)
    return rows, row_of


def placement(data):
    cases = [case for case in data.cases("placement")
             if any(paired(data, "placement", case, peer, "pinned", "rate")
                    for peer in ("kernel", "tiersched"))]
    rows, row_of = by_workload(cases)
    plot = Plot("placement", "Placement: rate of work whose memory is on the CXL node",
                "rates as ratios to hand-pinned, a row a case",
                "rate / rate of hand-pinned, paired by round (more is better; dashed: the goal)",
                rows, lines=[(1, False), (0.97, True)],
                series=[(peer, *STYLE[peer]) for peer in ("kernel", "tiersched")])
    for case in cases:
        for peer in ("kernel", "tiersched"):
            summary = paired(data, "placement", case, peer, "pinned", "rate")
            if summary:
                plot.points.append((row_of[case], peer, summary))
    return plot


def blocks(data, group, cases, plot, find):
    """A block of rows a case, a row a peer; find(case, peer) yields (series, Summary)."""
    for case in cases:
        found = [(peer, list(find(case, peer))) for peer in data.peers(group, case)]
        found = [(peer, points) for peer, points in found if points]
        if found:
            plot.rows.append(("head", case))
        for peer, points in found:
            plot.points += [(len(plot.rows), series, summary) for series, summary in points]
            plot.rows.append(peer)
    return plot


def peer_series(peers):
    return [(peer, *STYLE.get(peer, PLAIN)) for peer in peers]


def peers(data):
    def find(case, peer):
        summary = paired(data, "placement", case, peer, "pinned", "rate")
        if summary and peer != "pinned":
            yield peer, summary
    plot = Plot("peers", "Every peer: rate of work whose memory is on the CXL node",
                "rates of all peers as ratios to hand-pinned",
                "rate / rate of hand-pinned, paired by round (more is better; dashed: the goal)",
                [], key=False,
                series=peer_series(data.peers("placement")), lines=[(1, False), (0.97, True)])
    return blocks(data, "placement", many_peers(data), plot, find)


def interleave(data):
    cases = data.cases("interleave")
    rows, row_of = by_workload(cases)
    unit = " ".join(data.units("interleave")) or "rate"
    plot = Plot("interleave", "Bandwidth over memory interleaved between local and CXL",
                "bandwidth, a row a case",
                f"{unit} (more is better); t: threads, r: percentage of reads", rows,
                from_zero=True,
                series=[(peer, *STYLE.get(peer, PLAIN)) for peer in ("kernel", "tiersched")])
    for case in cases:
        for peer in ("kernel", "tiersched"):
            summary = values(data, "interleave", case, peer, "rate")
            if summary:
                plot.points.append((row_of[case], peer, summary))
    return plot


def wakeup(data):
    def find(case, peer):
        for metric in ("p50_us", "p99_us"):
            summary = values(data, "wakeup", case, peer, metric)
            if summary and summary.min > 0:
                yield metric_of("wakeup", metric)[0], summary
    plot = Plot("wakeup", "Wake-up latency", "wake-up latency, p50 and p99, a row a peer",
                "µs, logarithmic (less is better)", [], log=True,
                series=[("p50", SOFT, SQUARE), ("p99", TIERSCHED, DOT)])
    return blocks(data, "wakeup", data.cases("wakeup"), plot, find)


def hackbench(data):
    def find(case, peer):
        summary = values(data, "hackbench", case, peer, "time_s")
        if summary:
            yield peer, summary
    plot = Plot("hackbench", "hackbench, instructions counted", "time of hackbench, a row a peer",
                "s, at one instruction a nanosecond (less is better; the axis need not begin at 0)",
                [], key=False,
                series=peer_series(data.peers("hackbench")))
    return blocks(data, "hackbench", data.cases("hackbench"), plot, find)


def plots(data):
    """{name: Plot} of what there is data for."""
    found = [make(data) for make in (placement, peers, interleave, wakeup, hackbench)]
    return {plot.name: plot for plot in found if plot.points}


def draw(plot):
    """The SVG, or None where there is no gnuplot."""
    with tempfile.TemporaryDirectory(prefix="report-") as where:
        path = f"{where}/plot.svg"
        try:
            done = subprocess.run(["gnuplot", "-"], input=script(plot, path), text=True,
                                  encoding="utf-8", capture_output=True, check=False)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Trouble(f"cannot run gnuplot: {error.strerror}") from None
        if done.returncode:
            said = [line.strip() for line in done.stderr.splitlines() if line.strip(" ^\t")]
            raise Trouble(f"gnuplot failed on the plot '{plot.name}' with status "
                          f"{done.returncode}: "
                          f"{said[-1] if said else 'no word'}")
        with open(path, encoding="utf-8") as file:
            return file.read()
