# SPDX-License-Identifier: GPL-2.0
# Boots machines.

# vm_run COMMAND...
vm_run() {
	vm_job run "$@"
	vm_boot
}

vm_shell() {
	vm_job shell
	say "a $machine_name machine, kernel $kernel: its shell follows, exit ends it"
	vm_boot
}

# What the guest is to do, as data.  It is a directory in the share, in this lab's own memory, so
# it goes when the lab goes.
vm_job() {
	local mode=$1 name where rows columns
	shift
	vm_job=$LAB_WORK/job
	mkdir -p "$vm_job"
	mount -t tmpfs -o mode=700 lab "$vm_job"
	where=$PWD/
	[[ $where == "$LAB_SRC"/* ]] || where=$LAB_SRC
	printf '%s\0' "$@" >"$vm_job/argv"
	for name in LAB_SRC LAB_WORK LAB_BUILD; do
		printf '%s=%q\n' "$name" "${!name}"
	done >"$vm_job/env"
	printf '%s=%q\n' LAB_MACHINE "$machine_name" LAB_CXL_NODE "$machine_cxl" LAB_MODE "$mode" LAB_CLOCK "$clock_name" LAB_CLOCK_STAGE "$clock_stage" \
		LAB_STAGE "$(build_stage)" LAB_CWD "$where" TERM "${TERM:-linux}" >>"$vm_job/env"
	if [[ $mode == shell && -t 0 ]]; then
		read -r rows columns < <(stty size)
		printf 'export LAB_TTY="rows %s cols %s"\n' "$rows" "$columns" >>"$vm_job/env"
	fi
	vm_mode=$mode
}

# Boots until the command starts, at most three times.  Emulated boots sometimes hang before user
# space.
vm_boot() {
	local limit try outcome log
	local -a qemu
	mkdir -p "$LAB_CACHE"/{log,tmp}
	find "$LAB_CACHE/log" -name 'console-*' -mmin +1440 -delete
	for try in 1 2 3; do
		log=$LAB_CACHE/log/console-$machine_name-$(date +%Y%m%d-%H%M%S)-$RANDOM
		: >"$log"
		limit=$(vm_boot_limit "$try")
		vm_qemu "$try"
		rm -f "$vm_job/outcome"
		"$LAB_DIR/enter" "$LAB_TREE/machine" --bind-ro "$LAB_TREE" /lab/tree --bind-ro "$LAB_SRC" /lab/src \
			--bind-ro "$LAB_WORK" /lab/work --bind "$vm_job" /lab/work/job --bind "$LAB_CACHE/log" /lab/log \
			--bind-ro "$LAB_DIR" /lab/lab --bind "$LAB_CACHE/tmp" /var/tmp -- \
			/lab/lab/relay /lab/work/job/outcome "$limit" "${timeout:-0}" "${qemu[@]}" || exit 125
		outcome=$(cat "$vm_job/outcome" 2>/dev/null || echo dead)
		clock_keep_counts
		case $outcome in
		status\ *) exit "${outcome#status }" ;;
		timeout) say "stopped after $timeout s"; exit 124 ;;
		failed\ *) say "machine $machine_name failed: ${outcome#failed } (its console: $log)"; exit 125 ;;
		closed) exit 141 ;;
		dead) say "the machine died; its console: $log"; vm_last_words "$log"; exit 125 ;;
		noboot\ *) say "${outcome#noboot } (console: $log)$( ((try == 3)) || echo ", trying again")" ;;
		esac
	done
	die_as 125 "gave up after three boots; the last console: $log"
}

# vm_last_words LOG: the end of a console, and why the kernel panicked.  A long trace may have
# pushed that line far up, and people may read only what the lab says.
vm_last_words() {
	tr -d '\r' <"$1" | awk 'NF { line[++nr] = $0 }
		END { for (i = 1; i <= nr; i++) if (i > nr - 40 || line[i] ~ /Kernel panic|Oops:/) print "lab:   " line[i] }' >&2
}

# vm_is_to_hang TRY, for the lab's own tests
vm_is_to_hang() { (($1 <= ${LAB_HANG_BOOTS:-0})); }

# vm_boot_limit TRY: guests boot more slowly on a busy host, and with counted instructions.
vm_boot_limit() {
	local load _
	if vm_is_to_hang "$1"; then
		echo 15
		return
	fi
	read -r load _ </proc/loadavg
	awk -v limit="${LAB_BOOT_LIMIT:-45}" -v load="$load" -v cpus="$(nproc)" -v slow="$([[ $clock_name == count ]] && echo 3 || echo 1)" \
		'BEGIN { f = load / cpus; print int(limit * slow * (f > 1 ? f : 1)) }'
}

# Sets qemu.
# hypervisor=off: under a hypervisor the kernel refuses to flush caches for a CXL region.
# swiotlb=force, with iommu_platform on every virtio device: there is no DMA into CXL memory, which
# virtio in QEMU cannot reach.
# tsc=reliable: emulated vCPUs read the host's counter.  The kernel would find them out of step all
# the same, and take the HPET, which is many times as slow.
vm_qemu() {
	local append="console=ttyS0 quiet panic=-1 oops=panic swiotlb=force tsc=reliable" virtio=bus=pcie.0,iommu_platform=on,disable-legacy=on
	local console="/lab/log/${log##*/}" redirect="</dev/null >>/lab/log/${log##*/}"
	! vm_is_to_hang "$1" || append+=" rdinit=/bin/busybox -- sleep 1000000"
	[[ $vm_mode != shell ]] || redirect=
	machine_qemu
	clock_qemu
	qemu=(sh -c "exec \"\$@\" $redirect 2>>$console" sh
		qemu-system-x86_64 -nodefaults -no-user-config -no-reboot -display none
		-cpu max,hypervisor=off "${machine_args[@]}" "${clock_args[@]}"
		-kernel "/lab/tree/$image_vmlinuz" -initrd "/lab/tree/$image_initrd" -append "$append"
		-drive file=/lab/tree/disk.img,format=raw,if=none,id=disk,snapshot=on -device "virtio-blk-pci,drive=disk,$virtio"
		-fsdev local,id=lab,path=/lab/work,security_model=none,multidevs=remap,readonly=on -device "virtio-9p-pci,fsdev=lab,mount_tag=lab,$virtio"
		-fsdev local,id=src,path=/lab/src,security_model=none,multidevs=remap,readonly=on -device "virtio-9p-pci,fsdev=src,mount_tag=src,$virtio"
		-chardev file,id=log,path="$console",append=on -serial chardev:log
		-chardev file,id=wire,path=/proc/self/fd/3,append=on
		-device "virtio-serial-pci,$virtio" -device virtserialport,chardev=wire,name=lab)
	if [[ $vm_mode == shell ]]; then
		qemu+=(-chardev stdio,id=tty,signal=off -serial chardev:tty)
	fi
}
