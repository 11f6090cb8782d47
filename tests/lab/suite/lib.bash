# SPDX-License-Identifier: GPL-2.0
# Helpers for the tests that run inside a lab machine: `load ../lib` from suite/MACHINE/NAME.bats.

guest=$LAB_BUILD/tests/lab/guest

# retry SECONDS COMMAND...: repeat COMMAND until it succeeds.
retry() {
	local until=$((SECONDS + $1))
	shift
	until "$@"; do
		((SECONDS < until)) || return 1
		sleep 0.2
	done
}

# long SHORT LONG: prints LONG if LAB_LONG is set, else SHORT
long() { if [[ ${LAB_LONG:-} ]]; then echo "$2"; else echo "$1"; fi; }

# sched_ext_state: disabled, enabled, ...
sched_ext_state() { cat /sys/kernel/sched_ext/state; }

# touch_memory VARIABLE OPTION...: start a memtouch and wait until it touches memory.  Its pid is
# then in VARIABLE and in `pids`.
touch_memory() {
	local variable=$1 out=$BATS_TEST_TMPDIR/memtouch.$1
	shift
	"$guest/memtouch" "$@" >"$out" 3>&- &
	printf -v "$variable" %s "$!"
	pids+=("$!")
	retry 60 grep -q ready "$out"
}
