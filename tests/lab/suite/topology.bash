# SPDX-License-Identifier: GPL-2.0
# Theory of operation: `cxl-tiersched topology --json` on a machine whose nodes, distances and devices are known
# (tests/lab/machines). `load ../topology` in each suite; the tests then ask for single values.

# ask JQ [OPTION...]: what JQ makes of the topology; numbers and strings as they are.
ask() {
	local query=$1
	shift
	cxl-tiersched topology --json "$@" | jq -cr "$query"
}

# is WANTED JQ [OPTION...]
is() {
	local wanted=$1 found
	shift
	found=$(ask "$@") || return
	[[ $found == "$wanted" ]] || { echo "$1: '$found', not '$wanted'"; return 1; }
}

# latency FROM TO: "NS SOURCE"
link() { echo ".links[] | select(.cpu_node == $1 and .mem_node == $2) | $3"; }
latency_is() { is "$3 $4" "$(link "$1" "$2" '"\(.latency_ns) \(.latency_source)"')"; }
bandwidth_is() { is "$3 $4" "$(link "$1" "$2" '"\(.bandwidth_mbps) \(.bandwidth_source)"')"; }
node() { echo ".nodes[] | select(.node == $1) | $2"; }

# libcxl on the live machine and plain files with --sysroot must tell the same.
same_from_files() {
	diff <(cxl-tiersched topology --json | jq -S .) <(cxl-tiersched topology --json --sysroot / | jq -S .)
}

# So must the machine recorded and unpacked elsewhere, as the unit tests have it.
same_recorded() {
	"$LAB_SRC/tests/record-sysfs" >"$BATS_TEST_TMPDIR/machine.txt"
	"$LAB_SRC/tests/unpack-sysroot" "$BATS_TEST_TMPDIR/machine.txt" "$BATS_TEST_TMPDIR/root"
	diff <(cxl-tiersched topology --json | jq -S .) \
		<(cxl-tiersched topology --json --sysroot "$BATS_TEST_TMPDIR/root" | jq -S .)
}
