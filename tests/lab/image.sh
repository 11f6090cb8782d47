# SPDX-License-Identifier: GPL-2.0
# The initramfs: the few modules that a kernel needs to reach its disk, and the guest's side of the
# lab.  So a change of that side costs a second, and no new disk.

lab_boot_modules=(virtio_pci virtio_blk ext4)

# image_need KERNEL: sets image_vmlinuz and image_initrd, paths below LAB_TREE.
image_need() {
	local kernel=$1 hash
	hash=$(cat "$LAB_DIR"/guest/{initramfs-init,init,agent} "$LAB_DIR/image.sh" | sha256sum | cut -c 1-12)
	image_vmlinuz=kernel/$kernel/vmlinuz
	image_initrd=kernel/$kernel/initrd-$hash
	[[ ! -s $LAB_TREE/$image_initrd ]] || return 0
	image_make_initrd "$kernel" "$LAB_TREE/$image_initrd"
	find "$LAB_TREE/kernel/$kernel" -name 'initrd-*' ! -path "*/$image_initrd" -mmin +1440 -delete
}

image_make_initrd() {
	local to=$2 tmp=$2.tmp.$BASHPID.$RANDOM release
	release=$(<"$LAB_TREE/kernel/$1/release")
	rm -rf "$tmp"
	mkdir "$tmp"
	"$LAB_DIR/enter" "$LAB_TREE/machine" --bind "$tmp" /lab/work --bind-ro "$LAB_DIR/guest" /lab/src -- \
		bash -euo pipefail -c '
			release=$1
			shift
			mkdir -p /lab/work/root/{bin,proc,dev,new,modules,guest}
			cd /lab/work/root
			cp /bin/busybox bin/
			cp /lab/src/init /lab/src/agent guest/
			cp /lab/src/initramfs-init init
			for module; do
				modprobe -S "$release" --show-depends "$module"
			done | while read -r kind file _; do
				[[ $kind == insmod ]] || continue
				name=${file##*/}
				name=${name%%.ko*}
				[[ ! -e modules/$name.ko ]] || continue
				case $file in
				*.xz) xz -dc "$file" >"modules/$name.ko" ;;
				*.zst) zstd -qdc "$file" >"modules/$name.ko" ;;
				*) cp "$file" "modules/$name.ko" ;;
				esac
				echo "$name" >>modules/order
			done
			find . | cpio -o -H newc --quiet >../initrd' bash "$release" "${lab_boot_modules[@]}"
	mv "$tmp/initrd" "$to"
	rm -rf "$tmp"
}
