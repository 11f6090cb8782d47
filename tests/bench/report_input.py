# SPDX-License-Identifier: GPL-2.0
"""Results directories as tests/bench/run writes them, read without trust.

Theory: a run can be stopped, resumed and killed at any point, so lines may be torn, cells
repeated, and a round begun in one boot and done again in another.  What is left for the tables is
settled here, once:
- of the same peer in the same round and boot the last cell that did not fail counts, else the last
  failure;
- of a round split over boots the boot with most measured peers counts (the later of equals),
  because only peers of one boot may be compared; cells of the others are left out, and counted.
Rounds are numbered per directory; where directories are pooled, pairing stays within each.
"""
import json
import math
import os
import re
from dataclasses import dataclass, field

FILES = ("machine.json", "cells.jsonl", "unavailable.jsonl")

WORDS = "hnsw ivf flat moe redis random idle alone hogs near far one two spin fork".split()
PEERS = ("kernel nb1 nb2 nb2-demote numad damo-tier pinned hand observed scx-fifo scx-vtime "
         "tiersched-notier tiersched no-profiles damo").split()
METRICS = ["rate", "p50_us", "p99_us", "near_percent", "time_s", "daemon_ms_per_s",
           "kdamond_ms_per_s", "cpu_ms", "task_bytes", "end_rate", "settled_s",
           "near_pages_percent", "promoted_mb", "demoted_mb", "returned_mb", "migrated_mb",
           "late_mb"]


class Trouble(Exception):
    """A fault to be told in one line; status as in exit(status)."""

    def __init__(self, words, status=1):
        super().__init__(words)
        self.status = status


@dataclass
class Cell:
    boot: str
    boot_id: str
    kernel: str
    group: str
    case: str
    peer: str
    round: int
    metrics: dict  # name -> float, None for unknown
    unit: str      # of the metric `rate`
    error: str     # or ''


@dataclass
class Run:
    number: int    # from 1, in the order given
    name: str      # the directory, as given
    machine: dict = field(default_factory=dict)
    cells: list = field(default_factory=list)        # all that could be read
    unavailable: dict = field(default_factory=dict)  # peer -> why
    warnings: list = field(default_factory=list)
    nr_split: int = 0     # cells left out: their round was done again in another boot
    rounds: dict = field(default_factory=dict)       # (group, case, round) -> {peer: Cell}

    def planned_rounds(self):
        """As the machine file says, else the most that any case has."""
        planned = self.machine.get("rounds")
        if isinstance(planned, int) and not isinstance(planned, bool) and planned > 0:
            return planned
        return len({cell.round for cell in self.cells})


def order_case(case):
    """Words in the order people expect, numbers as numbers, the rest by alphabet."""
    key = []
    for part in case.split("."):
        if part in WORDS:
            key.append((0, WORDS.index(part), "", 0))
        else:
            text, digits = re.fullmatch(r"(.*?)(\d*)", part, re.S).groups()
            key.append((1, 0, text, int(digits or 0)))
    return key, case


def order_peer(peer):
    return (PEERS.index(peer) if peer in PEERS else len(PEERS), peer)


def order_metric(metric):
    return (METRICS.index(metric) if metric in METRICS else len(METRICS), metric)


class Data:
    """What the tables ask: the rounds of one or several runs."""

    def __init__(self, runs):
        self.runs = runs

    def only(self, run):
        return Data([run])

    def groups(self):
        return {cell.group for run in self.runs for cell in run.cells}

    def cases(self, group):
        return sorted({key[1] for run in self.runs for key in run.rounds if key[0] == group},
                      key=order_case)

    def peers(self, group, case=None):
        return sorted({peer for run in self.runs for key, peers in run.rounds.items()
                       if key[0] == group and case in (None, key[1]) for peer in peers},
                      key=order_peer)

    def metrics(self, group):
        return sorted({name for run in self.runs for cell in run.cells if cell.group == group
                       for name in cell.metrics},
                      key=order_metric)

    def units(self, group, case=None):
        return sorted({cell.unit for run in self.runs for cell in run.cells
                       if cell.group == group and case in (None, cell.case) and cell.unit})

    def rounds(self, group, case):
        """[((run number, round), {peer: Cell})], in order."""
        found = [((run.number, key[2]), peers) for run in self.runs
                 for key, peers in run.rounds.items()
                 if key[:2] == (group, case)]
        return sorted(found, key=lambda item: item[0])

    def values(self, group, case, peer, metric):
        return [peers[peer].metrics.get(metric) for _, peers in self.rounds(group, case)
                if peer in peers]


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def clean(value):
    """Text in one line of what can be printed, whatever it was."""
    return "".join(char if char.isprintable() else "?" for char in " ".join(str(value).split()))


