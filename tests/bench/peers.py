# SPDX-License-Identifier: GPL-2.0
"""What is compared: each peer is a way to have tasks scheduled, entered and left with `with`.

The machine is put back as it was on leaving.  `start` is called for each process of a workload
once it runs; what a peer needs to know of processes, it learns there.
"""
import contextlib
import json
import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from machine import LATENCIES, cxl_node, keep_latencies

STATE = Path("/sys/kernel/sched_ext/state")
BALANCING = Path("/proc/sys/kernel/numa_balancing")
DAMON_STAT = Path("/sys/module/damon_stat/parameters/enabled")
DEMOTION = Path("/sys/kernel/mm/numa/demotion_enabled")


class Failed(Exception):
    """One line for a person."""


def wait_for(what, seconds, condition):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise Failed(f"waited {seconds} s for {what}")
        time.sleep(0.02)


def set_until_exit(stack, path, text):
    """A setting of the kernel, put back when the stack closes."""
    stack.callback(path.write_text, path.read_text())
    path.write_text(text)


def stop(process):
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Peer:
    pinned = False  # keeps the affinity a case gives it
    by_hand = False  # its pages are moved by hand
    is_tiersched = False

    def __enter__(self):
        self.stack = contextlib.ExitStack()
        set_until_exit(self.stack, BALANCING, "0")
        self.enter()
        return self

    def __exit__(self, *_):
        self.stack.close()

    def enter(self):
        """Make it the scheduler."""

    def rest(self):
        """A workload is about to be set up.  What would move its pages is to wait for start()."""

    def start(self, pid):
        """A workload's process runs, and may go where it likes."""

    def moved(self):
        """Bytes that it has moved: promoted, demoted, returned.  None: the kernel's counts tell."""

    def check(self):
        """Is it still what schedules?"""
        if STATE.exists() and STATE.read_text().strip() != "disabled":
            raise Failed("a sched_ext scheduler is attached")


class Balanced(Peer):
    """On once the work runs: in emulation the faults that it takes make setting it up many times
    longer."""

    def __init__(self, mode):
        self.mode = mode

    def rest(self):
        BALANCING.write_text("0")

    def start(self, pid):
        BALANCING.write_text(str(self.mode))


class Demoting(Balanced):
    """As Balanced, with demotion: what the kernel has to tier memory."""

    def enter(self):
        set_until_exit(self.stack, DEMOTION, "1")


class Pinned(Peer):
    """numactl's way: whoever knows the machine binds the process to the CPUs next to its memory."""
    pinned = True


class Hand(Pinned):
    """And whoever knows where its heat is puts it there; the case does."""
    by_hand = True


