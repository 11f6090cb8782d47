# SPDX-License-Identifier: GPL-2.0
"""Tables as data, shown as markdown or as plain text, and how numbers are written."""
import math
import re
from dataclasses import dataclass, field

from report_stats import ratio, summarize

UNKNOWN = "-"


@dataclass
class Table:
    columns: list  # of headers; one that starts with '<' holds words and is aligned left
    rows: list = field(default_factory=list)

    def markdown(self):
        heads = [head.lstrip("<") for head in self.columns]
        rules = [":--" if head.startswith("<") else "--:" for head in self.columns]
        lines = [heads, rules] + [[escape(text) for text in row] for row in self.rows]
        return "".join("| " + " | ".join(line) + " |\n" for line in lines)

    def text(self):
        """Aligned columns; ASCII, for any terminal."""
        heads = [head.lstrip("<") for head in self.columns]
        rows = [[text.replace("`", "").replace("µ", "u") for text in row]
                for row in [heads] + self.rows]
        widths = [max(len(row[at]) for row in rows) for at in range(len(heads))]
        rows.insert(1, ["-" * width for width in widths])
        lines = []
        for row in rows:
            line = [text.ljust(width) if head.startswith("<") else text.rjust(width)
                    for text, width, head in zip(row, widths, self.columns)]
            lines.append("  ".join(line).rstrip() + "\n")
        return "".join(lines)


def escape(text):
    """For a cell of a markdown table: what would end it, or begin a tag."""
    return re.sub(r"<(?=[A-Za-z/!?])", "&lt;", text).replace("|", "\\|")


def number(value):
    """Three significant digits, whole from 100 on."""
    if value is None:
        return UNKNOWN
    if value == 0:
        return "0"
    digits = 2 - math.floor(math.log10(abs(float(f"{value:.2e}"))))
    return f"{value:.{max(digits, 0)}f}"


def fixed(digits):
    return lambda value: UNKNOWN if value is None else f"{value:.{digits}f}"


as_ratio = fixed(3)
as_percent = fixed(0)


def with_spread(summary, show=number):
    if summary is None:
        return UNKNOWN
    if summary.n == 1:
        return show(summary.median)
    return f"{show(summary.median)} [{show(summary.min)}..{show(summary.max)}]"


def code(text):
    return f"`{text}`"


# metric: (name, unit, what to multiply by)
METRICS = {"p50_us": ("p50", "µs", 1), "p99_us": ("p99", "µs", 1), "near_percent": ("near", "%", 1),
           "time_s": ("time", "s", 1),
           "daemon_ms_per_s": ("daemon", "ms/s", 1), "kdamond_ms_per_s": ("kdamond", "ms/s", 1),
           "cpu_ms": ("CPU time", "ms", 1),
           "task_bytes": ("memory per task", "bytes", 1),
           "end_rate": ("settled rate", "", 1), "settled_s": ("settled after", "s", 1),
           "near_pages_percent": ("pages near", "%", 1),
           "promoted_mb": ("promoted", "MB", 1), "demoted_mb": ("demoted", "MB", 1),
           "returned_mb": ("returned", "MB", 1), "migrated_mb": ("migrated", "MB", 1),
           "late_mb": ("after 5 s", "MB", 1)}
# Placement has latencies from 0.1 ms to seconds.
GROUP_METRICS = {("placement", "p50_us"): ("p50", "ms", 1e-3),
                 ("placement", "p99_us"): ("p99", "ms", 1e-3)}


def metric_of(group, metric):
    return GROUP_METRICS.get((group, metric)) or METRICS.get(metric) or (metric, "", 1)


def metric_head(data, group, metric):
    name, unit, _ = metric_of(group, metric)
    if metric == "rate":
        units = data.units(group)
        unit = units[0] if len(units) == 1 else ""
    return f"{name}, {unit}" if unit else name


def metric_show(group, metric):
    show, factor = as_percent if metric.startswith("near_") else number, metric_of(group, metric)[2]
    return lambda value: show(None if value is None else value * factor)


def many_peers(data):
    """The placement cases that more than the basic three, and the one with a table of its own,
    were measured in."""
    return [case for case in data.cases("placement")
            if set(data.peers("placement", case)) - {"kernel", "pinned", "observed", "tiersched"}]


def values(data, group, case, peer, metric):
    return summarize(data.values(group, case, peer, metric))


def ratios(data, group, case, peer, base, metric):
    """Paired ratios of a case: [((run, round), ratio)]."""
    found = []
    for at, peers in data.rounds(group, case):
        if peer in peers and base in peers:
            value = ratio(peers[peer].metrics.get(metric), peers[base].metrics.get(metric))
            if value is not None:
                found.append((at, value))
    return found


def paired(data, group, case, peer, base, metric):
    return summarize([value for _, value in ratios(data, group, case, peer, base, metric)])


def counts(summaries):
    """How many rounds figures are from: "5", or "3..5" if some have fewer."""
    known = {summary.n for summary in summaries if summary}
    return f"{min(known)}..{max(known)}" if len(known) > 1 else str(*known)


def wide(data, group, metric, peers, over, spread=True, cases=None):
    """A row a case, a column a peer; then paired ratios for each (peer, base) in `over`."""
    head = metric_head(data, group, metric)
    several = metric == "rate" and len(data.units(group)) > 1
    table = Table(["<case"] + (["<unit"] if several else []) + ["rounds"]
                  + [f"{peer} {head}" if at == 0 else peer for at, peer in enumerate(peers)]
                  + [f"{peer} / {base}" for peer, base in over])
    for case in data.cases(group) if cases is None else cases:
        summaries = [values(data, group, case, peer, metric) for peer in peers]
        if not any(summaries):
            continue
        row = [code(case)] + ([" ".join(data.units(group, case))] if several else [])
        row.append(counts(summaries))
        for summary in summaries:
            row.append(with_spread(summary, metric_show(group, metric)) if spread or not summary
                       else metric_show(group, metric)(summary.median))
        row += [with_spread(paired(data, group, case, *pair, metric), as_ratio) for pair in over]
        table.rows.append(row)
    return table


def long(data, group, metrics, cases=None, over=(), spread=True):
    """A row a case and peer, a column a metric; then its paired ratio to the base for each
    (metric, base) in `over`."""
    several = "rate" in metrics and len(data.units(group)) > 1
    table = Table(["<case", "<peer"] + (["<unit"] if several else []) + ["rounds"]
                  + [metric_head(data, group, metric) for metric in metrics]
                  + [f"{metric_of(group, metric)[0]} / {base}" for metric, base in over])
    for case in data.cases(group) if cases is None else cases:
        for peer in data.peers(group, case):
            summaries = [values(data, group, case, peer, metric) for metric in metrics]
            if not any(summaries):
                continue
            row = [code(case), peer] + ([" ".join(data.units(group, case))] if several else [])
            row.append(counts(summaries))
            row += [with_spread(summary, metric_show(group, metric)) if spread or not summary
                    else metric_show(group, metric)(summary.median)
                    for metric, summary in zip(metrics, summaries)]
            row += [UNKNOWN if peer == base
                    else with_spread(paired(data, group, case, peer, base, metric), as_ratio)
                    for metric, base in over]
            table.rows.append(row)
    return table


def drop_empty(table):
    """Without columns in which nothing is known."""
    keep = [at for at, head in enumerate(table.columns)
            if head.startswith("<") or any(row[at] != UNKNOWN for row in table.rows)]
    return Table([table.columns[at] for at in keep],
                 [[row[at] for at in keep] for row in table.rows])
