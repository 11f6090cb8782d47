# SPDX-License-Identifier: GPL-2.0
"""The group `tiering`: what is it worth to move pages, who moves how many, and how soon?

A workload's memory lies on the CXL node, and it may go where it likes.  Since pages move, each
cell has processes of its own.  The window is open from the start, and closes and opens again every
second or two.  So a cell has the rate as it changes; its figure is the rate at the end.
"""
import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import cases
from machine import (PAGE, clock, cxl_node, move_range, node_cpus, nodes_with, online_cpus,
                     room_bytes, timed_fills)

MB = 1e6
STEP_S = {"flat": 4}  # with few queries in a step their number is what is seen
RUN_S, END_S = 36, 10  # of which is the rate at the end
SWEEP_S = 120  # waits are measured anew between two plans that move pages by them
FAR_S = 60  # copies are as slow as the memory: some MB a second
SETTLED = 0.9  # of the rate at the end

# The drift: a quarter of so much is hot, and then the next one.
DRIFT_SIZE, DRIFT_PARTS, DRIFT_S, NR_DRIFTS = 256 << 20, 4, 10, 2
DOUBLE_SIZE = 192 << 20  # all of it hot
TWIN_SIZE = 72 << 20  # of one.  Processes of less than 64 MB are not managed
SPARE = 8 << 20  # what others may take of a node that is filled


# --- who moved what ---

DEMOTED = ("pgdemote_kswapd", "pgdemote_direct", "pgdemote_khugepaged", "pgdemote_proactive")


def vmstat():
    return {name: int(value) for name, value in
            (line.split() for line in Path("/proc/vmstat").read_text().splitlines())}


class Moved:
    """What is moved from now on, by the word of whoever moves it; None where nobody tells."""

    def __init__(self, peer):
        self.peer = peer
        self.kernel, self.own = vmstat(), peer.moved()

    def pages_mb(self, *names):
        now = vmstat()
        return sum(now.get(name, 0) - self.kernel.get(name, 0) for name in names) * PAGE / MB

    def metrics(self):
        if self.own is None:
            own = {"promoted_mb": self.pages_mb("pgpromote_success"),
                   "demoted_mb": self.pages_mb(*DEMOTED), "returned_mb": None}
        else:
            now = self.peer.moved()
            own = {f"{name}_mb": (now[name] - was) / MB if name in now else None
                   for name, was in self.own.items()}
        return {"migrated_mb": self.pages_mb("pgmigrate_success"), **own}


def pages_by_node(pids):
    """{node: pages} of processes."""
    found = {}
    for pid in pids:
        for node, pages in re.findall(r" N(\d+)=(\d+)", Path(f"/proc/{pid}/numa_maps").read_text()):
            found[int(node)] = found.get(int(node), 0) + int(pages)
    return found


def verdicts(pids):
    """What cxl-tiersched plans for them, for whoever looks into a cell."""
    return [{**(process.get("tier") or {}), "preferred": process.get("preferred_node")}
            for process in cases.status()["processes"] if process["pid"] in pids]


# --- a run ---

def series(workloads, seconds, step_s, begin_s=None):
    """One {at_s, rate, answers} a step.  BEGIN_S: what times count from, as time.monotonic()."""
    begin_s, found = begin_s or time.monotonic(), []
    while not found or time.monotonic() - begin_s < seconds:
        at = time.monotonic() - begin_s
        answers = cases.window(workloads, step_s)
        found.append({"at_s": round(at, 2), "rate": sum(a["rate"] or 0 for a in answers),
                      "migrated": vmstat()["pgmigrate_success"], "answers": answers})
    return found


def mean(values):
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def rate_of(steps):
    return mean(step["rate"] for step in steps)


def settled_s(steps, rate, begin_s=0):
    """How long after BEGIN_S it was first as fast as at the end, or nearly, and stayed so."""
    at = None
    for step in reversed(steps):
        if step["rate"] < SETTLED * rate:
            break
        at = step["at_s"]
    return None if at is None else max(at - begin_s, 0)


def last(steps, seconds):
    return [step for step in steps if step["at_s"] >= steps[-1]["at_s"] - seconds]


