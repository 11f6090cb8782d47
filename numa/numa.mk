# SPDX-License-Identifier: GPL-2.0
# The numa/ room.
libtiersched_a_SOURCES += \
	numa/cxl.c numa/cxl.h \
	numa/cxl-libcxl.c \
	numa/cxl-sysfs.c \
	numa/hmat.c numa/hmat.h \
	numa/links.c numa/links.h \
	numa/names.c numa/names.h \
	numa/nodes.c numa/nodes.h \
	numa/probe.c numa/probe.h \
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
	tests/data/sysroot/bare.txt \
	tests/data/sysroot/cxl.txt \
	tests/data/sysroot/flat.txt \
	tests/data/sysroot/garbage.txt \
	tests/data/sysroot/hmem.txt \
	tests/data/sysroot/numa.txt \
	tests/data/sysroot/port.txt \
	tests/data/sysroot/power.txt \
	tests/data/sysroot/snc.txt \
	tests/data/sysroot/tier.txt \
	tests/corpus/node-text/cpumap \
	tests/corpus/node-text/cpumap-odd \
	tests/corpus/node-text/distance \
	tests/corpus/node-text/distance-odd \
	tests/corpus/node-text/distance-one \
	tests/corpus/node-text/meminfo \
	tests/corpus/node-text/meminfo-cut \
	tests/corpus/node-text/meminfo-huge
