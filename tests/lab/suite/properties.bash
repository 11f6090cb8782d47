# SPDX-License-Identifier: GPL-2.0
# What a scheduler owes its tasks, each measured first under the kernel's own scheduler in the same boot, as the control, and
# then under tiersched.  `load ../properties` in a suite.
load ../daemon

# info WHO TEXT: into the TAP as a comment
info() { echo "# $BATS_TEST_DESCRIPTION: $1: $2" >&3; }

# holds JQ: of our figures, with the control's as $control
holds() { jq -e --argjson control "$control" "$1" <<<"$ours" >/dev/null || { echo "not so: $1"; return 1; }; }

# property JQ TOOL ARGUMENT...: what TOOL says under both schedulers, in `control` and in `ours`, is as JQ wants it; the daemon has what is
# in `options`.  A host that takes CPUs away for a while spoils figures, so there are three chances; none to disturb the scheduler.
property() {
	local want=$1 try
	shift
	for try in 1 2 3; do
		control=$("$@")
		info kernel "$control"
		start_daemon "${options[@]}"
		ours=$("$@")
		info tiersched "$ours"
		undisturbed || return
		stop_daemon || return
		! holds "$want" || return 0
	done
	return 1
}
