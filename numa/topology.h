/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The machine as a memory scheduler sees it.  It tells which NUMA nodes there are, which of them
 * are CXL memory and how we know, and which CPUs are near each.  It tells what an access costs
 * from each node with CPUs to each node with memory.
 *
 * A topology is read once and never changes.  After hotplug, read a new one.  Every figure has its
 * source.  What is not known is 0 with source TOPOLOGY_UNKNOWN, and never a guess.
 */
#ifndef TS_NUMA_TOPOLOGY_H
#define TS_NUMA_TOPOLOGY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/idlist.h"

/* The source of a latency or a bandwidth.  A greater value is a better source. */
enum topology_source {
	TOPOLOGY_UNKNOWN = 0,
	TOPOLOGY_SLIT,	   /* ACPI SLIT distance scaled to ns, see topology_read() */
	TOPOLOGY_ATTACH,   /* SLIT way from the CPUs to the CXL device's node, and on from there */
	TOPOLOGY_HMAT,	   /* nodeN/access{0,1}/initiators: HMAT and CDAT, merged by the kernel */
	TOPOLOGY_CXL,	   /* the CXL region's access{0,1} coordinates */
	TOPOLOGY_MEASURED, /* a probe of ours on this machine */
};

/* Why a node counts as CXL memory. */
enum topology_cxl {
	TOPOLOGY_CXL_NO = 0,
	TOPOLOGY_CXL_OPTION, /* the administrator says so (--cxl-node) */
	TOPOLOGY_CXL_DAX,    /* a dax device bound to kmem, without a CXL region: probably CXL */
	TOPOLOGY_CXL_REGION, /* a CXL region's memory is on it */
};

struct topology_link {
	uint32_t latency_ns;	 /* one load of this node's memory, unloaded */
	uint32_t bandwidth_mbps; /* reads, MB/s (10^6 bytes), as firmware states it */
	enum topology_source latency_source;
	enum topology_source bandwidth_source;
};

struct topology_node {
	unsigned int id;    /* the kernel's number; numbers may be sparse */
	struct idlist cpus; /* online CPUs; empty for a memory-only node */
	uint64_t mem_bytes; /* MemTotal; 0 for a node without memory */
	int tier;	    /* N of /sys/devices/virtual/memory_tiering/memory_tierN, -1 unknown */
	enum topology_cxl cxl;
	int attach_node; /* id of the node that its CXL memdevs report; -1 unknown, or several */
	/* Ids of the nodes whose CPUs are nearest.  Never empty when the machine has CPUs. */
	struct idlist near_nodes;
	/* MEASURED, HMAT, ATTACH or SLIT.  UNKNOWN: nothing tells CPUs apart, so all are near. */
	enum topology_source near_source;
	/*
	 * Ids of the nodes that HMAT or the SLIT call nearest, where the CXL device says
	 * otherwise.  near_nodes are the device's then.  Empty where they agree, or after a
	 * measurement.
	 */
	struct idlist disputed;
	char devices[64]; /* its CXL memdevs, "mem0,mem1"; "" for none */
};

struct topology_memdev {
	char name[32]; /* "mem0" */
	char host[32]; /* PCI address, "0000:0d:00.0" */
	uint64_t serial;
	uint64_t ram_bytes, pmem_bytes;
	int numa_node;	 /* -1 unknown */
	bool has_region; /* it is part of a region */
};

/* What has become of a region's memory. */
enum topology_region_state {
	TOPOLOGY_REGION_UNKNOWN = 0, /* persistent memory, or nothing tells */
	TOPOLOGY_REGION_OFF,	     /* not enabled */
	TOPOLOGY_REGION_NO_DAX,	     /* enabled; no driver has made a dax device of it */
	TOPOLOGY_REGION_DAX,	     /* there is a dax device */
	TOPOLOGY_REGION_RAM, /* firmware put it into the memory map: System RAM, no dax device */
};

struct topology_region {
	char name[32];	  /* "region0" */
	char devices[64]; /* its memdevs, "mem0,mem1" */
	uint64_t bytes;
	int target_node; /* the node of its memory when that is online; -1 unknown */
	enum topology_region_state state;
	/* access0 is the nearest initiator (any kind), access1 the nearest CPU */
	uint32_t read_latency_ns[2], read_bandwidth_mbps[2]; /* 0 unknown */
};

/*
 * A dax device: a driver makes its memory part of a node, or a file to map.  Devices on an NFIT
 * bus are not listed.
 */
