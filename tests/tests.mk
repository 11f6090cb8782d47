# Unit tests: TAP by cmocka; no root, no CXL, no sched_ext.  What touches a kernel is in tests/lab.
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
# A test asks for more memory than there is; the sanitizer shall answer as malloc(3) does.
AM_TESTS_ENVIRONMENT = CMOCKA_MESSAGE_OUTPUT=TAP; export CMOCKA_MESSAGE_OUTPUT; \
	ASAN_OPTIONS=allocator_may_return_null=1; export ASAN_OPTIONS; \
	srcdir=$(srcdir); export srcdir; builddir=$(builddir); export builddir;

# A folder a room: tests/ROOM/test-NAME is made of tests/ROOM/test-NAME.c and of what is in tests/helpers.
AM_DEFAULT_SOURCE_EXT = .c
UNIT_TESTS += \
	tests/base/test-base \
	tests/base/test-escape \
	tests/base/test-state \
	tests/numa/test-latencies \
	tests/numa/test-machines \
	tests/numa/test-mappers \
	tests/numa/test-migrate \
	tests/numa/test-residency \
	tests/numa/test-room \
	tests/numa/test-topology \
	tests/damon/test-damon \
	tests/damon/test-regions \
	tests/damon/test-session \
	tests/counters/test-metrics \
	tests/process/test-choose \
	tests/process/test-rule \
	tests/sample/test-collect \
	tests/sample/test-extent \
	tests/model/test-footprint \
	tests/model/test-lives \
	tests/model/test-model \
	tests/tier/test-copies \
	tests/tier/test-gain \
	tests/tier/test-ledger \
	tests/tier/test-guard \
	tests/tier/test-move \
	tests/tier/test-obey \
	tests/tier/test-plan \
	tests/tier/test-ranges \
	tests/tier/test-shared \
	tests/tier/test-spread \
	tests/sched/test-publish \
	tests/sched/test-usage \
	tests/report/test-foreign \
	tests/report/test-table \
	tests/report/test-text \
	tests/control/test-server \
	tests/daemon/test-balancing \
	tests/daemon/test-cgroup-limits \
	tests/daemon/test-doctor \
	tests/daemon/test-document \
	tests/daemon/test-follow \
	tests/daemon/test-hold \
	tests/daemon/test-lines \
	tests/daemon/test-managed \
	tests/daemon/test-sharers \
	tests/daemon/test-tick \
	tests/daemon/test-tiering

LDADD = $(check_LIBRARIES) $(TEST_LIBS) -lpthread
AM_CFLAGS += $(CMOCKA_CFLAGS)
check_LIBRARIES =
if HAVE_CMOCKA
check_LIBRARIES += tests/helpers/libhelpers.a
check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS)
endif
tests_helpers_libhelpers_a_SOURCES = \
	tests/helpers/damon-tree.c tests/helpers/damon-tree.h \
	tests/helpers/run.c tests/helpers/run.h \
	tests/helpers/said.c tests/helpers/said.h \
	tests/helpers/sched.c tests/helpers/sched.h \
	tests/helpers/sysroot.c tests/helpers/sysroot.h \
	tests/helpers/topology.c tests/helpers/topology.h \
	tests/helpers/world.c tests/helpers/world.h

dist_check_SCRIPTS += tests/cli/test-cli tests/test-rooms tests/test-rooms-breaches tests/test-install-deps \
	tests/fuzz/test-corpus
TESTS += tests/cli/test-cli tests/test-rooms tests/test-rooms-breaches tests/test-install-deps \
	tests/fuzz/test-corpus
EXTRA_DIST += tests/rooms tests/helpers/record-sysfs tests/helpers/unpack-sysroot

# Machines and DAMON's files recorded in the lab (flat, numa, tier, cxl, port), and made by hand.
EXTRA_DIST += tests/data

# Fuzz targets; here each only runs over its corpus.  To fuzz: clang -fsanitize=fuzzer in place of fuzz-main.c.
FUZZ_TARGETS = \
	tests/fuzz/fuzz-damon-journal \
	tests/fuzz/fuzz-damon-ring \
	tests/fuzz/fuzz-escape \
	tests/fuzz/fuzz-node-text \
	tests/fuzz/fuzz-pmu-event \
	tests/fuzz/fuzz-pmu-format \
	tests/fuzz/fuzz-settings
