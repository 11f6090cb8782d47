#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# What a run survives: processes that die quickly, and the failure of each step of a tick, as a
# table in doc/DESIGN.md has them.

load ../daemon

# faulty_daemon: as start_daemon, but fail() can make its system calls fail
faulty_daemon() {
	faults=$BATS_TEST_TMPDIR/faults
	FAULTS=$faults LD_PRELOAD=$guest/faults.so start_daemon
}

# fail CALL PATH ERRNO: the call fails from now on; mend: it no longer does
fail() {
	echo "$*" >"$faults.new"
	mv "$faults.new" "$faults"
}
mend() { rm "$faults"; }
warned() { grep -q "warning: $1: $2; .*tried again" "$BATS_TEST_TMPDIR/log"; }
works_again() { grep -q "$1: works again" "$BATS_TEST_TMPDIR/log"; }

# told_once N: no step is told again before it has worked again, and none more than N times
told_once() {
	awk -F': ' -v most="$1" '
		/tried again$/ { bad += failing[$3]++ || ++told[$3] > most; seen++ }
		/: works again$/ { delete failing[$2] }
		END { exit bad || !seen }
	' "$BATS_TEST_TMPDIR/log"
}

@test "processes that die quickly: the run goes on, and the others are monitored" {
	"$guest/dying" --count 40 --every 10 >"$BATS_TEST_TMPDIR/dying" 3>&- &
	pids+=("$!")
	retry 60 grep -q ready "$BATS_TEST_TMPDIR/dying"
	start_daemon
	touch_memory p --total 128M --hot 24M --node 1
	retry 60 prefers "$p" 1
	sleep 5
	undisturbed
	prefers "$p" 1
	stop_daemon
}

@test "a full /run: what is chosen meanwhile is monitored, and all is given back" {
	local size used full
	start_daemon
	read -r size used < <(df -B1 --output=size,used /run | tail -n 1)
	mount -o remount,size="$used" /run # no page is left; filling it would take memory
	run ! sh -c 'echo more >/run/more'
	full=$status
	touch_memory p --total 128M --hot 24M --node 1
	retry 30 prefers "$p" 1 || full=
	mount -o remount,size="$size" /run
	rm -f /run/more
	[[ $full ]]
	undisturbed
	stop_daemon
}

@test "each step that fails is told once, tried again, and works again" {
	touch_memory p --total 128M --hot 24M --node 1
	faulty_daemon
	retry 30 prefers "$p" 1

	fail open /proc EMFILE
	retry 30 warned "looking for processes" "Too many open files"
	mend
	retry 30 works_again "looking for processes"

	fail write /sys/kernel/mm/damon EIO
	touch_memory q --total 128M --hot 24M --node 0
	retry 30 warned "telling DAMON what to monitor" "Input/output error"
	mend
	retry 30 works_again "telling DAMON what to monitor"
	retry 30 prefers "$q" 0

	fail bpf - ENOMEM
	retry 30 warned "writing profiles for the scheduler" "Cannot allocate memory"
	mend
	retry 30 works_again "writing profiles for the scheduler"

	fail ioctl anon_inode:\[perf_event\] EIO
	retry 30 warned "reading what DAMON saw" "Input/output error"
	mend
	retry 30 works_again "reading what DAMON saw"

	fail alloc - ENOMEM
	touch_memory r --total 128M --hot 24M --node 1
	sleep 3
	mend
	retry 30 prefers "$r" 1

	# however long it lasts; five faults make at most five of a step
	told_once 5 || { cat "$BATS_TEST_TMPDIR/log"; return 1; }
	undisturbed
	stop_daemon
}
