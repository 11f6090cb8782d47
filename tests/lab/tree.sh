# SPDX-License-Identifier: GPL-2.0
# The lab's Debian 13 and the disk made from it.
#
# Two trees are made side by side from one small tree.  One is what machines run.  The disk is made
# of it while it is small, so that guests show what the program needs at run time.  Then this tree
# gets QEMU, so that the lab is the same on every host.  The other tree gets compilers.
# Kernels are unpacked, not installed: their packages would pull in an initramfs generator.
#
#   CACHE/tree-HASH/build           where the program is built
#   CACHE/tree-HASH/machine         where QEMU runs, with the kernels' modules; its version is in
#                                   CACHE/tree-HASH/qemu
#   CACHE/tree-HASH/disk.img        ext4 image of that, before QEMU came
#   CACHE/tree-HASH/kernel/NAME/    vmlinuz and release, for NAME in backports (default) and trixie
#
# HASH covers the package lists and this file, but not the comments.

: "${LAB_MIRROR:=http://deb.debian.org/debian}"

lab_kernels=(backports trixie)

# package_list SECTION: the packages of one section of the list.
package_list() {
	awk -v want="[$1]" '{ sub(/#.*/, "") } /^\[/ { sub(/[ \t]+$/, ""); in_it = ($0 == want); next } in_it { for (i = 1; i <= NF; i++) print $i }' \
		"$LAB_DIR/packages"
}

tree_hash() { sed '/^[[:space:]]*#/d' "$LAB_DIR/packages" "$LAB_DIR/tree.sh" | cat - <(printf '%s' "$LAB_MIRROR") | sha256sum | cut -c 1-12; }

# Sets LAB_TREE to the tree's directory, and makes that when it is missing.  While this lab runs,
# other labs cannot remove it (`tree_prune`).
tree_need() {
	LAB_TREE=$LAB_CACHE/tree-$(tree_hash)
	local lock
	exec {lock}>"$LAB_TREE.lock"
	flock -s "$lock"
	if [[ ! -d $LAB_TREE ]]; then
		flock "$lock"
		if [[ ! -d $LAB_TREE ]]; then
			tree_make
			tree_prune
		fi
		flock -s "$lock"
	fi
	touch "$LAB_TREE.lock"
}

tree_make() {
	local tmp=$LAB_TREE.tmp log=$LAB_CACHE/log/tree start=$SECONDS
	host_need_disk 4
	host_need_mmdebstrap
	say "making the lab's Debian, once for this recipe (about two minutes on two cores)"
	rm -rf "$tmp" "$log"*.log
	mkdir -p "$tmp"
	step "Debian 13" "$log-base.log" tree_base "$tmp/build"
	tree_double "$tmp/build" "$tmp/machine"
	step_begin "compilers" "$log-build.log" tree_compilers "$tmp"
	step_begin "what machines run, kernels, disk, QEMU" "$log-machine.log" tree_machine "$tmp"
	step_end
	mv "$tmp" "$LAB_TREE"
	say "ready after $((SECONDS - start)) s, $(du -sh "$LAB_TREE" | cut -f 1) in $LAB_CACHE"
}

# Removes trees of other recipes that nobody has used for a day, and what an interrupted lab left.
tree_prune() {
	local old lock
	for old in "$LAB_CACHE"/tree-*.lock; do
		[[ $old != "$LAB_TREE.lock" && -n $(find "$old" -mmin +1440) ]] || continue
		exec {lock}>>"$old"
		if flock -n "$lock"; then
			rm -rf "${old%.lock}" "${old%.lock}.tmp" "$old"
		fi
		exec {lock}>&-
	done
}

# tree_base ROOT: apt's lists stay, for the packages that are installed later.
tree_base() {
	local root=$1 list=$1.list option
	local -a options=()
	printf 'deb %s %s main\n' "$LAB_MIRROR" trixie "$LAB_MIRROR" trixie-updates "$LAB_MIRROR" trixie-backports >"$list"
	# The tree reaches the network as the host does.
	while IFS= read -r option; do
		options+=(--aptopt="$option")
	done < <(apt-config dump | grep -E '^Acquire::(https?::Proxy|http::Timeout|Check-)[^ ]* "[^"]' || true)
	# dpkg is told what to leave out once the essential packages are there.  mmdebstrap itself
	# would filter each package through Python.
	# shellcheck disable=SC2016
	mmdebstrap --variant=minbase --skip=chroot/mount/sys,cleanup/apt/lists "${options[@]}" \
		--aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Languages "none"' --dpkgopt=force-unsafe-io \
		--essential-hook='printf "path-exclude=/usr/share/%s/*\n" doc locale man info >"$1/etc/dpkg/dpkg.cfg.d/lab"' \
		trixie "$root" "$list"
	rm "$list"
	mkdir -p "$root"/lab/{src,work,tree}
}