check_PROGRAMS += $(FUZZ_TARGETS)
EXTRA_DIST += tests/fuzz/corpus
tests_fuzz_fuzz_damon_journal_SOURCES = tests/fuzz/fuzz-damon-journal.c tests/fuzz/fuzz-main.c
tests_fuzz_fuzz_damon_ring_SOURCES = tests/fuzz/fuzz-damon-ring.c tests/fuzz/fuzz-main.c
tests_fuzz_fuzz_escape_SOURCES = tests/fuzz/fuzz-escape.c tests/fuzz/fuzz-main.c
tests_fuzz_fuzz_node_text_SOURCES = tests/fuzz/fuzz-node-text.c tests/fuzz/fuzz-main.c
tests_fuzz_fuzz_pmu_event_SOURCES = tests/fuzz/fuzz-pmu-event.c tests/fuzz/fuzz-main.c
tests_fuzz_fuzz_pmu_format_SOURCES = tests/fuzz/fuzz-pmu-format.c tests/fuzz/fuzz-main.c
tests_fuzz_fuzz_settings_SOURCES = tests/fuzz/fuzz-settings.c tests/fuzz/fuzz-main.c

# Programs that the lab's tests and the demo run inside the machine.
noinst_PROGRAMS += tests/lab/guest/whereran
tests_lab_guest_whereran_SOURCES = tests/lab/guest/whereran.c
tests_lab_guest_whereran_LDADD =
noinst_PROGRAMS += tests/lab/guest/herd
tests_lab_guest_herd_SOURCES = tests/lab/guest/herd.c
tests_lab_guest_herd_LDADD =
noinst_PROGRAMS += tests/lab/guest/pingpong
tests_lab_guest_pingpong_SOURCES = tests/lab/guest/pingpong.c
tests_lab_guest_pingpong_LDADD = -lpthread

noinst_PROGRAMS += tests/lab/guest/taskctx
tests_lab_guest_taskctx_SOURCES = tests/lab/guest/taskctx.c
tests_lab_guest_taskctx_LDADD = $(LIBBPF_LIBS)

noinst_PROGRAMS += tests/lab/guest/policies
tests_lab_guest_policies_SOURCES = tests/lab/guest/policies.c
tests_lab_guest_policies_LDADD =

noinst_PROGRAMS += tests/lab/guest/rules
tests_lab_guest_rules_SOURCES = tests/lab/guest/rules.c
tests_lab_guest_rules_LDADD = libtiersched.a $(LIBS_ALL)

noinst_PROGRAMS += tests/lab/guest/dying
tests_lab_guest_dying_SOURCES = tests/lab/guest/dying.c
tests_lab_guest_dying_LDADD =

noinst_PROGRAMS += tests/lab/guest/mover
tests_lab_guest_mover_SOURCES = tests/lab/guest/mover.c
tests_lab_guest_mover_LDADD = libtiersched.a $(LIBS_ALL) -lpthread

noinst_PROGRAMS += tests/lab/guest/fuzz-policies
tests_lab_guest_fuzz_policies_SOURCES = tests/lab/guest/fuzz-policies.c \
	tests/lab/guest/fuzz-policies.h tests/lab/guest/fuzz-mover.c \
	tests/lab/guest/fuzz-watch.c tests/lab/guest/fuzz-watch.h
tests_lab_guest_fuzz_policies_LDADD = libtiersched.a $(LIBS_ALL) -lpthread

noinst_PROGRAMS += tests/lab/guest/soak
tests_lab_guest_soak_SOURCES = tests/lab/guest/soak.c
tests_lab_guest_soak_LDADD = libtiersched.a -lnuma

# A library to be preloaded: a program by its rule, for automake makes no others without libtool.
noinst_PROGRAMS += tests/lab/guest/faults.so
tests_lab_guest_faults_so_SOURCES = tests/lab/guest/faults.c
tests_lab_guest_faults_so_CFLAGS = $(AM_CFLAGS) -fPIC
tests_lab_guest_faults_so_LDFLAGS = -shared
tests_lab_guest_faults_so_LDADD = -ldl

# The lab goes into the tarball as it is in the sources, without what a build and its tests leave there.
EXTRA_DIST += tests/lab .ci/run
dist-hook:
	cd $(distdir) && rm -f $(noinst_PROGRAMS) && find tests/lab '(' -name '*.o' -o -name '*.log' -o -name '*.trs' -o -name .dirstamp ')' -delete && rm -rf tests/lab/guest/.deps

# Lines of src/, damon/ and numa/ that `make check` runs; tests/coverage says how.
EXTRA_DIST += tests/coverage
coverage:
	+@MAKE='$(MAKE)' $(SHELL) $(srcdir)/tests/coverage
.PHONY: coverage
mostlyclean-local:
	rm -rf coverage
