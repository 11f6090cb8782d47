# SPDX-License-Identifier: GPL-2.0
"""How a cell is measured: a function for each group of cases, from a peer and the words of the
case's name to metrics.

A workload is started with the memory clock off (what it sets up is not what is measured), runs for
a while where the case wants it to start, is let go, settles under the peer, and then tells what it
did in a window of time.
"""
import contextlib
import ctypes
import json
import os
import re
import resource
import select
import struct
import subprocess
import time
from pathlib import Path

import plan
from machine import clock, cxl_node, node_cpus, nodes_with, online_cpus
from peers import Failed, set_until_exit, wait_for

BUILD = os.environ["LAB_BUILD"]
WORK = f"{BUILD}/tests/bench/work"
DATA = f"{BUILD}/tests/bench/data"  # -DIMENSION
TICKS_PER_S = os.sysconf("SC_CLK_TCK")

START_S = 0.3  # held where the case begins
SETTLE_S = 1.7
RESETTLE_S = 1.0  # a workload that has run before
WINDOW_S = 1.8
# a query takes a third of a second: with few in a window their number is what is seen
WINDOWS_S = {"flat": 5.4}

SEARCH = {name: ["vector-search", "--index", index, "--data", f"{DATA}-{dimension}"]
          for name, index, dimension in (("hnsw", "hnsw", 128), ("hnsw768", "hnsw", 768),
                                         ("ivf", "ivf", 768), ("flat", "flat", 768))}
LOADS = {**SEARCH, "moe": ["moe-generate"], "redis": ["kv-zipf"],
         "random": ["memory-load", "--size", "96M", "--pattern", "random"]}


# --- processes ---

class Workload:
    """A program of work/, under --control."""

    def __init__(self, stack, argv, cpus=None, bound=None):
        """On CPUS, where they are given; with all its memory BOUND to a node for ever."""
        self.name = argv[0]
        bind = [] if bound is None else ["numactl", "--membind", str(bound)]
        self.process = subprocess.Popen([*bind, f"{WORK}/{argv[0]}", *argv[1:], "--control"],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True,
                                        preexec_fn=lambda: cpus and os.sched_setaffinity(0, cpus))
        stack.callback(self.end)

    def end(self):
        if self.process.returncode is None:
            self.process.kill()
            self.process.communicate()

    def read(self, seconds):
        ready, _, _ = select.select([self.process.stdout], [], [], seconds)
        line = self.process.stdout.readline() if ready else ""
        if not line:
            said = ""
            if ready:
                said = self.process.stderr.read().strip().splitlines()
                said = f": {said[-1]}" if said else ""
            what = "ended" if ready else f"said nothing for {seconds} s"
            raise Failed(f"{self.name} {what}{said}")
        return json.loads(line)

    def ready(self):
        self.said = ready = self.read(120)
        self.pids = [self.process.pid, *([ready["server_pid"]] if "server_pid" in ready else [])]
        return self

    def move(self, cpus):
        for pid in self.pids:
            for tid in os.listdir(f"/proc/{pid}/task"):
                with contextlib.suppress(ProcessLookupError):
                    os.sched_setaffinity(int(tid), cpus)

    def ask(self, seconds):
        self.process.stdin.write(f"measure {seconds}\n")
        self.process.stdin.flush()

    def answer(self, seconds):
        return self.read(seconds + 60)


class Stage:
    """The processes of a placement case stay for the next one of the same peer that has them too:
    a server is not started anew for every query, and most of the time would go into its start.  So
    do the hogs beside them."""

    def __init__(self):
        self.key, self.stack, self.workloads, self.hogs = None, contextlib.ExitStack(), [], []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.clear()

    def clear(self):
        self.key, self.hogs = None, []
        self.stack.close()

    def play(self, key, argv, count, cpus):
        """`count` workloads, held on `cpus`."""
        if self.key != key:
            self.clear()
            self.workloads = [Workload(self.stack, argv, cpus) for _ in range(count)]
            for workload in self.workloads:
                workload.ready()
            self.key = key
        else:
            for workload in self.workloads:
                workload.move(cpus)
        return self.workloads

    def have_hogs(self, number):
        for hog in self.hogs[number:]:
            hog.process.kill()  # all, before the first is waited for
        for hog in self.hogs[number:]:
            hog.end()
        self.hogs[number:] = hogs(self.stack, number - len(self.hogs))


def hogs(stack, number):
    """Processes that use CPU and nothing else."""
    spin = ["cpu-load", "--kind", "spin", "--threads", "1"]
    return [hog.ready() for hog in [Workload(stack, spin) for _ in range(number)]]


def window(workloads, seconds=WINDOW_S):
    for workload in workloads:
        workload.ask(seconds)
    return [workload.answer(seconds) for workload in workloads]


def together(values, combine):
    return None if any(value is None for value in values) else combine(values)


