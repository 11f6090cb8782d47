#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# Pages that lie far from their process: node 2 is CXL memory whose device sits at node 1.

load ../daemon
load ../unit

numa_balancing=/proc/sys/kernel/numa_balancing
latencies=/run/cxl-tiersched/latencies.json
l3=/sys/module/lab_l3_pmu/parameters

# Without it the kernel moves pages before the daemon has started.
setup_file() {
	cat $numa_balancing >"$BATS_FILE_TMPDIR/numa_balancing"
	echo 0 >$numa_balancing
}

teardown_file() {
	rm -f /dev/shm/shared.* "$latencies"
	unload lab_l3_pmu
	cat "$BATS_FILE_TMPDIR/numa_balancing" >$numa_balancing
}

# pages_on PID NODE: how many of its pages lie there
pages_on() {
	awk -v n="N$2" '{ for (i = 3; i <= NF; i++) if (split($i, a, "=") == 2 && a[1] == n) sum += a[2] }
		END { print sum + 0 }' "/proc/$1/numa_maps"
}

says() { [[ $output == *"$1"* ]] || { echo "it does not say: $1"; echo "$output"; return 1; }; }

# is_planned PID KEY: 16 MB of it, as far as DAMON sees where they begin and end.  Once its pages are
# there too, the one node is as good as the other.
is_planned() {
	process "$1" .tier | jq -e --arg key "$2" '.[$key] >= 12e6 and .[$key] <= 24e6 and (.node == 0 or .node == 1) and
		if $key == "promote_bytes" then .gain_ms_per_s > 0 and .cost_ms > 0 else .promote_bytes <= 4e6 end' >/dev/null
}

# tells PID TEXT: and of no other process
tells() {
	run -0 cxl-tiersched status "$1"
	says "$2" && [[ $(grep -c memtouch <<<"$output") == 1 ]]
}

@test "--tier advise says what should move and why, and moves nothing" {
	local before
	touch_memory far --total 80M --hot 16M --node 2 --free
	touch_memory bound --total 80M --hot 16M --node 2
	before=$(pages_on "$far" 2)
	start_daemon
	retry 300 is_planned "$far" promote_bytes || { process "$far" .tier; false; }
	retry 120 is_planned "$bound" not_allowed_bytes || { process "$bound" .tier; false; }
	# advice is renewed, and there may be a moment when the heat looks new
	retry 60 tells "$far" " of its hot memory should lie nearer to the CPUs of node "
	tells "$far" "No page is moved (--tier advise)."
	retry 60 tells "$bound" "stay: a cpuset, a policy or a lock keeps them from nearer nodes."
	run -0 cxl-tiersched status --json "$far"
	jq -e --argjson p "$far" '[.processes[].pid] == [$p] and .tier.mode == "advise"' <<<"$output"
	[[ $(pages_on "$far" 2) == "$before" ]]
	run -1 --separate-stderr cxl-tiersched status $$
	[[ $stderr == *"process $$ is not managed"* ]]
	undisturbed
	stop_daemon
}

counted() {
	local moved left
	moved=$(($(process "$far" ".tier.promoted_bytes - .tier.demoted_bytes") / 4096))
	left=$((before_far - $(pages_on "$far" 2)))
	# its stack and libraries may have come from node 0
	((moved >= left && moved <= left + 2000)) || { echo "$moved pages moved, $left have left node 2"; false; }
}

all_near() { (($(pages_on "$far" 2) < before_far - 3600)); }

@test "--tier on moves what is hot to the task, counts it, and leaves what is bound" {
	local before before_far
	touch_memory far --total 80M --hot 16M --node 2 --free
	touch_memory bound --total 80M --hot 16M --node 2
	before=$(pages_on "$bound" 2)
	before_far=$(pages_on "$far" 2)
	start_daemon --tier on --tier-cpu 50
	# of 20,480 pages 4,096 are hot
	retry 300 all_near || { process "$far" .tier; pages_on "$far" 2; false; }
	# what it counts is what the kernel shows, once the counts of the last moves are there
	retry 60 counted || { process "$far" .tier; pages_on "$far" 2; false; }
	[[ $(pages_on "$bound" 2) -ge $((before - 1000)) ]]
	process_in "$far" .tier.failed_bytes 0 0
	# on a busy machine what they gain may stay unknown, but no promise is lost
	process "$far" .tier | jq -e '(.gain_promised_ms_per_s // 0) + .gain_unknown_ms_per_s > 0' >/dev/null
	run -0 cxl-tiersched status "$far"
	says "moved to nearer nodes so far."
	cxl-tiersched status --json |
		jq -e '.tier | .mode == "on" and .promoted_bytes >= 14000000 and .mover_cpu_ms > 0'
	undisturbed
	stop_daemon
	# what has moved stays where it is
	alive "$far" && all_near
}

