# SPDX-License-Identifier: GPL-2.0
# Test Anything Protocol for the checks on the host.  Also sets where things are: dir, lab, and
# out, a directory that is removed after the test.

dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
lab=$dir/lab

tap_nr=0 tap_failed=0
tap_dir=$(mktemp -d)
out=$tap_dir
trap 'rm -rf "$tap_dir"' EXIT

# diag FILE: print the end of a file as TAP comments.
diag() { tail -n "${TAP_LINES:-60}" "$1" | sed 's/^/#   /'; }

# point NAME COMMAND...: one test.  It passes when COMMAND succeeds; else COMMAND's output is
# shown.
point() {
	local name=$1 status=0
	shift
	tap_nr=$((tap_nr + 1))
	("$@") >"$tap_dir/point" 2>&1 </dev/null &
	wait "$!" || status=$?
	if ((status == 0)); then
		echo "ok $tap_nr - $name"
		return
	fi
	tap_failed=$((tap_failed + 1))
	echo "not ok $tap_nr - $name"
	echo "#   status $status; the end of its output:"
	diag "$tap_dir/point"
}

# done_testing: the plan, and the status.
done_testing() {
	echo "1..$tap_nr"
	((tap_failed == 0))
}

# is GOT WANTED [WHAT]
is() {
	[[ $1 == "$2" ]] && return 0
	printf '%s: got      %q\n%s: expected %q\n' "${3:-value}" "$1" "${3:-value}" "$2"
	return 1
}

# has TEXT PATTERN: TEXT matches the glob *PATTERN*.
has() {
	# shellcheck disable=SC2053
	[[ $1 == *$2* ]] && return 0
	printf 'no "%s" in:\n%s\n' "$2" "$1"
	return 1
}
