# Linters: they find faults without running anything, and fail where they find one.
# tests/lab/check/lint.t runs them in the lab's Debian, whose versions count.
#
#   make tidy            clang-tidy, by .clang-tidy
#   make analyze         gcc -fanalyzer
#   make lint-scripts    shellcheck and flake8
#   make lint-format     clang-format, by .clang-format: all C
#   make lint            all of them
#   make format          no linter: lays out all C in place, as lint-format wants it
#
# For tidy and analyze C is what automake compiles, with its flags.  Left out are unit tests and
# their helpers, where a failed assertion ends the test and no linter can know that; and kernel
# modules, which Kbuild compiles.  gcc's analyzer does not know BPF.
lint_files = $(DIST_SOURCES) tests/bench/work/tlb-drop.c
lint_flags = $(DEFS) $(DEFAULT_INCLUDES) $(AM_CPPFLAGS) $(CPPFLAGS) $(AM_CFLAGS)
lint_each = printf '%s\n' $(lint_files) | grep '\.c$$' | grep -v '/test-\|/helpers/' | \
	sort -u | sed 's|^|$(srcdir)/|' | xargs -P "$$(nproc)" -I FILE

# Virtual times are compared by their difference as a signed number; names are the kernel's.
lint_bpf = -bugprone-narrowing-conversions,-bugprone-reserved-identifier

.PHONY: lint tidy analyze lint-scripts lint-format format
lint: tidy analyze lint-scripts lint-format

tidy: $(BUILT_SOURCES)
	$(lint_each) clang-tidy --quiet FILE -- $(lint_flags)
	clang-tidy --quiet --checks='$(lint_bpf)' $(srcdir)/bpf/tiersched.bpf.c -- $(bpf_flags)
	clang-tidy --quiet --checks='$(lint_bpf)' $(srcdir)/bpf/vmas.bpf.c -- $(bpf_flags)

analyze: $(BUILT_SOURCES)
	$(lint_each) gcc $(lint_flags) -O1 -fanalyzer -Werror -S -o /dev/null FILE

lint-scripts:
	$(srcdir)/tests/lint-scripts

lint-format:
	cd $(srcdir) && tests/sources '*.[ch]' | xargs -0 clang-format --dry-run -Werror

format:
	cd $(srcdir) && tests/sources '*.[ch]' | xargs -0 clang-format -i

EXTRA_DIST += .clang-format .clang-tidy .flake8 tests/lint-scripts tests/sources
