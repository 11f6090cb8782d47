# Unit tests: TAP by cmocka; no root, no CXL, no sched_ext.  What touches a kernel is in tests/lab.
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
AM_TESTS_ENVIRONMENT = CMOCKA_MESSAGE_OUTPUT=TAP; export CMOCKA_MESSAGE_OUTPUT; \
	srcdir=$(srcdir); export srcdir; builddir=$(builddir); export builddir;

UNIT_TESTS = tests/test-base tests/test-model tests/test-choose tests/test-publish

tests_test_base_SOURCES = tests/test-base.c
tests_test_model_SOURCES = tests/test-model.c
tests_test_choose_SOURCES = tests/test-choose.c
tests_test_publish_SOURCES = tests/test-publish.c

if HAVE_CMOCKA
check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(check_PROGRAMS)
endif

dist_check_SCRIPTS += tests/test-cli tests/test-rooms
TESTS += tests/test-cli tests/test-rooms

LDADD = $(TEST_LIBS)
AM_CFLAGS += $(CMOCKA_CFLAGS)
