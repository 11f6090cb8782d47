#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# The daemon among people: what ordinary users do, see and are called never costs the others.

load ../daemon

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