shared_on() { [[ $(pages_on "$busy" "$1") -ge 3600 ]]; }

# has PID KEY LEAST MOST: so many bytes of its pages, in the end
has() { retry 120 process_in "$1" ".tier.$2" "$3" "$4" || { process "$1" .tier; false; }; }

@test "memory that several processes map goes where most heat is, and stays where strangers map it" {
	local file=/dev/shm/shared.$BATS_TEST_TRY_NUMBER
	touch_memory stranger --file "$file" --total 16M --hot 4K --node 2 --free --pause 100000
	# the one that is always busy is held to node 0, the one that rests most of the time to node 1
	touch_memory busy --file "$file" --total 16M --hot 16M
	taskset -acp 0,1 "$busy" >/dev/null
	touch_memory idler --file "$file" --total 16M --hot 16M --pause 200000
	taskset -acp 2,3 "$idler" >/dev/null
	start_daemon --tier on --tier-cpu 50 --pid "$busy" --pid "$idler" --max-processes 2
	has "$busy" foreign_bytes 12e6 24e6
	shared_on 2 || { cat "/proc/$busy/numa_maps"; false; }
	kill "$stranger"
	retry 300 shared_on 0 || { process "$busy" .tier; process "$idler" .tier; cat "/proc/$busy/numa_maps"; false; }
	# it is nearer to the idler on node 1, but that does not count as much
	has "$idler" shared_bytes 12e6 24e6
	has "$busy" promoted_bytes 14e6 24e6
	undisturbed
	stop_daemon
	rm "$file"
}

# The latencies of the lab's machine, as if they were measured.
know_latencies() {
	local known=$BATS_TEST_TMPDIR/latencies
	cxl-tiersched calibrate >/dev/null
	jq '[[80, 140, 400], [140, 80, 250]] as $ns |
		.links |= map(.latency_ns = $ns[.cpu_node][.mem_node])' "$latencies" >"$known"
	cp "$known" "$latencies"
}

is_near() { [[ $(process "$p" .tier.node) == 1 ]]; }

hot_on_cxl() { (($(pages_on "$p" 2) >= $1)); }

@test "where DRAM is the bottleneck hot pages go to CXL memory too, and come back when that ends" {
	know_latencies
	unload lab_l3_pmu
	insmod "$LAB_BUILD/tests/lab/kmod/lab_l3_pmu.ko" latency_ns=250,250 \
		dram_latency_ns=80,80 dram_fills_per_s=100000,100000
	touch_memory p --total 80M --hot 16M --node 1 --free
	taskset -acp 2,3 "$p" >/dev/null
	start_daemon --tier on --tier-cpu 50
	retry 60 is_near
	[[ $(process "$p" .tier.spread_bytes) == 0 ]]
	# an access to DRAM waits a hundred times as long as it takes
	echo 8000,8000 >$l3/dram_latency_ns
	retry 300 hot_on_cxl 2000 || { process "$p" .tier; cat "/proc/$p/numa_maps"; false; }
	has "$p" spread_bytes 8e6 24e6
	run -0 cxl-tiersched status "$p"
	says "to share bandwidth"
	echo 80,80 >$l3/dram_latency_ns
	has "$p" promoted_bytes 1e6 24e6
	undisturbed
	stop_daemon
	unload lab_l3_pmu
	rm "$latencies"
}

@test "--tier off looks at no page" {
	touch_memory far --total 80M --hot 16M --node 2 --free
	start_daemon --tier off
	retry 20 prefers "$far" 1
	[[ $(process "$far" .tier) == null ]]
	run -0 cxl-tiersched status "$far"
	says "is not looked at (--tier off)"
	stop_daemon
}
