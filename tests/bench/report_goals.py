# SPDX-License-Identifier: GPL-2.0
"""The goals: what is asked, what was found, and by how much it misses.

A verdict is about the median; the spread stands beside it.  A goal without data is "not measured".
One that is met in the cases that have data while others have none is not called met: it says in
how many.
"""
from collections import Counter
from dataclasses import dataclass

from report_stats import geomean, summarize
from report_tables import UNKNOWN, Table, number, paired, ratios

MET, MISSED, PARTLY, REPORTED, UNMEASURED = "met", "missed", "partly", "reported", "unmeasured"
ALMOST = 1e-9  # rounding of binary fractions is not a miss


@dataclass
class Result:
    figure: str = UNKNOWN
    spread: str = UNKNOWN
    over: str = UNKNOWN   # what it is taken over, in full
    where: str = UNKNOWN  # the same in a word or two
    verdict: str = "not measured"
    state: str = UNMEASURED
    summary: object = None


@dataclass
class Goal:
    name: str    # in full
    short: str   # for a terminal
    target: str
    find: object  # find(data) -> Result


def apart(value, target, digits):
    """`value` with as many digits as it takes not to look like the target, if it is not."""
    while (digits < 6 and abs(value - target) > ALMOST
            and float(f"{value:.{digits}f}") == float(f"{target:.{digits}f}")):
        digits += 1
    return f"{value:.{digits}f}"


def plural(count, word):
    return f"{count} {word}" + ("" if count == 1 else "s")


class Limit:
    """A figure against its target."""

    def __init__(self, target, at_least, digits=3, unit=""):
        self.target, self.at_least, self.digits, self.unit = target, at_least, digits, unit

    def show(self, value):
        return f"{value:.{self.digits}f}"

    def figure(self, value):
        return apart(value, self.target, self.digits) + self.unit

    def is_met(self, value):
        return value >= self.target - ALMOST if self.at_least else value <= self.target + ALMOST

    def miss(self, value):
        return f"missed by {apart(abs(value - self.target), 0, self.digits)}{self.unit}"

    def result(self, summary, where, over, nr_cases=1, nr_measured=1):
        spread = UNKNOWN
        if summary.n > 1:
            spread = f"[{self.show(summary.min)}..{self.show(summary.max)}]"
        found = Result(self.figure(summary.median), spread, over, where, summary=summary)
        if not self.is_met(summary.median):
            found.verdict, found.state = self.miss(summary.median), MISSED
        elif nr_measured < nr_cases:
            found.state = PARTLY
            found.verdict = f"met in {nr_measured} of {nr_cases} cases, the others not measured"
        else:
            found.verdict, found.state = "met", MET
        return found


class Fraction(Limit):
    """As 1/N, for a figure far below 1."""

    def show(self, value):
        return f"1/{number(1 / value)}" if value else "0"

    figure = show

    def miss(self, value):
        return f"missed: {number(value / self.target)} times the target"


def worst_case(group, metric, peer, base, limit):
    def find(data):
        cases = data.cases(group)
        found = [(summary, case) for case in cases
                 for summary in [paired(data, group, case, peer, base, metric)] if summary]
        if not found:
            return Result()
        summary, case = (min if limit.at_least else max)(found, key=lambda item: item[0].median)
        over = f"`{case}`, {plural(summary.n, 'round')}"
        if len(cases) > 1:
            nr_missing = sum(not limit.is_met(one.median) for one, _ in found)
            miss = f", {nr_missing} of which miss" if nr_missing else ""
            over = f"worst of {plural(len(found), 'case')}{miss}: {over}"
        return limit.result(summary, case, over, len(cases), len(found))
    return find


