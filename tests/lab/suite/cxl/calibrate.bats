#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# Measured latencies are kept for the boot and preferred to firmware's.  check/clock.t tests that
# they are right, on a machine whose memory has a speed.

load ../daemon

kept=/run/cxl-tiersched/latencies.json

teardown() { rm -f "$kept"; }
setup() { pids=() daemon=; dmesg -C; rm -f "$kept"; as_booted; }

sources() { cxl-tiersched topology --json | jq -c '[.links[].latency_source] | unique'; }

@test "every pair is measured, and topology and the run take them from then on" {
	[[ $(sources) != '["measured"]' ]]
	cxl-tiersched calibrate --json >"$BATS_TEST_TMPDIR/out"
	jq -e '[.links[] | select(.latency_source == "measured" and .latency_ns > 0)] | length == 6' "$BATS_TEST_TMPDIR/out"
	[[ $(sources) == '["measured"]' ]]
	cxl-tiersched calibrate | grep -E "node 1 .*ns measured"
	jq -e '.links | length == 6' "$kept"
	start_daemon --observe
	stop_daemon
	[[ -e $kept ]]
}

@test "the run measures when it is asked to, once a boot" {
	start_daemon --observe --calibrate
	stop_daemon
	cp "$kept" "$BATS_TEST_TMPDIR/first"
	start_daemon --observe --calibrate
	stop_daemon
	cmp "$kept" "$BATS_TEST_TMPDIR/first"
}

@test "latencies of another boot, of other devices, or damaged ones are not taken" {
	local spoil
	cxl-tiersched calibrate >/dev/null
	cp "$kept" "$BATS_TEST_TMPDIR/good"
	for spoil in 's/"boot_id":.*/"boot_id":"x",/' 's/mem0/mem1/' 's/"links"/"links/' '5,$d'; do
		sed "$spoil" "$BATS_TEST_TMPDIR/good" >"$kept"
		[[ $(sources) != '["measured"]' ]]
	done
	cp "$BATS_TEST_TMPDIR/good" "$kept"
	[[ $(sources) == '["measured"]' ]]
}

@test "without root it says so and measures nothing" {
	run setpriv --reuid nobody cxl-tiersched calibrate
	[[ $status == 1 && $output == *"needs root"* && ! -e $kept ]]
}
