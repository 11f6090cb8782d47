#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The lab itself: what it promises about commands, machines, failures, and what it leaves behind.
#
# Most of the time goes into booting.  So two machines run side by side, and each run answers as
# many questions as it can.  The tests look at what the runs wrote.
set -euo pipefail

# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"

# boot NAME [VARIABLE=VALUE...] LAB ARGUMENT...: run the lab and keep its output.
boot() {
	local name=$1 status=0
	shift
	env "$@" >"$out/$name.out" 2>"$out/$name.err" </dev/null || status=$?
	echo "$status" >"$out/$name.status"
}

# said NAME LINE...: NAME's output has each line.
said() {
	local name=$1 line missing=0
	shift
	for line; do
		grep -qxF -- "$line" "$out/$name.out" && continue
		((missing)) || sed -s -n 1,40p "$out/$name".{out,err}
		echo "no line \"$line\""
		missing=1
	done
	return "$missing"
}

ended() { is "$(cat "$out/$1.status")" "$2" status || { tail -n 5 "$out/$1".{out,err}; return 1; }; }

# stops NAME SIGNAL STATUS: send SIGNAL to the process group of a lab at work (KILL: only to the
# lab's own process).  It ends with STATUS, and nothing that it made is left.
stops() {
	local name=$1 signal=$2 mark="LAB_MARK=$BASHPID.$1" lab_pid status=0 try
	env --default-signal=INT "$mark" setsid "$lab" run --no-build --machine flat -- bash -c 'echo started; sleep 1000' \
		>"$out/$name.out" 2>"$out/$name.err" </dev/null &
	lab_pid=$!
	for ((try = 0; try < 900; try++)); do
		grep -qs started "$out/$name.out" && break
		sleep 0.1
	done
	{
		echo "started: $(grep -c started "$out/$name.out")"
		echo "running: $(($(marked "$mark" | wc -l) > 2))"
	} >"$out/$name.result"
	if [[ $signal == INT ]]; then
		kill -INT -- "-$lab_pid"
	else
		kill "-$signal" "$lab_pid"
	fi
	wait "$lab_pid" 2>/dev/null || status=$?
	for ((try = 0; try < 50; try++)); do
		[[ $(marked "$mark") ]] || break
		sleep 0.1
	done
	{
		echo "status: $status"
		echo "left: $(marked "$mark" | xargs)"
	} >>"$out/$name.result"
}

marked() { grep -lsz -x -- "$1" /proc/[0-9]*/environ 2>/dev/null || true; }

stopped() {
	is "$(cat "$out/$1.result")" "$(printf 'started: 1\nrunning: 1\nstatus: %s\nleft: ' "$2")" "$1" || { cat "$out/$1.err"; return 1; }
}

# A checkout for this test, at an awkward path, with a small program.
checkout="$out/it's a checkout"
new_checkout() {
	mkdir -p "$checkout/tests"
	cp -a "$dir" "$checkout/tests/lab"
	git -C "$checkout" init -q
}

add_program() {
	cat >"$checkout/configure.ac" <<-'A'
		AC_INIT([hello], [1])
		AM_INIT_AUTOMAKE([foreign subdir-objects])
		AC_PROG_CC
		AC_CONFIG_FILES([Makefile])
		AC_OUTPUT
	A
	printf 'bin_PROGRAMS = hello\nhello_SOURCES = hello.c word.h\n' >"$checkout/Makefile.am"
	printf '#define WORD "hello"\n' >"$checkout/word.h"
	printf '#include <stdio.h>\n#include "word.h"\nint main(void) { return puts(WORD) < 0; }\n' >"$checkout/hello.c"
}

# hello_is WORD: what the newest stage's program says.
hello_is() {
	is "$("$checkout/tests/lab/lab" chroot -- sh -c '../stage/usr/local/bin/hello' 2>&1)" "$1"
}

# hello.c as a merge with conflicts leaves it
conflict() {
	local blob stage
	blob=$(git -C "$checkout" hash-object -w hello.c)
	for stage in 1 2 3; do
		printf '100644 %s %s\thello.c\n' "$blob" "$stage"
	done | git -C "$checkout" update-index --index-info
}

build_in_checkout() { "$checkout/tests/lab/lab" build >"$out/build.err" 2>&1; }

usage_is() {
	local words=$1 status=0
	shift
	"$lab" "$@" >"$out/usage.out" 2>"$out/usage.err" </dev/null || status=$?
	is "$status" 2 status
	is "$(wc -c <"$out/usage.out")" 0 stdout
	is "$(wc -l <"$out/usage.err")" 1 lines
	has "$(cat "$out/usage.err")" "$words"
}

# --- words ---

