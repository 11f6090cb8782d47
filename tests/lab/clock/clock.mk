# The tools that measure what a machine's memory clock does (tests/lab/check/clock.t), and `fills`, which tells it to a unit that counts
# it.  The clock itself, a plugin for the lab's QEMU, is compiled by tests/lab/clock.sh: no other QEMU can use it.
noinst_PROGRAMS += tests/lab/guest/chase tests/lab/guest/fills tests/lab/guest/stream
lab_chain = tests/lab/guest/chain.c tests/lab/guest/chain.h tests/lab/guest/nodes.c tests/lab/guest/nodes.h
tests_lab_guest_chase_SOURCES = tests/lab/guest/chase.c $(lab_chain)
tests_lab_guest_chase_LDADD = $(NUMA_LIBS)
tests_lab_guest_fills_SOURCES = tests/lab/guest/fills.c $(lab_chain)
tests_lab_guest_fills_LDADD = $(NUMA_LIBS)
tests_lab_guest_stream_SOURCES = tests/lab/guest/stream.c tests/lab/guest/nodes.c tests/lab/guest/nodes.h
tests_lab_guest_stream_LDADD = $(NUMA_LIBS) -lpthread

UNIT_TESTS += tests/lab/clock/test-clock
tests_lab_clock_test_clock_SOURCES = tests/lab/clock/test-clock.c tests/lab/clock/model.c tests/lab/clock/model.h \
	tests/lab/clock/settings.c tests/lab/clock/settings.h tests/lab/clock/counts.c tests/lab/clock/counts.h
tests_lab_clock_test_clock_LDADD = $(CMOCKA_LIBS)
