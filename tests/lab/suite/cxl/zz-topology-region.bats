# SPDX-License-Identifier: GPL-2.0
# By its name this is the last of the suite.  The kernel puts data of its own into a block of
# memory, which then cannot go offline.  So the machine is not as before.
load ../lib
load ../topology

# advice PATTERN: the command that doctor has for CXL memory, which matches PATTERN
advice() {
	cxl-tiersched doctor --json | jq -r '.checks[] | select(.name == "CXL memory") | .mend // empty' | grep -E "$1"
}

no_advice() { ! advice .; }

@test "topology: without its region the node is CXL no more, with a new one it is again" {
	cxl destroy-region -f region0
	is '[] 1' '"\(.regions) \(.memdevs | length)"'
	is '[]' '[.nodes[] | select(.cxl != "no")]'
	retry 20 same_from_files
	retry 60 advice 'cxl create-region -t ram -m mem0'
	# doctor names one step after the other, from where this machine has stopped
	echo offline >/sys/devices/system/memory/auto_online_blocks
	cxl create-region -t ram -d decoder0.0 -m mem0
	retry 60 advice '^daxctl online-memory dax0.0$'
	daxctl reconfigure-device --mode=devdax --force dax0.0
	retry 60 advice '^daxctl reconfigure-device --mode=system-ram dax0.0$'
	command=$(advice reconfigure)
	$command
	echo online >/sys/devices/system/memory/auto_online_blocks
	retry 60 no_advice
	retry 20 is region "$(node 2 .cxl)"
	retry 20 same_from_files
}
