# SPDX-License-Identifier: GPL-2.0
# What the lab tells people: short lines on stderr.  stdout belongs to the command.

say() { printf 'lab: %s\n' "$*" >&2; }

# This run failed, or the host lacks something: status 1.
die() { say "$@"; exit 1; }

# die_as STATUS WORDS
die_as() { local status=$1; shift; say "$@"; exit "$status"; }

# Wrong words on the command line: status 2.
usage_error() { say "$* (see: lab help)"; exit 2; }

# step WORDS LOG COMMAND...: run a long step with its output in LOG.  Say what goes on and how long
# it took.  On failure show the end of the log and exit.
step() {
	step_begin "$@"
	step_end
}

# step_begin WORDS LOG COMMAND...: the same, in parallel with other steps until step_end.
step_begin() {
	local words=$1 log=$2
	shift 2
	say "$words ..."
	mkdir -p "$(dirname "$log")"
	# In the background: where a status is tested at once, bash ignores `set -e` in all that is
	# called there.  So never call this function in such a place.
	("$@") >>"$log" 2>&1 </dev/null &
	step_pids+=("$!") step_words+=("$words") step_logs+=("$log") step_starts+=("$SECONDS")
}
step_pids=() step_words=() step_logs=() step_starts=()

step_end() {
	local nr status
	for nr in "${!step_pids[@]}"; do
		status=0
		[[ ! -t 2 ]] || step_show "$nr"
		wait "${step_pids[nr]}" || status=$?
		if ((status)); then
			tail -n 60 "${step_logs[nr]}" | sed 's/^/    /' >&2
			die "${step_words[nr]}: failed after $((SECONDS - step_starts[nr])) s; the whole log: ${step_logs[nr]}"
		fi
		say "${step_words[nr]}: done in $((SECONDS - step_starts[nr])) s"
	done
	step_pids=() step_words=() step_logs=() step_starts=()
}

# step_show NR: show what the step is doing, in one line of a terminal, until it ends
step_show() {
	local columns line
	read -r _ columns < <(stty size <&2)
	while kill -0 "${step_pids[$1]}" 2>/dev/null; do
		line=$(tail -n 1 "${step_logs[$1]}" | tr -cd '[:print:]')
		line="lab: $((SECONDS - step_starts[$1])) s: $line"
		printf '\r\033[K%s' "${line:0:columns-1}" >&2
		sleep 0.5
	done
	printf '\r\033[K' >&2
}
