# SPDX-License-Identifier: GPL-2.0
load ../topology

@test "topology: two CPU nodes, each nearest to itself, at the firmware's distance" {
	is '[0,1]' '[.nodes[].node]'
	is '[[0],[1]]' '[.nodes[].near_nodes]'
	is '["no","no"]' '[.nodes[].cxl]'
	latency_is 0 0 100 slit
	latency_is 0 1 210 slit
	latency_is 1 0 210 slit
}

@test "topology: a CPU that goes offline leaves its node, and comes back" {
	is '[2,3]' "$(node 1 .cpus)"
	echo 0 >/sys/devices/system/cpu/cpu3/online
	is '[2]' "$(node 1 .cpus)"
	echo 1 >/sys/devices/system/cpu/cpu3/online
	is '[2,3]' "$(node 1 .cpus)"
}

@test "topology: a node whose CPUs are all offline is memory alone" {
	echo 0 >/sys/devices/system/cpu/cpu2/online
	echo 0 >/sys/devices/system/cpu/cpu3/online
	is '[]' "$(node 1 .cpus)"
	is '[0]' "$(node 1 .near_nodes)"
	is '[0]' '[.links[].cpu_node] | unique'
	echo 1 >/sys/devices/system/cpu/cpu2/online
	echo 1 >/sys/devices/system/cpu/cpu3/online
}

@test "topology: files alone and a recording tell the same as libcxl" {
	same_from_files
	same_recorded
}
