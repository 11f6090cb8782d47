#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# cpu.weight: cgroups share a CPU by their weights, whatever is in them, and the scheduler's
# accounts of them stay right.

load ../daemon
load ../shares

root=/sys/fs/cgroup

eval "daemon_$(declare -f teardown)"
teardown() {
	daemon_teardown
	find $root -mindepth 1 -depth -type d -exec rmdir {} +
}

# group NAME WEIGHT: a cgroup of this test
group() {
	mkdir -p "$root/$BATS_TEST_NUMBER/$1"
	echo "$2" >"$root/$BATS_TEST_NUMBER/$1/cpu.weight"
}

move() { echo "$1" >"$root/$BATS_TEST_NUMBER/$2/cgroup.procs"; }

# spin VARIABLE [GROUP [COMMAND...]]: a spinner on CPU 1, its pid in VARIABLE
spin() {
	spin_on 1 "$1" "${@:3}"
	[[ -z ${2-} ]] || move "${!1}" "$2"
}

# Takes the name of a vector database, and spins.
vect=(perl -e '$0 = "vectX"; 1 while 1')

has_class() { process "$1" 'select(.class == "'"$2"'" and .priority == '"$3"') | .pid' | grep -q .; }

setup_groups() {
	mkdir "$root/$BATS_TEST_NUMBER"
	echo +cpu >"$root/$BATS_TEST_NUMBER/cgroup.subtree_control"
}

# No group's accounts count anybody any more.
books_are_empty() {
	bpftool -j map dump name groups | jq -e '[.[].formatted.value | select(.nr_refs != 0 or .runnable != 0)] | length == 0' >/dev/null
}

@test "three tasks in a group get what one gets in another" {
	setup_groups
	group many 100
	group one 100
	spin a many
	spin b many
	spin c many
	spin d one
	start_daemon	# finds them there
	sleep 1
	shares 50 10 "$a" "$b" "$c"
	shares 16.7 10 "$a"
	undisturbed
	stop_daemon
}

@test "a task without a group competes as one of weight 100 does" {
	start_daemon
	mkdir "$root/$BATS_TEST_NUMBER"
	echo 200 >"$root/$BATS_TEST_NUMBER/cpu.weight"
	spin a .
	spin b .
	spin c
	sleep 1
	shares 33.3 10 "$c"
	undisturbed
	stop_daemon
}

@test "groups in a group share its share" {
	start_daemon
	setup_groups
	group p 100
	group alone 100
	echo +cpu >"$root/$BATS_TEST_NUMBER/p/cgroup.subtree_control"
	group p/c1 100
	group p/c2 300
	spin a p/c1
	spin b p/c2
	spin c alone
	sleep 1
	shares 50 10 "$c"
	shares 12.5 10 "$a"
	kill "$b"	# what it leaves goes to its sibling
	pids=("$a" "$c")
	sleep 1
	shares 50 10 "$c"
	undisturbed
	stop_daemon
}

@test "ten levels are as good as one" {
	local path=d level
	start_daemon
	setup_groups
	group d 100
	group alone 100
	for level in 2 3 4 5 6 7 8 9 10; do
		echo +cpu >"$root/$BATS_TEST_NUMBER/$path/cgroup.subtree_control"
		path=$path/d
		group "$path" 100
	done
	spin a "$path"
	spin b alone
	sleep 1
	shares 50 10 "$a"
	undisturbed
	stop_daemon
}

@test "a changed weight, and a task that moves, count within 2 s" {
	start_daemon
	setup_groups
	group a 100
	group b 100
	spin a a
	spin b b
	sleep 1
	shares 50 10 "$a"
	group a 400
	sleep 2
	shares 80 10 "$a"
	move "$a" b
	sleep 2
	shares 50 10 "$a"
	group b 300
	echo "$a" >$root/cgroup.procs	# weight 100, beside the group around b with its 100
	sleep 2
	shares 50 10 "$a"
	echo 300 >"$root/$BATS_TEST_NUMBER/cpu.weight"
	sleep 2
	shares 25 10 "$a"
	undisturbed
	stop_daemon
}

@test "nice counts within a group" {
	start_daemon
	setup_groups
	group a 100
	group b 100
	spin a a
	spin b a
	spin c b
	renice -n 5 -p "$b" >/dev/null
	sleep 1
	shares 12.3 10 "$b"
	shares 50 10 "$c"
	undisturbed
	stop_daemon
}

@test "a name gives more of its group's share, and of no other's; a rule does" {
	window=3
	setup_groups
	group a 100
	group b 100
	spin a a "${vect[@]}"
	spin b b
	start_daemon --vector-locality 0 # wherever the pages of a loop lie
	retry 60 has_class "$a" vector -20
	settles 50 4 "$a"
	spin c a
	sleep 1
	settles 50 10 "$a" "$c"
	settles 27.8 7 "$a" # 125 parts to the other's 100
	kill "$c"
	pids=("$a" "$b")
	echo "$a" >$root/cgroup.procs # where nobody but the others could pay
	retry 30 has_class "$a" vector 0
	settles 50 4 "$a"
	undisturbed
	stop_daemon
	move "$a" a
	start_daemon --vector-locality 0 --match 'vector=comm:vect*'
	retry 60 has_class "$a" vector -20
	settles 55.6 6 "$a"
	undisturbed
	stop_daemon
}

# Bursts of 10 ms, so that it wants nearly all of the CPU, and limits at which that is latency
# sensitive on any host.
@test "sleeping often gains nothing against another group" {
	window=3
	setup_groups
	group a 100
	group b 100
	spin a a perl -MTime::HiRes=clock,usleep -e 'for (;;) { $t = clock; 1 while clock() - $t < 0.01; usleep 50 }'
	spin b b
	start_daemon --pid "$a" --latency-burst-us 100000 --latency-wakes-hz 2
	retry 30 has_class "$a" latency -25
	settles 50 4 "$a"
	undisturbed
	stop_daemon
}

@test "moves, and groups that come and go: the books are right" {
	local i pid
	start_daemon
	setup_groups
	group a 100
	group b 300
	echo +cpu >"$root/$BATS_TEST_NUMBER/a/cgroup.subtree_control"
	group a/c 50
	hogs 3
	spin s
	bash -c 'while :; do /bin/true; done' 3>&- &
	pids+=($!)
	for i in $(seq "$(long 20 50)"); do
		for pid in "${pids[@]}"; do
			case $(((i + pid) % 3)) in
			0) move "$pid" b ;;
			1) move "$pid" a/c ;;
			2) echo "$pid" >$root/cgroup.procs ;;
			esac
		done
		group "b$i" $((i * 100))
		(move "$BASHPID" "b$i"; /bin/true)
		rmdir "$root/$BATS_TEST_NUMBER/b$i"
	done
	undisturbed
	for pid in "${pids[@]}"; do kill "$pid"; wait "$pid" || true; done
	pids=()
	rmdir "$root/$BATS_TEST_NUMBER"/{a/c,a,b,}
	retry 5 books_are_empty
	undisturbed
	stop_daemon
}
