#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# Which class the scheduler gives a task, and what the task gets by that.

load ../daemon
load ../shares

class_is() { [[ $(process "$1" .class) == "$2" ]]; }

# A host that takes a vCPU away makes a burst longer.
patient=(--latency-burst-us 20000)

# watch PID [OPTION...]: start a daemon that manages this process, in a cgroup of its own
watch() {
	mkdir -p "$group"
	echo "$1" >"$group/cgroup.procs"
	start_daemon --pid "$@"
}

# watch_sleeper [OPTION...]: the same for p, which sleeps most of the time.  SIGUSR1 makes it a
# hog, SIGUSR2 gives it another name.
watch_sleeper() {
	perl -e '$SIG{USR1} = sub { 1 while 1 }; $SIG{USR2} = sub { $0 = "vectordb" }; select undef, undef, undef, 0.005 while 1' 3>&- &
	p=$!
	pids+=("$p")
	watch "$p" "${patient[@]}" "$@"
}

group=/sys/fs/cgroup/sleeper

eval "daemon_$(declare -f teardown)"
teardown() {
	daemon_teardown
	[[ ! -d $group ]] || rmdir "$group"
}

@test "who sleeps often and runs little is latency sensitive, until it becomes a hog" {
	watch_sleeper
	retry 10 class_is "$p" latency
	[[ $(process "$p" .priority) == -25 ]]
	kill -USR1 "$p"
	retry 10 class_is "$p" regular
	retry 10 eval '[[ $(process "$p" .priority) == 0 ]]'
	undisturbed
	stop_daemon
}

@test "limits of behaviour are options, and a new name is a new class whatever the behaviour" {
	watch_sleeper --latency-wakes-hz 10000
	retry 10 class_is "$p" regular
	sleep 3
	class_is "$p" regular
	kill -USR2 "$p"
	retry 10 class_is "$p" vector
	stop_daemon
}

# Its first thread wakes often and does next to nothing, another one spins.
two_kinds=(python3 -c '
import hashlib, threading, time
def spin():
    while True:
        hashlib.sha256(bytes(1 << 22))
threading.Thread(target=spin).start()
while True:
    time.sleep(0.01)')

@test "a process is what most of its run time is, not its first thread" {
	"${two_kinds[@]}" 3>&- &
	p=$!
	sleep 1000 3>&- &
	sleeper=$!
	pids+=("$p" "$sleeper")
	watch "$p" --pid "$sleeper" "${patient[@]}"
	differ() {
		local first all
		first=$("$guest/taskctx" "$p")
		all=$(process "$p" '"\(.class) \(.priority)"')
		echo "first thread $first, process $all"
		[[ $first == *'"class": 4, "priority": -25,'* && $all == "regular 0" ]]
	}
	retry 60 differ
	class_is "$sleeper" null # it has not run
	[[ $(process "$sleeper" .priority) == null ]]
	undisturbed
	stop_daemon
}

@test "priority: 25 % less virtual time are a third more CPU, and a priority of 0 is none" {
	spin_on 1 a
	spin_on 1 b perl -e '1 while 1'
	start_daemon --match latency=comm:perl
	retry 10 class_is "$b" latency
	window=6
	shares 57.1 7 "$b"
	undisturbed
	stop_daemon
	start_daemon --match latency=comm:perl --priority-latency 0
	retry 10 class_is "$b" latency
	shares 50 6 "$b"
	stop_daemon
}
