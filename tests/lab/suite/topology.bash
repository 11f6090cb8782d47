# SPDX-License-Identifier: GPL-2.0
# Theory of operation: `cxl-tiersched topology --json` on a machine whose nodes, distances and devices are known
# (tests/lab/machines). `load ../topology` in each suite; the tests then ask for single values.

bats_require_minimum_version 1.5.0

# ask JQ [OPTION...]: what JQ makes of the topology.  Numbers and strings are printed as they are.
ask() {
	local query=$1
	shift
	(set -o pipefail; cxl-tiersched topology --json "$@" | jq -cr "$query")
}

# is WANTED JQ [OPTION...]
is() {
	local wanted=$1 found
	shift
	found=$(ask "$@") || return
	[[ $found == "$wanted" ]] || { echo "$1: '$found', not '$wanted'"; return 1; }
}

# link FROM TO FIELDS, node ID FIELDS: queries for ask and is.
link() { echo ".links[] | select(.cpu_node == $1 and .mem_node == $2) | $3"; }
node() { echo ".nodes[] | select(.node == $1) | $2"; }

# latency_is FROM TO NS SOURCE, bandwidth_is FROM TO MBPS SOURCE
latency_is() { is "$3 $4" "$(link "$1" "$2" '"\(.latency_ns) \(.latency_source)"')"; }
bandwidth_is() { is "$3 $4" "$(link "$1" "$2" '"\(.bandwidth_mbps) \(.bandwidth_source)"')"; }

# same_as OPTION...: the live machine, read by libcxl, and what the program reads with OPTION are
# the same.
same_as() {
	local live other
	live=$(ask .) && other=$(ask . "$@") && [[ $live ]] || return
	[[ $live == "$other" ]] || { diff <(echo "$live") <(echo "$other"); return 1; }
}

# Plain files must tell what libcxl tells.
same_from_files() { same_as --sysroot /; }

# The machine as it is recorded for the unit tests.
same_recorded() {
	"$LAB_SRC/tests/helpers/record-sysfs" >"$BATS_TEST_TMPDIR/machine.txt"
	"$LAB_SRC/tests/helpers/unpack-sysroot" "$BATS_TEST_TMPDIR/machine.txt" "$BATS_TEST_TMPDIR/root"
	same_as --sysroot "$BATS_TEST_TMPDIR/root"
}
