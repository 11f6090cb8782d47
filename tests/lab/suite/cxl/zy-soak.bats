#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# Memory whose every byte is known is moved both ways at full speed, by the daemon and by two more
# movers.  Meanwhile the daemon is killed, the CXL node goes offline and comes back, and memory gets
# scarce.  LAB_LONG=1 asks for it: ten minutes, or LAB_SOAK_S.  The control is a quarter of that
# without a daemon.

load ../daemon

BATS_TEST_RETRIES=0

node=/sys/devices/system/node/node2
MB=1048576

told() { echo "# $*" >&3; }

# settings: what a run may change on the machine
settings() {
	local mm=/sys/kernel/mm events=/sys/kernel/tracing/events
	local huge=$mm/transparent_hugepage
	state_is disabled || echo "sched_ext $(sched_ext_state)"
	find "$kdamonds" -type f -exec grep -H . {} + 2>/dev/null | sort
	grep -H . "$damon_stat" $mm/numa/demotion_enabled $huge/enabled \
		$huge/khugepaged/{defrag,max_ptes_*,pages_to_scan,*_sleep_millisecs} \
		/sys/devices/system/memory/auto_online_blocks /sys/kernel/tracing/tracing_on \
		$events/{damon,sched_ext}/enable 2>/dev/null
	find /proc/sys/vm /proc/sys/kernel -maxdepth 1 -type f -perm -u=r \
		-exec grep -H . {} + 2>/dev/null | sort |
		grep -vE '/(compact_memory|drop_caches|stat_refresh|ns_last_pid|tainted|user|random)' || true
	# shellcheck disable=SC2009  # pgrep does not show priorities
	ps -eo ni,cls,comm --no-headers |
		grep -E 'kdamond|kswapd|kcompact|ksoftirqd|migration' | sort | uniq -c
	cat $node/cpulist $node/../has_memory $node/../possible
}

# all_blocks STATE: all memory of the node, which is not there while it is offline
all_blocks() {
	local block
	for block in "${blocks[@]}"; do
		if timeout 8 bash -c "echo $1 >/sys/devices/system/memory/$block/state" 2>/dev/null; then
			changed=$((changed + 1))
		else
			stuck=$((stuck + 1))
		fi
	done
}

# keep NAME OPTION...: memory that is checked.  Its address is in start_NAME
keep() {
	"$guest/soak" keep --node 2 "${@:2}" >"$BATS_TEST_TMPDIR/keep.$1" 3>&- &
	printf -v "pid_$1" %s $!
	pids+=("$!")
	retry 120 grep -q ready "$BATS_TEST_TMPDIR/keep.$1"
	read -r _ "start_$1" _ <"$BATS_TEST_TMPDIR/keep.$1"
}

# drive NAME SIZE: move it there and back for ever
drive() {
	local pid=pid_$1 start=start_$1
	while alive "${!pid}"; do
		"$guest/mover" move --pid "${!pid}" --start "${!start}" --bytes "$2" \
			--from 2 --to 1 --rounds 50 || true
		"$guest/mover" move --pid "${!pid}" --start "${!start}" --bytes "$2" \
			--from 1 --to 2 --rounds 1 || true
	done >"$BATS_TEST_TMPDIR/drive.$1" 3>&- &
	pids+=("$!")
}

# driven: what the two movers have moved, in bytes
driven() {
	cat "$BATS_TEST_TMPDIR"/drive.* | jq -cs '[.[] | select(.end)] | {rounds: length} +
		(. as $all | ["moved", "no_room", "busy", "failed"] |
			map({(.): (. as $key | $all | map(.[$key]) | add)}) | add)'
}

# killed: what the kernel killed for want of memory, but those that ask for it
killed() {
	dmesg | grep -oE 'Killed process [0-9]+ \([^)]*\)' | awk '{ print $4 }' | sort | uniq -c
}

run_daemon() {
	((with_daemon)) || return 0
	start_daemon --tier on --tier-cpu 100 || return
	nr_starts=$((nr_starts + 1))
}

kill_daemon() {
	((with_daemon)) || return 0
	alive "$daemon" || { echo "the daemon has ended"; cat "$BATS_TEST_TMPDIR/log"; return 1; }
	tally
	kill -9 "$daemon"
	wait "$daemon" || true
	nr_kills=$((nr_kills + 1))
}

# tally: add up what this daemon has moved
tally() {
	local p d
	read -r p d < <(cxl-tiersched status --json |
		jq -r '.tier | "\(.promoted_bytes) \(.demoted_bytes)"') || true
	promoted=$((promoted + ${p:-0})) demoted=$((demoted + ${d:-0}))
}

