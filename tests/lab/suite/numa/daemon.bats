#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# The daemon gives back what it takes of the machine, whatever happens to it, and no task is ever
# lost.

load ../daemon

has_ticked() { cxl-tiersched status --json | jq -e '.uptime_ms > 1500'; }

@test "SIGTERM and SIGINT give everything back, and the log has the news alone" {
	start_daemon
	retry 20 has_ticked
	stop_daemon TERM
	diff - "$BATS_TEST_TMPDIR/log" <<-'L'
		cxl-tiersched: DAMON_STAT excludes every other use of DAMON: stopped, it is started again at exit
		cxl-tiersched: kernel.numa_balancing is 1, and moves no pages while this runs: this moves them (--tier)
		cxl-tiersched: scheduling; DAMON every 100 ms; stop with Ctrl-C
		cxl-tiersched: the kernel's own scheduler has all tasks again
		cxl-tiersched: put back: kdamond slot freed, DAMON_STAT started again
	L
	start_daemon --observe
	stop_daemon INT
	[[ $(tail -n 2 "$BATS_TEST_TMPDIR/log") == "cxl-tiersched: observing;"*$'\n'"cxl-tiersched: put back: kdamond slot freed, DAMON_STAT started again" ]]
}

@test "SIGHUP is ignored, with a word in the log" {
	start_daemon
	kill -HUP "$daemon"
	retry 20 grep -q "SIGHUP changes nothing" "$BATS_TEST_TMPDIR/log"
	kill -HUP "$daemon"
	told_twice() { [[ $(grep -c "SIGHUP" "$BATS_TEST_TMPDIR/log") == 2 ]]; }
	retry 20 told_twice
	answers
	undisturbed
	stop_daemon
}

# cannot_write WHY COMMAND...: COMMAND ends by itself with status 1 and one error
cannot_write() {
	local why=$1 status=0
	shift
	"$@" 2>"$BATS_TEST_TMPDIR/err" 3>&- || status=$?
	[[ $status == 1 && $(grep -c error "$BATS_TEST_TMPDIR/err") == 1 ]] &&
		grep -qx "cxl-tiersched: error: cannot write the output: $why" "$BATS_TEST_TMPDIR/err" && return
	echo "$*: status $status"
	cat "$BATS_TEST_TMPDIR/err"
	return 1
}

@test "results that nobody takes are a failure: --stats ends the run, status says so" {
	cannot_write "Broken pipe" cxl-tiersched --observe --stats 200ms > >(true)
	as_booted
	cannot_write "No space left on device" cxl-tiersched --observe --stats 200ms >/dev/full
	as_booted
	cannot_write "No space left on device" cxl-tiersched --observe --stats 200ms --json >/dev/full
	as_booted
	start_daemon --observe
	cannot_write "No space left on device" cxl-tiersched status >/dev/full
	cannot_write "No space left on device" cxl-tiersched status --json >/dev/full
	stop_daemon
}

@test "CPU limits of cgroups, which are not kept yet, are counted and told" {
	local limited=/sys/fs/cgroup/limited
	mkdir -p $limited/{a,b}
	cxl-tiersched doctor --json | jq -e '.checks[] | select(.name == "CPU limits") | .state == "ok" and .found == "no cgroup has one (cpu.max)"'
	echo +cpu >$limited/cgroup.subtree_control
	echo "10000 100000" >$limited/cpu.max
	echo "5000 100000" >$limited/b/cpu.max
	cxl-tiersched doctor --json | jq -e '.checks[] | select(.name == "CPU limits") | .state == "note" and (.found | startswith("2 cgroups have a CPU limit"))'
	start_daemon
	stop_daemon
	[[ $(grep -c warning "$BATS_TEST_TMPDIR/log") == 1 ]]
	grep -q "warning: 2 cgroups have a CPU limit (cpu.max).*--partial keeps them" "$BATS_TEST_TMPDIR/log"
	for option in --observe --partial; do
		start_daemon $option
		stop_daemon
		[[ $(grep -c "CPU limit" "$BATS_TEST_TMPDIR/log") == 0 ]]
	done
	rmdir $limited/{a,b} $limited
}

