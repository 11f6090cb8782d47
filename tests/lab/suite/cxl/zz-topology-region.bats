# SPDX-License-Identifier: GPL-2.0
# Last of the suite by its name: the kernel keeps a block of memory that it put data of its own into, so the machine is not
# what it was.
load ../lib
load ../topology

@test "topology: without its region the node is CXL no more, with a new one it is again" {
	cxl destroy-region -f region0
	is '[] 1' '"\(.regions) \(.memdevs | length)"'
	is '[]' '[.nodes[] | select(.cxl != "no")]'
	retry 20 same_from_files
	cxl create-region -t ram -d decoder0.0 -m mem0
	retry 20 is region "$(node 2 .cxl)"
	retry 20 same_from_files
}
