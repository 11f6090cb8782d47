# SPDX-License-Identifier: GPL-2.0
# What a scheduler owes its tasks, each measured first under the kernel's own scheduler in the same boot, as the control, and
# then under tiersched.  `load ../properties` in a suite.
load ../daemon

# info WHO TEXT: into the TAP as a comment
info() { echo "# $BATS_TEST_DESCRIPTION: $1: $2" >&3; }

# holds JQ: of our figures, with the control's as $control
holds() { jq -e --argjson control "$control" "$1" <<<"$ours" >/dev/null || { echo "not so: $1"; return 1; }; }

# property FACT TIME TOOL ARGUMENT...: what TOOL says under both schedulers, in `control` and in
# `ours`, is as two JQ want it; the daemon has what is in `options`.
# FACT is what no host can change: it holds each time, and the scheduler is never disturbed.
# TIME is a bound of times or of shares of time.  A host that takes a vCPU away spoils it, whatever
# the scheduler does, so it has three chances.
property() {
	local fact=$1 in_time=$2 try
	shift 2
	for try in 1 2 3; do
		control=$("$@")
		info kernel "$control"
		start_daemon "${options[@]}"
		ours=$("$@")
		info tiersched "$ours"
		undisturbed || return
		stop_daemon || return
		holds "$fact" || return
		! holds "$in_time" || return 0
	done
	return 1
}
