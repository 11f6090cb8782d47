#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# The damon/ room with a real DAMON: processes whose memory use we know (memtouch), a session
# driven by hand (damon-drive), and what both leave behind.  Each test begins with DAMON as it is
# after boot: DAMON_STAT on, no kdamond slot.

load ../lib

admin=/sys/kernel/mm/damon/admin/kdamonds
stat=/sys/module/damon_stat/parameters/enabled
journal=/run/damon-drive.journal

drive() { "$guest/damon-drive" "$@"; }

# within PERCENT WANTED ACTUAL
within() {
	awk -v p="$1" -v w="$2" -v a="$3" 'BEGIN { exit !(a >= w * (100 - p) / 100 && a <= w * (100 + p) / 100) }' && return
	echo "$3 is not within $1% of $2"
	return 1
}

# seen_within PERCENT WANTED: one of several looks must find it.  Where the host takes a CPU away,
# DAMON samples late and misses accesses.
seen_within() {
	local mb
	cat "$BATS_TEST_TMPDIR/out"
	for mb in $(jq -r 'select(.pid) | .accessed_mb' "$BATS_TEST_TMPDIR/out"); do
		within "$1" "$2" "$mb" && return
	done
	return 1
}

as_booted() {
	[[ $(cat "$stat") == Y ]] && [[ $(cat "$admin/nr_kdamonds") == 0 ]] && [[ ! -e $journal ]] && return
	echo "DAMON_STAT $(cat "$stat"), $(cat "$admin/nr_kdamonds") slots, journal: $(cat "$journal" 2>&1)"
	return 1
}

setup() {
	pids=()
	as_booted || skip "an earlier test left DAMON otherwise than it found it"
}

teardown() {
	local pid
	for pid in "${pids[@]}"; do
		kill -9 "$pid" 2>/dev/null || true
	done
	wait
}

@test "the working set is what the process touches, and all is given back" {
	touch_memory p --total 128M --hot 24M
	drive set "$p" wait 4 watch 4 watch 4 watch 4 >"$BATS_TEST_TMPDIR/out"
	seen_within 10 24
	as_booted
}

@test "tuned intervals find it beside CPU hogs, where fixed ones miss accesses" {
	touch_memory p --total 256M --hot 96M
	for _ in 1 2 3 4; do
		(while :; do :; done) 3>&- &
		pids+=("$!")
	done
	# tuning takes time, and more of it on a slow host
	drive --auto set "$p" wait 10 watch 4 watch 4 watch 4 >"$BATS_TEST_TMPDIR/out"
	seen_within 15 96
	as_booted
}

@test "tried_regions tells the same as the trace event" {
	touch_memory p --total 64M --hot 16M
	drive --reader tried set "$p" wait 4 watch 4 watch 4 watch 4 >"$BATS_TEST_TMPDIR/out"
	seen_within 15 16
	as_booted
}

@test "a target that exits takes nothing from the other" {
	touch_memory a --total 64M --hot 8M
	touch_memory b --total 64M --hot 16M
	drive set "$b,$a" wait 4 snap kill "$b" wait 2 snap set "$a" snap wait 0.3 snap >"$BATS_TEST_TMPDIR/out"
	cat "$BATS_TEST_TMPDIR/out"
	# Before: both.  After: one, at once, through the commit that drops the dead one.  Regions
	# are as fine as before.  In a single snapshot they overlap the hot memory by some idle
	# pages, which heat hardly counts.  On a slow host memtouch gets round less often than
	# DAMON samples.  Then heat sinks, but not what was accessed at all.
	jq -se --argjson a "$a" '[.[] | select(.pid == $a)] | length == 4 and all(.[]; .accessed_mb > 6 and .heat_mb > 1 and .heat_mb < 14)
		and .[3].regions > .[0].regions / 2' "$BATS_TEST_TMPDIR/out"
	[[ $(jq -s --argjson b "$b" 'map(select(.pid == $b)) | length' "$BATS_TEST_TMPDIR/out") == 1 ]]
	as_booted
}

@test "targets come and go a hundred times and the first is never out of sight" {
	touch_memory a --total 64M --hot 8M
	touch_memory b --total 64M --hot 16M
	drive set "$a" wait 2 toggle "$a,$b,100" | tee "$BATS_TEST_TMPDIR/out"
	jq -e '.toggles == 100 and .blind == 0' "$BATS_TEST_TMPDIR/out"
	as_booted
}

@test "killed at any moment, the next start puts everything back" {
	local i
	touch_memory a --total 32M --hot 8M
	for i in 0.05 0.1 0.15 0.2 0.25 0.3 0.4 0.5 0.7 1.0; do
		# Not by the function: that would kill its shell instead.
		"$LAB_BUILD/tests/lab/guest/damon-drive" set "$a" toggle "$a,$$,1000" >/dev/null 2>&1 3>&- &
		sleep "$i"
		kill -9 "$!"
		wait "$!" || true
		drive recover
		as_booted
	done
}

@test "a kdamond stopped from outside is started again" {
	touch_memory a --total 32M --hot 8M
	(sleep 3 && echo off >"$admin/0/state") 3>&- &
	drive set "$a" wait 5 snap wait 2 snap >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/log"
	cat "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/log"
	[[ $(grep -c 'starting it again' "$BATS_TEST_TMPDIR/log") == 1 ]]
	jq -se --argjson a "$a" '.[-1].pid == $a and .[-1].regions > 0' "$BATS_TEST_TMPDIR/out"
	as_booted
}

@test "who else holds DAMON is named and left alone" {
	touch_memory a --total 32M --hot 8M
	run drive --keep-stat open
	[[ $status == 3 && $output == *DAMON_STAT* ]]
	as_booted
	echo N >"$stat"
	echo 1 >"$admin/nr_kdamonds"
	echo 1 >"$admin/0/contexts/nr_contexts"
	echo 1 >"$admin/0/contexts/0/targets/nr_targets"
	echo "$a" >"$admin/0/contexts/0/targets/0/pid_target"
	echo on >"$admin/0/state"
	run drive open
	[[ $status == 3 && $output == *"kdamond 0 (pid $(cat "$admin/0/pid"))"* ]]
	[[ $(cat "$admin/0/state") == on ]]
	echo off >"$admin/0/state"

	# An empty slot beside a running one is borrowed.
	echo 2 >"$admin/nr_kdamonds"
	echo 1 >"$admin/1/contexts/nr_contexts"
	echo 1 >"$admin/1/contexts/0/targets/nr_targets"
	echo "$a" >"$admin/1/contexts/0/targets/0/pid_target"
	echo on >"$admin/1/state"
	drive set "$a" wait 1
	[[ $(cat "$admin/1/state") == on && $(cat "$admin/0/contexts/nr_contexts") == 0 && $(cat "$stat") == N ]]
	echo off >"$admin/1/state"
	echo 0 >"$admin/nr_kdamonds"
	echo Y >"$stat"
}
