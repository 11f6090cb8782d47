#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# Everything that an ordinary user can do to the daemon, at the same time and for an hour.
# LAB_LONG=1 asks for it, LAB_ATTACK_S makes it shorter.

load ../daemon

# Who was attacked once is not quiet.
BATS_TEST_RETRIES=0

# One CPU a node.  With more CPUs than the host has, time that the host takes away would count as
# the daemon's.
few_cpus() {
	local cpu
	for cpu in 1 3; do echo "$1" >/sys/devices/system/cpu/cpu$cpu/online; done
}

# Whatever happened, the next test finds the machine as it booted.
teardown_file() { few_cpus 1; }

attacker=4711
as() { setpriv --reuid $attacker --regid $attacker --clear-groups "$@"; }
attack() {
	as "$@" >/dev/null 2>&1 3>&- &
	pids+=("$!")
}

cpu_ms() { echo $(($(cut -d' ' -f1 "/proc/$daemon/schedstat") / 1000000)); }
rss_kb() { awk '/^VmRSS/ { print $2 }' "/proc/$daemon/status"; }
nr_files() { find "/proc/$daemon/fd" -type l | wc -l; }
ran_ns() { process "$p" "\"\(.run_ns) \(.placed_ns)\""; }

told() { echo "# $*" >&3; }

# cost SECONDS: percent of a CPU that the daemon takes in the next seconds
cost() {
	local before
	before=$(cpu_ms)
	sleep "$1"
	echo $((($(cpu_ms) - before) / 10 / $1))
}

@test "all attackers at once: attached, fresh, flat, and little dearer" {
	[[ ${LAB_LONG:-} ]] || skip "takes ${LAB_ATTACK_S:=3600} s: LAB_LONG=1"
	local seconds=${LAB_ATTACK_S:-3600} quiet crowded rss files run placed run_then placed_then
	few_cpus 0
	touch_memory p --total 128M --hot 24M --node 1
	start_daemon
	retry 60 prefers "$p" 1
	sleep 10
	quiet=$(cost 20)

	attack "$guest/dying" --count 40 --every 10
	attack "$guest/herd" --name "$(printf 'vect\033[31m\n')" 300
	attack "$guest/memtouch" --total 70M --hot 1M --reserve 1T --pause 20000
	attack "$guest/memtouch" --total 70M --hot 1M --views 8 --pause 20000
	# clients in loops, and one that never reads
	attack bash -c 'while :; do cxl-tiersched status >/dev/null; done'
	attack perl -MSocket -e 'for (;;) { socket my $s, PF_UNIX, SOCK_STREAM, 0; connect $s, sockaddr_un "/run/cxl-tiersched/status"; push @s, $s; shift @s if @s > 100; select undef, undef, undef, 0.01 }'
	# one that changes its name all the time
	attack perl -e 'for (;;) { $0 = join "", map { chr rand 256 } 1 .. 15; select undef, undef, undef, 0.005 }'
	# one that maps and unmaps all the time
	attack perl -e 'for (;;) { my $x = "x" x (70 << 20); undef $x; select undef, undef, undef, 0.3 }'
	sleep 30
	rss=$(rss_kb) files=$(nr_files)
	read -r run_then placed_then <<<"$(ran_ns)"
	crowded=$(cost "$seconds")
	read -r run placed <<<"$(ran_ns)"
	told "daemon: $quiet % of a CPU quiet, $crowded % attacked"
	told "RSS $rss kB, then $(rss_kb); files $files, then $(nr_files)"
	told "fresh: $((placed - placed_then)) of $((run - run_then)) ns"
	undisturbed
	cxl-tiersched status | tee /dev/stderr | grep -q "^ *$p "
	((crowded <= quiet + 10))
	((100 * (placed - placed_then) >= 95 * (run - run_then)))
	(($(rss_kb) <= rss + rss / 4 && $(nr_files) <= files + 16))
	stop_daemon
}