@test "another scheduler is named and left alone, before anything is changed: status 1" {
	local foreigner=$BATS_TEST_TMPDIR/foreigner
	# ours under another name, with a lock of its own
	LC_ALL=C sed 's/tiersched_\([0-9]\)/foreigner_\1/g; s,/run/cxl-,/run/foe-,g' "$(type -P cxl-tiersched)" >"$foreigner"
	chmod +x "$foreigner"
	"$foreigner" 3>&- &
	pids+=($!)
	attached() { grep -q ^foreigner_ "$scx/root/ops"; }
	retry 60 attached
	run -1 --separate-stderr cxl-tiersched
	echo "$stderr"
	[[ $stderr == "cxl-tiersched: error: the sched_ext scheduler 'foreigner_"*"' is running; stop it first" ]]
	cxl-tiersched doctor | grep "^note.*sched_ext.*in use by the scheduler 'foreigner_"
	attached
	kill "${pids[0]}"
	retry 60 as_booted
}

@test "stopped by SIGSTOP, the machine goes on without profiles, and with them again after SIGCONT" {
	hogs 4
	touch_memory p --total 128M --hot 24M --node 1
	start_daemon
	retry 10 prefers "$p" 1
	# time that the scheduler counts as "had a preferred node": none while it ignores profiles
	placed_ns() { bpftool -j map dump name process_usage | jq --argjson p "$p" '.[] | select(.formatted.key == $p).formatted.value.placed_ns'; }
	kill -STOP "$daemon"
	sleep 2
	before=$(placed_ns)
	timeout 20 bash -c 'for i in 1 2 3 4 5; do /bin/true; done'
	sleep 1
	[[ $(placed_ns) == "$before" ]]
	undisturbed
	run -1 --separate-stderr cxl-tiersched status
	[[ $stderr == *"does not answer"* ]]
	kill -CONT "$daemon"
	grows() { [[ $(placed_ns) -gt $before ]]; }
	retry 10 grows
	stop_daemon
}

@test "after SIGKILL the machine schedules, and the next start cleans up" {
	for wait in 0.1 0.5 1 1.5 3; do
		cxl-tiersched 2>/dev/null 3>&- &
		daemon=$!
		sleep "$wait"
		kill -9 "$daemon"
		wait "$daemon" || true
		retry 10 state_is disabled
		timeout 20 /bin/true
	done
	touch_memory p --total 128M --hot 24M --node 1
	start_daemon
	retry 10 prefers "$p" 1
	kill -9 "$daemon"
	wait "$daemon" || true
	retry 10 state_is disabled
	[[ $(cat "$kdamonds/nr_kdamonds") == 1 ]] # left behind
	start_daemon
	grep "put back what an earlier run left" "$BATS_TEST_TMPDIR/log"
	retry 10 prefers "$p" 1
	stop_daemon
}

mode_is() { cxl-tiersched status --json | jq -e --arg mode "$1" '.tier.mode == $mode' >/dev/null; }

@test "pages are moved by default where attaching ends the kernel's own moves" {
	local balancing=/proc/sys/kernel/numa_balancing
	[[ $(cat $balancing) == 1 ]]
	start_daemon
	mode_is on
	[[ $(cat $balancing) == 1 ]]
	stop_daemon
	for keeps in --partial --observe; do
		start_daemon $keeps
		mode_is advise
		stop_daemon
	done
	echo 0 >$balancing
	start_daemon
	mode_is advise
	stop_daemon
	echo 1 >$balancing
}

@test "two do not move the same pages: the kernel's setting is put back, after SIGKILL too" {
	local balancing=/proc/sys/kernel/numa_balancing
	start_daemon --partial --tier on
	retry 10 test "$(cat $balancing)" == 0
	stop_daemon
	[[ $(cat $balancing) == 1 ]]
	start_daemon --observe --tier on
	kill -9 "$daemon"
	wait "$daemon" || true
	[[ $(cat $balancing) == 0 ]]
	start_daemon --tier off
	grep "put back kernel.numa_balancing" "$BATS_TEST_TMPDIR/log"
	[[ $(cat $balancing) == 1 ]]
	stop_daemon
	# who sets it meanwhile knows better
	start_daemon --observe --tier on
	echo 2 >$balancing
	stop_daemon
	[[ $(cat $balancing) == 2 ]]
	echo 1 >$balancing
}

@test "many starts and stops" {
	for _ in $(seq "$(long 3 20)"); do
		start_daemon
		stop_daemon
	done
}