def far_side(limit):
    """The rounds in which the kernel's scheduler left the work far from its memory for most of the
    time."""
    def find(data):
        found, in_cases, known = [], set(), False
        for case in data.cases("placement"):
            pairs = dict(ratios(data, "placement", case, "tiersched", "kernel", "rate"))
            for at, peers in data.rounds("placement", case):
                near = peers["kernel"].metrics.get("near_percent") if at in pairs else None
                known = known or near is not None
                if near is not None and near < 50:
                    found.append(pairs[at])
                    in_cases.add(case)
        if not found:
            return Result(figure="none", verdict="no such round",
                          state=REPORTED) if known else Result()
        words = plural(len(found), "such round")
        return limit.result(summarize(found), words, f"{words} in {plural(len(in_cases), 'case')}")
    return find


def matrix(group, limit):
    """Geometric mean over a matrix of cases, a round at a time; only rounds that have the whole
    matrix can be compared."""
    def find(data):
        cases = data.cases(group)
        pairs = {case: dict(ratios(data, group, case, "tiersched", "kernel", "rate"))
                 for case in cases}
        measured = [case for case in cases if pairs[case]]
        if not measured:
            return Result()
        whole = sorted(set.intersection(*(set(pairs[case]) for case in measured)))
        if whole:
            means = [geomean([pairs[case][at] for case in measured]) for at in whole]
            over = f"{plural(len(whole), 'round')} of {plural(len(measured), 'case')}"
        else:
            means = [geomean([summarize(pairs[case].values()).median for case in measured])]
            over = f"medians of {plural(len(measured), 'case')}, no round has all"
        return limit.result(summarize(means), plural(len(measured), "case"), over, len(cases),
                            len(measured))
    return find


def one_case(case, values, limit):
    """values(data) of one case against the limit, or just reported if there is none."""
    def find(data):
        summary = summarize(values(data))
        if not summary:
            return Result()
        over = f"`{case}`, {plural(summary.n, 'round')}"
        if limit:
            return limit.result(summary, case, over)
        spread = UNKNOWN if summary.n == 1 else f"[{number(summary.min)}..{number(summary.max)}]"
        return Result(f"{number(summary.median)} ms/s", spread, over, case, "reported", REPORTED,
                      summary)
    return find


def monitoring(case):
    def values(data):
        for _, peers in data.rounds("cost", case):
            metrics = peers["tiersched"].metrics if "tiersched" in peers else {}
            parts = [metrics.get("daemon_ms_per_s"), metrics.get("kdamond_ms_per_s")]
            yield None if None in parts else sum(parts)
    return one_case(case, values, None)


def extra_time(case):
    """What the same work takes longer, in percent."""
    def values(data):
        return [(value - 1) * 100 for _, value in ratios(data, "overhead", case, "kernel",
                                                         "tiersched", "rate")]
    return one_case(case, values, Limit(1, False, 2, " %"))


def task_bytes(data):
    return data.values("cost", "memory", "tiersched", "task_bytes")


def snapshot(data):
    return [value for _, value in ratios(data, "cost", "snapshot", "tiersched", "damo", "cpu_ms")]


# Of the group `tiering`: its cases of workloads are named workload.load.
LOADS = ("alone", "hogs")


def tier_cases(data, *names):
    """NAMES, or the workloads where none is given."""
    return [case for case in data.cases("tiering")
            if (case in names or case.split(".")[0] in names if names
                else case.split(".")[-1] in LOADS)]


def tier_ratios(data, case, bases, metric):
    """{(run, round): ratio} to the best of the bases that were measured."""
    found = {}
    for base in bases:
        for at, value in ratios(data, "tiering", case, "tiersched", base, metric):
            found[at] = min(value, found.get(at, value))
    return found


def tier_worst(names, bases, limit, metric="rate"):
    """The worst case, by the median of its rounds."""
    def find(data):
        cases = tier_cases(data, *names)
        found = [(summary, case) for case in cases for summary in
                 [summarize(tier_ratios(data, case, bases, metric).values())] if summary]
        if not found:
            return Result()
        summary, case = (min if limit.at_least else max)(found, key=lambda item: item[0].median)
        over = f"`{case}`, {plural(summary.n, 'round')}"
        if len(cases) > 1:
            over = f"worst of {plural(len(found), 'case')}: {over}"
        return limit.result(summary, case, over, len(cases), len(found))
    return find


