# SPDX-License-Identifier: GPL-2.0
# Helpers for the tests that run inside a lab machine: `load ../lib` from suite/MACHINE/NAME.bats.

# retry SECONDS COMMAND...: until COMMAND succeeds.
retry() {
	local until=$((SECONDS + $1))
	shift
	until "$@"; do
		((SECONDS < until)) || return 1
		sleep 0.2
	done
}

# sched_ext_state: disabled, enabled, ...
sched_ext_state() { cat /sys/kernel/sched_ext/state; }
