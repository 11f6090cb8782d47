#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The linters find nothing in the sources, and find what is put there.  tests/lint.mk says which
# linter looks at what.
set -euo pipefail

# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"

# finds TARGET WORDS: its linter fails on a file with a fault, and says WORDS.  The file is called
# fault-SOMETHING.c, and no line of it is indented.
finds() {
	local status=0
	"$lab" chroot -- sh -c '
		file=$(mktemp "$LAB_SRC/fault-XXXXXX.c")
		trap "rm -f \"$file\"" EXIT
		cat >"$file" <<-F
			#include <stdlib.h>
			int fault(int n);
			int fault(int n)
			{
				int *p = malloc(4), *none = NULL;

				return n ? *none : *p;
			}
		F
		make -s "$1" lint_files="${file##*/}"' sh "$1" >"$out/finds" 2>&1 || status=$?
	is "$((status != 0))" 1 "failed"
	has "$(cat "$out/finds")" "$2"
}

point "the tree builds, for what is made on the way" "$lab" build
point "clang-tidy finds nothing" "$lab" chroot -- make -s tidy
point "gcc -fanalyzer finds nothing" "$lab" chroot -- make -s analyze
point "shellcheck and flake8 find nothing" "$lab" chroot -- make -s lint-scripts
point "clang-format finds nothing" "$lab" chroot -- make -s lint-format
point "clang-tidy finds a fault" finds tidy clang-analyzer-core.NullDereference
point "gcc -fanalyzer finds a fault" finds analyze Werror=analyzer-null-dereference
point "clang-format finds a fault" finds lint-format fault-
done_testing
