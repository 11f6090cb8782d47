# SPDX-License-Identifier: GPL-2.0
# The damon/ room.
libtiersched_a_SOURCES += \
	damon/context.c damon/context.h \
	damon/damon.h \
	damon/files.c damon/files.h \
	damon/holders.c damon/holders.h \
	damon/journal.c damon/journal.h \
	damon/members.c damon/members.h \
	damon/probe.c \
	damon/regions.c damon/regions.h \
	damon/ring.c damon/ring.h \
	damon/session.c damon/session.h \
	damon/slots.c damon/slots.h \
	damon/snapshot.c \
	damon/targets.c \
	damon/trace.c damon/trace.h \
	damon/tried.c damon/tried.h

UNIT_TESTS += tests/test-damon
tests_test_damon_SOURCES = tests/test-damon.c tests/sysroot.c tests/sysroot.h

# Run by the lab inside its machines.
noinst_PROGRAMS += tests/lab/guest/damon-drive tests/lab/guest/memtouch
tests_lab_guest_damon_drive_SOURCES = tests/lab/guest/damon-drive.c
tests_lab_guest_damon_drive_LDADD = libtiersched.a
tests_lab_guest_memtouch_SOURCES = tests/lab/guest/memtouch.c
tests_lab_guest_memtouch_LDADD = $(NUMA_LIBS) -lpthread

EXTRA_DIST += \
	tests/lab/suite/numa/damon.bats