class Numad(Peer):
    """Looks every 2 s, and moves what it was told of whatever its size.  khugepaged stays as the
    machine has it (-H 0): by itself numad wakes it ten times as often, for ever, which is felt by
    all who come after."""

    def enter(self):
        self.stack.callback(subprocess.run, ["numad", "-H", "0", "-i", "0"],
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def start(self, pid):
        subprocess.run(["numad", "-H", "0", "-i", "1:2", "-p", str(pid)], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class DamoTier(Peer):
    """damo's own recipe for two tiers (scripts/mem_tier.sh of damo 3), as it stands there, with the
    nodes of this machine."""
    TIERS = Path("/sys/kernel/mm/damon/admin/kdamonds")
    runs = False

    def enter(self):
        set_until_exit(self.stack, DAMON_STAT, "N")
        self.stack.callback(self.rest)

    def rest(self):
        if self.runs:
            self.damo("stop")
        self.runs = False

    def start(self, pid):
        if self.runs:
            return
        cxl, near = cxl_node()
        self.damo("start",
                  *self.tier(near, near, "migrate_cold", cxl, "0% 0%", "node_mem_free_bp 0.5%",
                             "reject young"),
                  *self.tier(near, cxl, "migrate_hot", near, "5% max", "node_mem_used_bp 99.7%",
                             "allow young"),
                  *("--damos_nr_quota_goals 1 1 --damos_nr_filters 1 1 "
                    "--nr_targets 1 1 --nr_schemes 1 1 --nr_ctxs 1 1").split())
        self.runs = True

    @staticmethod
    def tier(near, node, action, other, rate, goal, young):
        return (f"--numa_node {node} --monitoring_intervals_goal 4% 3 5ms 10s "
                f"--damos_action {action} {other} --damos_access_rate {rate} "
                "--damos_apply_interval 1s --damos_quota_interval 1s "
                f"--damos_quota_space 200MB --damos_quota_goal {goal} {near} "
                f"--damos_filter {young}").split()

    @staticmethod
    def damo(*command):
        done = subprocess.run(["damo", *command], capture_output=True, text=True)
        if done.returncode:
            raise Failed(f"damo {command[0]}: {(done.stderr or done.stdout).strip()[-200:]}")

    def moved(self):
        found = {}
        for kdamond in self.TIERS.glob("[0-9]*"):
            (kdamond / "state").write_text("update_schemes_stats")
        for scheme in self.TIERS.glob("[0-9]*/contexts/[0-9]*/schemes/[0-9]*"):
            applied = int((scheme / "stats/sz_applied").read_text())
            is_hot = (scheme / "action").read_text().strip() == "migrate_hot"
            found["promoted" if is_hot else "demoted"] = applied
        return found


class Program(Peer):
    """One that a program makes, for as long as that runs."""

    def __init__(self, *command):
        self.command = command
        self.program = os.path.basename(command[0])

    def enter(self):
        self.log = tempfile.TemporaryFile(mode="w+")
        self.process = subprocess.Popen(self.command, stdout=self.log, stderr=self.log,
                                        stdin=subprocess.DEVNULL)
        self.stack.callback(stop, self.process)
        wait_for(f"{self.program} {self.waited_for}", self.patience_s, self.is_up)

    def is_up(self):
        """The program has not ended, and does what it is there for."""
        if self.process.poll() is not None:
            raise Failed(f"{self.program} ended with status {self.process.returncode}: "
                         f"{self.last_words()}")
        return self.does()

    def last_words(self):
        self.log.seek(0)
        lines = self.log.read().strip().splitlines()
        return lines[-1] if lines else "it said nothing"


class SchedExt(Program):
    waited_for, patience_s = "to be the scheduler", 120

    def does(self):
        return STATE.read_text().strip() == "enabled"

    def check(self):
        if not self.is_up():
            raise Failed(f"the kernel ejected it: {self.last_words()}")


class Tiersched(SchedExt):
    """With a SCALE of the memory clock it knows the latencies of this machine."""
    is_tiersched = True

    def __init__(self, *command, scale=0):
        super().__init__(*command)
        self.scale = scale

    def enter(self):
        if self.scale:
            keep_latencies(self.scale)
            self.stack.callback(LATENCIES.unlink)
        super().enter()

    def moved(self):
        done = subprocess.run([self.command[0], "status", "--json"], capture_output=True, text=True)
        tier = json.loads(done.stdout).get("tier") or {} if done.returncode == 0 else {}
        return {name: tier.get(f"{name}_bytes", 0) for name in ("promoted", "demoted", "returned")}


class Observed(Program):
    """Pinned, and watched as cxl-tiersched would: what monitoring alone takes from the work."""
    pinned = True
    waited_for, patience_s = "to observe", 60

    def does(self):
        return subprocess.run([self.command[0], "status"], stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL).returncode == 0

    def check(self):
        super().check()
        if not self.is_up():
            raise Failed(f"{self.program} does not answer: {self.last_words()}")


def make(name, build, case):
    peer = by_name(name, build, case) if case.attach else Peer()
    peer.name = name
    return peer


def by_name(name, build, case):
    example = f"{build}/tests/bench/scx/scx_simple"
    daemon = ("cxl-tiersched", "--damon-interval", "100ms", *case.daemon)
    return {
        "kernel": lambda: Peer(),
        "nb1": lambda: Balanced(1),
        "nb2": lambda: Balanced(2),
        "numad": lambda: Numad(),
        "pinned": lambda: Pinned(),
        "observed": lambda: Observed(*daemon, "--observe"),
        "scx-fifo": lambda: SchedExt(example, "-f"),
        "scx-vtime": lambda: SchedExt(example),
        "tiersched": lambda: Tiersched(*daemon, scale=case.scale),
        "nb2-demote": lambda: Demoting(2),
        "damo-tier": lambda: DamoTier(),
        "hand": lambda: Hand(),
        "tiersched-notier": lambda: Tiersched(*daemon, "--tier", "off", scale=case.scale),
        "no-profiles": lambda: SchedExt(*daemon, "--min-rss", "1024T", "--names", "-"),
    }[name]()