point "help says every verb" bash -c 'for v in run shell build demo check about clean chroot; do "$1" help | grep -q "lab $v" || exit 1; done' sh "$lab"
point "no verb" usage_is "what shall the lab do"
point "unknown verb" usage_is "unknown verb 'nonsense'" nonsense
point "unknown machine" usage_is "no machine 'vax'" run --machine vax -- true
point "a machine is a name, not a path" usage_is "no machine '../packages'" run --machine ../packages -- true
point "unknown option" usage_is "unknown option '--nonsense'" run --nonsense -- true
point "unknown kernel" usage_is "no kernel '2.4'" run --kernel=2.4 -- true
point "option without value" usage_is "--machine needs a value" run --machine
point "command without --" usage_is "the command goes after --" run true
point "no command" usage_is "needs a command" run --machine flat --
point "unknown clock" usage_is "no clock 'sundial'" run --clock sundial -- true
point "timeout must be a number" usage_is "whole seconds" run --timeout soon -- true
point "fewer CPUs than CPU nodes" usage_is "too few" run --machine numa --cpus 1 -- true

point "about tells the versions" eval '"$lab" about >"$out/about" && is "$(grep -cE "^(qemu|kernel [a-z]+) [0-9]+\.[0-9]+" "$out/about")" 3 lines'

# --- builds, while nothing boots ---

new_checkout
point "a tree without sources builds to nothing" eval 'build_in_checkout; has "$(cat "$out/build.err")" "nothing to build yet"'
add_program
point "a tree builds" eval 'build_in_checkout; hello_is hello'
point "an unchanged tree is not built again, and says nothing" eval 'build_in_checkout; is "$(cat "$out/build.err")" ""'
printf '#define WORD "changed"\n' >"$checkout/word.h"
point "a changed tree is built again" eval 'build_in_checkout; hello_is changed'
point "the checkout stays clean" is "$(cd "$checkout" && git status --porcelain | sort | xargs)" \
	"?? Makefile.am ?? configure.ac ?? hello.c ?? tests/ ?? word.h"
sed -i 's/return/return nonsense; return/' "$checkout/hello.c"
point "a build that fails says why, status 1" eval 'if build_in_checkout; then exit 1; fi; has "$(cat "$out/build.err")" "nonsense"'
sed -i 's/return nonsense; //; s/word.h/new.h/' "$checkout/hello.c" "$checkout/Makefile.am"
mv "$checkout/word.h" "$checkout/new.h"
point "a renamed file is not missed" eval 'build_in_checkout; hello_is changed'
point "a file in conflict, which git names three times, is not lost when that is over" eval 'conflict; build_in_checkout
	git -C "$checkout" rm -q --cached hello.c; touch "$checkout/new.h"; build_in_checkout; hello_is changed'

# --- machines ---

mounts_before=$(cat /proc/mounts)
awkward=('' 'two  words' "it's" 'a"quote' $'new\nline' 'back\slash' '$HOME `id` *' '--' 'ünïcode' $'tab\there')
(
	cd "$dir/check"
	boot cxl LAB=1 "$lab" run --no-build --timeout 120 -- "$dir/check/probe" "${awkward[@]}"
	boot tier LAB=1 "$lab" run --no-build --machine tier -- bash -c '"$0"/check/probe; sleep 1; echo c >/proc/sysrq-trigger; sleep 100' "$dir"
	boot hang LAB_HANG_BOOTS=1 "$lab" run --no-build --machine flat --cpus 3 -- "$dir/check/probe"
) &
lane=$!
cd /
boot numa LAB=1 "$lab" run --no-build --machine numa --cpus 5 --timeout 20 -- \
	bash -c '"$0"/check/probe; seq 400000 >&2; sleep 1000 & exec sleep 1000' "$dir"
boot trixie LAB=1 "$checkout/tests/lab/lab" run --machine flat --kernel trixie -- bash -c 'tests/lab/check/probe; hello; ls "$LAB_BUILD/hello"; kill -9 $$'
stops int INT 130 & stops term TERM 143 & stops kill KILL 137 &
wait

point "cxl: a command's exit status and standard output" eval 'ended cxl 0; said cxl stdout "devices: via-stdout"'
point "cxl: standard error is kept apart" eval 'grep -qx stderr "$out/cxl.err"; ! grep -qx stderr "$out/cxl.out"'
point "cxl: everything cached, the lab says nothing" is "$(cat "$out/cxl.err")" stderr
point "arguments arrive as they are" is "$(sed -n 's/^argument: //p' "$out/cxl.out")" "$(printf '%q\n' "${awkward[@]}")"
point "the command runs where the caller stands, as root, with no input" said cxl "cwd: $dir/check" "user: root" "stdin: 0"
point "source and build trees are there to read" said cxl "src: read-only" "build: read-only"
point "what a guest has mounted" said cxl "mount /proc: proc" "mount /sys: sysfs" "mount /dev: devtmpfs" "mount /tmp: tmpfs" \
	"mount /run: tmpfs" "mount /sys/fs/bpf: bpf" "mount /sys/kernel/tracing: tracefs" "mount /sys/kernel/debug: debugfs" \
	"mount /sys/fs/cgroup: cgroup2" "cgroup: cpuset cpu"
