#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The benchmark.  First its report, on figures made for this test.  Then a set with a cell of each
# kind: it is interrupted, continued, and reported.
set -euo pipefail

# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"
bench=$dir/../bench

usage_is() {
	local words=$1 status=0
	shift
	"$bench/run" "$@" >"$out/usage" 2>&1 </dev/null || status=$?
	is "$status" 2 status
	has "$(cat "$out/usage")" "$words"
}

cells() { grep -c '"metrics": ' "$results/cells.jsonl"; }

# A round that was cut short does not count.  What was complete before is not measured again.
went_on() {
	is "$(cat "$out/first.status")" 130 "status of the first run"
	has "$(cat "$out/first.err")" "go on with: "
	is "$(cat "$out/second.status")" 0 "status of the second run"
	is "$(grep -cF "$first_boot" "$results/cells.jsonl")" 3 "cells of the first boot"
	is "$(cells)" 8 cells
}

full_disk() {
	local status=0
	mkdir "$out/small"
	unshare --mount bash -c 'mount -t tmpfs -o size=4k small "$1/small" && exec "$2/run" smoke --results "$1/small/r"' sh "$out" "$bench" \
		>"$out/full" 2>&1 </dev/null || status=$?
	is "$status" 1 status
	has "$(tail -n 1 "$out/full")" "is the disk full"
}

point "unknown set" usage_is "no set 'everything'" everything
point "unknown boot" usage_is "no boot 'boat'" --boot boat
point "no rounds" usage_is "not '0'" --rounds 0
point "unknown option" usage_is "unknown option '--fast'" --fast
point "nothing to go on with" bash -c '! "$0/run" --resume /nowhere 2>"$1/nowhere" && grep -q "no results to go on with in /nowhere" "$1/nowhere"' "$bench" "$out"
point "report: figures, goals, damaged and missing results" "$lab" chroot -C / -- sh -c '"$LAB_SRC/tests/bench/test-report"'
point "a full disk is told, in one line" full_disk

results=$out/results first_boot=none
"$bench/run" check --results "$results" >"$out/first.out" 2>"$out/first.err" </dev/null &
run=$!
echo 0 >"$out/first.status"
# the first block has three cells, so with the fourth it is complete
for ((try = 0; try < 3000; try++)); do
	[[ ! -e $results/cells.jsonl || $(wc -l <"$results/cells.jsonl") -lt 4 ]] || break
	kill -0 "$run" 2>/dev/null || break
	sleep 0.2
done
kill -TERM "$run"
wait "$run" || echo "$?" >"$out/first.status"
first_boot=$(sed -n '1s/.*\("boot_id": "[^"]*"\).*/\1/p' "$results/cells.jsonl")
echo 0 >"$out/second.status"
"$bench/run" --resume "$results" >"$out/table" 2>"$out/second.err" </dev/null || echo "$?" >"$out/second.status"
sed 's/^/# /' "$out/table"
point "a small set: interrupted, and gone on with" went_on
point "a small set: no cell failed" bash -c '! grep "\"error\": " "$1"' sh "$results/cells.jsonl"
point "a small set: the table has every group" eval 'for word in "placement: rate / kernel" hnsw.hogs.far.one Interleave Wake-up; do has "$(cat "$out/table")" "$word"; done'
point "a small set: the document and its plots" eval '"$bench/report" "$results" -o "$out/doc" && grep -q "^#" "$out/doc/benchmarks.md" && ls "$out"/doc/benchmarks/*.svg'
done_testing