def cell(peer, workloads, near, steps, moved, found):
    """The metrics FOUND, and those that every cell has."""
    pids = [pid for workload in workloads for pid in workload.pids]
    answers, pages = [answer for step in steps for answer in step["answers"]], pages_by_node(pids)
    ran = mean(answer["near_percent"] for step in last(steps, END_S) for answer in step["answers"])
    return {"metrics": {**found, "near_percent": ran, **moved.metrics(),
                        "near_pages_percent": 100 * pages.get(near, 0) / sum(pages.values())},
            "unit": f"{answers[0]['unit']}/s",
            "detail": {"steps": [[step["at_s"], round(step["rate"], 1),
                                  step["migrated"] - moved.kernel["pgmigrate_success"]]
                                 for step in steps],
                       "pages": pages, "verdicts": verdicts(pids) if peer.is_tiersched else None}}


class Play:
    """The processes of a cell.  Set up with the memory clock off, let go with it on.

    They stand still in between, so nobody finds out what is hot before the others may."""

    def __init__(self, peer, stack):
        self.peer, self.stack, self.workloads = peer, stack, []
        peer.rest()
        self.cxl, self.near = cxl_node()
        self.far = min(nodes_with("cpu") - {self.near})
        clock("off")

    def add(self, name, *argv, cpus=None, **how):
        workload = cases.Workload(self.stack, [name, *argv], cpus, **how)
        self.workloads.append(workload.ready())
        self.signal(workload, signal.SIGSTOP)
        return workload

    @staticmethod
    def signal(workload, number):
        for pid in workload.pids:
            os.kill(pid, number)

    def on_cxl(self):
        return ["--node", str(self.cxl), "--near", str(self.near)]

    def fill(self, node, room):
        """Others have a node but for ROOM bytes, and they do not give it back."""
        size = room_bytes(node) - room - SPARE
        if size > 0:
            self.stack.enter_context(held(node, size & -PAGE))

    def begin(self):
        for workload in self.workloads:
            workload.move(node_cpus(self.near) if self.peer.pinned else online_cpus())
            for pid in workload.pids:
                self.peer.start(pid)
        self.moved = Moved(self.peer)
        clock("on")
        for workload in self.workloads:
            self.signal(workload, signal.SIGCONT)

    def cell(self, steps, found):
        return cell(self.peer, self.workloads, self.near, steps, self.moved, found)


HOLD = """
import mmap, sys
LOCKED, POPULATE = 0x2000, 0x8000
flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | LOCKED | POPULATE
held = mmap.mmap(-1, int(sys.argv[1]), flags=flags)
print("ready", flush=True)
sys.stdin.read()
"""


