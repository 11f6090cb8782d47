#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# Pages that lie far from their process: node 2 is CXL memory whose device sits at node 1.

load ../daemon

numa_balancing=/proc/sys/kernel/numa_balancing

# Without it the kernel moves pages before the daemon has started.
setup_file() {
	cat $numa_balancing >"$BATS_FILE_TMPDIR/numa_balancing"
	echo 0 >$numa_balancing
}

teardown_file() { cat "$BATS_FILE_TMPDIR/numa_balancing" >$numa_balancing; }

# pages_on PID NODE: how many of its pages lie there
pages_on() { awk -v n="N$2" '{ for (i = 3; i <= NF; i++) if (split($i, a, "=") == 2 && a[1] == n) sum += a[2] } END { print sum + 0 }' "/proc/$1/numa_maps"; }

says() { [[ $output == *"$1"* ]] || { echo "it does not say: $1"; echo "$output"; return 1; }; }

@test "--tier advise says what should move and why, and moves nothing" {
	local before
	touch_memory far --total 96M --hot 64M --node 2 --free
	touch_memory bound --total 96M --hot 64M --node 2
	before=$(pages_on "$far" 2)
	start_daemon
	# 64 MB, as far as DAMON sees where they begin and end
	retry 300 process_in "$far" .tier.promote_bytes 50000000 80000000
	process "$far" .tier
	# once its pages are there too, the one node is as good as the other
	process_in "$far" .tier.node 0 1
	process_in "$far" .tier.gain_ms_per_s 1 1000
	process_in "$far" .tier.cost_ms 0.1 100000
	retry 120 process_in "$bound" .tier.not_allowed_bytes 50000000 80000000
	process_in "$bound" .tier.promote_bytes 0 4000000
	run -0 cxl-tiersched status "$far"
	says " of its hot memory should lie nearer to the CPUs of node "
	says "No page is moved (--tier advise)."
	[[ $output != *" $bound "* ]]
	run -0 cxl-tiersched status "$bound"
	says "stay: a cpuset, a policy or a lock keeps them from nearer nodes."
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

all_near() { (($(pages_on "$far" 2) < 9000)); }

@test "--tier on moves what is hot to the task, counts it, and leaves what is bound" {
	local before before_far
	touch_memory far --total 96M --hot 64M --node 2 --free
	touch_memory bound --total 96M --hot 64M --node 2
	before=$(pages_on "$bound" 2)
	before_far=$(pages_on "$far" 2)
	start_daemon --tier on --tier-cpu 50
	# of 24,576 pages 16,384 are hot
	retry 300 all_near || { process "$far" .tier; pages_on "$far" 2; false; }
	# what it counts is what the kernel shows, once the counts of the last moves are there
	retry 60 counted || { process "$far" .tier; pages_on "$far" 2; false; }
	[[ $(pages_on "$bound" 2) -ge $((before - 1000)) ]]
	process_in "$far" .tier.failed_bytes 0 0
	run -0 cxl-tiersched status "$far"
	says "moved to nearer nodes so far."
	cxl-tiersched status --json | jq -e '.tier.mode == "on" and .tier.promoted_bytes >= 60000000 and .tier.mover_cpu_ms > 0'
	undisturbed
	stop_daemon
	alive "$far"
}

@test "--tier off looks at no page" {
	touch_memory far --total 96M --hot 64M --node 2 --free
	start_daemon --tier off
	retry 20 prefers "$far" 1
	[[ $(process "$far" .tier) == null ]]
	run -0 cxl-tiersched status "$far"
	says "is not looked at (--tier off)"
	stop_daemon
}
