#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Measures one boot of a set, inside the lab's machine.

    guest.py SET BOOT [--rounds N] [--skip BLOCK:ROUND,...] [--without PEER,...]

For each cell a line on standard output: its nominal seconds, words for a person and the cell as
JSON, tab-separated.
"""
import argparse
import json
import os
import time

import cases
import machine
import peers
import plan
import tiering


def measure_block(steps, say):
    """Cells of one peer in one block of one round: attached once."""
    number, _, name, first = steps[0]
    left = [case for _, _, _, case in steps]
    try:
        with (machine.units(first), peers.make(name, os.environ["LAB_BUILD"], first) as peer,
              cases.Stage() as stage):
            while left:
                say(number, name, left[0], measure(peer, stage, left[0]))
                left.pop(0)
    except (peers.Failed, OSError) as error:
        # what a peer could not do, for the cells it did not get to
        for case in left:
            say(number, name, case, {"error": f"{name}: {error}"})


def measure(peer, stage, case):
    start = time.monotonic()
    try:
        result = GROUPS[case.group](peer, stage, *case.name.split("."))
        peer.check()
        return {**result, "took_s": round(time.monotonic() - start, 1)}
    except peers.Failed as error:
        stage.clear()
        return {"error": str(error)}


GROUPS = {**cases.GROUPS, "tiering": tiering.tiering}


class Say:
    def __init__(self, boot, boot_id, kernel):
        self.fixed = {"boot": boot, "boot_id": boot_id, "kernel": kernel}

    def __call__(self, number, peer, case, result):
        cell = {**self.fixed, "group": case.group, "case": case.name, "peer": peer, "round": number,
                **result}
        print(f"{plan.cell_seconds(peer, case):.1f}",
              f"{case.group} {case.name} {peer} #{number}: {self.words(result)}",
              json.dumps(cell), sep="\t", flush=True)

    @staticmethod
    def words(result):
        if "error" in result:
            return result["error"]
        return ", ".join(f"{value:.4g} {result.get('unit') if name == 'rate' else name}"
                         for name, value in result["metrics"].items() if value is not None)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("set", choices=plan.SETS)
    parser.add_argument("boot")
    parser.add_argument("--rounds", type=int, default=0)
    parser.add_argument("--skip", default="-")
    parser.add_argument("--without", default="")
    options = parser.parse_args()
    boot = next(b for b in plan.boots_of(options.set, options.rounds) if b.name == options.boot)
    skip = set() if options.skip == "-" else {tuple(map(int, pair.split(":")))
                                              for pair in options.skip.split(",")}
    without = set(filter(None, options.without.split(",")))
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        say = Say(boot.name, file.read().strip(), os.uname().release)
    cells = [cell for cell in boot.cells(range(1, boot.rounds + 1), without)
             if (cell[1], cell[0]) not in skip]
    while cells:
        key = cells[0][:3]
        steps = [cell for cell in cells if cell[:3] == key]
        measure_block(steps, say)
        cells = cells[len(steps):]


if __name__ == "__main__":
    main()
