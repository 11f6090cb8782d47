#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# Tasks run where their hot memory is cheapest to reach: node 2 is CXL memory whose device sits at node 1.

load ../daemon

@test "memory on the CXL node draws its process to the CPUs near it, beside hogs" {
	hogs 4
	touch_memory p --total 128M --hot 24M --node 2 --threads 2
	start_daemon --damon-interval 100ms
	retry 10 prefers "$p" 1
	runs_near 90 "$p" 1
	undisturbed
	stop_daemon
}

@test "memory that moves is followed" {
	hogs 2
	touch_memory p --total 64M --hot 24M --node 2 --threads 2
	start_daemon
	retry 10 prefers "$p" 1
	migratepages "$p" 2 0
	"$guest/whereran" --pid "$p" --near 0 --duration 4 >"$BATS_TEST_TMPDIR/moved"
	cat "$BATS_TEST_TMPDIR/moved"
	# three aggregation intervals and a second, with as much again for a slow host
	jq -e '.settled_s != null and .settled_s <= 2.6' "$BATS_TEST_TMPDIR/moved"
	prefers "$p" 0
	stop_daemon
}

@test "what passes to BPF can be read by name" {
	touch_memory p --total 128M --hot 24M --node 2
	start_daemon
	retry 10 prefers "$p" 1
	bpftool -j map dump name damon_data | jq -e --argjson p "$p" \
		'.[] | select(.formatted.key == $p).formatted.value | .preferred == 1 and .cxl_heat_permille >= 900 and
		 .generation > 0 and .locality[1] > .locality[0]'
	[[ $(bpftool -j map dump name cpu_contexts | jq '[.[].formatted.value | select(.cxl_attached == 1).place] | unique[0]') == 1 ]]
	bpftool map show name task_ctx_stor
	stop_daemon
}

@test "status shows where a process is and why, as text and as JSON" {
	touch_memory p --total 128M --hot 24M --node 2
	start_daemon
	retry 10 prefers "$p" 1
	# most of its heat is on node 2, node 1 is the best, and each node has a score
	shown() { cxl-tiersched status | grep -E "^ *$p +memtouch +size +[0-9.]+M +2:[0-9]+% .* 1 +0:[0-9]+ 1:[0-9]+ "; }
	retry 10 shown || { cxl-tiersched status; false; }
	cxl-tiersched status --json | jq -e '.mode == "schedule" and .scheduler.attached'
	stop_daemon
	run -1 --separate-stderr cxl-tiersched status
	[[ $stderr == *"no cxl-tiersched is running"* ]]
}

@test "--observe measures and does not schedule" {
	touch_memory p --total 128M --hot 24M --node 2
	start_daemon --observe
	retry 10 prefers "$p" 1
	state_is disabled
	stop_daemon INT
}

@test "--pid and --match manage small processes, and give them a class" {
	"$guest/memtouch" --total 16M --hot 8M --node 2 >/dev/null 3>&- &
	pids+=($!)
	start_daemon --match 'latency=comm:memt*'
	retry 10 prefers "${pids[0]}" 1
	[[ $(process "${pids[0]}" .why) == rule ]]
	[[ $(bpftool -j map dump name damon_data | jq '.[0].formatted.value.class') == 4 ]]
	stop_daemon
	start_daemon --pid "${pids[0]}" --min-rss 1T
	retry 10 prefers "${pids[0]}" 1
	[[ $(process "${pids[0]}" .why) == pid ]]
	stop_daemon
}
