#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# What the CXL device's counters say, on the way to status and to the scheduler.  The unit is the
# module lab_cxl_pmu.  The kernel's perf counts its events, at rates that we set.

load ../daemon
load ../unit

latencies=/run/cxl-tiersched/latencies.json

teardown_file() { unload lab_cxl_pmu; unload lab_llc_pmu; unload lab_l3_pmu; rm -f "$latencies"; }

# node2 JQ: a field of the CXL node, as it is now
node2() { cxl-tiersched status --json | jq -r ".nodes[] | select(.node == 2) | $1"; }

# scores PID LEAST MOST: its score at node 1 is in this range
scores() { process_in "$1" '.cpu_nodes[1].score' "$2" "$3"; }

# flows VALUE FIGURE: the figure is known and within 2 % of VALUE
flows() {
	local value
	value=$(node2 ".$2.value")
	echo "$2: $value of $1"
	jq -en --argjson w "$1" --argjson v "$value" '$v != null and $v >= $w * 0.98 and $v <= $w * 1.02' >/dev/null
}

is_unknown() { [[ $(node2 ".$1") == null ]]; }

# never_wrong MBPS: in the next two seconds reads are right or unknown
never_wrong() {
	local value
	for _ in $(seq 20); do
		value=$(node2 .read_mbps.value)
		echo "read $value"
		[[ $value == null ]] || jq -en --argjson w "$1" --argjson v "$value" '$v >= $w * 0.98 and $v <= $w * 1.02' >/dev/null
		sleep 0.1
	done
}

# warnings TEXT: how many lines of the log have it
warnings() { grep -c "$1" "$BATS_TEST_TMPDIR/log" || true; }

vector_place() { bpftool -j map dump name tiersche.bss | jq '.[0].formatted.value[".bss"][] | select(has("vector_place")).vector_place[0]'; }
vector_place_is() { [[ $(vector_place) == "$1" ]]; }

@test "without counters bandwidth is unknown, and with -v one line says so" {
	start_daemon --observe -v
	sleep 3
	is_unknown read_mbps
	is_unknown utilisation_percent
	[[ $(warnings "no CXL PMU") == 1 ]]
	stop_daemon
}

@test "rates of 1, 10 and 30 GB/s are reported within 2 %" {
	local mbps
	as_new
	start_daemon --observe --bandwidth 2=50000
	for mbps in 1000 10000 30000; do
		set_unit read_mbps "$mbps" write_mbps $((mbps / 2))
		sleep 1
		retry 3 flows "$mbps" read_mbps
		retry 3 flows $((mbps / 2)) write_mbps
	done
	[[ $(node2 .read_mbps.source) == cxl-pmu && $(node2 .bandwidth_source) == option ]]
	node2 .utilisation_percent.value | jq -e '. > 88 and . < 92'
	cxl-tiersched status | grep -E "^ +2 .* 1 +(29|30)[0-9.]* GB/s +1[45][0-9.]* GB/s +(89|9[01])%"
	stop_daemon
}

@test "idle is 0, and known" {
	as_new
	start_daemon --observe
	sleep 1
	retry 3 eval '[[ $(node2 .read_mbps.value) == 0.0 ]]'
	is_unknown utilisation_percent
	stop_daemon
}

@test "counters that share hardware tell the whole rate" {
	as_new
	set_unit counters 2 read_mbps 10000
	start_daemon --observe
	retry 5 flows 10000 read_mbps
	never_wrong 10000
	stop_daemon
}

@test "counters that stop, wrap or jump give no wrong figure" {
	as_new
	set_unit read_mbps 10000
	start_daemon --observe
	retry 5 flows 10000 read_mbps
	set_unit stopped Y
	sleep 0.5
	is_unknown read_mbps
	set_unit stopped N
	retry 5 flows 10000 read_mbps
	set_unit read_bytes 0
	never_wrong 10000
	set_unit read_bytes 4611686018427387904
	never_wrong 10000
	stop_daemon
}

@test "a unit that goes under load and comes back: a warning, and scheduling goes on" {
	as_new
	set_unit read_mbps 10000
	hogs 2
	start_daemon
	retry 5 flows 10000 read_mbps
	set_unit present N
	retry 5 is_unknown read_mbps
	retry 5 eval '[[ $(warnings "has gone") -ge 1 ]]'
	undisturbed
	set_unit present Y
	retry 5 flows 10000 read_mbps
	cat "$BATS_TEST_TMPDIR/log"
	[[ $(warnings "has gone") == 1 && $(warnings "cannot count") == 0 ]]
	undisturbed
	stop_daemon
}

