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
	numa/mappers.c numa/mappers.h \
	numa/migrate.c numa/migrate.h \
	numa/names.c numa/names.h \
	numa/nodes.c numa/nodes.h \
	numa/probe.c numa/probe.h \
	numa/read.c \
	numa/residency.c numa/residency.h \
	numa/room.c numa/room.h \
	numa/text.c numa/text.h \
	numa/topology.c numa/topology.h
