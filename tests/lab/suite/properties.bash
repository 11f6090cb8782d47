# SPDX-License-Identifier: GPL-2.0
# What a scheduler owes its tasks.  Each is measured first under the kernel's own scheduler in the
# same boot, as the control, and then under tiersched.  `load ../properties` in a suite.
load ../daemon

# info WHO TEXT: print it as a TAP comment
info() { echo "# $BATS_TEST_DESCRIPTION: $1: $2" >&3; }

# holds JQ: it is true of our figures; $control has those of the control
holds() { jq -e --argjson control "$control" "$1" <<<"$ours" >/dev/null || { echo "not so: $1"; return 1; }; }

# property FACT TIME TOOL ARGUMENT...: run TOOL under both schedulers.  Its results are in
# `control` and in `ours`.  FACT and TIME are JQ that must hold for them.  The daemon gets the
# options in `options`.
# FACT is what no host can change: it holds each time, and the scheduler is never disturbed.
# TIME is a bound of times or of shares of time.  A host that takes a vCPU away spoils it, whatever
# the scheduler does.  So it has three chances.
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
