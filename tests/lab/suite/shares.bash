# SPDX-License-Identifier: GPL-2.0
# How spinners share a CPU.  All spinners of a test are bound to one CPU, so their run times are
# the shares.  Load this after ../daemon.

# spin_on CPU VARIABLE [COMMAND...]: start a spinner on that CPU.  Its pid is in VARIABLE
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

# shares PERCENT TOLERANCE PID...: together they get PERCENT of what all spinners get.  It may
# differ from that by TOLERANCE percent of PERCENT.
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

# ran_both PID...: the milliseconds that these have run, and that all spinners have run, at one
# time
ran_both() {
	local pid
	for pid in "${pids[@]}"; do
		echo "$pid $(<"/proc/$pid/schedstat")"
	done | awk -v of="$*" 'BEGIN { n = split(of, is); for (i = 1; i <= n; i++) one[is[i]] = 1 }
		{ all += $2; if ($1 in one) had += $2 } END { printf "%d %d\n", had / 1e6, all / 1e6 }'
}

# settles PERCENT TOLERANCE PID...: as shares, but looks for longer where that is not so yet.  A
# host that takes a vCPU away charges the task that runs there, and that evens out only in the long
# run.
settles() {
	local want=$1 tolerance=$2 had_before all_before had all
	shift 2
	read -r had_before all_before < <(ran_both "$@")
	for _ in 1 2 3 4 5 6; do
		sleep "${window:-3}"
		read -r had all < <(ran_both "$@")
		((had -= had_before, all -= all_before))
		echo "$* had $had of $all ms, wanted $want %"
		! awk "BEGIN { d = 100 * $had / $all / $want - 1; exit !(d * d <= ($tolerance / 100) ^ 2) }" || return 0
	done
	return 1
}