@contextlib.contextmanager
def held(node, size):
    """Memory of a node that somebody holds, locked."""
    with subprocess.Popen(["numactl", "--membind", str(node), sys.executable, "-c", HOLD,
                           str(size)], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            process.stdout.readline()
            yield
        finally:
            process.kill()


# --- cases ---

def far(play, name, load):
    """Memory on CXL, room near."""
    begin = online_cpus() - node_cpus(play.near)
    program, *argv = cases.LOADS[name]
    workload = play.add(program, *argv, "--threads", "2", *play.on_cxl(), cpus=begin)
    cases.hogs(play.stack, 4 if load == "hogs" else 0)
    play.begin()
    if play.peer.by_hand:
        for pid in workload.pids:
            subprocess.run(["migratepages", str(pid), str(play.cxl), str(play.near)], check=True)
    steps = series(play.workloads, FAR_S, STEP_S.get(name, 2))
    rate = rate_of(last(steps, END_S))
    return play.cell(steps, {"rate": rate, "settled_s": settled_s(steps, rate)})


def random(*argv):
    return ["memory-load", "--pattern", "random", *map(str, argv)]


def drift(play):
    """A quarter is hot, and then another one.  Near DRAM has room for half."""
    part = DRIFT_SIZE // DRIFT_PARTS
    play.fill(play.near, DRIFT_SIZE // 2)
    play.fill(play.far, 0)
    workload = play.add(*random("--size", DRIFT_SIZE, "--parts", DRIFT_PARTS, "--drift", DRIFT_S,
                                "--threads", 2), *play.on_cxl())
    play.begin()
    workload.process.send_signal(signal.SIGUSR1)
    begin_s, steps, phases = time.monotonic(), [], []
    for number in range(NR_DRIFTS + 1):
        begin, end = number * DRIFT_S, (number + 1) * DRIFT_S
        if play.peer.by_hand:
            address = workload.said["address"]
            if number:
                move_range(workload.process.pid, address + (number - 1) * part, part, play.cxl)
            move_range(workload.process.pid, address + number * part, part, play.near)
        now = series(play.workloads, end - 0.5, 1, begin_s)
        rate = rate_of(last(now, DRIFT_S / 3))
        phases.append({"rate": rate_of(now), "end": rate, "settled": settled_s(now, rate, begin)})
        steps += now
    after = [phase["settled"] for phase in phases[1:]]
    found = {"rate": mean(phase["rate"] for phase in phases[1:]),
             "end_rate": mean(phase["end"] for phase in phases[1:]),
             "settled_s": None if None in after else max(after)}
    result = play.cell(steps, found)
    result["detail"]["phases"] = phases
    return result


def double(play):
    """What is hot is twice what has room near."""
    play.fill(play.near, DOUBLE_SIZE // 2)
    play.fill(play.far, 0)
    workload = play.add(*random("--size", DOUBLE_SIZE, "--threads", 2), *play.on_cxl())
    play.begin()
    if play.peer.by_hand:
        move_range(workload.process.pid, workload.said["address"], DOUBLE_SIZE // 2, play.near)
    steps = series(play.workloads, 2 * RUN_S, 2)
    return play.cell(steps, {"rate": rate_of(steps)})


def twins(play):
    """Two processes, on two nodes.  Where the CXL memory is near, DRAM is full; on the other node
    it is free."""
    play.fill(play.near, 0)
    for node in (play.near, play.far):
        play.add(*random("--size", TWIN_SIZE, "--threads", 1), *play.on_cxl(),
                 cpus=node_cpus(node))
    play.begin()
    if play.peer.by_hand:
        for workload in play.workloads:
            workload.move(node_cpus(play.far))
            move_range(workload.process.pid, workload.said["address"], TWIN_SIZE, play.far)
    steps = series(play.workloads, RUN_S, 2)
    rate = rate_of(last(steps, END_S))
    return play.cell(steps, {"rate": rate, "settled_s": settled_s(steps, rate)})


def idle(play, what):
    """Nothing is to be gained.  Stacks and what programs load come to lie near, too."""
    size, cpus = ["--size", 96 << 20, "--threads", 2], node_cpus(play.near)
    if what == "near":
        play.add(*random(*size), "--node", str(play.near), "--near", str(play.near), cpus=cpus)
    elif what == "cold":  # of which next to nothing is used
        play.add(*random(*size, "--parts", 96), *play.on_cxl(), cpus=cpus)
    else:
        play.add(*random(*size), "--near", str(play.near), bound=play.cxl, cpus=cpus)
    play.begin()
    early = series(play.workloads, 5, 2)
    late = Moved(play.peer)
    steps = series(play.workloads, RUN_S, 2)
    found = late.metrics()
    return play.cell(early + steps, {"rate": rate_of(steps),
                                     "late_mb": found["promoted_mb"] + found["demoted_mb"]})


def bandwidth(play, *how, cpus=None):
    """What goes over the channels, where the CPUs tell how long fills take.  A quarter of the
    memory is hot: all of it would be swept twice a second, which DAMON cannot tell from cold."""
    play.stack.enter_context(timed_fills())
    play.add("memory-load", "--pattern", "sweep", "--size", "96M", "--parts", "4", "--near",
             str(play.near), *how, cpus=cpus)
    play.begin()
    steps = series(play.workloads, SWEEP_S, 2)
    rate = rate_of(last(steps, END_S))
    result = play.cell(steps, {"rate": rate / 1e6, "settled_s": settled_s(steps, rate)})
    result["unit"] = "MB/s"
    return result


def spread(play):
    """All that is hot is near, and near DRAM cannot serve it."""
    return bandwidth(play, "--threads", "4", "--node", str(play.near), cpus=node_cpus(play.near))


def interleave(play, threads, reads):
    """As `numactl --interleave` over a node of its own and the CXL memory."""
    return bandwidth(play, "--threads", threads[1:], "--reads", reads[1:],
                     "--interleave", f"{play.near},{play.cxl}")


CASES = {"drift": drift, "double": double, "twins": twins, "idle": idle, "spread": spread,
         "interleave": interleave}


def tiering(peer, stage, name, *words):
    stage.clear()
    with contextlib.ExitStack() as stack:
        play = Play(peer, stack)
        if name in CASES:
            return CASES[name](play, *words)
        return far(play, name, *words)