@test "a unit that may not be read: one warning, and the run goes on" {
	as_new
	cxl-tiersched --observe --duration 4s >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/log" 3>&- &
	daemon=$!
	wait "$daemon"
	daemon=
	sysctl -q kernel.perf_event_paranoid=3
	setpriv --bounding-set -perfmon,-sys_admin --inh-caps -perfmon,-sys_admin \
		cxl-tiersched --observe --duration 4s 2>"$BATS_TEST_TMPDIR/log"
	cat "$BATS_TEST_TMPDIR/log"
	[[ $(warnings "cannot count") == 1 ]]
}

@test "figures reach the CPUs near the device, changed ones only" {
	as_new
	set_unit read_mbps 8000 write_mbps 2000
	start_daemon --bandwidth 2=21000
	retry 5 flows 8000 read_mbps
	bpftool -j map dump name cpu_contexts >"$BATS_TEST_TMPDIR/contexts"
	jq -e '[.[].formatted.value | select(.cxl_attached == 1) | .utilisation_permille, .bandwidth_mbps] | unique == [450, 9216]' \
		"$BATS_TEST_TMPDIR/contexts" || { cat "$BATS_TEST_TMPDIR/contexts"; false; }
	jq -e '[.[].formatted.value | select(.cxl_attached == 0 and .place == 0).utilisation_permille] | unique == [4294967295]' "$BATS_TEST_TMPDIR/contexts"
	stop_daemon
}

@test "a device that is full draws nobody, and does again when it has room" {
	local i
	as_new
	set_unit read_mbps 3000
	touch_memory p --total 128M --hot 24M --node 2 --threads 2
	start_daemon --bandwidth 2=30000 --hold-saturating 0
	retry 10 prefers "$p" 1
	retry 5 scores "$p" 140 151 # 100, 30 (CXL), 20 (room), less for heat elsewhere
	vector_place_is 1
	set_unit read_mbps 29500
	# two ticks, and the time that a look takes
	retry 2 vector_place_is 0
	retry 5 prefers "$p" null
	# between the two marks nothing changes
	set_unit read_mbps 24000
	for i in $(seq 10); do
		vector_place_is 0
		sleep 0.1
	done
	set_unit read_mbps 3000
	retry 2 vector_place_is 1
	retry 5 prefers "$p" 1
	undisturbed
	stop_daemon
}

@test "simulated figures are labelled so in every place, and never take a counter's" {
	touch_memory p --total 128M --hot 24M --node 2
	unload lab_cxl_pmu
	start_daemon --simulate
	retry 10 eval '[[ $(node2 .read_mbps.source) == simulated ]] && jq -en --argjson v "$(node2 .read_mbps.value)" "\$v > 20" >/dev/null'
	[[ $(node2 .utilisation_percent.source) == simulated && $(node2 .bandwidth_source) == simulated ]]
	cxl-tiersched status | grep -E "^ +2 .* [GM]B/s simulated .* [GM]B/s simulated "
	grep -q "is simulated: made up" "$BATS_TEST_TMPDIR/log"
	retry 3 eval '[[ $(bpftool -j map dump name cpu_contexts | jq "[.[].formatted.value | select(.cxl_attached == 1).simulated] | unique[0]") == 1 ]]'
	as_new
	set_unit read_mbps 8000
	retry 5 flows 8000 read_mbps
	[[ $(node2 .read_mbps.source) == cxl-pmu ]]
	set_unit stopped Y
	sleep 0.5
	is_unknown read_mbps
	stop_daemon
}

@test "what a tick with 64 processes and 9 counters costs is told" {
	local number
	[[ ${LAB_LONG:-} ]] || skip "tells a cost and proves nothing: LAB_LONG=1"
	unload lab_cxl_pmu
	insmod "$module" units=3 read_mbps=9000
	for number in $(seq 64); do
		touch_memory "p$number" --total 4M --hot 1M --pause 100000
	done
	cxl-tiersched --min-rss 2M --max-processes 64 --duration 14s --stats 1s >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/log" 3>&- &
	daemon=$!
	retry 15 eval '[[ $(cxl-tiersched status --json | jq ".processes | length") -ge 64 ]]'
	retry 5 flows 9000 read_mbps
	wait "$daemon"
	daemon=
	rmmod lab_cxl_pmu
	grep -oE "[0-9.]+% of a CPU, [0-9.]+ ms a tick" "$BATS_TEST_TMPDIR/out" | tail -n 1 | sed 's/^/# 64 processes, 9 counters: /' >&3
}

node_hits() { cxl-tiersched status --json | jq -r ".nodes[] | select(.node == $1) | .llc_hit_percent.value"; }

# hits NODE LEAST MOST: percent
hits() { jq -en --argjson v "$(node_hits "$1")" --argjson l "$2" --argjson m "$3" '$v != null and $v >= $l and $v <= $m' >/dev/null; }

# process_hits PID LEAST MOST: percent
process_hits() { process_in "$1" .llc_hit_percent.value "$2" "$3"; }

