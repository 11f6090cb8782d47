# SPDX-License-Identifier: GPL-2.0
load ../lib
load ../topology

@test "topology: the region's node is CXL memory, on its device's node" {
	is '[] region mem0 1' "$(node 2 '"\(.cpus) \(.cxl) \(.devices) \(.attach_node)"')"
	is '[1] attach' "$(node 2 '"\(.near_nodes) \(.near_source)"')"
	is 22 "$(node 2 .tier)"
}

@test "topology: the memory device and its region are described" {
	is 'mem0 4660 1073741824 0 1' '.memdevs[0] | "\(.name) \(.serial) \(.ram_bytes) \(.pmem_bytes) \(.numa_node)"'
	is true '.memdevs[0].host | test("^[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\\.[0-7]$")'
	is 'region0 mem0 1073741824 2' '.regions[0] | "\(.name) \(.devices) \(.bytes) \(.target_node)"'
}

@test "topology: a flat SLIT does not hide that node 1 is nearer" {
	latency_is 1 2 200 attach
	latency_is 0 2 310 attach
	bandwidth_is 1 2 null unknown
}

@test "topology: files alone and a recording tell the same as libcxl" {
	same_from_files
	same_recorded
}
