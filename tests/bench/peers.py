# SPDX-License-Identifier: GPL-2.0
"""What is compared: each peer is a way to have tasks scheduled, entered and left with `with`.

The machine is put back as it was on leaving.  `start` is called for each process of a workload
once it runs; what a peer needs to know of processes, it learns there.
"""
import contextlib
import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path

STATE = Path("/sys/kernel/sched_ext/state")
BALANCING = Path("/proc/sys/kernel/numa_balancing")


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

    def __enter__(self):
        self.stack = contextlib.ExitStack()
        set_until_exit(self.stack, BALANCING, "0")
        self.enter()
        return self

    def __exit__(self, *_):
        self.stack.close()

    def enter(self):
        """Make it the scheduler."""

    def start(self, pid):
        """A workload's process runs, and may go where it likes."""

    def check(self):
        """Is it still what schedules?"""
        if STATE.exists() and STATE.read_text().strip() != "disabled":
            raise Failed("a sched_ext scheduler is attached")


class Balanced(Peer):
    """On once the work runs: in emulation the faults that it takes make setting it up many times
    longer."""

    def __init__(self, mode):
        self.mode = mode

    def start(self, pid):
        BALANCING.write_text(str(self.mode))


class Pinned(Peer):
    """numactl's way: whoever knows the machine binds the process to the CPUs next to its memory."""
    pinned = True


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
    peer = by_name(name, build, case.daemon) if case.attach else Peer()
    peer.name = name
    return peer


def by_name(name, build, daemon_options):
    example = f"{build}/tests/bench/scx/scx_simple"
    daemon = ("cxl-tiersched", "--damon-interval", "100ms", *daemon_options)
    return {
        "kernel": lambda: Peer(),
        "nb1": lambda: Balanced(1),
        "nb2": lambda: Balanced(2),
        "numad": lambda: Numad(),
        "pinned": lambda: Pinned(),
        "observed": lambda: Observed(*daemon, "--observe"),
        "scx-fifo": lambda: SchedExt(example, "-f"),
        "scx-vtime": lambda: SchedExt(example),
        "tiersched": lambda: SchedExt(*daemon),
        "no-profiles": lambda: SchedExt(*daemon, "--min-rss", "1024T", "--names", "-"),
    }[name]()
