# SPDX-License-Identifier: GPL-2.0
load ../topology

@test "topology: one node with all CPUs, and nothing of CXL" {
	is '[0]' '[.nodes[].node]'
	is '[0,1,2,3]' '.nodes[0].cpus'
	is '[[],[]]' '[.memdevs, .regions]'
	latency_is 0 0 100 slit
}

@test "topology: files alone and a recording tell the same as libcxl" {
	same_from_files
	same_recorded
}

@test "topology: a CXL node that is not there is refused by name" {
	run -2 cxl-tiersched topology --cxl-node 7
	[[ $output == *'node 7'* ]]
	run -2 cxl-tiersched topology --cxl-node 0
	[[ $output == *'node 0'* ]]
}