# tree_double FROM TO: copy a tree.  Files below /usr can be hard links, because dpkg replaces such
# files and never writes into one.
tree_double() {
	cp -al "$1" "$2"
	rm -r "${2:?}"/{etc,var}
	cp -a "$1"/{etc,var} "$2"
}

tree_compilers() {
	local root=$1/build
	tree_install "$root" build
	tree_install "$root" "build backports" "linux-headers-$(tree_kernel_release "$root" trixie-backports)"
	tree_forget_packages "$root"
}

tree_machine() {
	local root=$1/machine lists=$1/lists
	tree_install "$root" guest
	tree_install "$root" "guest backports"
	tree_kernels "$1"
	mv "$root/var/lib/apt/lists" "$lists"
	tree_forget_packages "$root"
	tree_disk "$1"
	mv "$lists" "$root/var/lib/apt/"
	tree_install "$root" "machine backports"
	tree_forget_packages "$root"
	tree_chroot "$root" qemu-system-x86_64 --version | sed -n 's/^QEMU emulator version \([^ ]*\).*/\1/p' >"$1/qemu"
}

# tree_install ROOT SECTION [PACKAGE...]: install the packages of this section, and PACKAGEs
tree_install() {
	local root=$1 section=$2
	shift 2
	# shellcheck disable=SC2046
	tree_apt "$root" install $([[ $section != *backports ]] || echo -t trixie-backports) $(package_list "$section") "$@"
}

tree_forget_packages() { rm -rf "$1"/var/lib/apt/lists "$1"/var/cache/apt/{*.bin,archives/*.deb}; }

tree_chroot() {
	local root=$1
	shift
	"$LAB_DIR/enter" "$root" --writable -- env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin HOME=/root LANG=C.UTF-8 \
		DEBIAN_FRONTEND=noninteractive "$@"
}

tree_apt() {
	local root=$1
	shift
	tree_chroot "$root" apt-get -q -y -o APT::Sandbox::User=root "$@"
}

# The packages of a kernel have its release in their names.  The meta package names the newest.
tree_kernel_release() {
	local release
	release=$(tree_chroot "$1" apt-cache -t "$2" depends linux-image-amd64 |
		sed -n 's/^ *Depends: linux-image-\([0-9][^ ]*\).*/\1/p' | head -n 1)
	[[ -n $release ]] || { echo "no kernel image in $2" >&2; return 1; }
	echo "$release"
}

tree_kernels() {
	local root=$1/machine name suite release
	for name in "${lab_kernels[@]}"; do
		suite=trixie-backports
		[[ $name == backports ]] || suite=$name
		release=$(tree_kernel_release "$root" "$suite")
		tree_unpack_kernel "$root" "$release" "$suite" "$1/kernel/$name"
	done
}

# Some kernels are one package (image).  Some are split into binary and modules, with or without a
# base.
tree_unpack_kernel() {
	local root=$1 release=$2 suite=$3 to=$4 out=$1/lab/kernel package
	local -a packages=()
	mkdir -p "$out" "$to" "$root/usr/lib/modules"
	for package in linux-{image,binary,modules,base}-"$release"; do
		if tree_chroot "$root" apt-cache show "$package" >/dev/null 2>&1; then
			packages+=("$package/$suite")
		fi
	done
	tree_chroot "$root" sh -ec 'cd /lab/kernel; apt-get -q -o APT::Sandbox::User=root download "$@"
		for file in *.deb; do dpkg-deb -x "$file" out; done' sh "${packages[@]}"
	# Most of the size is for hardware that no lab machine has.
	find "$out/out" -type d -regextype egrep -regex ".*/kernel/(sound|drivers/(gpu|media|infiniband|net/(wireless|ethernet)))" \
		-prune -exec rm -r {} +
	find "$out/out" -type f '(' -name "vmlinuz-$release" -o -path "*/$release/vmlinuz" ')' -exec mv {} "$to/vmlinuz" ';'
	find "$out/out" -type d -path "*/modules/$release" -prune -exec mv {} "$root/usr/lib/modules/" ';'
	rm -r "$out"
	tree_chroot "$root" depmod "$release"
	[[ -s $to/vmlinuz ]] || { echo "no vmlinuz in the packages of $release"; return 1; }
	printf '%s\n' "$release" >"$to/release"
}

# The image is made of the bare tree, without what `enter` mounts over it.
tree_disk() {
	truncate -s 4G "$1/disk.img"
	"$LAB_DIR/enter" "$1/machine" --bind "$1" /lab/tree --bind-ro "$1/machine" /lab/src -- \
		mke2fs -q -t ext4 -O ^has_journal -E lazy_itable_init=1,nodiscard -d /lab/src /lab/tree/disk.img
}
