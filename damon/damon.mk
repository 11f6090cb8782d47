# SPDX-License-Identifier: GPL-2.0
# The damon/ room.
libtiersched_a_SOURCES += \
	damon/damon.h \
	damon/files.c damon/files.h \
	damon/probe.c \
	damon/read/regions.c damon/read/regions.h \
	damon/read/ring.c damon/read/ring.h \
	damon/read/trace.c damon/read/trace.h \
	damon/read/tried.c damon/read/tried.h \
	damon/session/context.c damon/session/context.h \
	damon/session/members.c damon/session/members.h \
	damon/session/session.c damon/session/session.h \
	damon/session/snapshot.c \
	damon/session/targets.c \
	damon/slot/holders.c damon/slot/holders.h \
	damon/slot/journal.c damon/slot/journal.h \
	damon/slot/slots.c damon/slot/slots.h

# Run by the lab inside its machines.
noinst_PROGRAMS += tests/lab/guest/damon-drive tests/lab/guest/memtouch
tests_lab_guest_damon_drive_SOURCES = tests/lab/guest/damon-drive.c
tests_lab_guest_damon_drive_LDADD = libtiersched.a
tests_lab_guest_memtouch_SOURCES = tests/lab/guest/memtouch.c
tests_lab_guest_memtouch_LDADD = $(NUMA_LIBS) -lpthread