# fill: set aside what is free of the near nodes but 192 MB each.  As pages of hugetlb that takes no
# time, for nothing is written there
fill() {
	local n free
	for n in 0 1; do
		free=$(awk '/MemFree/ { print int($4 / 1024) }' "$node/../node$n/meminfo")
		echo $(((free - 192) / 2)) >"$node/../node$n/hugepages/hugepages-2048kB/nr_hugepages"
	done
}

unfill() { echo 0 >/proc/sys/vm/nr_hugepages; }

# soak SECONDS: the same of all kinds of trouble, in the same order
soak() {
	local end=$((SECONDS + $1)) turn=0
	RANDOM=4711
	run_daemon || return
	while ((SECONDS < end)); do
		case $((turn++ % 4)) in
		0)
			all_blocks offline
			sleep $((RANDOM % 5))
			all_blocks online_movable
			sleep 3
			;;
		1)
			"$guest/soak" squeeze --leave $((8 + RANDOM % 56))M --seconds 3 \
				>"$BATS_TEST_TMPDIR/squeeze" 3>&- &
			wait $! || nr_squeezed=$((nr_squeezed + 1))
			least=$(sort -n - "$BATS_TEST_TMPDIR/squeeze" <<<"$least" | head -n 1)
			;;
		2) sleep $((5 + RANDOM % 10)) ;;
		3) kill_daemon && run_daemon || return ;;
		esac
	done
	((!with_daemon)) || { tally; alive "$daemon"; }
}

teardown_file() { echo 0 >/proc/sys/vm/nr_hugepages; }

@test "moves both ways, killed, without the node and without memory: every byte is right" {
	[[ ${LAB_LONG:-} ]] || skip "takes ${LAB_SOAK_S:-600} s: LAB_LONG=1"
	local name pid with_daemon seconds=${LAB_SOAK_S:-600}
	local promoted=0 demoted=0 nr_kills=0 nr_starts=0
	local nr_squeezed=0 changed=0 stuck=0 least blocks
	mapfile -t blocks < <(cd $node && printf '%s\n' memory[0-9]*)
	settings >"$BATS_TEST_TMPDIR/before"
	for with_daemon in 0 1; do
		dmesg -C
		fill
		changed=0 stuck=0 nr_squeezed=0 least=$((1 << 40))
		keep small --bytes 48M --hot 48M
		keep huge --bytes 32M --hot 32M --thp
		keep drifting --bytes 128M --hot 16M --drift 60
		drive small 48M
		drive huge 32M
		soak $((with_daemon ? seconds : seconds / 4))
		killed >"$BATS_TEST_TMPDIR/killed.$with_daemon"
		told "daemon $with_daemon: blocks $changed changed, $stuck refused; at least" \
			"$((least / MB)) MB were left, $nr_squeezed squeezes ended by the kernel;" \
			"killed: $(tr -s '\n ' ' ' <"$BATS_TEST_TMPDIR/killed.$with_daemon")"
		told "movers: $(driven)"
		for name in small huge drifting; do
			pid=pid_$name
			alive "${!pid}" || { echo "$name has ended"; dmesg | tail; false; }
			kill "${!pid}"
			wait "${!pid}" || true
			told "$name: $(tail -n 1 "$BATS_TEST_TMPDIR/keep.$name")"
			tail -n 1 "$BATS_TEST_TMPDIR/keep.$name" | jq -e '.checked > 0 and .wrong == 0'
		done
		unfill
		wait "${pids[@]}" || true
		pids=()
		dmesg >"$BATS_TEST_TMPDIR/dmesg"
		# of pages that keep a block online the kernel tells refcounts too
		run -1 grep -E "BUG|Oops|Bad page|refcount_t:" "$BATS_TEST_TMPDIR/dmesg"
	done
	told "daemon: $nr_starts starts, $nr_kills kills," \
		"promoted $((promoted / MB)) MB, demoted $((demoted / MB)) MB"
	stop_daemon
	# who is killed for want of memory is killed without us, too
	for with_daemon in 0 1; do
		awk '$2 != "(soak)" { print $2 }' "$BATS_TEST_TMPDIR/killed.$with_daemon" \
			>"$BATS_TEST_TMPDIR/names.$with_daemon"
	done
	run -1 grep -vxFf "$BATS_TEST_TMPDIR"/names.{0,1}
	diff "$BATS_TEST_TMPDIR/before" <(settings)
}
