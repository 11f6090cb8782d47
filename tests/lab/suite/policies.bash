# SPDX-License-Identifier: GPL-2.0
# A process with a mapping of each policy (policies), and what tier/obey says of it (rules).
# `load ../policies` in a suite.

bats_require_minimum_version 1.5.0
load ../lib

teardown() {
	local pid
	for pid in "${pids[@]}"; do
		kill "$pid" 2>/dev/null || true
	done
	wait
	echo 0 >/proc/sys/vm/nr_hugepages
}

# make_mappings VARIABLE [COMMAND...]: start policies by COMMAND, if there is one.  Its pid is then
# in VARIABLE, and what it tells in the file $mappings.
make_mappings() {
	local variable=$1
	shift
	mappings=$BATS_TEST_TMPDIR/mappings.$variable
	"$@" >"$mappings" 3>&- &
	printf -v "$variable" %s "$!"
	pids+=("$!")
	retry 60 grep -q ready "$mappings"
}

# says TASK NAME...: the rules of these mappings, or of all.  With $by_part the addresses of each are
# read by themselves.
says() {
	local task=$1
	shift
	if (($#)); then
		grep -E "^($(IFS='|'; echo "$*")) " "$mappings"
	else
		cat "$mappings"
	fi | "$guest/rules" ${by_part:+--part} "$task"
}

# expect TEXT COMMAND...: COMMAND prints TEXT, which may have one line break at each end more
expect() {
	diff <(grep . <<<"$1") <("${@:2}")
}

# Nodes 0 and 1 have memory.  A kernel before 6.9 has no weighted interleave.
each_kind_has_its_rule() {
	local p
	pids=()
	echo 2 >/proc/sys/vm/nr_hugepages
	make_mappings p "$guest/policies"
	grep -q '^hugetlb' "$mappings"
	expect "
cpuset 0-1
plain 65536 0-1: free
bind 65536 1: bound to nodes
bind-both 65536 0-1: bound to nodes
bind-static 65536 1: bound to nodes
prefer 65536 0: bound to nodes
prefer-none 65536 0-1: free
prefer-many 65536 0-1: bound to nodes
local 65536 0-1: free
interleave 65536 -: interleaved
weighted 65536 -: interleaved
shared 65536 0-1 shared: free
shared-bind 65536 1 shared: bound to nodes
shared-interleave 65536 - shared: interleaved
file 65536 0-1 shared: free
file-private 65536 0-1: free
file-bind 65536 1: bound to nodes
whole-one 65536 1 shared: bound to nodes
whole-two 65536 1 shared: bound to nodes
half-one 32768 1 shared: bound to nodes
half-one 32768 0-1 shared: free
half-two 65536 - shared: a policy that cannot be read
locked 65536 -: locked in memory
locked-bind 65536 -: locked in memory
hugetlb 2097152 -: hugetlb pages
middle 16384 0-1: free
middle 16384 1: bound to nodes
middle 32768 0-1: free
" says "$p"
}