point "the kernel has sched_ext and DAMON" said cxl "sched_ext: disabled" "damon: yes"
point "cxl: two CPU nodes and a device of node 1 as node 2, online" said cxl "machine: cxl lab-cxl" "online: 0-3" \
	"node0: cpus=0-1 memory=1536" "node1: cpus=2-3 memory=1536" "node2: cpus= memory=1024" "mem0: numa_node=1" \
	"node0 distance: 10 21 20" "node2 read latency: unknown"
point "tier: node 2 near node 1, and the firmware tells it" said tier "machine: tier lab-tier" "online: 0-3" \
	"node0: cpus=0-1 memory=1536" "node1: cpus=2-3 memory=1536" "node2: cpus= memory=1024" \
	"node0 distance: 10 21 50" "node1 distance: 21 10 31" "node0 read latency: 80" "node2 read latency: 250"
point "tier: a kernel that panics is status 125, with its log named and its last words said" eval 'ended tier 125; has "$(cat "$out/tier.err")" "the machine died; its console: "
	grep -q "^lab:   .*Kernel panic" "$out/tier.err"
	grep -q "Kernel panic" "$(sed -n "s/.*its console: //p" "$out/tier.err")"'
point "numa: two CPU nodes share five CPUs" said numa "machine: numa lab-numa" "online: 0-4" \
	"node0: cpus=0-2 memory=1536" "node1: cpus=3-4 memory=1536" "node0 distance: 10 21"
point "outside the tree the command runs at its top" said numa "cwd: ${dir%/tests/lab}"
point "much output arrives whole" is "$(grep -c '^[0-9]*$' "$out/numa.err")" 400000
point "a command that runs too long is stopped, status 124" eval 'ended numa 124; has "$(cat "$out/numa.err")" "stopped after 20 s"'
point "a boot that hangs is tried again" eval 'ended hang 0; has "$(cat "$out/hang.err")" "trying again"'
point "flat: one node" eval 'said hang "machine: flat lab-flat" "online: 0-2" "node0: cpus=0-2 memory=6144"; ! grep -q node1 "$out/hang.out"'
point "trixie: the older kernel, without sched_ext" eval 'said trixie "sched_ext: none"; grep -q "^kernel: 6\.12\." "$out/trixie.out"'
point "the program built from a checkout is installed, its build tree at its place" eval 'said trixie changed; grep -q "build/hello$" "$out/trixie.out"'
point "a command killed by a signal" ended trixie 137
point "Ctrl-C leaves nothing running" stopped int 130
point "SIGTERM leaves nothing running" stopped term 143
point "SIGKILL leaves nothing running" stopped kill 137
point "nothing stays mounted" is "$(cat /proc/mounts)" "$mounts_before"

# --- the lab's own scripts ---

# machine_of LAST-WORDS PASSES-AT: the status of check/machine and its tests.  Its lab dies with
# LAST-WORDS until the try PASSES-AT.
machine_of() {
	local fake=$out/fake status=0
	rm -rf "$fake"
	mkdir -p "$fake"/{check,suite/m}
	touch "$fake/suite/m/any.bats"
	cp "$dir/check/machine" "$fake/check"
	cat >"$fake/lab" <<-'L'
		#!/bin/bash
		cd "$(dirname "$0")" && echo try >>tries
		echo "ok 1 first"
		(($(wc -l <tries) < $PASSES_AT)) && { echo "lab:   [1] $LAST_WORDS" >&2; exit 125; }
		echo "ok 2 second"
	L
	chmod +x "$fake/lab"
	LAST_WORDS=$1 PASSES_AT=$2 "$fake/check/machine" m >"$fake/out" 2>/dev/null || status=$?
	echo "$status $(grep '^ok' "$fake/out" | xargs)"
}

point "a suite in which the emulator lost a step starts again" is "$(machine_of 'Oops: int3: 0000 [#1]' 2)" "0 ok 1 first ok 2 second"
point "but not for ever" is "$(machine_of 'Oops: int3: 0000 [#1]' 4)" "125 ok 1 first"
point "and not when its kernel failed" is "$(machine_of 'Oops: 0002 [#1]' 2)" "125 ok 1 first"
done_testing
