#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# The mover (src/tier/move.h) moves memory of a process that writes and checks it all the time.
# What it counts is what numa_maps of the kernel shows.  No daemon runs here.

bats_require_minimum_version 1.5.0
load ../lib

cgroup=/sys/fs/cgroup/lab-move
thp=/sys/kernel/mm/transparent_hugepage/enabled
balancing=/proc/sys/kernel/numa_balancing
huge=/sys/devices/system/node/node1/hugepages/hugepages-2048kB/nr_hugepages
MB=1048576

setup() {
	pids=()
	thp_was=$(grep -o '\[.*\]' $thp | tr -d '[]')
	# the kernel would move the same pages
	balancing_was=$(cat $balancing)
	echo 0 >$balancing
}

teardown() {
	for pid in "${pids[@]}"; do
		kill -9 "$pid" 2>/dev/null || true
	done
	wait
	echo 0 >$huge
	echo "$thp_was" >$thp
	echo "$balancing_was" >$balancing
	[[ ! -d $cgroup ]] || retry 10 rmdir $cgroup
}

# hold OPTION...: memory on node 2.  Its pid is then in `holder`, its address in `start`
hold() {
	"$guest/mover" hold --node 2 "$@" >"$BATS_TEST_TMPDIR/hold" 3>&- &
	holder=$!
	pids+=("$holder")
	retry 60 grep -q ready "$BATS_TEST_TMPDIR/hold"
	read -r _ start bytes <"$BATS_TEST_TMPDIR/hold"
}

# move FROM TO [OPTION...]: a line of JSON for each round is then in $BATS_TEST_TMPDIR/moves
move() {
	"$guest/mover" move --pid "$holder" --start "$start" --bytes "$bytes" --from "$1" --to "$2" "${@:3}" |
		tee "$BATS_TEST_TMPDIR/moves"
}

# moved JQ: the last round is like this
moved() { jq -es 'map(select(.end)) | last | '"$1" "$BATS_TEST_TMPDIR/moves"; }

# on NODE: how many MB of the memory numa_maps shows there
on() {
	awk -v at="$(printf %x "$start")" -v node="N$1=" '$1 == at {
		for (i = 2; i <= NF; i++)
			if (index($i, node) == 1)
				mb = substr($i, length(node) + 1) * 4096 / 1048576
	}
	END { print mb + 0 }' "/proc/$holder/numa_maps"
}

vmstat() { awk -v name="$1" '$1 == name { print $2 }' /proc/vmstat; }

# scanned: pages that the kernel has looked at to reclaim them.  rests: it does not do so
scanned() { echo $(($(vmstat pgscan_direct) + $(vmstat pgscan_kswapd))); }
rests() { [[ $(scanned) == $(sleep 0.5; scanned) ]]; }

# room NODE: in bytes
room() { "$guest/mover" room | awk -v node="$1" '$1 == node { print $2 }'; }

# full: of 64 MB not all have moved to node 1, which keeps some of its spare of 8 MB.  CPUs take and
# give back some megabytes of free pages, which they keep for themselves.
full() {
	echo "$(on 1) MB moved, room for $(room 1)"
	awk -v mb="$(on 1)" 'BEGIN { exit !(mb < 60) }' && (($(room 1) > 0))
}

# checked: each word of the memory was right all the time
checked() {
	kill "$holder"
	wait "$holder"
	tail -n 1 "$BATS_TEST_TMPDIR/hold"
	tail -n 1 "$BATS_TEST_TMPDIR/hold" | jq -e '.passes > 0 and .wrong == 0'
}

@test "moving: memory in use goes there and back, and every byte stays right" {
	hold --bytes 64M
	[[ $(on 2) == 64 ]]
	move 2 1
	moved '.end == "complete" and .moved == '$((64 * MB))
	[[ $(on 1) == 64 && $(on 2) == 0 ]]
	move 1 2 --rounds 4
	[[ $(on 1) == 64 && $(on 2) == 0 ]]
	# what was moved within a minute comes back each time but the first: half of it, and half of that
	jq -es '(map(.moved // 0) | add) == '$((4 * 64 * MB))' and last.returned == '$((3 * 64 * MB))' and
		last.budget == '$((8 * MB)) "$BATS_TEST_TMPDIR/moves"
	# nothing is there any more
	move 2 0
	moved '.moved == 0 and .elsewhere == '$((64 * MB))
	checked
}