def tier_mean(names, bases, limit):
    """Geometric mean over the medians of cases."""
    def find(data):
        cases = tier_cases(data, *names)
        medians = [summary.median for case in cases for summary in
                   [summarize(tier_ratios(data, case, bases, "rate").values())] if summary]
        if not medians:
            return Result()
        over = f"medians of {plural(len(medians), 'case')}"
        return limit.result(summarize([geomean(medians)]), plural(len(medians), "case"), over,
                            len(cases), len(medians))
    return find


def tier_metric(names, find_value, limit):
    """find_value(metrics) of tiersched's cells, the worst case."""
    def find(data):
        found = [(summary, case) for case in tier_cases(data, *names) for summary in
                 [summarize([find_value(peers["tiersched"].metrics) for _, peers in
                             data.rounds("tiering", case) if "tiersched" in peers])] if summary]
        if not found:
            return Result()
        summary, case = max(found, key=lambda item: item[0].median)
        return limit.result(summary, case, f"`{case}`, {plural(summary.n, 'round')}")
    return find


def returned_percent(metrics):
    """Of the bytes that were moved."""
    moved = [metrics.get(f"{name}_mb") for name in ("promoted", "demoted", "returned")]
    if None in moved:
        return None
    return 100 * moved[2] / (moved[0] + moved[1]) if moved[0] + moved[1] else 0.0


OTHERS = ("nb2-demote", "damo-tier")
ONE, PERCENT = Limit(1, True), Limit(5, False, 1, " %")
TIERING_GOALS = [
    Goal("tiering: rate / nb2 with demotion, workloads", "tiering: rate / nb2", ">= 1.00",
         tier_worst((), OTHERS[:1], ONE)),
    Goal("tiering: rate / nb2 with demotion, geometric mean of the workloads",
         "the same, geometric mean", ">= 1.10", tier_mean((), OTHERS[:1], Limit(1.1, True))),
    Goal("tiering: rate / damo, workloads", "tiering: rate / damo", ">= 1.00",
         tier_worst((), OTHERS[1:], ONE)),
    Goal("tiering: rate / pages moved by hand, workloads", "tiering: rate / hand", ">= 0.95",
         tier_worst((), ("hand",), Limit(0.95, True))),
    Goal("tiering: rate / the better of nb2 and damo, hot memory drifts", "drift: rate / others",
         ">= 1.10", tier_worst(("drift",), OTHERS, Limit(1.1, True))),
    Goal("tiering: rate / pages moved by hand, hot memory drifts, once settled",
         "drift: rate / hand, settled", ">= 0.90",
         tier_worst(("drift",), ("hand",), Limit(0.9, True), "end_rate")),
    Goal("tiering: time until it is settled after a drift", "drift: settled after", "<= 10 s",
         tier_metric(("drift",), lambda metrics: metrics.get("settled_s"),
                     Limit(10, False, 1, " s"))),
    Goal("tiering: rate / without tiering, twice as much hot as there is room",
         "double: rate / no tiering", ">= 0.97",
         tier_worst(("double",), ("tiersched-notier",), Limit(0.97, True))),
    Goal("tiering: moved bytes that come back, twice as much hot as there is room",
         "double: bytes that return", "<= 5 %", tier_metric(("double",), returned_percent,
                                                            PERCENT)),
    Goal("tiering: rate / tasks placed alone, two processes on two nodes",
         "twins: rate / no tiering", ">= 1.20",
         tier_worst(("twins",), ("tiersched-notier",), Limit(1.2, True))),
    Goal("tiering: rate / pages moved alone (nb2), two processes on two nodes",
         "twins: rate / nb2", ">= 1.20", tier_worst(("twins",), OTHERS[:1], Limit(1.2, True))),
    Goal("tiering: rate / without tiering, DRAM saturated", "spread: rate / no tiering",
         ">= 1.30", tier_worst(("spread",), ("tiersched-notier",), Limit(1.3, True))),
    Goal("tiering: rate / kernel, memory interleaved, geometric mean of the matrix",
         "interleave: rate / kernel", ">= 1.05",
         tier_mean(("interleave",), ("kernel",), Limit(1.05, True))),
    Goal("tiering: rate / kernel, nothing to gain", "idle: rate / kernel", ">= 0.99",
         tier_worst(("idle",), ("kernel",), Limit(0.99, True))),
    Goal("tiering: bytes moved after 5 s, nothing to gain", "idle: moved after 5 s", "<= 0 MB",
         tier_metric(("idle",), lambda metrics: metrics.get("late_mb"),
                     Limit(0, False, 1, " MB"))),
]

