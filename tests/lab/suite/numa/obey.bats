#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# Whose pages may be moved, and where to: by policies, cpusets and kinds of memory, as the kernel
# has them.

load ../policies

setup() { pids=(); }

# Where each mapping of a process is, as "NAME START END".
places() { awk '{ split($1, at, "-"); print $6, at[1], at[2] }' "/proc/$1/maps"; }

@test "each kind of mapping has the rule of its policy" {
	each_kind_has_its_rule
}

@test "each kind has the same rule where only its addresses are read, however many there are" {
	local p q all part
	by_part=1 each_kind_has_its_rule
	make_mappings p "$guest/policies" 9000
	run -0 "$guest/rules" --cost 20 --part "$p"
	echo "$output"
	part=${output##* }
	run -0 "$guest/rules" --cost 2 "$p"
	echo "$output"
	all=${output##* }
	((20 * part < all))
	# more than 60 mappings are not taken for free
	run -1 "$guest/rules" --part "$p" <"$mappings"
	[[ $output == *"No buffer space"* ]]
}

@test "memory of devices stays, heap and stack are free" {
	make_mappings p "$guest/policies"
	mappings=$BATS_TEST_TMPDIR/places
	places "$p" >"$mappings"
	says "$p" '\[heap\]' '\[stack\]' '\[vvar\]' | sed 's/ [0-9]* / /' >"$BATS_TEST_TMPDIR/said"
	diff - "$BATS_TEST_TMPDIR/said" <<-'S'
		cpuset 0-1
		[heap] 0-1: free
		[vvar] -: memory of a device
		[stack] 0-1: free
	S
}

@test "where a mapping has no policy, that of its task holds" {
	make_mappings a numactl --membind=1 "$guest/policies"
	expect "
cpuset 0-1
plain 65536 1: bound to nodes
prefer 65536 0: bound to nodes
local 65536 0-1: free
shared 65536 1 shared: bound to nodes
half-one 65536 1 shared: bound to nodes
half-two 65536 - shared: a policy that cannot be read
" says "$a" plain prefer local shared half-one half-two
	make_mappings b numactl --interleave=0,1 "$guest/policies"
	expect "
cpuset 0-1
plain 65536 -: interleaved
bind 65536 1: bound to nodes
locked 65536 -: locked in memory
" says "$b" plain bind locked
	make_mappings c numactl --preferred=1 "$guest/policies"
	expect "
cpuset 0-1
plain 65536 1: bound to nodes
prefer-none 65536 0-1: free
" says "$c" plain prefer-none
	make_mappings d numactl --localalloc "$guest/policies"
	expect "
cpuset 0-1
plain 65536 0-1: free
bind 65536 1: bound to nodes
" says "$d" plain bind
}

@test "a cpuset leaves its nodes, of policies too, and may change" {
	local group=/sys/fs/cgroup/obey p
	make_mappings p "$guest/policies"
	echo +cpuset >/sys/fs/cgroup/cgroup.subtree_control
	mkdir $group
	echo 1 >$group/cpuset.mems
	echo "$p" >$group/cgroup.procs
	expect "
cpuset 1
plain 65536 1: free
bind 65536 1: bound to nodes
prefer 65536 none: bound to nodes
interleave 65536 -: interleaved
shared 65536 1 shared: free
" says "$p" plain bind prefer interleave shared
	echo 0-1 >$group/cpuset.mems
	expect "
cpuset 0-1
plain 65536 0-1: free
" says "$p" plain
	echo "$p" >/sys/fs/cgroup/cgroup.procs
	rmdir $group
}

@test "any living thread stands for the process; who has no memory has no rules" {
	local p task
	touch_memory p --total 8M --hot 2M --node 1 --leave
	first_has_ended() { [[ $(sed 's/.*) //' "/proc/$p/stat") == Z* ]]; }
	retry 10 first_has_ended
	run -1 "$guest/rules" "$p"
	[[ $output == *"No such process"* ]]
	task=$(cd "/proc/$p/task" && printf '%s\n' * | grep -vx -m 1 "$p")
	mappings=$BATS_TEST_TMPDIR/places
	places "$task" >"$mappings"
	says "$task" '\[stack\]' | grep '^\[stack\] [0-9]* 0-1: free'
	# a kernel thread
	run -1 "$guest/rules" 2
	[[ $output == *"No such process"* ]]
}

@test "all mappings are read once, up to a bound, behind which nothing may move" {
	local p mapped
	# the kernel's buffer has room for 1365
	for count in 1350 9000; do
		make_mappings p "$guest/policies" $count
		mapped=$(grep -cv vsyscall "/proc/$p/maps")	# /proc shows that one, too
		run "$guest/rules" --cost 1 "$p"
		echo "$mapped are there; $output"
		[[ $output == "mappings $mapped "* ]]
		kill "$p"
	done
	make_mappings p "$guest/policies" 20000
	says "$p" many | sed 's/ [0-9]* / /' >"$BATS_TEST_TMPDIR/said"
	diff - "$BATS_TEST_TMPDIR/said" <<-'S'
		cpuset 0-1
		many 0-1: free
		many -: too many mappings
	S
}