# lines PID LEAST MOST: from memory, a second
lines() { process_in "$1" .llc_misses_per_s.value "$2" "$3"; }

@test "hits of processes and their lines from memory, and where there are no counters one line says so" {
	unload lab_llc_pmu
	touch_memory a --total 96M --hot 8M --threads 2
	touch_memory b --total 96M --hot 8M
	taskset -apc 0-1 "$a"
	taskset -apc 2-3 "$b"
	start_daemon --process-hits
	retry 20 eval '[[ $(process "$a" .llc_hit_percent) == null ]]'
	sleep 1
	[[ $(warnings "hit rates of processes") == 1 ]]
	[[ $(process "$a" .llc_misses_per_s) == null ]]
	stop_daemon
	insmod "$LAB_BUILD/tests/lab/kmod/lab_llc_pmu.ko" hit_permille=900,650
	start_daemon --process-hits
	retry 10 process_hits "$a" 89 91
	retry 5 process_hits "$b" 64 66
	# a tenth of a million for each second of CPU time, and a third
	retry 20 lines "$a" 1000 210000
	retry 20 lines "$b" 1000 368000
	retry 20 process_in "$b" .tier.llc_misses_per_access 0 1000000
	undisturbed
	stop_daemon
	start_daemon --tier off
	retry 20 process_in "$a" .access_hz 1 1000000
	sleep 2
	[[ $(process "$a" .llc_misses_per_s) == null ]] # nobody needs them
	stop_daemon
	unload lab_llc_pmu
}

@test "hit rates of last-level caches, by node, and where there are no counters one line of -v says so" {
	unload lab_llc_pmu
	start_daemon --observe -v
	sleep 2
	[[ $(node_hits 0) == null ]]
	[[ $(warnings "counters of last-level caches") == 1 ]]
	stop_daemon
	insmod "$LAB_BUILD/tests/lab/kmod/lab_llc_pmu.ko" hit_permille=900,650
	touch_memory p --total 128M --hot 24M --node 2 --threads 2
	start_daemon
	retry 5 hits 0 89 91
	retry 5 hits 1 64 66
	retry 10 prefers "$p" 1
	[[ $(process "$p" .llc_hit_percent) == null ]] # only with --process-hits
	scores "$p" 120 131 # 100 for locality, 30 for the CXL node, less for heat elsewhere
	echo 900,950 >/sys/module/lab_llc_pmu/parameters/hit_permille
	retry 5 hits 1 94 96
	retry 5 scores "$p" 135 146 # and 15 for the hit rate
	[[ $(bpftool -j map dump name cpu_contexts | jq '[.[].formatted.value.hit_rate_permille] | unique | map(select(. == 900 or . == 950)) | length') -ge 1 ]]
	undisturbed
	stop_daemon
	unload lab_llc_pmu
}

l3=/sys/module/lab_l3_pmu/parameters

@test "what loads of CXL memory take, where the CPUs measure it" {
	unload lab_l3_pmu
	start_daemon --observe
	sleep 3
	is_unknown latency_ns
	stop_daemon
	insmod "$LAB_BUILD/tests/lab/kmod/lab_l3_pmu.ko" latency_ns=300,250
	cxl-tiersched doctor | grep amd_l3
	start_daemon --observe
	retry 5 flows 250 latency_ns # the CPUs near it are node 1's
	[[ $(node2 .latency_ns.source) == perf ]]
	echo 300,700 >$l3/latency_ns
	retry 5 flows 700 latency_ns
	echo 100000,10 >$l3/fills_per_s # too few to tell
	retry 5 is_unknown latency_ns
	stop_daemon
	unload lab_l3_pmu
}

# costs PID LEAST MOST: an access from node 1 takes so many ns
costs() { process_in "$1" '.cpu_nodes[1].cost_ns' "$2" "$3"; }

# waits LEAST MOST: the ns that CPUs are told for the quickest memory near them
waits() {
	bpftool -j map dump name cpu_contexts | jq -e --argjson l "$1" --argjson m "$2" 'any(.[].formatted.value.latency_ns; . >= $l and . <= $m)' >/dev/null
}

@test "a device that is slow by the CPUs' own measure is dear, where latencies are real ones" {
	cxl-tiersched calibrate >/dev/null
	insmod "$LAB_BUILD/tests/lab/kmod/lab_l3_pmu.ko" latency_ns=3000,3000
	touch_memory p --total 128M --hot 24M --node 2
	start_daemon
	retry 15 costs "$p" 2700 3060
	waits 2900 3060
	echo 10,10 >$l3/fills_per_s
	retry 10 costs "$p" 1 1500 # how long it waits is not known
	undisturbed
	stop_daemon
	unload lab_l3_pmu
	rm "$latencies"
}
