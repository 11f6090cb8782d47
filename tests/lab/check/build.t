#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The source tree as people build it, in the lab's Debian: from a clean copy, in the tree and out
# of it, with both compilers, with sanitizers, and from a tarball.
set -euo pipefail

# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"

# in_tree DIR SCRIPT: run SCRIPT in the build chroot, in a directory of this run beside the lab's
# own build.
in_tree() {
	"$lab" chroot -C / -- bash -euo pipefail -c '
		check=$(dirname "$LAB_BUILD")/check-$2
		mkdir -p "$check/$1" && cd "$check/$1"
		set -x
		'"$2" bash "$1" "$$"
}
trap 'in_tree . "chmod -R u+w . && rm -rf ./*; rmdir \"\$PWD\"" >/dev/null 2>&1 || true; rm -rf "$tap_dir"' EXIT

warnings=-Werror	# of -Wall -Wextra, which configure chooses

point "sources copied clean" in_tree . \
	'find .. -maxdepth 1 -name "check-*" -mmin +1440 -exec rm -rf {} +; mkdir src && sed -z "s/^[^ ]* [^ ]* [^ ]* //" "$LAB_SRC/../files" | tar -C "$LAB_SRC" --null -T - -c | tar -C src -x'
point "autogen.sh in a clean tree" in_tree src './autogen.sh'
# as the README says; the copy is a checkout, and its .gitignore must name all files that are made
point "gcc, in the source tree: configure and build, warnings are errors" in_tree gcc \
	"cp -a ../src/. . && git init -q && git add . && ./configure CC=gcc CFLAGS='-O2 -g' && make CFLAGS='-O2 -g $warnings'"
# distcheck runs them
point "gcc, in the source tree: unit tests build, warnings are errors" in_tree gcc \
	"make check TESTS= CFLAGS='-O2 -g $warnings'"
point "gcc, in the source tree: git sees nothing new" in_tree gcc 'git status --porcelain >../status && ! grep -v "^A  " ../status'
point "install stays below its prefix" in_tree gcc '
	rm -rf ../stage && make DESTDIR="$check/stage" install
	test -n "$(find ../stage/usr/local -type f)"
	test "$(ls ../stage)" = usr -a "$(ls ../stage/usr)" = local'
point "uninstall leaves no file" in_tree gcc '
	make DESTDIR="$check/stage" uninstall
	test -z "$(find ../stage -type f)"'
sanitize='-O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all'
point "clang, address and undefined behaviour sanitizers: configure and build, warnings are errors" in_tree sanitize \
	"../src/configure CC=clang CFLAGS='$sanitize' && make CFLAGS='$sanitize $warnings'"
point "clang, address and undefined behaviour sanitizers: unit tests" in_tree sanitize "make check VERBOSE=1 CFLAGS='$sanitize $warnings'"
point "distcheck" in_tree gcc "make distcheck"
done_testing
