# SPDX-License-Identifier: GPL-2.0
"""The document and the terminal's summary, put together from goals, tables and plots."""
from dataclasses import dataclass

import report_goals
from report_input import Data, failures, order_case, order_peer
from report_stats import chance_apart, chance_medians_out
from report_tables import (UNKNOWN, Table, as_ratio, code, drop_empty, long, many_peers, metric_of,
                           metric_show, paired, values, wide, with_spread)

BASIC = ["kernel", "pinned", "tiersched"]
PAIR = ["kernel", "tiersched"]

# What a run is compared by, and what a ratio to the kernel's scheduler is made of.
MAIN = {"placement": ["rate"], "phases": ["rate"], "interleave": ["rate"],
        "wakeup": ["p50_us", "p99_us"], "hackbench": ["time_s"], "overhead": ["rate"],
        "tiering": ["rate"],
        "cost": ["daemon_ms_per_s", "kdamond_ms_per_s", "cpu_ms", "task_bytes"]}

INTRO = """# Benchmarks

Written by `tests/bench/report` from the results of `tests/bench/run`; not edited by hand.
"""

WHERE = """
All of it ran in virtual machines of the lab ([tests/lab](../tests/lab/README.md)), emulated by
QEMU without KVM, with Debian's own kernel. To make it again, as root on Debian 12 or 13:

{command}

**What these figures are not.** They are not of hardware.

- Memory latencies and bandwidths are *modelled* (`--clock model`, scale 32: a modelled nanosecond
  takes 32, since emulated computing is slowed about as much): caches, prefetch and channels are
  simple models, the table of latencies is the machine's description, and work on data in cache
  costs what emulation costs. So ratios between schedulers mean something where they come from
  which memory is reached from which CPU; absolute rates and microseconds mean nothing outside this
  lab.
- hackbench and overhead count instructions (`--clock count`): one instruction is one nanosecond.
  They tell how much code is run, and know neither caches nor pipelines; in return they hardly
  depend on the host.
- The cost of monitoring is measured with neither clock: CPU times are those of emulation; what
  counts there is the ratio.
- The machines are small ([tests/lab/machines](../tests/lab/machines)), and so are the loads:
  nothing here shows how anything scales.
- The goals were chosen by the authors of cxl-tiersched, and so were the cases.
"""

READ = """
## How a row is read

- A case is measured in rounds. In each round every peer runs once, in the same boot; who goes
  first changes from round to round.
- A figure is the **median** of the rounds, and behind it stands its spread **[min..max]**: all
  rounds, none thrown away.
- A ratio is taken **within a round**, and the median is that of these ratios; it need not be the
  ratio of the medians. Three digits are shown; with few rounds the spread tells how many of them
  to believe.
- The worst of many medians looks worse than it is: of many cases that are all equal, some fall
  below 1 by chance.
- **near** is the share of its run time that the work spent on the CPUs next to its memory.
- `-` is unknown or not measured.
- A placement case is named workload.load.start.processes: memory lies on the CXL node; `alone`, or
  beside CPU `hogs`; started on the CPUs `near` that node or `far` from it, and free to go; `one`
  process of two threads, or `two` of one each.

| peer | what it is |
| :-- | :-- |
| kernel | the kernel's own scheduler, numa_balancing=0 |
| nb1, nb2 | the same with numa_balancing 1 (NUMA balancing), 2 (memory tiering) |
| numad | the same, with numad (`-H 0`: khugepaged as the machine has it) |
| pinned | the same, hand-pinned next to its memory with numactl: the ceiling |
| observed | pinned, while `cxl-tiersched --observe` watches: what monitoring alone takes |
| scx-fifo, scx-vtime | the kernel's scx_simple, first-in-first-out (`-f`) and by virtual time |
| tiersched | cxl-tiersched |
| no-profiles | cxl-tiersched that manages no process: what its scheduler alone does |
| damo | the DAMON tool, for the cost of a snapshot |
"""

TIER_PEERS = ["kernel", "nb2-demote", "damo-tier", "hand", "tiersched-notier", "tiersched"]
TIER_METRICS = ["settled_s", "near_percent", "near_pages_percent", "promoted_mb", "demoted_mb",
                "returned_mb", "migrated_mb", "late_mb"]
