# SPDX-License-Identifier: GPL-2.0
load ../topology

@test "topology: HMAT gives the nearest CPUs' latency and bandwidth" {
	is '[]' "$(node 2 .cpus)"
	is '[1] hmat' "$(node 2 '"\(.near_nodes) \(.near_source)"')"
	latency_is 0 0 80 hmat
	latency_is 1 2 250 hmat
	bandwidth_is 1 2 30720 hmat
}

@test "topology: what HMAT leaves out comes by the SLIT, and says so" {
	latency_is 0 1 168 slit
	latency_is 0 2 402 slit
	bandwidth_is 0 2 null unknown
}

@test "topology: the node of memory alone has a slower tier of its own" {
	is true '[.nodes[].tier] | .[2] > .[0] and .[0] == .[1]'
}

@test "topology: the administrator may call it CXL" {
	is no "$(node 2 .cxl)"
	is option "$(node 2 .cxl)" --cxl-node 2
}

@test "topology: files alone and a recording tell the same as libcxl" {
	same_from_files
	same_recorded
}
