#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# Properties of placement: node 2 is CXL memory whose device sits at node 1.

load ../properties
load ../unit

spinners=$LAB_SRC/tests/lab/guest/spinners

teardown_file() { unload lab_cxl_pmu; }

# near PID NODE...: for each PID the percentage of its run time in the next seconds that is on the
# CPUs of NODE
near() {
	local started=()
	while (($#)); do
		"$guest/whereran" --pid "$1" --near "$2" --duration 4 >"$BATS_TEST_TMPDIR/near.${#started[@]}" 3>&- &
		started+=("$!")
		shift 2
	done
	wait "${started[@]}"
	jq -c .near_percent "$BATS_TEST_TMPDIR"/near.[0-9]
}

# profile PID JQ: what the scheduler was told of the process
profile() { bpftool -j map dump name damon_data | jq --argjson p "$1" ".[] | select(.formatted.key == \$p).formatted.value | $2"; }

is_profiled() { [[ $(process "$1" .preferred_node) != null ]]; }

# the busy time and the whole time of node 0's CPUs, in ticks
node0_ticks() { awk '/^cpu[01] / { idle += $5 + $6; for (i = 2; i <= 9; i++) all += $i } END { print all - idle, all }' /proc/stat; }

is_known_to_be_intensive() { [[ $(process "$1" .memory_intensive) == true && $(process "$1" .confidence) -ge 50 ]]; }

@test "each process runs where its memory costs least, beside one whose memory lies on both nodes" {
	local homes
	touch_memory a --total 64M --hot 24M --node 0
	touch_memory b --total 64M --hot 24M --node 1
	touch_memory c --total 64M --hot 24M --node 2
	numactl --interleave=0,1 "$guest/memtouch" --total 64M --hot 24M >"$BATS_TEST_TMPDIR/split" 3>&- &
	pids+=("$!")
	homes=("$a" 0 "$b" 1 "$c" 1)
	start_daemon
	retry 20 prefers "$a" 0
	retry 20 prefers "$b" 1
	retry 20 prefers "$c" 1
	sleep 1
	control=null
	ours=$(near "${homes[@]}" | jq -cs .)
	info tiersched "near, %: $ours"
	holds 'length == 3 and all(. >= 90)'
	undisturbed
	stop_daemon
}

@test "three times more work than node 1 has: node 0 is busy, and who loses least goes there" {
	local i busy all pid files=()
	# six threads for two CPUs: three on node 1's memory, three on the CXL node's
	for i in 1 2 3; do
		touch_memory "dram$i" --total 64M --hot 16M --node 1
		touch_memory "cxl$i" --total 64M --hot 16M --node 2
	done
	start_daemon
	for pid in "${pids[@]}"; do retry 20 prefers "$pid" 1; done
	sleep 2
	read -r busy all < <(node0_ticks)
	for pid in "${pids[@]}"; do
		"$guest/whereran" --pid "$pid" --near 1 --duration 8 >"$BATS_TEST_TMPDIR/near.$pid" 3>&- &
		files+=("$!")
	done
	wait "${files[@]}"
	read -r busy all < <(node0_ticks | awk -v busy="$busy" -v all="$all" '{ print $1 - busy, $2 - all }')
	info tiersched "node 0 busy $((100 * busy / all))%"
	for pid in "${pids[@]}"; do
		jq -c --argjson loss "$(profile "$pid" '(.locality[1] - .locality[0])')" '{loss: $loss, near: .near_percent}' "$BATS_TEST_TMPDIR/near.$pid"
	done | jq -cs . >"$BATS_TEST_TMPDIR/spill"
	ours=$(<"$BATS_TEST_TMPDIR/spill")
	info tiersched "$ours"
	((100 * busy >= 90 * all))
	# those that lose least are not at home more than those that lose most, if they differ much
	control=null
	holds 'sort_by(.loss) | (.[:3] | map(.near) | add) as $least | (.[3:] | map(.near) | add) as $most |
		.[5].loss - .[0].loss < 5 or $least < $most'
	undisturbed
	stop_daemon
}

# Six processes use a device that has no bandwidth left.  Beside them run as many spinners and
# servers as node 0 has CPUs.
@test "isolation: who uses up a device leaves the other node to its neighbours" {
	local hold i
	as_new
	set_unit read_mbps 29500
	for i in 1 2 3 4 5 6; do
		touch_memory "p$i" --total 32M --hot 16M --node 2
	done
	control=null
	for hold in 0 1; do
		start_daemon --min-rss 16M --bandwidth 2=30000 --hold-saturating "$hold"
		for i in "${pids[@]}"; do retry 20 is_known_to_be_intensive "$i"; done
		"$guest/whereran" --pid "${pids[0]}" --near 1 --duration 6 >"$BATS_TEST_TMPDIR/near" 3>&- &
		ours=$("$spinners" serve 6)
		wait "$!"
		ours=$(jq -c --argjson near "$(jq .near_percent "$BATS_TEST_TMPDIR/near")" '. + {near_percent: $near}' <<<"$ours")
		info "tiersched, --hold-saturating $hold" "$ours"
		undisturbed
		stop_daemon
		((hold)) || control=$ours
	done
	holds '.near_percent >= 75 and .spinner_cpus >= 1.15 * $control.spinner_cpus'
}