TIERING = """Who moves pages, how many, how soon, and what is it worth? Each cell has processes of
its own, whose memory lies on the CXL node at first; the rate is that of the end.

- `WORKLOAD.LOAD`: room near, beside CPU `hogs` or `alone`, started far.
- `drift`: a quarter of 256 MB is hot, every ten seconds another one; near DRAM has room for half.
  The rate is that of both phases after a drift.
- `double`: what is hot is twice the room near. `twins`: two processes on two nodes, DRAM of the
  one that CXL memory is near to is full, of the other free.
- `idle.WHAT`: nothing is to be gained, since all is `near`, `cold` or `bound`. `spread`: DRAM is
  near and saturated.

| peer | what it is |
| :-- | :-- |
| nb2-demote | the kernel's scheduler, numa_balancing=2 and demotion_enabled=1 |
| damo-tier | the same with numa_balancing=0, and damo's recipe for two tiers (mem_tier.sh) |
| hand | pinned near, with its hot pages put there by hand |
| tiersched-notier | cxl-tiersched --tier off |
| tiersched | cxl-tiersched that moves pages |

**promoted**, **demoted** and **returned** are told by cxl-tiersched and damo themselves, of the
others by the kernel's pgpromote_success and pgdemote; **migrated** is pgmigrate_success."""

ABOUT = {
    "placement": ("Placement",
                  "Does the work run where its memory is, and what is that worth? Memory lies on "
                  "the CXL node."),
    "phases": ("Phases", "The hot set moves from node to node while the work runs."),
    "interleave": ("Interleave",
                   "Bandwidth over memory interleaved between local and CXL, where there is "
                   "little to gain by placement: is the "
                   "scheduler in the way? `t` is threads, `r` the percentage of reads."),
    "wakeup": ("Wake-up latency", "From being woken to running, alone and beside CPU hogs."),
    "hackbench": ("hackbench",
                  "Senders and receivers that wake each other; instructions counted. Less time "
                  "is better."),
    "ops": ("BPF programs",
            "What each call of a scheduler costs while hackbench runs, by the kernel's BPF "
            "statistics, kfuncs included: a "
            "nanosecond is an instruction. scx-fifo is about the least that a sched_ext "
            "scheduler can be."),
    "overhead": ("Overhead",
                 "A CPU-bound and a fork-bound load with nothing to manage; instructions counted."),
    "tiering": ("Tiering", TIERING),
    "cost": ("Cost of monitoring",
             "`p1`, `p16`, `p64`: CPU time of the daemon and of its kdamond, with so many "
             "managed processes of 64 MB. "
             "`snapshot`: CPU time of one look at the same process. `memory`: what the scheduler "
             "keeps for each task."),
}


def known(value):
    return str(value) if value not in (None, "") else "unknown"


def nr_cells(run):
    return sum(len(peers) for peers in run.rounds.values())


def runs_table(runs):
    def version(run):
        commit = known(run.machine.get("commit"))
        changes = " with changes" if run.machine.get("dirty") else ""
        return f"{known(run.machine.get('version'))}, commit {commit}{changes}"
    lines = [
        ("date", lambda run: known(run.machine.get("date"))),
        ("set", lambda run: known(run.machine.get("set"))
         + (f", {only} alone" if (only := run.machine.get("only")) else "")),
        ("rounds planned", lambda run: known(run.machine.get("rounds"))),
        ("cxl-tiersched", version),
        ("guest kernel",
         lambda run: ", ".join(sorted({cell.kernel for cell in run.cells if cell.kernel}))
         or "unknown"),
        ("QEMU", lambda run: known(run.machine.get("qemu"))),
        ("host CPU", lambda run: known(run.machine.get("host_cpu"))),
        ("host CPUs", lambda run: known(run.machine.get("host_cpus"))),
        ("boots", lambda run: str(len({cell.boot_id for cell in run.cells}))),
        ("cells measured", lambda run: str(nr_cells(run))),
        ("cells failed", lambda run: str(len(failures(run)))),
    ]
    table = Table(["<"] + ([f"<run {run.number}" for run in runs] if len(runs) > 1
                           else ["<this run"]))
    table.rows = [[name] + [find(run) for run in runs] for name, find in lines]
    return table


