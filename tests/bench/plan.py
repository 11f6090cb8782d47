# SPDX-License-Identifier: GPL-2.0
"""What is measured: sets of boots, boots of blocks, blocks of cases, each case with its peers.

    plan.py boots SET [--rounds N] [--without PEER,...]  <cells.jsonl
            what is left to do: a line per boot, tab-separated: name, lab options, cells, seconds,
            skip
    plan.py clean SET [--rounds N] [--without PEER,...]  <cells.jsonl
            the cells of complete rounds, the others dropped
    plan.py sets
            the names of the sets, with cells and minutes
    plan.py peers SET | rounds SET
            the peers of a set, and its rounds

A round takes every peer of a block's cases once, in one boot, so that peers are compared within
minutes of each other.  It is the unit of going on after an interrupt: a round cut short is
measured again, whole.
"""
import argparse
import json
import sys
from dataclasses import dataclass, field, replace

SCX = ("scx-fifo", "scx-vtime")
ALL = ("kernel", "nb1", "nb2", "numad", "pinned", "observed", *SCX, "tiersched", "no-profiles")
CORE = ("kernel", "pinned", "tiersched")
PAIR = ("kernel", "tiersched")
TIERING = ("kernel", "nb2-demote", "damo-tier", "hand", "tiersched-notier", "tiersched")
# Of the daemon that is to move pages.  A copy takes SCALE times as long as it should, and so does
# its part of a CPU, which is 5 % where nobody says otherwise.
TIER_ON = ("--tier", "on", "--tier-cpu", "100")
SCALE = 32  # of the memory clock

# Seconds it takes to make a peer the scheduler and to let it go again, and what it needs to settle
# more than the others.
ATTACH_S = {"tiersched": 8, "tiersched-notier": 8, "no-profiles": 8, "damo-tier": 3,
            "scx-fifo": 3, "scx-vtime": 3, "observed": 3}
SETTLE_S = {"numad": 6, "nb1": 4, "nb2": 4}


@dataclass(frozen=True)
class Case:
    group: str
    name: str
    peers: tuple
    seconds: float  # about, of one cell, its setup included
    attach: bool = True  # the peer becomes the scheduler
    daemon: tuple = ()  # options of cxl-tiersched, the same for a block
    scale: int = 0  # of the memory clock, if cxl-tiersched is to know its latencies
    is_timed: bool = False  # fills of the caches are, by a unit as AMD's; the same for a block


@dataclass(frozen=True)
class Boot:
    name: str
    options: str  # of `lab run`
    rounds: int
    blocks: list = field(default_factory=list)

    def cells(self, rounds, without):
        """(round, block, peer, case) in the order they are measured; peers take turns at being
        first."""
        for number in rounds:
            for index, block in enumerate(self.blocks):
                peers = [p for p in block_peers(block) if p not in without]
                turn = number % len(peers) if peers else 0
                for peer in peers[turn:] + peers[:turn]:
                    for case in block:
                        if peer in case.peers:
                            yield number, index, peer, case


def block_peers(block):
    order = dict.fromkeys((*ALL, "damo", *TIERING))
    return [p for p in order if any(p in case.peers for case in block)]


def cell_seconds(peer, case):
    return case.seconds + SETTLE_S.get(peer, 0)


def placement(workload, peers, peers_of_far_hogs):
    """Every way to begin.  The processes stay from case to case while their number is the same:
    only the first waits for them."""
    return [Case("placement", f"{workload}.{load}.{start}.{number}",
                 peers_of_far_hogs if (load, start, number) == ("hogs", "far", "one") else peers,
                 8.5 if (load, start) == ("hogs", "far") else 4.8)
            for number in ("one", "two") for load, start in (("hogs", "far"), ("hogs", "near"),
                                                             ("alone", "far"), ("alone", "near"))]


def one_placement(workload, peers):
    return Case("placement", f"{workload}.hogs.far.one", peers, 10.6 if workload == "flat" else 7)


INTERLEAVE = [Case("interleave", f"t{threads}.r{reads}", PAIR, 4) for threads in (1, 2, 4)
              for reads in (100, 50)]
WAKEUP = [Case("wakeup", load, ("kernel", *SCX, "tiersched"), 5) for load in ("idle", "hogs")]
COST = [Case("cost", name, ("tiersched",), seconds, daemon=("--max-processes", "64"))
        for name, seconds in (("p1", 10), ("p16", 13), ("p64", 28), ("memory", 1))]
SNAPSHOT = [Case("cost", "snapshot", ("tiersched", "damo"), 14, attach=False)]


def tiering(peers, seconds, *names, **how):
    return [Case("tiering", name, peers, seconds, daemon=TIER_ON, scale=SCALE, **how)
            for name in names]


