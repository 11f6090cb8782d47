#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# The working set that the daemon reports, for memtouch, which touches a known amount of memory.
#
# DAMON sees little of a process that waits for a CPU, and even less in emulation on a busy host.
# So a test waits until the figure has settled, which takes longer for a slow process.  From then
# on it must stay: of eight reports two may be wrong.

load ../daemon

# reports_of PID: its working set in MB, a line for each report until now
reports_of() {
	jq --argjson p "$1" '.processes[] | select(.pid == $p) | .working_set_bytes / 1048576' "$BATS_TEST_TMPDIR/out"
}

# nr_right MB: of the figures in stdin, how many are within 10 percent
nr_right() { awk -v mb="$1" '$1 >= 0.9 * mb && $1 <= 1.1 * mb { n++ } END { print n + 0 }'; }

has_reports() { (($(wc -l <"$BATS_TEST_TMPDIR/out") >= $1)); }

# settled PID MB: the last three reports are right
settled() { [[ $(reports_of "$1" | tail -n 3 | nr_right "$2") == 3 ]]; }

# stays_right PID MB [PID MB...]: all figures are right soon, and stay so for some time
stays_right() {
	local reports
	local -a all=("$@")
	while (($#)); do
		retry 25 settled "$1" "$2" || { reports_of "$1" | xargs echo "never $2:"; return 1; }
		shift 2
	done
	retry 20 has_reports $(($(wc -l <"$BATS_TEST_TMPDIR/out") + 5))
	set -- "${all[@]}"
	while (($#)); do
		reports=$(reports_of "$1")
		echo "pid $1, of $2 MB:" "${reports//$'\n'/ }"
		(($(tail -n 8 <<<"$reports" | nr_right "$2") >= 6)) || return 1
		shift 2
	done
}

@test "working set: a small and a large set at the same time" {
	touch_memory a --total 512M --hot 8M
	touch_memory b --total 192M --hot 96M
	start_daemon --observe --damon-interval 100ms --stats 1s --json
	stays_right "$a" 8 "$b" 96
	stop_daemon
}

@test "working set: 24 MB, scheduled beside hogs" {
	hogs 4
	touch_memory p --total 512M --hot 24M
	start_daemon --damon-interval 100ms --stats 1s --json
	stays_right "$p" 24
	undisturbed
	stop_daemon
}

@test "working set: 256 MB, more than an interval shows" {
	touch_memory p --total 512M --hot 256M
	start_daemon --observe --damon-interval 100ms --stats 1s --json
	stays_right "$p" 256
	stop_daemon
}

# A large reservation of which little is used, and memory that is mapped at three places.
@test "working set: 70 MB in a terabyte, and 70 MB mapped three times" {
	touch_memory a --total 70M --hot 70M --node 1 --reserve 1T
	touch_memory b --total 70M --hot 70M --node 1 --views 3
	start_daemon --observe --damon-interval 100ms --stats 1s --json
	stays_right "$a" 70 "$b" 70
	prefers "$a" 1
	prefers "$b" 1
	process "$a" '.working_set_bytes <= .rss_bytes' | grep -x true
	stop_daemon
}