def boots_table(data):
    table = Table(["<kind of boot", "<groups", "boots", "cells"])
    kinds = sorted({cell.boot for run in data.runs for cell in run.cells})
    for kind in kinds:
        cells = [cell for run in data.runs for cell in run.cells if cell.boot == kind]
        measured = sum(cell.boot == kind for run in data.runs for peers in run.rounds.values()
                       for cell in peers.values())
        table.rows.append([kind or "unknown",
                           ", ".join(group
                                     for group in order_groups({cell.group for cell in cells})),
                           str(len({cell.boot_id for cell in cells})), str(measured)])
    return table


def order_groups(groups):
    names = list(ABOUT)
    return sorted(groups, key=lambda group: (names.index(group) if group in names else len(names),
                                             group))


def group_tables(data, group, spread=True):
    """[(words, Table)] of one group; without spread: what a terminal shows, the first of them."""
    if group == "placement":
        over = [("tiersched", "kernel"), ("tiersched", "pinned")]
        if not spread:
            return [("Rate.", wide(data, group, "rate", BASIC, over, False)),
                    ("Share of its time on the near CPUs.",
                     wide(data, group, "near_percent", BASIC, [], False))]
        tables = [("Rate.", wide(data, group, "rate", BASIC, over + [("kernel", "pinned")])),
                  ("99th percentile of latency, and where it ran.", where_it_ran(data))]
        observed = [case for case in data.cases(group) if "observed" in data.peers(group, case)]
        if observed:
            tables.append(("What monitoring takes, whoever schedules: hand-pinned, with DAMON "
                           "and the daemon watching or not.",
                           wide(data, group, "rate", ["pinned", "observed", "tiersched"],
                                [("observed", "pinned"), ("tiersched", "observed")],
                                cases=observed)))
        cases = many_peers(data)
        return tables + ([("All peers, in the cases that have them.",
                           long(data, group, ["rate", "p99_us", "near_percent"], cases,
                                [("rate", "kernel"), ("rate", "pinned")]))]
                         if cases else [])
    if group == "interleave":
        return [("", wide(data, group, "rate", PAIR, [("tiersched", "kernel")], spread))]
    if group == "phases":
        return [("", long(data, group, ["rate", "near_percent"], over=[("rate", "kernel")],
                          spread=spread))]
    if group == "wakeup":
        return [("", long(data, group, ["p50_us", "p99_us"],
                          over=[("p50_us", "kernel"), ("p99_us", "kernel")], spread=spread))]
    if group == "hackbench":
        return [("", long(data, group, ["time_s"],
                          over=[("time_s", "kernel"), ("time_s", "scx-fifo")], spread=spread))]
    if group == "ops":
        return [(words, long(data, group, spread=spread,
                             metrics=[metric for metric in data.metrics(group)
                                      if metric.endswith(what)]))
                for words, what in (("A call.", "_ns"),
                                    ("Instructions that the verifier walked through.", "_insns"))]
    if group == "overhead":
        return [("", long(data, group, ["rate"], over=[("rate", "kernel")], spread=spread))]
    if group == "tiering":
        over = [("tiersched", base) for base in TIER_PEERS[:-1]]
        return [("Rate.", wide(data, group, "rate", TIER_PEERS, over, spread)),
                ("What moved.", drop_empty(long(data, group, TIER_METRICS, spread=spread)))]
    if group == "cost":
        metrics = data.metrics(group)
        parts = [["daemon_ms_per_s", "kdamond_ms_per_s"], ["cpu_ms"], ["task_bytes"]]
        parts.append([metric for metric in metrics if not any(metric in part for part in parts)])
        return [("", long(data, group, part, spread=spread,
                          over=[("cpu_ms", "damo")] if part == ["cpu_ms"] else []))
                for part in parts]
    metrics = data.metrics(group)
    over = [(metrics[0], "kernel")] if metrics and "kernel" in data.peers(group) else []
    return [("", drop_empty(long(data, group, metrics, over=over, spread=spread)))]


