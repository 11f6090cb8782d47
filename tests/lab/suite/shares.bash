# SPDX-License-Identifier: GPL-2.0
# How spinners share a CPU: all of a test are bound to one, so that their run times are the shares.  After ../daemon.

# spin_on CPU VARIABLE [COMMAND...]: a spinner there, its pid in VARIABLE
spin_on() {
	local cpu=$1 variable=$2
	shift 2
	(($#)) || set -- bash -c 'while :; do :; done'
	taskset -c "$cpu" "$@" 3>&- &
	printf -v "$variable" %s "$!"
	pids+=("$!")
}

ran_ms() {
	local pid ns sum=0
	for pid in "$@"; do
		read -r ns _ <"/proc/$pid/schedstat"
		((sum += ns))
	done
	echo $((sum / 1000000))
}

# shares PERCENT TOLERANCE PID...: together they get so much of what all spinners get, give or take TOLERANCE percent of that
shares() {
	local want=$1 tolerance=$2 before all_before had all percent
	shift 2
	before=$(ran_ms "$@") all_before=$(ran_ms "${pids[@]}")
	sleep "${window:-3}"
	had=$(($(ran_ms "$@") - before)) all=$(($(ran_ms "${pids[@]}") - all_before))
	percent=$(awk "BEGIN { print 100 * $had / $all }")
	echo "$* had $had of $all ms: $percent %, wanted $want %"
	awk "BEGIN { exit !($percent >= $want * (1 - $tolerance / 100) && $percent <= $want * (1 + $tolerance / 100)) }"
}
