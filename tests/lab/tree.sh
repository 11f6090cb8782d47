# SPDX-License-Identifier: GPL-2.0
# The lab's Debian 13 tree and the disk made from it.
#
# One tree serves as build root and as the place QEMU runs from, so that every host gives the same lab.  The disk image is taken
# half way, before compilers and QEMU are added: a small disk is quicker to make and keeps guests honest about what the program
# needs at run time.  Kernels are unpacked, not installed: their packages would pull in an initramfs generator.
#
#   CACHE/tree-HASH/root            the tree
#   CACHE/tree-HASH/disk.img        ext4 image of its run-time half
#   CACHE/tree-HASH/kernel/NAME/    vmlinuz and release, for NAME in backports (default) and trixie
#
# HASH covers the package lists and this file, comments aside.

: "${LAB_MIRROR:=http://deb.debian.org/debian}"

lab_kernels=(backports trixie)

# package_list SECTION [SEPARATOR]: the packages of one section of the list.
package_list() {
	awk -v want="[$1]" '{ sub(/#.*/, "") } /^\[/ { sub(/[ \t]+$/, ""); in_it = ($0 == want); next } in_it { for (i = 1; i <= NF; i++) print $i }' \
		"$LAB_DIR/packages"
}

tree_hash() { sed '/^[[:space:]]*#/d' "$LAB_DIR/packages" "$LAB_DIR/tree.sh" | cat - <(printf '%s' "$LAB_MIRROR") | sha256sum | cut -c 1-12; }

# Sets LAB_TREE to the tree's directory, made when it is missing, and holds it against `tree_prune` of others while this lab runs.
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
	local tmp=$LAB_TREE.tmp log=$LAB_CACHE/log/tree.log start=$SECONDS
	host_need_disk 4
	host_need_mmdebstrap
	say "making the lab's Debian tree, once for this recipe (a few minutes; log: $log)"
	rm -rf "$tmp" "$log"
	mkdir -p "$tmp"
	step "Debian 13 base and run-time packages" "$log" tree_base "$tmp"
	step "kernels" "$log" tree_kernels "$tmp"
	step "disk image" "$log" tree_disk "$tmp"
	step "compilers and QEMU" "$log" tree_tools "$tmp"
	mv "$tmp" "$LAB_TREE"
	say "tree ready after $((SECONDS - start)) s, $(du -sh "$LAB_TREE" | cut -f 1) in $LAB_CACHE"
}

# Trees of other recipes nobody has used for a day, and what an interrupted making left.
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

tree_base() {
	local root=$1/root list=$1/debian.list packages option
	local -a options=()
	printf 'deb %s %s main\n' "$LAB_MIRROR" trixie "$LAB_MIRROR" trixie-updates "$LAB_MIRROR" trixie-backports >"$list"
	packages=$(package_list guest | paste -sd ,)
	# The host's way to the network is the tree's, too.
	while IFS= read -r option; do
		options+=(--aptopt="$option")
	done < <(apt-config dump | grep -E '^Acquire::(https?::Proxy|http::Timeout|Check-)[^ ]* "[^"]' || true)
	mmdebstrap --variant=minbase --skip=chroot/mount/sys --include="$packages" "${options[@]}" \
		--aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Languages "none"' \
		--dpkgopt=force-unsafe-io --dpkgopt=path-exclude=/usr/share/doc/* --dpkgopt=path-exclude=/usr/share/locale/* \
		--dpkgopt=path-exclude=/usr/share/man/* --dpkgopt=path-exclude=/usr/share/info/* \
		trixie "$root" "$list"
	rm "$list"
	tree_apt "$root" update
	# shellcheck disable=SC2046
	tree_apt "$root" install -t trixie-backports $(package_list "guest backports")
	mkdir -p "$root"/lab/{src,work,tree}
}

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

# A kernel's packages have the release in their names; the meta package names the newest.
tree_kernels() {
	local root=$1/root name suite release
	for name in "${lab_kernels[@]}"; do
		suite=trixie-backports
		[[ $name == backports ]] || suite=$name
		release=$(tree_chroot "$root" apt-cache -t "$suite" depends linux-image-amd64 |
			sed -n 's/^ *Depends: linux-image-\([0-9][^ ]*\).*/\1/p' | head -n 1)
		[[ -n $release ]] || { echo "no kernel image in $suite"; return 1; }
		tree_unpack_kernel "$root" "$release" "$suite" "$1/kernel/$name"
	done
	tree_apt "$root" clean
}

# Some kernels are one package (image), some are split into binary and modules, with or without a base.
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
	# Hardware no lab machine has is most of the size.
	find "$out/out" -type d -regextype egrep -regex ".*/kernel/(sound|drivers/(gpu|media|infiniband|net/(wireless|ethernet)))" \
		-prune -exec rm -r {} +
	find "$out/out" -type f '(' -name "vmlinuz-$release" -o -path "*/$release/vmlinuz" ')' -exec mv {} "$to/vmlinuz" ';'
	find "$out/out" -type d -path "*/modules/$release" -prune -exec mv {} "$root/usr/lib/modules/" ';'
	rm -r "$out"
	tree_chroot "$root" depmod "$release"
	[[ -s $to/vmlinuz ]] || { echo "no vmlinuz in the packages of $release"; return 1; }
	printf '%s\n' "$release" >"$to/release"
}

# The image is of the bare tree, without what `enter` mounts over it.
tree_disk() {
	rm -rf "$1"/root/var/lib/apt/lists/* "$1"/root/var/cache/apt/*.bin
	truncate -s 4G "$1/disk.img"
	"$LAB_DIR/enter" "$1/root" --bind "$1" /lab/tree --bind-ro "$1/root" /lab/src -- \
		mke2fs -q -t ext4 -O ^has_journal -E lazy_itable_init=1,nodiscard -d /lab/src /lab/tree/disk.img
}

tree_tools() {
	# shellcheck disable=SC2046
	tree_apt "$1/root" update
	# shellcheck disable=SC2046
	tree_apt "$1/root" install $(package_list build)
	# shellcheck disable=SC2046
	tree_apt "$1/root" install -t trixie-backports $(package_list "build backports") "linux-headers-$(<"$1/kernel/backports/release")"
	rm -rf "$1"/root/var/lib/apt/lists/* "$1"/root/var/cache/apt/{*.bin,archives/*.deb}
}