def where_it_ran(data):
    """Latency and share of time near, side by side."""
    tables = [wide(data, "placement", "p99_us", BASIC, [("tiersched", "kernel")]),
              wide(data, "placement", "near_percent", BASIC, [])]
    rows = [{row[0]: row[2:] for row in table.rows} for table in tables]
    rounds = {row[0]: row[1] for table in reversed(tables) for row in table.rows}
    joined = Table(tables[0].columns + tables[1].columns[2:])
    joined.rows = [[case, rounds[case]] + rows[0].get(case, [UNKNOWN] * 4)
                   + rows[1].get(case, [UNKNOWN] * 3)
                   for case in map(code, data.cases("placement")) if case in rounds]
    return joined


def group_sections(data, plots):
    groups = order_groups(data.groups() | set(ABOUT) - {"tiering"})  # of a set of its own
    for group in groups:
        unknown = (group, "A group this report knows nothing about; all its figures.")
        title, about = ABOUT.get(group, unknown)
        yield f"\n## {title}\n\n{about}\n"
        tables = [(words, table) for words, table in group_tables(data, group) if table.rows]
        if not tables:
            yield "\nNot measured.\n"
        for words, table in tables:
            yield (f"\n{words}\n" if words else "") + f"\n{table.markdown()}"
        for name in [group] + (["peers"] if group == "placement" else []):
            if name in plots:
                yield f"\n![{plots[name].title}: {plots[name].alt}](benchmarks/{name}.svg)\n"


# Do two runs agree?

def comparisons(data, group):
    """(case, kind, what, {run number: Summary}, how to show it): the main figures, their ratios to
    the kernel's, and tiersched's to the other one that a goal compares it with."""
    for case in data.cases(group):
        peers = data.peers(group, case)
        for peer in peers:
            bases = [base for base in peers if base != peer
                     and (base == "kernel" or peer == "tiersched"
                          and base in ("pinned", "observed", "damo"))]
            for metric in MAIN.get(group, data.metrics(group)):
                name = metric_of(group, metric)[0]
                of = [("values", f"{peer} {name}",
                       lambda one: values(one, group, case, peer, metric),
                       metric_show(group, metric))]
                of += [("ratios", f"{peer} / {base} {name}",
                        lambda one, base=base: paired(one, group, case, peer, base, metric),
                        as_ratio)
                       for base in bases]
                for kind, what, find, show in of:
                    found = {run.number: find(data.only(run)) for run in data.runs}
                    if any(found.values()):
                        yield case, kind, what, found, show


@dataclass
class Agreement:
    """Of two runs in one kind of figure."""
    compared: int = 0
    alone: int = 0             # known in one run only
    overlapping: int = 0
    inside: int = 0            # both medians in the other's range
    overlapping_chance: float = 0
    inside_chance: float = 0
    inside_known: int = 0      # figures that went into inside_chance

    def add(self, one, other, overlap, inside):
        self.compared += 1
        self.overlapping += overlap
        self.inside += inside
        self.overlapping_chance += 1 - chance_apart(one.n, other.n)
        chance = chance_medians_out(one.n, other.n)
        if chance is not None:
            self.inside_chance += 1 - chance
            self.inside_known += 1

    def row(self):
        inside = UNKNOWN
        if self.inside_known:
            inside = f"{self.inside_chance:.1f}"
            if self.inside_known < self.compared:
                inside += f" of {self.inside_known}"
        return [str(self.compared), str(self.alone), str(self.overlapping),
                f"{self.overlapping_chance:.1f}" if self.compared else UNKNOWN,
                str(self.inside), inside]


def compare_pair(data, first, second):
    """{(group, kind): Agreement}, the rows of what does not overlap, and of what does while a
    median lies outside."""
    counts, apart, outside = {}, [], []
    for group in order_groups(data.groups()):
        for case, kind, what, found, show in comparisons(data, group):
            count = counts.setdefault((group, kind), Agreement())
            one, other = found[first.number], found[second.number]
            if not one or not other:
                count.alone += bool(one or other)
                continue
            overlap = one.overlaps(other)
            inside = other.holds(one.median) and one.holds(other.median)
            count.add(one, other, overlap, inside)
            if not inside:
                change = f"{(other.median / one.median - 1) * 100:+.1f}" if one.median else UNKNOWN
                (outside if overlap else apart).append([group, code(case), what,
                                                        with_spread(one, show),
                                                        with_spread(other, show), change])
    return counts, apart, outside


