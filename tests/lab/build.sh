# SPDX-License-Identifier: GPL-2.0
# Builds and installs the source tree inside the lab's Debian, out of tree.  Only what has changed
# is built anew.
#
#   CACHE/checkout-KEY/     KEY is of the checkout's path; the guest sees this at the same path
#     src/                  a copy of the sources, so the checkout may be read-only and stays clean
#     build/                the build
#     stage-FINGERPRINT/    what `make install DESTDIR=` made of the sources with this fingerprint;
#                           `stage` points to the newest

build_flags="-O2 -g -Werror"

build_paths() {
	LAB_WORK=$LAB_CACHE/checkout-$(printf '%s' "$LAB_SRC" | sha256sum | cut -c 1-12)
	LAB_BUILD=$LAB_WORK/build
	mkdir -p "$LAB_WORK"/{src,build,job,stage-empty/usr/local}
	printf '%s\n' "$LAB_SRC" >"$LAB_WORK/checkout"
}

# build_chroot DIR COMMAND...: run COMMAND in the tree.  The copy and the build have the paths
# there that they have outside.
build_chroot() {
	local where=$1
	shift
	"$LAB_DIR/enter" "$LAB_TREE/build" --bind "$LAB_WORK" "$LAB_WORK" -- \
		env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin HOME=/root LANG=C.UTF-8 TERM="${TERM:-dumb}" \
		MAKEFLAGS="-j$(nproc)" LAB_SRC="$LAB_WORK/src" LAB_BUILD="$LAB_BUILD" \
		sh -c 'cd "$1" && shift && exec "$@"' sh "$where" "$@"
}

# The files of the checkout, each with mode, size and time in front and a NUL at the end.  They are
# those that git tracks or would track; without git, all files.
build_files() {
	local file
	cd "$LAB_SRC" || return
	if command -v git >/dev/null && git -c safe.directory='*' rev-parse --git-dir >/dev/null 2>&1; then
		git -c safe.directory='*' ls-files -z -co --exclude-standard
	else
		find . -type f -printf '%P\0'
	fi | while IFS= read -r -d '' file; do
		[[ ! -f $file && ! -L $file ]] || printf '%s\0' "$file"
	done | xargs -0 -r stat --printf '%f %s %.9Y %n\0' | sort -zu	# git names a file in conflict three times
}

# Only one lab at a time works in src/ and build/.
build_lock() {
	exec {build_lock_fd}>"$LAB_WORK/lock"
	flock -n "$build_lock_fd" && return 0
	say "waiting for another lab that builds this checkout"
	flock "$build_lock_fd"
}

build_unlock() { exec {build_lock_fd}>&-; }

# Makes src/ like the checkout and sets build_fingerprint.  A changed file gets the time of its
# copying, not its own time.  It may have been edited while the last build ran.  With its own time
# it would look older than what was made of it before the edit.
build_copy() {
	local list=$LAB_WORK/files old=$LAB_WORK/files
	(build_files) >"$list.new"
	build_fingerprint=$(cat "$list.new" <(printf '%s' "$LAB_TREE$build_flags") "$LAB_DIR/build.sh" | sha256sum | cut -c 1-12)
	[[ -e $list ]] || old=/dev/null
	if cmp -s "$old" "$list.new"; then
		rm "$list.new"
		return 0
	fi
	(
		cd "$LAB_WORK/src" || exit
		comm -z -23 <(build_names <"$old") <(build_names <"$list.new") | xargs -0 -r rm -f
		comm -z -13 "$old" "$list.new" | build_names | tar -C "$LAB_SRC" --null --no-recursion -T - -c | tar --no-same-owner -m -x
	)
	mv "$list.new" "$list"
}

build_names() { sed -z 's/^[^ ]* [^ ]* [^ ]* //' | sort -z; }

# Removes copies and builds of checkouts that no longer exist.
build_prune() {
	local old lock
	for old in "$LAB_CACHE"/checkout-*; do
		[[ -e $old/checkout && ! -d $(<"$old/checkout") ]] || continue
		exec {lock}>"$old/lock"
		if flock -n "$lock"; then
			rm -rf "$old"
		fi
		exec {lock}>&-
	done
}

# The newest stage's directory name.
build_stage() { readlink "$LAB_WORK/stage" 2>/dev/null || echo stage-empty; }

build_need() {
	local stage
	build_lock
	build_copy
	stage=stage-$build_fingerprint
	if [[ ! -d $LAB_WORK/$stage ]]; then
		if [[ ! -e $LAB_WORK/src/configure.ac ]]; then
			say "nothing to build yet"
			build_unlock
			return 0
		fi
		step "building" "$LAB_WORK/build.log" build_make "$LAB_WORK/$stage"
		build_prune
		# A running machine may still use an older one.
		find "$LAB_WORK" -maxdepth 1 -name 'stage-*' ! -name stage-empty ! -name "$stage" -mmin +240 -exec rm -rf {} +
	fi
	ln -sfn "$stage" "$LAB_WORK/stage"
	build_unlock
}

build_make() {
	local stage=$1
	: >"$LAB_WORK/build.log"
	if [[ ! -e $LAB_WORK/src/configure || $LAB_WORK/src/configure.ac -nt $LAB_WORK/.autoreconf ]]; then
		rm -f "$LAB_WORK/.autoreconf"
		build_chroot "$LAB_WORK/src" autoreconf -fi
		touch -r "$LAB_WORK/src/configure.ac" "$LAB_WORK/.autoreconf"
	fi
	if [[ ! -e $LAB_BUILD/Makefile || $(cat "$LAB_BUILD/.tree" 2>/dev/null) != "$LAB_TREE" ]]; then
		rm -rf "$LAB_BUILD"
		mkdir "$LAB_BUILD"
		build_chroot "$LAB_BUILD" ../src/configure --prefix=/usr/local CFLAGS="-O2 -g"
		printf '%s\n' "$LAB_TREE" >"$LAB_BUILD/.tree"
	fi
	# -Werror would make configure's own tests fail.
	build_chroot "$LAB_BUILD" make CFLAGS="$build_flags"
	build_modules
	rm -rf "$stage.tmp"
	build_chroot "$LAB_BUILD" make CFLAGS="$build_flags" DESTDIR="$stage.tmp" install
	mkdir -p "$stage.tmp/usr/local"
	mv "$stage.tmp" "$stage"
}

# Kernel modules for tests, for the lab's own kernel.  The tree has its headers.
build_modules() {
	local to=$LAB_BUILD/tests/lab/kmod hash
	hash=$(cat "$LAB_TREE/kernel/backports/release" \
		"$LAB_WORK"/src/tests/lab/{kmod/*,clock/magic.h} | sha256sum)
	[[ $(cat "$to/hash" 2>/dev/null) != "$hash" ]] || return 0
	rm -rf "$to"
	mkdir -p "$to"
	# shellcheck disable=SC2016
	build_chroot "$to" sh -ec '
		cp "$LAB_SRC"/tests/lab/kmod/* "$LAB_SRC/tests/lab/clock/magic.h" .
		exec make -C /usr/src/linux-headers-"$1" M="$PWD" modules' sh \
		"$(<"$LAB_TREE/kernel/backports/release")"
	printf '%s\n' "$hash" >"$to/hash"
}
