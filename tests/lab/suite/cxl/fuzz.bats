#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# A process changes its policies, locks and cpuset at random while its pages are moved
# (fuzz-policies).  No page may be moved to where it may not lie.  LAB_LONG=1 takes ten minutes of
# each, or LAB_FUZZ_S seconds.  LAB_SEED gives another seed.

load ../daemon

BATS_TEST_RETRIES=0

group=/sys/fs/cgroup/lab-fuzz
thp=/sys/kernel/mm/transparent_hugepage
# what moves pages beside us is off, and there are some pages of hugetlb
knobs=(/proc/sys/kernel/numa_balancing "$thp/enabled" "$thp/khugepaged/scan_sleep_millisecs"
	"$thp/khugepaged/alloc_sleep_millisecs" /proc/sys/vm/nr_hugepages)
values=(0 always 4000000000 4000000000 12)

setup_file() {
	local i
	for i in "${!knobs[@]}"; do
		sed 's/.*\[\(.*\)\].*/\1/' "${knobs[i]}" >"$BATS_FILE_TMPDIR/knob.$i"
		echo "${values[i]}" >"${knobs[i]}"
	done
	echo +cpuset >/sys/fs/cgroup/cgroup.subtree_control
	mkdir $group
}

teardown_file() {
	local i
	for i in "${!knobs[@]}"; do
		cat "$BATS_FILE_TMPDIR/knob.$i" >"${knobs[i]}"
	done
	retry 10 rmdir $group
}

told() { echo "# $*" >&3; }
splits() { awk '$1 == "thp_split_page" { print $2 }' /proc/vmstat; }
seconds() { long "$1" "${LAB_FUZZ_S:-600}"; }

# fuzz OPTION...: what it says is in $output
fuzz() {
	run "$guest/fuzz-policies" --seed "${LAB_SEED:-4711}" "$@"
	told "$(tail -n 1 <<<"$output")"
	echo "$output"
	[[ $status == 0 ]]
}

# said JQ: of its report
said() {
	tail -n 1 <<<"$output" | jq -e "$1" >/dev/null || { echo "not so: $1"; return 1; }
}

@test "fuzz: policies change while pages move, and none goes where it may not" {
	fuzz --seconds "$(seconds 12)" --cgroup $group --mover
	said '.plain == 0 and .stayed == 0 and .looked > 0'
	said '.wrong == 0 and .bytes > 0'
}

@test "fuzz: no huge page is split while there is room" {
	local before
	before=$(splits)
	fuzz --seconds "$(seconds 6)" --mover --whole
	said '.plain == 0 and .stayed == 0 and .wrong == 0 and .bytes > 0'
	[[ $(splits) == "$before" ]]
}

@test "fuzz: policies change under the daemon, and no page goes where it may not" {
	[[ ${LAB_LONG:-} ]] || skip "takes ${LAB_FUZZ_S:-600} s: LAB_LONG=1"
	local end=$((SECONDS + ${LAB_FUZZ_S:-600})) seed=${LAB_SEED:-4711} moved=0
	start_daemon --tier on --tier-cpu 100
	while ((SECONDS < end)); do
		# a process whose pages come and go is left alone after a while, so there are several
		LAB_SEED=$((seed++)) fuzz --seconds 90 --slots 40 --cgroup $group
		said '.plain == 0 and .stayed == 0 and .looked > 0'
		told "$(cxl-tiersched status --json | jq -c .tier)"
	done
	moved=$(cxl-tiersched status --json | jq '.tier | .promoted_bytes + .demoted_bytes')
	((moved > 0))
	undisturbed
	stop_daemon
}
