#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# Which processes the daemon manages, whatever other users do.  Their processes take neither its
# time nor all its places.

load ../daemon

# Users without rights, a different one for each purpose.
somebody=(setpriv --reuid 4001 --regid 4001 --clear-groups)
another=(setpriv --reuid 4002 --regid 4002 --clear-groups)

# herd COMMAND...: with a herd's "ready"
herd() {
	"$@" >"$BATS_TEST_TMPDIR/herd" 3>&- &
	pids+=("$!")
	retry 120 grep -q ready "$BATS_TEST_TMPDIR/herd"
}

# reads SECONDS: read calls of the daemon in the next seconds
reads() {
	local before
	before=$(awk '/^syscr/ { print $2 }' "/proc/$daemon/io")
	sleep "$1"
	echo $(($(awk '/^syscr/ { print $2 }' "/proc/$daemon/io") - before))
}

who_has_places() { cxl-tiersched status --json | jq -r '.processes | sort_by(.pid)[] | "\(.pid) \(.name)"'; }
manages() { [[ $(process "$1" .pid) == "$1" ]]; }

@test "1,000 idle processes of another user cost little, and a new one is managed all the same" {
	local quiet crowded p
	start_daemon --observe
	sleep 1
	quiet=$(reads 4)
	herd "${somebody[@]}" "$guest/herd" 1000
	sleep 8 # most of them have been looked at as newcomers
	crowded=$(reads 4)
	# two to read a file; each of them once a second would be 8,000
	echo "reads in 4 s: quiet $quiet, crowded $crowded"
	((crowded - quiet < 5000))
	touch_memory p --total 80M --hot 24M --node 1
	retry 30 manages "$p"
	stop_daemon
}

@test "processes that take a known name and share a file do not take all the places" {
	local file=/dev/shm/vectors hot milvus
	truncate -s 100M "$file"
	chmod a+r "$file"
	herd "${somebody[@]}" "$guest/herd" --name vectX --file "$file" 12
	cp "$guest/memtouch" "$BATS_TEST_TMPDIR/milvus"
	touch_memory hot --total 80M --hot 24M --node 1
	"${another[@]}" "$BATS_TEST_TMPDIR/milvus" --total 20M --hot 8M --node 0 >/dev/null 3>&- &
	milvus=$!
	pids+=("$milvus")
	start_daemon --observe --max-processes 6
	retry 30 manages "$hot"
	retry 30 manages "$milvus"
	# no place is left empty; those two keep theirs, and idle ones may change places
	all_places() { [[ $(cxl-tiersched status --json | jq '.processes | length') == 6 ]]; }
	retry 10 all_places
	sleep 4
	who_has_places
	manages "$hot"
	manages "$milvus"
	stop_daemon
	rm "$file"
}

@test "memory on hugetlb pages is resident" {
	local p pages=/proc/sys/vm/nr_hugepages
	echo 1 >/proc/sys/vm/compact_memory
	echo 8 >$pages
	[[ $(cat $pages) == 8 ]] || skip "this machine's memory is too fragmented for huge pages"
	touch_memory p --total 16M --hot 8M --hugetlb
	start_daemon --observe --min-rss 12M
	retry 30 manages "$p"
	process_in "$p" .rss_bytes $((16 << 20)) $((24 << 20))
	# DAMON and move_pages both see it
	used() { process_in "$p" .working_set_bytes $((2 << 20)) $((16 << 20)) && [[ $(process "$p" '[.memory[] | select(.heat_percent > 0)] | length') -ge 1 ]]; }
	retry 30 used || { process "$p" .; false; }
	stop_daemon
	kill "$p"
	retry 10 not alive "$p"
	echo 0 >$pages
}

@test "a process whose first thread has ended is managed by another; one that has ended is refused" {
	local p child
	touch_memory p --total 80M --hot 24M --node 1 --leave
	first_has_ended() { [[ $(sed 's/.*) //' "/proc/$p/stat") == Z* ]]; }
	retry 10 first_has_ended
	start_daemon --observe
	retry 30 prefers "$p" 1
	[[ $(process "$p" .why) == size ]]
	process_in "$p" .rss_bytes $((80 << 20)) $((90 << 20))
	stop_daemon
	start_daemon --observe --pid "$p"
	retry 30 prefers "$p" 1
	[[ $(process "$p" .why) == pid ]]
	stop_daemon
	# a parent that never asks what became of its child
	perl -e '$| = 1; my $p = fork; exit unless $p; print "$p\n"; sleep 600' >"$BATS_TEST_TMPDIR/child" 3>&- &
	pids+=("$!")
	retry 10 test -s "$BATS_TEST_TMPDIR/child"
	child=$(cat "$BATS_TEST_TMPDIR/child")
	child_has_ended() { [[ $(sed 's/.*) //' "/proc/$child/stat") == Z* ]]; }
	retry 10 child_has_ended
	run -2 cxl-tiersched --pid "$child"
	[[ $output == *"$child (perl) has ended"* ]]
}

@test "too few open files are named as what is wrong, or allowed" {
	run -3 bash -c 'ulimit -n 20; exec cxl-tiersched --duration 1s'
	[[ $output == *"open files: the limit is 20"* ]]
	as_booted
	bash -c 'ulimit -S -n 20; exec cxl-tiersched --duration 1s'
	retry 10 as_booted
}
