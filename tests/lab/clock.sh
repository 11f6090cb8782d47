# SPDX-License-Identifier: GPL-2.0
# The machine's clock: what a nanosecond is in the machine.
#
#   off     the host's time, as fast as emulation is
#   model   the host's time; clock/ (a QEMU plugin) makes vCPUs wait for memory as the machine's
#           description says
#   count   an instruction is a nanosecond; all vCPUs take turns on one thread, so a run repeats
#
# The plugin is compiled in the lab's tree and kept by its contents, together with the command that
# switches it from inside the guest:
#
#   CACHE/checkout-KEY/clock-HASH/    clock.so, lab-clock, api (what the tree's QEMU says of the plugin)

clock_api=${LAB_CLOCK_API:-7}	# as in clock/qemu_plugin.h; the lab's own tests set another

# clock_read WORDS: sets clock_name and clock_knobs.
clock_read() {
	local knob
	clock_name=${1%%,*} clock_knobs='' clock_stage=''
	case $clock_name in
	model) ;;
	off | count) [[ $1 == "$clock_name" ]] || usage_error "--clock $clock_name takes no knobs" ;;
	*) usage_error "no clock '$clock_name': off, model, count" ;;
	esac
	while read -r -d , knob; do
		[[ $knob =~ ^(scale=[1-9][0-9]{0,2}|overlap=[0-9]{1,4}|(l2|llc)=[1-9][0-9]{0,5}[KM])$ ]] ||
			usage_error "--clock model: what is '$knob'? (scale=N, l2=SIZE, llc=SIZE, overlap=NS; sizes as 512K or 4M)"
		if [[ $knob =~ ^l ]]; then
			clock_size_check "$knob"
		fi
		clock_knobs+=,$knob
	done < <([[ $1 != *,* ]] || printf '%s,' "${1#*,}")
	[[ $clock_name != model || ${#machine_latency[@]} -gt 0 ]] || die "machines/$machine_name has no latencies for --clock model"
}

clock_size_check() {
	local size=${1#*=} kb
	kb=${size%[KM]}
	[[ $size == *K ]] || kb=$((kb * 1024))
	((kb >= 64 && kb <= 1048576 && (kb & (kb - 1)) == 0)) || usage_error "--clock model: $1 is not a power of two from 64K to 1024M"
}

# Sets clock_stage, a directory below LAB_WORK, and makes it when it is missing.
clock_need() {
	[[ $clock_name == model ]] || return 0
	local tmp
	clock_stage=clock-$(cat "$LAB_DIR"/clock/*.[ch] "$LAB_DIR/clock.sh" <(printf '%s' "$LAB_TREE$clock_api") | sha256sum | cut -c 1-12)
	if [[ ! -d $LAB_WORK/$clock_stage ]]; then
		tmp=$LAB_WORK/$clock_stage.tmp.$BASHPID
		step "building the memory clock" "$LAB_CACHE/log/clock.log" clock_make "$tmp"
		mv -T "$tmp" "$LAB_WORK/$clock_stage" 2>/dev/null || rm -rf "$tmp"	# another lab was first
		find "$LAB_WORK" -maxdepth 1 -name 'clock-*' ! -name "$clock_stage" -mmin +1440 -exec rm -rf {} +
	fi
	clock_check_api "$(<"$LAB_WORK/$clock_stage/api")"
}

# Asks QEMU once whether it accepts the plugin's version.  QEMU refuses in its own words.  A plugin
# that it accepts says "no cpus=".
clock_make() {
	local to=$1
	rm -rf "$to"
	mkdir "$to"
	"$LAB_DIR/enter" "$LAB_TREE/build" --bind-ro "$LAB_DIR/clock" /lab/src --bind "$to" /lab/work -- sh -ec '
		cd /lab/src
		flags="-O3 -std=gnu11 -Wall -Wextra -Werror -Wno-unused-parameter"
		gcc $flags -fPIC -shared -fvisibility=hidden -flto -DCLOCK_PLUGIN_API="$1" -o /lab/work/clock.so \
			plugin.c model.c settings.c counts.c
		gcc $flags -o /lab/work/lab-clock lab-clock.c' sh "$clock_api"
	"$LAB_DIR/enter" "$LAB_TREE/machine" --bind "$to" /lab/work -- sh -ec '
		{ qemu-system-x86_64 --version | head -n 1; qemu-system-x86_64 -M none -display none -plugin /lab/work/clock.so </dev/null 2>&1 || true; } >/lab/work/api
		cat /lab/work/api'
}

# clock_check_api TEXT: QEMU's version line, and what it said.
clock_check_api() {
	local qemu=${1%%$'\n'*} api
	qemu=${qemu#QEMU emulator version }
	qemu=${qemu%% *}
	[[ $1 != *"lab clock: no cpus="* ]] || return 0
	if [[ $1 =~ minimum\ version\ of\ ([0-9]+) ]]; then
		api="${BASH_REMATCH[1]} and later"
	elif [[ $1 =~ up\ to\ version\ ([0-9]+) ]]; then
		api=${BASH_REMATCH[1]}
	else
		die "--clock model: QEMU $qemu does not load the clock's plugin: ${1#*$'\n'}"
	fi
	die "--clock model: QEMU $qemu has plugin API $api, the clock knows $clock_api (tests/lab/clock/qemu_plugin.h)"
}

# Sets clock_args, what QEMU needs for the clock.  Call it after machine_qemu.
clock_qemu() {
	local node next=0 cpus plugin
	case $clock_name in
	off) clock_args=(-accel tcg,thread=multi); return ;;
	count) clock_args=(-accel "tcg,thread=single" -icount "shift=0,sleep=off"); return ;;
	esac
	plugin=/lab/work/$clock_stage/clock.so,counts=/lab/work/job/clock.json$clock_knobs
	for ((node = 0; node < machine_nodes; node++)); do
		cpus=${machine_cpus[$node]:-}
		if [[ $cpus ]]; then
			plugin+=,cpus=$next-$((next + cpus - 1)):$node
			next=$((next + cpus))
		fi
		[[ -z ${machine_latency[$node]:-} ]] || plugin+=,latency=$node:${machine_latency[$node]// /:}
		[[ -z ${machine_limit[$node]:-} ]] ||
			plugin+=,bandwidth=$node:$(awk -v gbps="${machine_limit[$node]}" 'BEGIN { printf "%d", gbps * 1000 }')
	done
	clock_memory
	clock_args=(-accel "tcg,thread=multi" -plugin "$plugin")
}

# Adds to `plugin` where the memory of each node is.  It begins at 0, in the order of nodes, with a
# hole below 4 GB.  QEMU's q35 makes this hole 2 GB wide when the memory does not fit below 2.75
# GB. Only CXL memory lies above all that, so its window begins where the rest ends.
clock_memory() {
	local node start=0 left piece total=0 below mb=1048576
	for ((node = 0; node < machine_nodes; node++)); do
		[[ $node == "$machine_cxl" ]] || total=$((total + ${machine_memory[$node]}))
	done
	below=$total
	((total < 2816)) || below=2048
	for ((node = 0; node < machine_nodes; node++)); do
		[[ $node != "$machine_cxl" ]] || continue
		left=${machine_memory[$node]}
		while ((left)); do
			((start != below)) || start=4096
			piece=$left
			((start > below || start + piece <= below)) || piece=$((below - start))
			plugin+=$(printf ',memory=%x-%x:%d' $((start * mb)) $(((start + piece) * mb)) "$node")
			start=$((start + piece)) left=$((left - piece))
		done
	done
	((start >= 4096)) || start=4096
	[[ -z $machine_cxl ]] || plugin+=$(printf ',memory=%x-4000000000:%d' $((start * mb)) "$machine_cxl")
}

# The counts are kept when the lab's own memory goes.
clock_keep_counts() {
	[[ -s $vm_job/clock.json ]] || return 0
	mv "$vm_job/clock.json" "$log.clock.json" || { say "memory clock: its counts could not be kept"; return 0; }
	say "memory clock: counts in $log.clock.json"
}