def read_cell(line):
    """A Cell, or ValueError with what is wrong."""
    row = json.loads(line)
    if not isinstance(row, dict):
        raise ValueError("not an object")
    for name in ("group", "case", "peer", "boot_id"):
        if not isinstance(row.get(name), str) or not row[name]:
            raise ValueError(f"no '{name}'")
    if not isinstance(row.get("round"), int) or isinstance(row["round"], bool):
        raise ValueError("no 'round'")
    error, metrics = row.get("error"), row.get("metrics")
    if error is None and not isinstance(metrics, dict):
        raise ValueError("neither 'metrics' nor 'error'")
    metrics = {} if error is not None else metrics
    for name, value in metrics.items():
        if value is not None and (not is_number(value) or value < 0):
            raise ValueError(f"'{name}' is {value!r}, neither a number from 0 nor null")
    metrics = {clean(name): value for name, value in metrics.items()}
    boot, boot_id, kernel, group, case, peer, unit = (clean(row.get(name) or "") for name in (
        "boot", "boot_id", "kernel", "group", "case", "peer", "unit"))
    return Cell(boot, boot_id, kernel, group, case, peer, row["round"], metrics, unit,
                "" if error is None else clean(error) or "failed")


def read_lines(run, path, take):
    """Calls take(line) for each line; one that cannot be read is a warning, since writing may have
    been cut off anywhere."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            lines = file.read().split("\n")
    except OSError as error:
        raise Trouble(f"{run.name}: cannot read {os.path.basename(path)}: "
                      f"{error.strerror}") from None
    while lines and not lines[-1].strip():
        lines.pop()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            take(line)
        except (ValueError, OverflowError, RecursionError) as error:
            what = str(error)
            if isinstance(error, json.JSONDecodeError):
                what = "torn last line" if number == len(lines) else "not JSON"
            run.warnings.append(f"{os.path.basename(path)} line {number} is ignored: {what}")


def settle(run):
    """Fills run.rounds from run.cells; the theory is at the top."""
    boots = {}
    for at, cell in enumerate(run.cells):
        peers, _ = boots.setdefault((cell.group, cell.case, cell.round),
                                    {}).get(cell.boot_id, ({}, 0))
        old = peers.get(cell.peer)
        if old is None or not cell.error or old.error:
            peers[cell.peer] = cell
        boots[cell.group, cell.case, cell.round][cell.boot_id] = (peers, at)
    for key, by_boot in boots.items():
        def worth(item):
            peers, at = item
            return sum(not cell.error for cell in peers.values()), at
        best = max(by_boot.values(), key=worth)[0]
        run.rounds[key] = {peer: cell for peer, cell in best.items() if not cell.error}
        run.nr_split += sum(not cell.error for peers, _ in by_boot.values() if peers is not best
                            for cell in peers.values())


def failures(run):
    """Failed cells, one a round, that no other try of that round mended."""
    failed = {}
    for cell in run.cells:
        if cell.error and cell.peer not in run.rounds[cell.group, cell.case, cell.round]:
            failed.setdefault((cell.group, cell.case, cell.peer, cell.round), cell)
    return list(failed.values())


def read_run(number, name, path):
    run = Run(number, name)
    if not os.path.isdir(path):
        raise Trouble(f"{name}: no such directory; give one that tests/bench/run has written")
    cells = os.path.join(path, "cells.jsonl")
    if not os.path.exists(cells):
        raise Trouble(f"{name}: has no cells.jsonl; give a directory that tests/bench/run has "
                      "written")
    try:
        with open(os.path.join(path, "machine.json"), encoding="utf-8") as file:
            machine = json.load(file)
        if not isinstance(machine, dict):
            raise ValueError("not an object")
        run.machine = {name: clean(value) if isinstance(value, str) else value
                       for name, value in machine.items()
                       if isinstance(value, (str, int, float))}
    except (OSError, ValueError, RecursionError) as error:
        run.warnings.append(f"machine.json is ignored: {getattr(error, 'strerror', None) or error}")
    read_lines(run, cells, lambda line: run.cells.append(read_cell(line)))
    if not run.cells:
        raise Trouble(f"{name}: cells.jsonl has no measured cell yet; let tests/bench/run go on")
    if os.path.exists(os.path.join(path, "unavailable.jsonl")):
        def take(line):
            row = json.loads(line)
            if not isinstance(row, dict) or not isinstance(row.get("peer"), str):
                raise ValueError("no 'peer'")
            run.unavailable[clean(row["peer"])] = clean(row.get("why") or "no reason given")
        read_lines(run, os.path.join(path, "unavailable.jsonl"), take)
    settle(run)
    return run


def read_runs(names, paths):
    runs = [read_run(number, name, path)
            for number, (name, path) in enumerate(zip(names, paths), 1)]
    seen = {}
    for run in runs:
        for boot in sorted({cell.boot_id for cell in run.cells}):
            if boot in seen:
                raise Trouble(f"{seen[boot]} and {run.name}: both hold boot {boot}; give "
                              "different runs, not one twice", 2)
        seen.update((cell.boot_id, run.name) for cell in run.cells)
    return runs
