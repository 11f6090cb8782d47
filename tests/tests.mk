# Unit tests: TAP by cmocka; no root, no CXL, no sched_ext.  What touches a kernel is in tests/lab.
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
AM_TESTS_ENVIRONMENT = CMOCKA_MESSAGE_OUTPUT=TAP; export CMOCKA_MESSAGE_OUTPUT; \
	srcdir=$(srcdir); export srcdir; builddir=$(builddir); export builddir;

UNIT_TESTS += tests/test-base tests/test-extent tests/test-footprint tests/test-model tests/test-choose \
	tests/test-publish tests/test-metrics tests/test-doctor tests/test-cgroup-limits tests/test-escape \
	tests/test-state tests/test-server tests/test-usage tests/test-collect \
	tests/test-text tests/test-table

tests_test_cgroup_limits_SOURCES = tests/test-cgroup-limits.c tests/sysroot.c tests/sysroot.h
tests_test_base_SOURCES = tests/test-base.c
tests_test_extent_SOURCES = tests/test-extent.c
tests_test_escape_SOURCES = tests/test-escape.c
tests_test_footprint_SOURCES = tests/test-footprint.c
tests_test_model_SOURCES = tests/test-model.c
tests_test_choose_SOURCES = tests/test-choose.c
tests_test_choose_LDADD = $(LDADD) -lpthread
tests_test_publish_SOURCES = tests/test-publish.c
tests_test_doctor_SOURCES = tests/test-doctor.c tests/topology.c tests/topology.h tests/sysroot.c tests/sysroot.h
tests_test_server_SOURCES = tests/test-server.c
tests_test_state_SOURCES = tests/test-state.c
tests_test_table_SOURCES = tests/test-table.c
tests_test_text_SOURCES = tests/test-text.c
tests_test_collect_SOURCES = tests/test-collect.c
tests_test_usage_SOURCES = tests/test-usage.c
tests_test_metrics_SOURCES = tests/test-metrics.c tests/sysroot.c tests/sysroot.h

if HAVE_CMOCKA
check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS)
endif

EXTRA_DIST += tests/rooms
dist_check_SCRIPTS += tests/test-cli tests/test-rooms tests/test-corpus tests/test-install-deps
TESTS += tests/test-cli tests/test-rooms tests/test-corpus tests/test-install-deps

# Fuzz targets; here each only runs over its corpus.  To fuzz: clang -fsanitize=fuzzer in place of fuzz-main.c.
FUZZ_TARGETS = tests/fuzz-damon-journal tests/fuzz-damon-ring tests/fuzz-node-text tests/fuzz-pmu-format \
	tests/fuzz-pmu-event tests/fuzz-settings tests/fuzz-escape
check_PROGRAMS += $(FUZZ_TARGETS)
tests_fuzz_damon_journal_SOURCES = tests/fuzz-damon-journal.c tests/fuzz-main.c
tests_fuzz_damon_ring_SOURCES = tests/fuzz-damon-ring.c tests/fuzz-main.c
tests_fuzz_escape_SOURCES = tests/fuzz-escape.c tests/fuzz-main.c
tests_fuzz_node_text_SOURCES = tests/fuzz-node-text.c tests/fuzz-main.c
tests_fuzz_pmu_event_SOURCES = tests/fuzz-pmu-event.c tests/fuzz-main.c
tests_fuzz_pmu_format_SOURCES = tests/fuzz-pmu-format.c tests/fuzz-main.c
tests_fuzz_settings_SOURCES = tests/fuzz-settings.c tests/fuzz-main.c

LDADD = $(TEST_LIBS)
AM_CFLAGS += $(CMOCKA_CFLAGS)

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

noinst_PROGRAMS += tests/lab/guest/dying
tests_lab_guest_dying_SOURCES = tests/lab/guest/dying.c
tests_lab_guest_dying_LDADD =

# A library to be preloaded: a program by its rule, for automake makes no others without libtool.
noinst_PROGRAMS += tests/lab/guest/faults.so
tests_lab_guest_faults_so_SOURCES = tests/lab/guest/faults.c
tests_lab_guest_faults_so_CFLAGS = $(AM_CFLAGS) -fPIC
tests_lab_guest_faults_so_LDFLAGS = -shared
tests_lab_guest_faults_so_LDADD = -ldl

# The lab goes into the tarball as it is in the sources, without what an in-tree build leaves there.
EXTRA_DIST += tests/corpus/pmu-event tests/corpus/pmu-format tests/corpus/settings tests/data/footprint tests/lab \
	.ci/run tests/corpus/escape
dist-hook:
	cd $(distdir) && rm -f $(noinst_PROGRAMS) && find tests/lab '(' -name '*.o' -o -name .dirstamp ')' -delete && rm -rf tests/lab/guest/.deps
