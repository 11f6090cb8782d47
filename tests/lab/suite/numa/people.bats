#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# The daemon among people: what ordinary users do, see and are called never costs the others.

load ../daemon

state=/run/cxl-tiersched
someone=4711 # a uid and gid that own nothing else

# start_as UID COMMAND...: in the background, with no group but the uid's; its pid is the last of `pids`
start_as() {
	setpriv --reuid "$1" --regid "$1" --clear-groups "${@:2}" 3>&- &
	pids+=("$!")
}

# hold FILE: flock it as somebody, if he can
hold() {
	start_as "$someone" perl -e 'use Fcntl ":flock"; open F, "<", shift or exit; flock F, LOCK_EX | LOCK_NB; sleep 60' "$1"
}

@test "an ordinary user cannot hold the lock, nor with a file that an earlier version left" {
	start_daemon --observe
	stop_daemon
	install -m 644 /dev/null $state/lock
	for file in $state/*; do hold "$file"; done
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

@test "a name of escape codes, cut inside a character, reaches neither the terminal nor the JSON" {
	local tricky
	perl -e '$0 = "\e[31m\nab\\\xc2\x9b\xe2\x82"; $m = "x" x (80 << 20); sleep 120' 3>&- &
	tricky=$!
	pids+=("$tricky")
	start_daemon --observe -v --pid "$tricky"
	is_managed() { [[ $(process "$tricky" .name) == '\x1b[31m\x0aab\\\xc2\x9b\xe2\x82' ]]; }
	retry 10 is_managed || { process "$tricky" .name; return 1; }
	cxl-tiersched status --json | iconv -f UTF-8 -t UTF-8 >/dev/null
	cxl-tiersched status | tee /dev/stderr | grep -aF '\x1b[31m\x0a...' | grep -aq pid
	run ! grep -aqP '[\x00-\x09\x0b-\x1f\x7f-\xff]' "$BATS_TEST_TMPDIR/log"
	grep -aF 'managing \x1b[31m\x0aab' "$BATS_TEST_TMPDIR/log"
	stop_daemon
}