SETS = {
    "full": [
        Boot("cxl-model", "--machine cxl --clock model,scale=32", 5, [
            *(placement(*each) for each in (("hnsw", (*CORE, "observed"), ALL), ("moe", CORE, CORE),
                                            ("random", CORE, CORE))),
            [*(one_placement(workload, CORE) for workload in ("redis", "hnsw768", "ivf", "flat")),
             Case("phases", "random.follow", PAIR, 14),
             *INTERLEAVE, *WAKEUP],
        ]),
        Boot("numa-count", "--machine numa --clock count", 5, [
            [Case("overhead", "spin", PAIR, 8), Case("overhead", "fork", PAIR, 8),
             Case("hackbench", "g4", ("kernel", *SCX, "tiersched", "no-profiles"), 13),
             Case("ops", "g4", ("scx-fifo", "tiersched"), 15)],
        ]),
        Boot("flat-cost", "--machine flat", 5, [COST, SNAPSHOT]),
    ],
    "smoke": [
        Boot("cxl-model", "--machine cxl --clock model,scale=32", 3, [
            [one_placement("hnsw", CORE), one_placement("random", CORE)],
            [Case("interleave", "t2.r100", PAIR, 4)],
            [Case("wakeup", "hogs", PAIR, 5)],
            [Case("cost", "memory", ("tiersched",), 1)],
        ]),
    ],
    # Who moves pages, how many, how soon, and what is it worth?  Some hours for a round.
    "tiering": [
        Boot("cxl-tiering", f"--machine cxl --clock model,scale={SCALE}", 3, [
            *(tiering(TIERING, 74, f"{workload}.hogs", f"{workload}.alone")
              for workload in ("hnsw", "random", "moe", "hnsw768", "ivf", "flat", "redis")),
            tiering(TIERING, 45, "drift"),
            tiering(TIERING, 86, "double"),
            tiering(TIERING, 50, "twins"),
            tiering(("kernel", "nb2-demote", "tiersched-notier", "tiersched"), 55,
                    "idle.near", "idle.cold", "idle.bound"),
            tiering(("kernel", "nb2-demote", "tiersched-notier", "tiersched"), 132,
                    "spread", is_timed=True),
            tiering(("kernel", "tiersched"), 132,
                    *(f"interleave.t{threads}.r{reads}" for threads in (1, 2, 4)
                      for reads in (100, 50)), is_timed=True),
        ]),
    ],
    # A cell of each kind, for the lab's check: does it all work?  One round tells nothing more.
    "check": [
        Boot("cxl-model", "--machine cxl --clock model,scale=32", 1, [
            [one_placement("hnsw", CORE)],
            [Case("interleave", "t2.r100", PAIR, 4)],
            [Case("wakeup", "hogs", PAIR, 5)],
            [Case("cost", "memory", ("tiersched",), 1)],
        ]),
    ],
}


def boots_of(name, rounds=0):
    """The boots of a set, with so many rounds instead of its own, if any."""
    return [replace(boot, rounds=rounds or boot.rounds) for boot in SETS[name]]


def read_cells(lines):
    """Cells, without what an interrupt tore."""
    for line in lines:
        try:
            cell = json.loads(line)
            cell["group"], cell["case"], cell["peer"], cell["round"], cell["boot"], cell["boot_id"]
        except (ValueError, KeyError, TypeError):
            continue
        yield cell


def complete_rounds(boot, cells, without):
    """{(block, round): boot_id} of the rounds that one boot measured whole."""
    done = {}
    for cell in cells:
        if cell["boot"] == boot.name:
            done.setdefault((cell["round"], cell["boot_id"]),
                            set()).add((cell["group"], cell["case"], cell["peer"]))
    complete = {}
    for (number, boot_id), have in done.items():
        for index, block in enumerate(boot.blocks):
            want = {(case.group, case.name, peer) for case in block
                    for peer in case.peers if peer not in without}
            if want <= have:
                complete[index, number] = boot_id
    return complete


def clean(plan, cells, without):
    for boot in plan:
        complete = complete_rounds(boot, cells, without)
        block_of = {(case.group, case.name): index for index, block in enumerate(boot.blocks)
                    for case in block}
        for cell in cells:
            index = block_of.get((cell["group"], cell["case"]))
            if (cell["boot"] == boot.name
                    and complete.get((index, cell["round"])) == cell["boot_id"]):
                yield cell


def left(boot, cells, without):
    """The cells still to be measured, and the seconds they take."""
    complete = complete_rounds(boot, cells, without)
    todo = [cell for cell in boot.cells(range(1, boot.rounds + 1), without)
            if (cell[1], cell[0]) not in complete]
    attaches = {(number, index, peer) for number, index, peer, _ in todo}
    seconds = (sum(cell_seconds(peer, case) for _, _, peer, case in todo)
               + sum(ATTACH_S.get(peer, 0) for _, _, peer in attaches))
    return todo, seconds, complete


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=("boots", "clean", "sets", "peers", "rounds"))
    parser.add_argument("set", nargs="?")
    parser.add_argument("--rounds", type=int, default=0)
    parser.add_argument("--without", default="")
    options = parser.parse_args()
    without = set(filter(None, options.without.split(",")))
    if options.what == "sets":
        for name, plan in SETS.items():
            each = [left(boot, [], without) for boot in plan]
            nr_cells, seconds = (sum(len(todo) for todo, _, _ in each),
                                 sum(seconds for _, seconds, _ in each))
            print(f"{name}\t{nr_cells}\t{seconds / 60:.0f}")
        return
    plan = boots_of(options.set, options.rounds)
    if options.what == "peers":
        print(*sorted({peer for boot in plan for block in boot.blocks
                       for peer in block_peers(block)}), sep="\n")
        return
    if options.what == "rounds":
        print(min(boot.rounds for boot in plan))
        return
    cells = list(read_cells(sys.stdin))
    if options.what == "clean":
        for cell in clean(plan, cells, without):
            print(json.dumps(cell))
        return
    for boot in plan:
        todo, seconds, complete = left(boot, cells, without)
        if todo:
            skip = ",".join(f"{index}:{number}" for index, number in sorted(complete)) or "-"
            print(boot.name, boot.options, len(todo), round(seconds), skip, sep="\t")


if __name__ == "__main__":
    main()