@test "moving: huge pages move as a whole and are not split" {
	local splits
	echo always >$thp
	hold --bytes 32M --thp
	grep -A 30 "^$(printf %x "$start")-" "/proc/$holder/smaps" | grep -m 1 AnonHugePages | grep -w 32768
	splits=$(vmstat thp_split_page)
	move 2 1 --rounds 3
	moved '.end == "complete" and .moved == '$((32 * MB))
	[[ $(on 1) == 32 && $(on 2) == 0 ]]
	# a range in the middle of huge pages takes all of them
	bytes=$((2 * MB)) start=$((start + MB)) move 1 2
	moved '.moved == '$((4 * MB))
	[[ $(on 2) == 4 && $(on 1) == 28 ]]
	[[ $(vmstat thp_split_page) == "$splits" ]]
	checked
}

@test "moving: a full node gets nothing, and nothing is reclaimed or split for it" {
	local splits reclaimed
	echo always >$thp
	hold --bytes 64M
	# all but 24 MB of the room, of which the mover leaves 8: huge pages, and small ones where
	# there are not enough
	echo $((($(room 1) - 24 * MB) / (2 * MB))) >$huge
	(($(room 1) < 32 * MB)) || touch_memory filler --total $(($(room 1) - 24 * MB)) --hot 4K --node 1 --pause 100000
	splits=$(vmstat thp_split_page)
	retry 60 rests
	reclaimed=$(scanned)
	move 2 1
	moved '.end == "no room" and .no_room > 0'
	full
	move 2 1
	moved '.end == "no room"'
	full
	# who has to make room there must know what copies cost
	"$guest/mover" measure --from 1 --to 2
	"$guest/mover" measure --from 2 --to 1
	# huge pages neither, though there may be more room than one needs
	checked
	hold --bytes 64M --thp
	move 2 1
	moved '.end == "no room" and .no_room + .no_huge_room > 0'
	full
	[[ $(vmstat thp_split_page) == "$splits" ]]
	[[ $(scanned) == "$reclaimed" ]]
	# with room again it goes on
	echo 0 >$huge
	move 2 1
	moved '.end == "complete"'
	[[ $(on 1) == 64 ]]
	checked
}

@test "moving: a cpuset that forbids the node is obeyed, and that is counted" {
	mkdir $cgroup
	echo 0,2 >$cgroup/cpuset.mems
	hold --bytes 8M
	echo "$holder" >$cgroup/cgroup.procs
	[[ $(on 2) == 8 ]]
	move 2 1
	moved '.end == "forbidden" and .moved == 0 and .forbidden > 0'
	[[ $(on 2) == 8 ]]
	move 2 0
	moved '.end == "complete"'
	[[ $(on 0) == 8 ]]
	checked
}

@test "moving: quotas, shared memory, a process that ends" {
	hold --bytes 16M
	# all but the last batch of 2 MB, and but what it had saved up
	move 2 1 --rate 8M
	moved '.end == "complete" and .ms >= 1600'
	move 1 2 --cpu 20
	moved '.end == "complete" and .ms >= 3 * .cpu_ms - 100'
	checked
	"$guest/memtouch" --total 16M --hot 16M --node 2 --views 2 >"$BATS_TEST_TMPDIR/views" 3>&- &
	holder=$!
	pids+=("$holder")
	retry 60 grep -q ready "$BATS_TEST_TMPDIR/views"
	start=$((0x$(grep -m 1 memtouch.*deleted "/proc/$holder/maps" | cut -d - -f 1))) bytes=$((16 * MB))
	move 2 1
	moved '.moved == 0 and .shared == '$((16 * MB))
	kill -9 "$holder"
	wait "$holder" || true
	run -1 "$guest/mover" move --pid "$holder" --start "$start" --from 2 --to 1
}

@test "moving: what a byte costs is measured" {
	local ns
	ns=$("$guest/mover" measure --from 2 --to 1)
	echo "$ns ns a byte"
	awk -v ns="$ns" 'BEGIN { exit !(ns > 0) }'
	run -1 "$guest/mover" measure --from 2 --to 9
}
