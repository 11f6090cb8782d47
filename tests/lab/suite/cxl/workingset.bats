#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# The working set that the daemon reports, against memtouch, which touches so much memory and no more.
#
# What DAMON sees of a process is few accesses when that waits for a CPU most of the time, as beside hogs in emulation.  So a
# test waits until the figure is right (the slower the toucher the longer), and then most of the figures of the next seconds
# must be: one in four may stray.

load ../daemon

# working_set_mb PID
working_set_mb() { process "$1" '.working_set_bytes / 1048576'; }

# is_within 10 percent: PID MB
is_right() {
	local found
	found=$(working_set_mb "$1")
	echo "pid $1: $found of $2 MB" >&2
	jq -en --argjson found "${found:-0}" --argjson wanted "$2" '$found >= 0.9 * $wanted and $found <= 1.1 * $wanted' >/dev/null
}

# stays_right MB PID [MB PID...]: soon, and then in at least six of eight seconds
stays_right() {
	local wrong=0 at
	local -a pairs=("$@")
	for ((at = 0; at < ${#pairs[@]}; at += 2)); do
		retry 20 is_right "${pairs[at + 1]}" "${pairs[at]}"
	done
	for _ in 1 2 3 4 5 6 7 8; do
		sleep 1
		for ((at = 0; at < ${#pairs[@]}; at += 2)); do
			is_right "${pairs[at + 1]}" "${pairs[at]}" || wrong=$((wrong + 1))
		done
	done
	((wrong <= ${#pairs[@]})) || { echo "wrong $wrong times"; return 1; }
}

@test "working set: a small and a large set at the same time" {
	touch_memory a --total 512M --hot 8M
	touch_memory b --total 192M --hot 96M
	start_daemon --observe --damon-interval 100ms
	stays_right 8 "$a" 96 "$b"
	stop_daemon
}

@test "working set: 24 MB, scheduled beside hogs" {
	hogs 4
	touch_memory p --total 512M --hot 24M
	start_daemon --damon-interval 100ms
	stays_right 24 "$p"
	undisturbed
	stop_daemon
}

@test "working set: 256 MB, more than an interval shows" {
	touch_memory p --total 512M --hot 256M
	start_daemon --observe --damon-interval 100ms
	stays_right 256 "$p"
	stop_daemon
}
