# SPDX-License-Identifier: GPL-2.0
# The numa/ room.
libtiersched_a_SOURCES += \
	numa/cxl/blocks.c numa/cxl/blocks.h \
	numa/cxl/cxl-libcxl.c \
	numa/cxl/cxl-sysfs.c \
	numa/cxl/cxl.c numa/cxl/cxl.h \
	numa/cxl/dax.c numa/cxl/dax.h \
	numa/cxl/dram.c numa/cxl/dram.h \
	numa/hmat.c numa/hmat.h \
	numa/latencies.c numa/latencies.h \
	numa/links.c numa/links.h \
	numa/names.c numa/names.h \
	numa/nodes.c numa/nodes.h \
	numa/probe.c numa/probe.h \
	numa/read.c \
	numa/residency.c numa/residency.h \
	numa/text.c numa/text.h \
	numa/topology.c numa/topology.h

UNIT_TESTS += tests/test-topology tests/test-machines tests/test-residency
tests_test_topology_SOURCES = tests/test-topology.c tests/topology.c tests/topology.h tests/sysroot.c tests/sysroot.h
tests_test_machines_SOURCES = tests/test-machines.c tests/topology.c tests/topology.h tests/sysroot.c tests/sysroot.h
tests_test_residency_SOURCES = tests/test-residency.c

# Machines recorded in the lab (flat, numa, tier, cxl, port) and made by hand.
EXTRA_DIST += \
	tests/record-sysfs \
	tests/unpack-sysroot \
	tests/data/sysroot/arm.txt \
	tests/data/sysroot/bare.txt \
	tests/data/sysroot/cxl.txt \
	tests/data/sysroot/devdax.txt \
	tests/data/sysroot/disputed.txt \
	tests/data/sysroot/empty.txt \
	tests/data/sysroot/far-dram.txt \
	tests/data/sysroot/firmware.txt \
	tests/data/sysroot/flat.txt \
	tests/data/sysroot/garbage.txt \
	tests/data/sysroot/gh200.txt \
	tests/data/sysroot/hbm-dax.txt \
	tests/data/sysroot/hbm-flat.txt \
	tests/data/sysroot/hmem.txt \
	tests/data/sysroot/initiator.txt \
	tests/data/sysroot/interleaved.txt \
	tests/data/sysroot/joined.txt \
	tests/data/sysroot/nps4.txt \
	tests/data/sysroot/numa.txt \
	tests/data/sysroot/offline.txt \
	tests/data/sysroot/port.txt \
	tests/data/sysroot/power.txt \
	tests/data/sysroot/snc-hbm.txt \
	tests/data/sysroot/snc.txt \
	tests/data/sysroot/switch.txt \
	tests/data/sysroot/tier.txt \
	tests/data/sysroot/two-regions.txt \
	tests/data/sysroot/unreachable.txt \
	tests/corpus/node-text/cpumap \
	tests/corpus/node-text/cpumap-odd \
	tests/corpus/node-text/distance \
	tests/corpus/node-text/distance-odd \
	tests/corpus/node-text/distance-one \
	tests/corpus/node-text/meminfo \
	tests/corpus/node-text/meminfo-cut \
	tests/corpus/node-text/meminfo-huge
