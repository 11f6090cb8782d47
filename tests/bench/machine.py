# SPDX-License-Identifier: GPL-2.0
"""The machine that is measured on: nodes, CPUs, the memory clock."""
import contextlib
import ctypes
import functools
import json
import os
import re
import subprocess
from pathlib import Path

LATENCIES = Path("/run/cxl-tiersched/latencies.json")
PAGE = 4096
SYS_MOVE_PAGES, MOVE_PAGES = 279, 512  # x86-64; in a call
L3_NODES = 8  # of lab_l3_pmu


def cpu_list(text):
    cpus = set()
    for part in filter(None, text.strip().split(",")):
        first, _, last = part.partition("-")
        cpus.update(range(int(first), int(last or first) + 1))
    return cpus


def nodes_with(what):
    return cpu_list(Path(f"/sys/devices/system/node/has_{what}").read_text())


def node_cpus(node):
    return cpu_list(Path(f"/sys/devices/system/node/node{node}/cpulist").read_text())


def cxl_node():
    """The node of memory alone, and the CPU node its device hangs on: by the kernel's word, not by
    ours."""
    near = Path("/sys/bus/cxl/devices/mem0/numa_node").read_text()
    return max(nodes_with("memory") - nodes_with("cpu")), int(near)


def online_cpus():
    return cpu_list(Path("/sys/devices/system/cpu/online").read_text())


def clock(word):
    if os.environ.get("LAB_CLOCK") == "model":
        subprocess.run(["lab-clock", word], check=True)


def keep_latencies(scale):
    """Latencies for cxl-tiersched as `calibrate` would measure them on a host that does nothing
    else: those that the memory clock gives to this machine."""
    description = f"{os.environ['LAB_SRC']}/tests/lab/machines/{os.environ['LAB_MACHINE']}"
    found = re.findall(r"^latency (\d+) (.*)$", Path(description).read_text(), re.M)
    modelled = {int(node): [int(ns) for ns in latencies.split()] for node, latencies in found}
    kept = json.loads(kept_latencies())
    for link in kept["links"]:
        link["latency_ns"] = scale * modelled[link["cpu_node"]][link["mem_node"]]
    LATENCIES.parent.mkdir(mode=0o755, exist_ok=True)
    LATENCIES.write_text(json.dumps(kept))


@functools.cache
def kept_latencies():
    """As `calibrate` keeps them, of whatever it measures: they name the machine and the boot."""
    clock("off")
    for _ in range(10):
        if subprocess.run(["cxl-tiersched", "calibrate"], capture_output=True).returncode == 0:
            break
    clock("on")
    return LATENCIES.read_text()


@contextlib.contextmanager
def module(name, *parameters):
    """A kernel module of the lab."""
    path = f"{os.environ['LAB_BUILD']}/tests/lab/kmod/{name}.ko"
    subprocess.run(["insmod", path, *parameters], check=True)
    try:
        yield
    finally:
        subprocess.run(["rmmod", name], check=True)


@contextlib.contextmanager
def units(case):
    """What the CPUs count.  With a memory clock that is what its caches miss.  And a unit times
    their fills, where the case asks for it: none until someone tells what they take (fills)."""
    with contextlib.ExitStack() as stack:
        if case.scale:
            stack.enter_context(module("lab_llc_pmu", "model=1"))
        if case.is_timed:
            none = ",".join("0" * L3_NODES)
            stack.enter_context(module("lab_l3_pmu", f"fills_per_s={none}"))
        yield


@contextlib.contextmanager
def timed_fills():
    """Tell that unit what loads take, as the memory clock has it."""
    cxl, near = cxl_node()
    command = [f"{os.environ['LAB_BUILD']}/tests/lab/guest/fills", "--cxl", str(cxl), "--near",
               str(near)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            if process.stdout.readline() != b"ready\n":
                raise OSError(f"{command[0]} does not work")
            yield
        finally:
            process.kill()


def room_bytes(node):
    """What may still be put on a node before the kernel reclaims there."""
    rooms = {}
    for zone in re.split(r"^(?=Node )", Path("/proc/zoneinfo").read_text(), flags=re.M):
        found = re.match(r"Node (\d+), zone", zone)
        if found and int(found[1]) == node and (free := re.search(r"pages free +(\d+)", zone)):
            high = int(re.search(r"^ +high +(\d+)", zone, re.M)[1])
            kept = max(map(int, re.search(r"protection: \(([\d, ]*)\)", zone)[1].split(",")))
            rooms[zone.split("\n")[0]] = max(int(free[1]) - high - kept, 0) * PAGE
    return sum(rooms.values())


def move_range(pid, start, size, node):
    """Put pages of a process on a node, by move_pages(2)."""
    libc = ctypes.CDLL(None, use_errno=True)
    for at in range(start, start + size, MOVE_PAGES * PAGE):
        number = min(MOVE_PAGES, (start + size - at) // PAGE)
        pages = (ctypes.c_void_p * number)(*range(at, at + number * PAGE, PAGE))
        nodes, status = (ctypes.c_int * number)(*[node] * number), (ctypes.c_int * number)()
        if libc.syscall(SYS_MOVE_PAGES, pid, ctypes.c_ulong(number), pages, nodes, status, 2) < 0:
            raise OSError(ctypes.get_errno(), "move_pages")
