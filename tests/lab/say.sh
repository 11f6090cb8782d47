# SPDX-License-Identifier: GPL-2.0
# What the lab tells people: short lines on stderr, never on stdout, which belongs to the command.

say() { printf 'lab: %s\n' "$*" >&2; }

# A fault of this run, a thing the host lacks: status 1.
die() { say "$@"; exit 1; }

# die_as STATUS WORDS
die_as() { local status=$1; shift; say "$@"; exit "$status"; }

# Wrong words on the command line: status 2.
usage_error() { say "$* (see: lab help)"; exit 2; }

# step WORDS LOG COMMAND...: run a long step with its output in LOG; say what goes on, how long it took, and on failure the
# log's end, and exit.
step() {
	local words=$1 log=$2 start=$SECONDS status=0
	shift 2
	say "$words ..."
	mkdir -p "$(dirname "$log")"
	# In the background, because where a status is looked at in place bash ignores `set -e` all the way down; never call step there.
	("$@") >>"$log" 2>&1 </dev/null &
	wait "$!" || status=$?
	if ((status)); then
		tail -n 60 "$log" | sed 's/^/    /' >&2
		die "$words: failed after $((SECONDS - start)) s; the whole log: $log"
	fi
	say "$words: done in $((SECONDS - start)) s"
}