struct topology_dax {
	char name[32];	 /* "dax0.0" */
	char driver[32]; /* "kmem": memory of its target node; "device_dax": a file; "" none */
	int region;	 /* N of the CXL regionN that it belongs to, -1 none */
	int target_node; /* -1 unknown */
	uint64_t bytes;	 /* 0 unknown */
	bool persistent; /* it is of the persistent part of a CXL device */
};

struct topology {
	struct topology_node *nodes; /* ascending ids, online nodes only */
	size_t nr_nodes;
	struct topology_link *links; /* [from * nr_nodes + to], both are places in nodes[] */
	struct topology_memdev *memdevs;
	size_t nr_memdevs;
	struct topology_region *regions;
	size_t nr_regions;
	struct topology_dax *dax;
	size_t nr_dax;
	char *fingerprint; /* what topology_changed() compares */
};

struct topology_options {
	/* NULL: this machine, by libcxl.  Else a recorded tree, by its files only. */
	const char *sysroot;
	const struct idlist *cxl_nodes; /* --cxl-node; may be NULL */
};

/*
 * Read the machine.
 *
 * The latency of a link comes from the best source there is: CXL region coordinates, HMAT, attach,
 * SLIT.  The first two hold for a node's nearest CPUs only.  For other CPUs the SLIT adds the cost
 * of the way, and the source says SLIT or ATTACH (numa/links.c has the rules).  Bandwidth is what
 * firmware states for the nearest CPUs.  From others it is unknown.
 *
 * A SLIT distance d counts as d * (a known local latency / its SLIT distance) ns where the machine
 * states any local latency.  Else it counts as d * 10 ns: the ratios are the firmware's, and the
 * scale is nominal.  Stated and nominal ns are not added up.  Without a scale, a stated latency
 * grows by the ratio of distances.
 *
 * Returns 0, and the caller frees *OUT with topology_free().  -ENOENT: the kernel shows no NUMA
 * nodes.  -EINVAL: an option names a node that is not online, has CPUs, or has no memory (the
 * reason is logged).  Or -ENOMEM, or another errno of reading sysfs.
 */
int topology_read(struct topology **out, const struct topology_options *options);

/*
 * Take over measured latencies.  LATENCY_NS is [nr_nodes * nr_nodes] as the links.  All are taken
 * or none, because measured and nominal figures do not compare.  The nearest CPUs of a node are
 * then those within a tenth of the least latency.  0, -ENOMEM, or -EINVAL where a pair of CPUs
 * and memory has no figure.  T stays as it was then.
 */
int topology_take_latencies(struct topology *t, const uint32_t *latency_ns);

/*
 * Measure latencies, give them to T, and keep them in a file below /run.  So a restart need not
 * measure again.  They hold for one boot, and for the nodes and devices that they were measured
 * with.  0, or -errno after logging why.
 */
int latencies_measure(struct topology *t);

/* Give T the latencies of that file, if they belong to it.  Returns whether they do. */
bool latencies_recall(struct topology *t);

/*
 * Have nodes, CPUs or CXL memory come or gone since T was read, or have nodes without CPUs grown?
 * This is cheap: it reads a few small files.
 */
bool topology_changed(const struct topology *t, const char *sysroot);

/* The place of node ID in nodes[], or -1. */
int topology_find(const struct topology *t, int id);

/* The link between two places in nodes[]; never NULL. */
const struct topology_link *topology_link(const struct topology *t, size_t from, size_t to);

/* Has kmem made it memory of its target node? */
bool dax_is_memory(const struct topology_dax *dax);

/*
 * The command that makes DAX's memory usable: "daxctl ...".  "" where there is nothing to do, or
 * where it is not ours to do.  Returns BUF.
 */
char *topology_dax_advice(char *buf, size_t size, const struct topology *t,
			  const struct topology_dax *dax);

/* "hmat", "slit", ... and "region", "option", ...  For 0 "unknown" and "no". */
const char *topology_source_name(enum topology_source source);
const char *topology_cxl_name(enum topology_cxl cxl);

/*
 * The worst source of the latencies that there should be, from all CPUs to all memory.  UNKNOWN
 * (may be NULL) takes the nodes whose memory lacks some.
 */
enum topology_source topology_worst_latency(const struct topology *t, struct idlist *unknown);

void topology_free(struct topology *t);

static inline void topology_freep(struct topology **t)
{
	topology_free(*t);
}
#define _cleanup_topology_ _cleanup_(topology_freep)

#endif