def metrics(answers):
    """Of processes that ran side by side: what they did together, the worst latency, the mean of
    where they ran."""
    def each(key):
        return [answer[key] for answer in answers]
    return {"metrics": {"rate": together(each("rate"), sum),
                        "p50_us": together(each("p50_us"), max),
                        "p99_us": together(each("p99_us"), max),
                        "near_percent": together(each("near_percent"), lambda v: sum(v) / len(v))},
            "unit": f"{answers[0]['unit']}/s", "detail": {"processes": answers}}


# --- groups ---

def placement(peer, stage, name, load, start, number):
    cxl, near = cxl_node()
    count = {"one": 1, "two": 2}[number]
    begin = node_cpus(near) if start == "near" else online_cpus() - node_cpus(near)
    argv = [*LOADS[name], "--threads", str(2 // count), "--node", str(cxl), "--near", str(near)]
    fresh = stage.key != (name, number)
    if fresh:
        clock("off")
    workloads = stage.play((name, number), argv, count, begin)
    stage.have_hogs(4 if load == "hogs" else 0)
    if fresh:
        clock("on")
    time.sleep(START_S)
    for workload in workloads:
        workload.move(node_cpus(near) if peer.pinned else online_cpus())
        for pid in workload.pids:
            peer.start(pid)
    time.sleep((SETTLE_S if fresh else RESETTLE_S) + plan.SETTLE_S.get(peer.name, 0))
    return metrics(window(workloads, WINDOWS_S.get(name, WINDOW_S)))


def phases(peer, stage, *_):
    """The hot memory changes sides every 2 s; a window sees four sides."""
    stage.clear()
    cxl, near = cxl_node()
    far = min(nodes_with("cpu") - {near})
    with contextlib.ExitStack() as stack:
        clock("off")
        workload = Workload(stack, ["memory-load", "--size", "48M", "--pattern", "random",
                                    "--phase", "2", "--nodes", f"{cxl},{far}",
                                    "--near", f"{near},{far}"]).ready()
        hogs(stack, 4)
        clock("on")
        time.sleep(SETTLE_S)
        return metrics(window([workload], 8))


def interleave(peer, stage, threads, reads):
    """As `numactl --interleave` over a node of its own and the CXL memory: nowhere is all of it
    near."""
    stage.clear()
    cxl, near = cxl_node()
    with contextlib.ExitStack() as stack:
        clock("off")
        workload = Workload(stack, ["memory-load", "--size", "96M", "--pattern", "sweep", "--reads",
                                    reads[1:], "--threads", threads[1:],
                                    "--interleave", f"{near},{cxl}", "--near", str(near)]).ready()
        clock("on")
        time.sleep(SETTLE_S)
        result = metrics(window([workload]))
        result["metrics"]["rate"] /= 1e6
        result["unit"] = "MB/s"
        return result


def wakeup(peer, stage, load):
    stage.clear()
    with contextlib.ExitStack() as stack:
        clock("off")
        workload = Workload(stack, ["wakeup"]).ready()
        if load == "hogs":
            hogs(stack, 4)
        time.sleep(SETTLE_S)
        return metrics(window([workload], 2.5))


def hackbench(peer, _stage, groups):
    command = ["hackbench", "-g", groups[1:], "-l", "50"]
    done = subprocess.run(command, capture_output=True, text=True)
    found = re.search(r"^Time: ([0-9.]+)$", done.stdout, re.M)
    if done.returncode or not found:
        said = (done.stderr or done.stdout).strip()[-200:]
        raise Failed(f"{' '.join(command)}: status {done.returncode}, {said}")
    return {"metrics": {"time_s": float(found[1])}, "detail": {"command": command}}


def overhead(peer, _stage, kind):
    """Nothing here is big enough to be managed: what is left is the scheduler itself, and the
    daemon's looking."""
    with contextlib.ExitStack() as stack:
        workload = Workload(stack, ["cpu-load", "--kind", kind, "--threads", "4"]).ready()
        return metrics(window([workload], 0.6))


# --- what the BPF programs cost ---

OPS = ("select_cpu", "enqueue", "dispatch", "running", "stopping")
BPF_STATS = Path("/proc/sys/kernel/bpf_stats_enabled")
SYS_BPF, PROG_GET_FD_BY_ID, OBJ_GET_INFO_BY_FD = 321, 13, 15  # x86-64; include/uapi/linux/bpf.h
VERIFIED_INSNS = slice(216, 220)  # in struct bpf_prog_info


def verified_insns(prog_id):
    """How many instructions the verifier walked through, branch by branch, to trust a program."""
    libc = ctypes.CDLL(None, use_errno=True)

    def bpf(command, attr):
        result = libc.syscall(SYS_BPF, command, attr, len(attr))
        if result < 0:
            raise OSError(ctypes.get_errno(), "bpf")
        return result

    fd = bpf(PROG_GET_FD_BY_ID, ctypes.create_string_buffer(struct.pack("<III", prog_id, 0, 0), 12))
    try:
        info = ctypes.create_string_buffer(232)
        attr = struct.pack("<IIQ", fd, len(info), ctypes.addressof(info))
        bpf(OBJ_GET_INFO_BY_FD, ctypes.create_string_buffer(attr, 16))
        return struct.unpack("<I", info[VERIFIED_INSNS])[0]
    finally:
        os.close(fd)


def ops(peer, stage, load):
    """What the kernel counts for each program while hackbench runs: instructions, by the clock of
    this boot."""
    with contextlib.ExitStack() as settings:
        set_until_exit(settings, BPF_STATS, "1")
        hackbench(peer, stage, load)
        done = subprocess.run(["bpftool", "-j", "prog", "show"], capture_output=True, text=True,
                              check=True)
    found, calls = {}, {}
    for prog in json.loads(done.stdout):
        for op in OPS:
            if prog["type"] == "struct_ops" and prog["name"].endswith(f"_{op}"):
                found[f"{op}_insns"], calls[op] = verified_insns(prog["id"]), prog.get("run_cnt", 0)
                if calls[op]:
                    found[f"{op}_ns"] = prog["run_time_ns"] / calls[op]
    return {"metrics": found, "detail": {"calls": calls}}


# --- what watching costs ---

def thread_cpu_s(path):
    fields = Path(path).read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def kernel_threads(comm):
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            if Path(f"/proc/{pid}/comm").read_text().startswith(comm):
                found.append(pid)
    return found


def status():
    done = subprocess.run(["cxl-tiersched", "status", "--json"], capture_output=True, text=True)
    return json.loads(done.stdout) if done.returncode == 0 else {"processes": []}


def touch(stack, number):
    """Processes of 64 MB with 16 of them hot, each busy a percent of the time or two."""
    pids = []
    for _ in range(number):
        process = subprocess.Popen([f"{BUILD}/tests/lab/guest/memtouch", "--total", "65M", "--hot",
                                    "16M", "--pause", "100000"],
                                   stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        stack.callback(lambda p=process: (p.kill(), p.communicate()))
        pids.append(process.pid)
        process.stdout.readline()
    return pids


def cost(peer, _stage, what):
    return {"memory": cost_memory, "snapshot": cost_snapshot}.get(what, cost_watching)(peer, what)


def cost_watching(peer, what):
    number, seconds = int(what[1:]), 4
    with contextlib.ExitStack() as stack:
        pids = set(touch(stack, number))
        wait_for(f"{number} managed processes", 60,
                 lambda: pids <= {p["pid"] for p in status()["processes"]})
        kdamonds = kernel_threads("kdamond")
        paths = [f"/proc/{peer.process.pid}/stat"], [f"/proc/{pid}/stat" for pid in kdamonds]
        before, start = [sum(map(thread_cpu_s, group)) for group in paths], time.monotonic()
        time.sleep(seconds)
        took = time.monotonic() - start
        daemon, kdamond = [(sum(map(thread_cpu_s, group)) - was) * 1000 / took
                           for group, was in zip(paths, before)]
        return {"metrics": {"daemon_ms_per_s": daemon, "kdamond_ms_per_s": kdamond},
                "detail": {"kdamonds": len(kdamonds), "seconds": took}}


def bpf_map(name):
    done = subprocess.run(["bpftool", "-j", "map", "show", "name", name], capture_output=True,
                          text=True, check=True)
    found = json.loads(done.stdout)
    return found[0] if isinstance(found, list) else found


def cost_memory(peer, _):
    """A task's storage and its process's profile.  The kernel's own heads of both (some 100 bytes)
    come on top."""
    sizes = {name: bpf_map(name)["bytes_value"] for name in ("task_ctx_stor", "damon_data")}
    return {"metrics": {"task_bytes": sum(sizes.values())}, "detail": sizes}


def cost_snapshot(peer, _):
    """CPU of one look at one process: by the daemon's damon/ room, and by damo as an administrator
    would look."""
    with contextlib.ExitStack() as stack:
        pid = touch(stack, 1)[0]
        snapshot_ms = damo_snapshot_ms if peer.name == "damo" else our_snapshot_ms
        return {"metrics": {"cpu_ms": snapshot_ms(stack, pid)}}


def our_snapshot_ms(_, pid):
    done = subprocess.run([f"{BUILD}/tests/lab/guest/damon-drive", "--tick", "100ms", "set",
                           str(pid), "wait", "3", "watch", "3"],
                          capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])["cpu_ms"]


def damo_snapshot_ms(stack, pid):
    stat = Path("/sys/module/damon_stat/parameters/enabled")
    set_until_exit(stack, stat, "N")
    run_damo("start", str(pid), "--monitoring_intervals", "5ms", "100ms", "1s")
    stack.callback(run_damo, "stop")
    time.sleep(3)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run_damo("report", "access")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1000 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def run_damo(*words):
    done = subprocess.run(["damo", *words], capture_output=True, text=True)
    if done.returncode:
        raise Failed(f"damo {words[0]}: {(done.stderr or done.stdout).strip()[-200:]}")


GROUPS = {name: globals()[name] for name in ("placement", "phases", "interleave", "wakeup",
                                             "hackbench", "ops", "overhead", "cost")}
