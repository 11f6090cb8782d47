# SPDX-License-Identifier: GPL-2.0
# Theory of operation: each test starts the installed daemon and gives the machine work whose
# memory we know (memtouch).  Then it looks at the kernel: where tasks ran (whereran, which knows
# no scheduler), the state of sched_ext and DAMON, and what is left afterwards.  `load ../daemon`
# in a suite.

bats_require_minimum_version 1.5.0
load ../lib

scx=/sys/kernel/sched_ext
kdamonds=/sys/kernel/mm/damon/admin/kdamonds
damon_stat=/sys/module/damon_stat/parameters/enabled

# An emulated machine on a busy host loses time where a real one would not.  So a test that fails
# is tried once more, and the log tells of it.
BATS_TEST_RETRIES=1

setup() {
	pids=()
	daemon=
	dmesg -C
	if ! as_booted; then
		((BATS_TEST_TRY_NUMBER == 1)) || return 1
		skip "an earlier test left the machine otherwise than it found it"
	fi
}

tell_of_first_try() {
	if [[ ! ${BATS_TEST_COMPLETED:-} && ! ${BATS_TEST_SKIPPED:-} ]] && ((BATS_TEST_TRY_NUMBER <= BATS_TEST_RETRIES)); then
		echo "# FAILED at the first try, once more: $BATS_TEST_DESCRIPTION"
		tail -n 40 "$BATS_OUT" | sed 's/^/#   /'
	fi >&3
}

teardown() {
	local pid
	tell_of_first_try
	rm -f "$BATS_TEST_TMPDIR/faults" # see numa/survive.bats
	[[ -z $daemon ]] || kill -CONT "$daemon" 2>/dev/null || true
	for pid in $daemon "${pids[@]}"; do
		kill "$pid" 2>/dev/null || true
	done
	for pid in $daemon "${pids[@]}"; do
		retry 10 not alive "$pid" || kill -9 "$pid" 2>/dev/null || true
	done
	wait
}

alive() { kill -0 "$1" 2>/dev/null; }
not() { ! "$@"; }
state_is() { [[ $(cat $scx/state) == "$1" ]]; }

# Nothing of ours is in the kernel, DAMON is as it was after boot, and no setting waits to be put
# back.
as_booted() {
	state_is disabled && [[ $(cat $damon_stat) == Y ]] && [[ $(cat $kdamonds/nr_kdamonds) == 0 ]] &&
		[[ ! -e /run/cxl-tiersched/numa_balancing ]] && return
	echo "sched_ext $(cat $scx/state), DAMON_STAT $(cat $damon_stat), $(cat $kdamonds/nr_kdamonds) kdamonds"
	ls /run/cxl-tiersched
	return 1
}

# start_daemon [OPTION...]: until its scheduler is attached (with --observe: until it answers).
start_daemon() {
	cxl-tiersched "$@" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/log" 3>&- &
	daemon=$!
	retry 60 answers || { cat "$BATS_TEST_TMPDIR/log"; return 1; }
	enable_seq=$(cat $scx/enable_seq 2>/dev/null || true)
}

answers() { cxl-tiersched status --json >"$BATS_TEST_TMPDIR/status" 2>/dev/null; }

# stop_daemon [SIGNAL]: it must leave with status 0 and leave nothing behind.
stop_daemon() {
	local status=0
	kill "-${1:-TERM}" "$daemon"
	wait "$daemon" || status=$?
	daemon=
	[[ $status == 0 ]] || { echo "exit status $status"; cat "$BATS_TEST_TMPDIR/log"; return 1; }
	retry 10 as_booted
}

# The scheduler has been attached since start_daemon without a break, and the kernel has no
# complaint.
undisturbed() {
	local complaints
	state_is enabled || { echo "sched_ext is $(cat $scx/state)"; cat "$BATS_TEST_TMPDIR/log"; dmesg | tail -n 20; return 1; }
	[[ $(cat $scx/enable_seq) == "$enable_seq" ]] || { echo "attached anew"; return 1; }
	complaints=$(dmesg | grep -E "stall|BUG|WARNING|hung task|runnable task" || true)
	[[ -z $complaints ]] || { echo "$complaints"; return 1; }
}

# hogs N: start N processes that only use CPU
hogs() {
	for _ in $(seq "$1"); do
		(while :; do :; done) 3>&- &
		pids+=("$!")
	done
}

# process PID JQ: a field of a managed process, as it is now
process() { cxl-tiersched status --json | jq -r --argjson p "$1" ".processes[] | select(.pid == \$p) | $2"; }

# process_in PID JQ LEAST MOST: that field is a number in this range
process_in() { process "$1" "$2" | jq -e --argjson l "$3" --argjson m "$4" '. != null and . >= $l and . <= $m' >/dev/null; }

prefers() { [[ $(process "$1" .preferred_node) == "$2" ]]; }

# runs_near PERCENT PID NODE: at least PERCENT of its run time in the next seconds is on NODE's
# CPUs
runs_near() {
	local found
	found=$("$guest/whereran" --pid "$2" --near "$3" --duration 5)
	echo "pid $2, near node $3: $found" | tee -a "$BATS_TEST_TMPDIR/where" >&2
	jq -e --argjson p "$1" '.near_percent >= $p' <<<"$found" >/dev/null
}
