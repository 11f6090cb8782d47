#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# The daemon and its users: what ordinary users do, see and are called never costs the others
# anything.

load ../daemon

state=/run/cxl-tiersched
someone=4711 # uids and gids that own nothing else
other=4712
readers=4713

# as UID COMMAND...: run COMMAND as UID, with no group but the user's own
as() { setpriv --reuid "$1" --regid "$1" --clear-groups "${@:2}"; }

# start_as UID COMMAND...: the same in the background.  Its pid is the last of `pids`
start_as() {
	setpriv --reuid "$1" --regid "$1" --clear-groups "${@:2}" 3>&- &
	pids+=("$!")
}

# managed_as UID: the pids that its status shows, sorted
managed_as() { as "$1" cxl-tiersched status --json | jq -c '[.processes[].pid] | sort'; }
managed_are() { [[ $(managed_as "$1") == "$2" ]]; }

# big_as VARIABLE UID: start a sleeping process of this user, large enough to be managed.  Its pid
# is in VARIABLE
big_as() {
	start_as "$2" perl -e '$m = "x" x (80 << 20); sleep 600'
	printf -v "$1" %s "${pids[-1]}"
}

# hold FILE: try to take a lock on FILE (flock) as an ordinary user
hold() {
	start_as "$someone" perl -e 'use Fcntl ":flock"; open F, "<", shift or exit; flock F, LOCK_EX | LOCK_NB; sleep 600' "$1"
}

@test "an ordinary user cannot hold the lock, nor with a file that an earlier version left" {
	start_daemon --observe
	stop_daemon
	install -m 644 /dev/null $state/lock
	for file in "$state"/*; do hold "$file"; done
	retry 30 grep -q FLOCK /proc/locks
	start_daemon --observe
	run -1 --separate-stderr cxl-tiersched --observe
	[[ $stderr == "cxl-tiersched: error: another cxl-tiersched is running (pid $daemon)" ]]
	stop_daemon
}

@test "a state directory that somebody else can write is refused" {
	refused() {
		run -1 --separate-stderr cxl-tiersched --observe --duration 100ms
		[[ $stderr == *"$state"*"rm -r"* && ${#stderr_lines[@]} == 1 ]]
	}
	mkdir -p $state
	chmod 777 $state
	refused
	chmod 755 $state
	chown "$someone" $state
	refused
	rm -r $state
	ln -s /tmp $state
	refused
	rm $state
	as_booted
}

# flood SECONDS: four clients ask in loops; prints how many reports they got together
flood() {
	as "$someone" perl -MSocket -e '
		my ($path, $until, $sum) = (shift, time + shift, 0);
		for (1 .. 4) {
			if (!open $counts[$_], "-|") {
				my $n = 0;
				do {
					socket my $s, PF_UNIX, SOCK_STREAM, 0;
					connect $s, sockaddr_un $path or die "connect: $!";
					local $/;
					$n++ if <$s> =~ /^\{.*\}$/s;
				} while (time < $until);
				print $n;
				exit;
			}
		}
		$sum += readline $counts[$_] for 1 .. 4;
		print $sum' $state/status "$1"
}

uptime_ms() { cxl-tiersched status --json | jq .uptime_ms; }
cpu_ms() { echo $(($(cut -d' ' -f1 "/proc/$daemon/schedstat") / 1000000)); }

# There is one report a tick, for all who wait.  So a client that asks in a loop gets one each
# tick.
@test "a flood of status clients gets a report a tick, and root's status comes through" {
	start_daemon --observe
	cpu=$(cpu_ms)
	sleep 2
	echo "quiet: $(($(cpu_ms) - cpu)) ms of CPU in 2 s"
	before=$(uptime_ms) cpu=$(cpu_ms)
	flood 4 >"$BATS_TEST_TMPDIR/flood" 3>&- &
	sleep 1
	cxl-tiersched status >/dev/null
	wait "$!"
	after=$(uptime_ms) got=$(cat "$BATS_TEST_TMPDIR/flood")
	echo "flood: $(($(cpu_ms) - cpu)) ms of CPU and $got answers in $((after - before)) ms"
	# four clients, each with at most one answer a tick of 100 ms, and some more at both ends
	((got >= 4 && got <= 4 * ((after - before) / 100 + 5)))
	stop_daemon
}

@test "root and --status-group read of all processes, others of their own alone" {
	big_as p 0
	big_as mine "$someone"
	start_daemon --observe --status-group "$readers"
	both="[$(printf '%s\n' "$p" "$mine" | sort -n | paste -sd,)]"
	retry 60 managed_are 0 "$both"
	managed_are "$someone" "[$mine]"
	as "$other" cxl-tiersched status | tee /dev/stderr | grep "no process of yours"
	as "$other" cxl-tiersched status --json | jq -e '.scope == "own" and .processes == [] and (.nodes | length) == 2 and .cost.daemon_cpu_percent != null'
	[[ $(setpriv --reuid "$other" --regid "$other" --groups "$readers" cxl-tiersched status --json | jq -c '[.processes[].pid] | sort') == "$both" ]]
	run -13 as "$other" perl -MSocket -e 'socket S, PF_UNIX, SOCK_STREAM, 0; connect S, sockaddr_un shift; exit $!' $state/status-all # EACCES
	stop_daemon
}

@test "a name of escape codes, cut inside a character, reaches neither the terminal nor the JSON" {
	local tricky
	perl -e '$0 = "\e[31m\nab\\\xc2\x9b\xe2\x82"; $m = "x" x (80 << 20); sleep 600' 3>&- &
	tricky=$!
	pids+=("$tricky")
	start_daemon --observe -v --pid "$tricky"
	is_managed() { [[ $(process "$tricky" .name) == '\x1b[31m\x0aab\\\xc2\x9b\xe2\x82' ]]; }
	retry 60 is_managed || { process "$tricky" .name; return 1; }
	cxl-tiersched status --json | iconv -f UTF-8 -t UTF-8 >/dev/null
	cxl-tiersched status | tee /dev/stderr | grep -aF '\x1b[31m\x0aab\\\xc2\x9b\xe2\x82 ' | grep -aq pid
	run ! grep -aqP '[\x00-\x09\x0b-\x1f\x7f-\xff]' "$BATS_TEST_TMPDIR/log"
	grep -aF 'managing \x1b[31m\x0aab' "$BATS_TEST_TMPDIR/log"
	stop_daemon
}