@test "hackbench -g 20" {
	start_daemon
	timeout 240 hackbench -g 20 -l "$(long 10 40)"
	undisturbed
	stop_daemon
}

@test "stress-ng: 16 CPU hogs, forks and changing affinity" {
	start_daemon
	timeout 180 stress-ng --cpu 16 --fork 4 --affinity 2 --timeout "$(long 6 60)" --temp-path /tmp --quiet
	undisturbed
	stop_daemon
}

# A tick of a nice 19 task counts like 68 ticks of the others.  With 75 of them for each CPU its
# turn would come after 20 s, and the watchdog would be near.  They come after the task has been
# queued, so nothing that was planned then holds.
@test "a nice task beside 300 hogs runs at least every 10 s" {
	local nice many
	start_daemon
	# their parent must run before they are many, and the one that looks must not wait behind
	# them
	renice -n -20 -p "$BASHPID"
	setsid perl -e '$SIG{TERM} = sub { kill KILL => -$$ };
		for (1 .. 300) { fork or do { setpriority 0, 0, 0; 1 while 1 } } wait' 3>&- &
	many=$!
	pids+=("$many")
	perl -e 'setpriority 0, 0, 19; 1 while 1' 3>&- &
	nice=$!
	pids+=("$nice")
	sleep 2
	for _ in $(seq "$(long 1 2)"); do
		read -r _ _ before <"/proc/$nice/schedstat"
		sleep 10
		read -r _ _ turns <"/proc/$nice/schedstat"
		echo "$((turns - before)) turns in 10 s"
		((turns > before))
	done
	kill -9 -- "-$many"
	undisturbed
	stop_daemon
}

@test "CPUs that go and come under load" {
	hogs 6
	touch_memory p --total 128M --hot 24M --node 1 --threads 2
	start_daemon
	for _ in $(seq 10); do
		echo 0 >/sys/devices/system/cpu/cpu3/online
		timeout 20 /bin/true
		echo 1 >/sys/devices/system/cpu/cpu3/online
		timeout 20 /bin/true
	done
	undisturbed
	retry 10 prefers "$p" 1
	stop_daemon
}

@test "a node that loses its last CPU and gets it back" {
	hogs 4
	touch_memory p --total 128M --hot 24M --node 1 --threads 2
	start_daemon
	for cpu in 2 3; do echo 0 >/sys/devices/system/cpu/cpu$cpu/online; done
	sleep 3
	timeout 20 /bin/true
	# the daemon attaches anew, to a machine with one CPU node less
	retry 30 state_is enabled || { cat "$BATS_TEST_TMPDIR/log"; dmesg | tail -n 20; return 1; }
	retry 30 answers
	for cpu in 2 3; do echo 1 >/sys/devices/system/cpu/cpu$cpu/online; done
	retry 30 prefers "$p" 1
	retry 30 state_is enabled
	runs_near 90 "$p" 1
	stop_daemon
}

@test "a task bound to one CPU shares it with hogs bound there too" {
	start_daemon
	for _ in 1 2 3; do
		taskset -c 1 bash -c 'while :; do :; done' 3>&- &
		pids+=($!)
	done
	hogs 4
	sleep 4
	# nobody has less than half of the fair third of CPU 1
	for pid in "${pids[@]:0:3}"; do
		read -r ns _ <"/proc/$pid/schedstat"
		echo "$pid ran $((ns / 1000000)) ms"
		((ns > 300000000))
	done
	undisturbed
	stop_daemon
}

# As systemd's Type=notify wants it: the service is up when it schedules, not when it was started.
@test "who started it is told when it is up, and when it stops" {
	local told=$BATS_TEST_TMPDIR/told
	# the state of sched_ext goes with each word
	python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
while True:
    word = s.recv(4096).decode()
    print(word, open("/sys/kernel/sched_ext/state").read(), flush=True)' "$told.socket" >"$told" 3>&- &
	pids+=("$!")
	retry 10 test -S "$told.socket"
	NOTIFY_SOCKET=$told.socket start_daemon
	retry 10 grep -q "^READY=1 enabled" "$told"
	run ! grep -q STOPPING "$told"
	stop_daemon
	retry 10 grep -q "^STOPPING=1" "$told"
}

