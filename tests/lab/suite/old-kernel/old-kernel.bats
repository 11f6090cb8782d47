#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# Without sched_ext there is nothing to attach to; measuring goes on.

load ../lib
bats_require_minimum_version 1.5.0

@test "the run says what is missing, in one line, and leaves with status 3" {
	run -3 --separate-stderr cxl-tiersched
	echo "$stderr"
	[[ ${#stderr_lines[@]} == 1 && $stderr == *"no sched_ext"* ]]
}

@test "doctor names it" {
	run -3 cxl-tiersched doctor
	[[ $output == *"missing  sched_ext"* ]]
}

@test "--observe finds a process and the node of its memory" {
	"$LAB_BUILD/tests/lab/guest/memtouch" --total 128M --hot 24M --node 1 >/dev/null 3>&- &
	memtouch=$!
	cxl-tiersched --observe 2>"$BATS_TEST_TMPDIR/log" 3>&- &
	daemon=$!
	near() { [[ $(cxl-tiersched status --json 2>/dev/null | jq -r --argjson p $memtouch '.processes[] | select(.pid == $p).preferred_node') == 1 ]]; }
	retry 20 near || { cat "$BATS_TEST_TMPDIR/log"; cxl-tiersched status; false; }
	kill $daemon
	wait $daemon
	kill $memtouch
}
