#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The lab's clocks.  `model` gives a machine the latencies and bandwidths of its description, and
# is switched on and off from inside.  `count` gives the same result each time.
set -euo pipefail

# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"

# boot NAME ARGUMENT...: run the lab and keep its output.
boot() {
	local name=$1
	shift
	echo 0 >"$out/$name.status"
	"$lab" run "$@" >"$out/$name.out" 2>"$out/$name.err" </dev/null || echo "$?" >"$out/$name.status"
}

# good NAME PATTERN NUMBER: there are NUMBER findings of this name, and all of them are good.
good() {
	local name=$1 pattern=$2
	grep -E "^$pattern" "$out/$name.out" >&2 || cat "$out/$name.err"
	is "$(grep -cE "^$pattern.*: good\$" "$out/$name.out")" "$3" "good ones"
	is "$(grep -cE "^$pattern.*: bad\$" "$out/$name.out")" 0 "bad ones"
}

# repeats NAME PERCENT: compares hackbench's times, the median of the odd runs with that of the
# even runs.  Two single runs are not enough: the order in which tasks meet differs from run to
# run, and so do times, by nearly 1% (standard deviation).
repeats() {
	cat "$out/$1.out" "$out/$1.err"
	awk '/^Time:/ { print ++n % 2, $2 }' "$out/$1.out" | sort -k 1,1n -k 2,2g | awk -v percent="$2" '
		{ t[$1, ++n[$1]] = $2 }
		END {
			d = n[0] == 5 && n[1] == 5 && t[1, 3] > 0 ? t[0, 3] / t[1, 3] - 1 : 1
			exit !((d < 0 ? -d : d) * 100 <= percent)
		}'
}

refused() {
	local words=$1 status=0
	shift
	"$@" run --no-build --clock model --machine flat -- true >"$out/refused" 2>&1 || status=$?
	is "$status" 1 status
	is "$(grep -c "plugin API" "$out/refused")" 1 lines
	has "$(cat "$out/refused")" "$words"
}

usage_is() {
	local words=$1 status=0
	shift
	"$lab" run "$@" -- true >"$out/usage" 2>&1 || status=$?
	is "$status" 2 status
	has "$(cat "$out/usage")" "$words"
}

point "unknown knob" usage_is "what is 'speed=9'" --clock model,speed=9
point "a cache is a power of two" usage_is "llc=3M is not a power of two" --clock model,l2=512K,llc=3M
point "count has no knobs" usage_is "takes no knobs" --clock count,scale=2
point "a plugin API that QEMU has left behind" refused "and later, the clock knows 1 " env LAB_CLOCK_API=1 "$lab"
point "a plugin API that QEMU does not have yet" refused ", the clock knows 99 " env LAB_CLOCK_API=99 "$lab"

for machine in tier cxl; do
	boot "$machine" --machine "$machine" --clock model --timeout 400 -- "$dir/check/clock-probe" 8
	point "$machine: a pointer chase finds each latency within 10%" good "$machine" 'latency' 6
	point "$machine: cxl-tiersched calibrate finds each latency within 15%" good "$machine" 'calibrated' 6
	point "$machine: streams find each bandwidth limit within 15%" good "$machine" 'bandwidth' 4
	point "$machine: a busy node answers late" good "$machine" 'loaded' 1
	point "$machine: CPUs count what comes from memory" good "$machine" 'counted' 1
	point "$machine: off, all memory is the same" good "$machine" 'off:' 3
	point "$machine: on again" good "$machine" 'on again' 1
	point "$machine: counts of each period" good "$machine" 'counts' 2
	point "$machine: counts outlive it" eval '
		file=$(sed -n "s/^lab: memory clock: counts in //p" "$out/'"$machine"'.err") && is "$(wc -l <"$file")" 2 lines
		is "$(cat "$out/'"$machine"'.status")" 0 status'
done

# Some rounds take the time that is meant for all.
boot slow --no-build --machine flat --clock model,scale=256 -- cxl-tiersched calibrate --json
point "memory that is 256 times slower is calibrated too" eval '
	cat "$out/slow.err"
	is "$(cat "$out/slow.status")" 0 status
	has "$(cat "$out/slow.out")" "\"latency_source\":\"measured\""'

boot count --no-build --machine flat --cpus 2 --clock count -- bash -c 'for ((i = 0; i < 10; i++)); do taskset -c 1 hackbench -g 4 -l 50; done'
point "count: hackbench repeats itself within 2%" repeats count 2
done_testing