@test "a second daemon is refused, the first goes on" {
	start_daemon
	[[ $(cat "$scx/switch_all") == 1 && $(cat "$scx/root/ops") == tiersched_* ]]
	run -1 --separate-stderr cxl-tiersched
	[[ $stderr == "cxl-tiersched: error: another cxl-tiersched is running (pid $daemon)" ]]
	undisturbed
	stop_daemon
}

@test "what names something that is not there changes nothing" {
	run -2 --separate-stderr cxl-tiersched --pid 4999999
	[[ $stderr == "cxl-tiersched: error: pid: there is no process 4999999" ]]
	run -2 --separate-stderr cxl-tiersched --pid 2
	[[ $stderr == *"is a kernel thread"* && ${#stderr_lines[@]} == 1 ]]
	python3 -c 'import threading, time; threading.Thread(target=time.sleep, args=[600]).start()' 3>&- &
	pids+=("$!")
	retry 20 eval '[[ $(ls "/proc/$!/task" | wc -l) == 2 ]]'
	thread=$(cd "/proc/$!/task" && printf '%s\n' * | tail -n 1)
	run -2 --separate-stderr cxl-tiersched --pid "$thread"
	[[ $stderr == "cxl-tiersched: error: pid: $thread (python3) is a thread; name its process, $!" ]]
	run -2 --separate-stderr cxl-tiersched --cxl-node 7
	echo "$stderr"
	[[ $stderr == *7* && ${#stderr_lines[@]} == 1 ]]
	run -2 --separate-stderr cxl-tiersched --cxl-node 0
	[[ $stderr == *0* && ${#stderr_lines[@]} == 1 ]]
	as_booted
}

@test "another holder of DAMON is named and left alone" {
	echo N >"$damon_stat"
	echo 1 >"$kdamonds/nr_kdamonds"
	echo 1 >"$kdamonds/0/contexts/nr_contexts"
	echo vaddr >"$kdamonds/0/contexts/0/operations"
	echo 1 >"$kdamonds/0/contexts/0/targets/nr_targets"
	echo $$ >"$kdamonds/0/contexts/0/targets/0/pid_target"
	echo on >"$kdamonds/0/state"
	other=$(cat "$kdamonds/0/pid")
	run -1 --separate-stderr cxl-tiersched
	echo "$stderr"
	[[ $stderr == *"$other"* ]]
	[[ $(cat "$kdamonds/0/state") == on && $(cat "$kdamonds/0/pid") == "$other" ]]
	state_is disabled
	echo off >"$kdamonds/0/state"
	echo 0 >"$kdamonds/nr_kdamonds"
	echo Y >"$damon_stat"
	as_booted
}

@test "--keep-damon leaves DAMON_STAT running and says what holds DAMON" {
	run -1 --separate-stderr cxl-tiersched --keep-damon
	[[ $stderr == *DAMON_STAT* && ${#stderr_lines[@]} == 1 ]]
	as_booted
}

@test "doctor and topology change nothing" {
	cxl-tiersched doctor
	cxl-tiersched doctor --json | jq -e '.able and (.checks[] | select(.name == "memory in use").state) == "ok"'
	cxl-tiersched topology
	as_booted
}

@test "--partial schedules only who asks for it; options come from a file too" {
	printf 'partial = yes\nslice = 3ms\n' >"$BATS_TEST_TMPDIR/conf"
	start_daemon --config "$BATS_TEST_TMPDIR/conf"
	[[ $(cat "$scx/switch_all") == 0 ]]
	undisturbed
	stop_daemon
}

@test "--duration and --stats" {
	touch_memory p --total 128M --hot 24M --node 1
	cxl-tiersched --duration 4s --stats 1s --json 2>/dev/null | jq -es 'length >= 2 and .[-1].processes[0].name == "memtouch"'
	as_booted
}

# touches PID LEAST MOST: its working set in MB is in this range
touches() { process_in "$1" '.working_set_bytes / 1048576' "$2" "$3"; }
samples_every_us() { [[ $(cat "$kdamonds"/*/contexts/0/monitoring_attrs/intervals/sample_us) == "$1" ]]; }

@test "DAMON samples as often as --damon-samples says" {
	touch_memory p --total 128M --hot 24M
	start_daemon --observe --damon-interval 200ms --damon-samples 10
	retry 10 samples_every_us 20000
	retry 20 touches "$p" 20 29
	stop_daemon
}