GOALS = [
    Goal("placement: rate / hand-pinned", "placement: rate / pinned", ">= 0.97",
         worst_case("placement", "rate", "tiersched", "pinned", Limit(0.97, True))),
    Goal("placement: rate / kernel", "placement: rate / kernel", ">= 1.00",
         worst_case("placement", "rate", "tiersched", "kernel", Limit(1, True))),
    Goal("placement: rate / kernel, where the kernel leaves it far from its memory",
         "the same, kernel left it far", ">= 1.30",
         far_side(Limit(1.3, True))),
    Goal("placement: p99 latency / kernel", "placement: p99 / kernel", "<= 1.00",
         worst_case("placement", "p99_us", "tiersched", "kernel", Limit(1, False))),
    Goal("interleave: rate / kernel, geometric mean of the matrix", "interleave: rate / kernel",
         ">= 1.00",
         matrix("interleave", Limit(1, True))),
    Goal("hackbench: time / kernel", "hackbench: time / kernel", "<= 0.95",
         worst_case("hackbench", "time_s", "tiersched", "kernel", Limit(0.95, False))),
    Goal("hackbench: time / scx-fifo", "hackbench: time / scx-fifo", "<= 1.03",
         worst_case("hackbench", "time_s", "tiersched", "scx-fifo", Limit(1.03, False))),
    Goal("wake-up: p99 latency / kernel", "wake-up: p99 / kernel", "<= 1.00",
         worst_case("wakeup", "p99_us", "tiersched", "kernel", Limit(1, False))),
    Goal("cost: CPU time of a snapshot / damo", "snapshot: CPU time / damo", "<= 1/100",
         one_case("snapshot", snapshot, Fraction(0.01, False))),
    Goal("cost: daemon + kdamond, 1 process", "daemon + kdamond, 1", "none", monitoring("p1")),
    Goal("cost: daemon + kdamond, 16 processes", "daemon + kdamond, 16", "none", monitoring("p16")),
    Goal("cost: daemon + kdamond, 64 processes", "daemon + kdamond, 64", "none", monitoring("p64")),
    Goal("cost: memory per task", "memory per task", "<= 512 bytes",
         one_case("memory", task_bytes, Limit(512, False, 0, " bytes"))),
    Goal("overhead: CPU-bound, extra time", "overhead: CPU-bound", "<= 1 %", extra_time("spin")),
    Goal("overhead: fork-bound, extra time", "overhead: fork-bound", "<= 1 %", extra_time("fork")),
]


def goals_table(data, short=False):
    """The table, and how many goals are in each state; short: for a terminal."""
    table = Table(["<goal", "target", "today", "spread", "<verdict",
                   "<where" if short else "<over"])
    counts = Counter()
    for goal in GOALS + (TIERING_GOALS if "tiering" in data.groups() else []):
        found = goal.find(data)
        counts[found.state] += 1
        table.rows.append([goal.short if short else goal.name, goal.target, found.figure,
                           found.spread, found.verdict,
                           found.where if short else found.over])
    return table, counts


def count_words(counts):
    words = f"Of {sum(counts.values())} goals {counts[MET]} are met, {counts[MISSED]} missed"
    for state, text in ((PARTLY, "met only where measured"), (UNMEASURED, "not measured"),
                        (REPORTED, "without a verdict")):
        words += f", {counts[state]} {text}" if counts[state] else ""
    return words + "."