def agreement(data):
    yield "\n## Do two runs agree\n"
    yield ("\nFor each figure: do the ranges [min..max] of two runs overlap, and does each one's "
           "median lie in the other's range? Beside the "
           "counts stands what would be expected if both runs drew from one distribution "
           "(`report_stats.py` has the theory): with five rounds "
           "each, two figures in seven then have a median outside.\n")
    commits = {run.machine.get("commit") for run in data.runs}
    if len(commits) > 1 or any(run.machine.get("dirty") for run in data.runs):
        yield ("\nThe runs are of different commits or of changed sources, so a difference may "
               "be one of "
               "the program.\n")
    yield ("\nThe goals, each run by itself; they agree when the ranges overlap:\n\n"
           + goals_by_run(data).markdown())
    for at, first in enumerate(data.runs):
        for second in data.runs[at + 1:]:
            counts, apart, outside = compare_pair(data, first, second)
            table = Table(["<group", "<figures", "compared", "in one run only", "ranges overlap",
                           "expected", "medians inside", "expected"])
            table.rows = [[group, kind] + count.row() for (group, kind), count in counts.items()]
            yield f"\n### Run {first.number} and run {second.number}\n\n{table.markdown()}"
            columns = ["<group", "<case", "<figure", f"run {first.number}", f"run {second.number}",
                       "median changes by, %"]
            for words, rows in (("Ranges that do not overlap:", apart),
                                ("Ranges that overlap, with a median outside the other's:",
                                 outside)):
                found = f"\n\n{Table(columns, rows).markdown()}" if rows else "none.\n"
                yield f"\n{words} {found}"


def goals_by_run(data):
    table = Table(["<goal", "target"] + [f"run {run.number}" for run in data.runs] + ["<agree"])
    for goal in report_goals.GOALS:
        found = [goal.find(data.only(run)) for run in data.runs]
        cells = [one.figure + (f" {one.spread}" if one.spread != UNKNOWN else "") for one in found]
        known_ones = [one.summary for one in found if one.summary]
        verdict = UNKNOWN
        if len(known_ones) == len(found):
            verdict = "yes" if all(one.overlaps(other) for one in known_ones
                                   for other in known_ones) else "**no**"
        table.rows.append([goal.name, goal.target] + cells + [verdict])
    return table


# What is not there.

def planned(run):
    """{(group, case): (peers, rounds)} by the plan of what was to be measured; by what was seen,
    if the set is not known."""
    try:
        import plan  # the benchmark's own, beside this file
        boots = [boot for boot in plan.SETS.get(run.machine.get("set"), [])
                 if run.machine.get("only") in (None, "", boot.name)]
    except ImportError:
        boots = []
    cases = {(case.group, case.name): (set(case.peers), run.planned_rounds()) for boot in boots
             for block in boot.blocks for case in block}
    if not cases:
        for cell in run.cells:
            least = (BASIC if cell.group == "placement"
                     else PAIR if cell.group in ABOUT and cell.group != "cost" else [])
            cases.setdefault((cell.group, cell.case),
                             (set(least), run.planned_rounds()))[0].add(cell.peer)
    return cases


def missing(run):
    """[(group, peer, got, of, cases)]: cases with the same lack in one line."""
    lacks = {}
    for (group, case), (peers, rounds) in planned(run).items():
        for peer in sorted(peers - set(run.unavailable), key=order_peer):
            got = sum(peer in found for key, found in run.rounds.items()
                      if key[:2] == (group, case))
            if got < rounds:
                lacks.setdefault((group, peer, got, rounds), []).append(case)
    order = order_groups({key[0] for key in lacks})
    return [(*key, sorted(cases, key=order_case))
            for key, cases in sorted(lacks.items(),
                                     key=lambda item: (order.index(item[0][0]),
                                                       order_peer(item[0][1]), item[0][2:]))]


def absent_parts(data):
    """[(words, Table)] of what is unavailable, failed, missing or ignored."""
    several = len(data.runs) > 1
    head = ["<run"] if several else []

    def mark(run):
        return [str(run.number)] if several else []
    unavailable = Table(head + ["<peer", "<why"])
    failed = Table(head + ["<group", "<case", "<peer", "<rounds", "<error"])
    lacking = Table(head + ["<group", "<peer", "rounds", "<cases"])
    ignored = Table(head + ["<what"])
    for run in data.runs:
        unavailable.rows += [mark(run) + [peer, run.unavailable[peer]]
                             for peer in sorted(run.unavailable, key=order_peer)]
        same = {}
        for cell in failures(run):
            same.setdefault((cell.group, cell.case, cell.peer, cell.error), []).append(cell.round)
        order = order_groups(data.groups())
        failed.rows += [mark(run) + [group, code(case), peer, ", ".join(map(str, sorted(rounds))),
                                     error] for (group, case, peer, error), rounds
                        in sorted(same.items(), key=lambda item: (order.index(item[0][0]),
                                                                  order_case(item[0][1]),
                                                                  order_peer(item[0][2])))]
        lacking.rows += [mark(run) + [group, peer, f"{got} of {of}", ", ".join(map(code, cases))]
                         for group, peer, got, of, cases in missing(run)]
        ignored.rows += [mark(run) + [words] for words in run.warnings]
        if run.nr_split:
            split = report_goals.plural(run.nr_split, "cell")
            ignored.rows.append(mark(run)
                                + [f"{split} of rounds that were done again in another boot"])
    return [("Peers that were not to be had:", unavailable), ("Cells that failed:", failed),
            ("Cells that are missing, failed ones included:", lacking), ("Left out:", ignored)]


def absent(data):
    parts = [(words, table) for words, table in absent_parts(data) if table.rows]
    yield "\n## Unavailable, failed, missing\n"
    for words, table in parts:
        yield f"\n{words}\n\n{table.markdown()}"
    if not parts:
        yield "\nNothing.\n"


def command(runs):
    lines = [f"    tests/bench/run {known(run.machine.get('set'))}"
             f"{' --boot ' + only if (only := run.machine.get('only')) else ''}"
             f" --results RESULTS{run.number}\n" for run in runs]
    results = " ".join(f"RESULTS{run.number}" for run in runs)
    return "".join(lines) + "    tests/bench/report " + results


def pooled_words(runs):
    return (f"Tables and goals below pool all rounds of the {len(runs)} runs; ratios are paired "
            "within a run.\n" if len(runs) > 1 else "")


def document(runs, plots, drawn):
    data = Data(runs)
    table, counts = report_goals.goals_table(data)
    parts = [INTRO, "\n## What was measured, where and how\n\n", runs_table(runs).markdown(), "\n",
             boots_table(data).markdown(),
             WHERE.format(command=command(runs)), READ]
    parts += ["\n## Goals\n\n", pooled_words(runs),
              "A verdict is about the median. " + report_goals.count_words(counts) + "\n\n",
              table.markdown()]
    if plots and not drawn:
        parts.append("\nNo plots: gnuplot was not found when this was made.\n")
    parts += group_sections(data, plots if drawn else {})
    if len(runs) > 1:
        parts += agreement(data)
    parts += absent(data)
    return "".join(parts)


def summary(runs):
    """What a terminal shows."""
    data = Data(runs)
    table, counts = report_goals.goals_table(data, short=True)
    sets = ", ".join(sorted({known(run.machine.get("set")) for run in runs}))
    parts = [f"cxl-tiersched {known(runs[0].machine.get('version'))}, "
             f"commit {known(runs[0].machine.get('commit'))}, "
             f"set {sets}: medians, [min..max] of the rounds.\n",
             "Emulated machines: latencies are modelled, not of hardware.\n", pooled_words(runs),
             f"\n{report_goals.count_words(counts)}\n\n", table.text()]
    for group in order_groups(data.groups()):
        title = ABOUT.get(group, (group,))[0]
        for words, found in group_tables(data, group, spread=False):
            if found.rows:
                parts.append(f"\n{title}{'. ' + words if words else ''}\n\n{found.text()}")
    for words, found in absent_parts(data):
        if found.rows:
            parts.append(f"\n{words}\n\n{found.text()}")
    return "".join(parts)
