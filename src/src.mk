# The program: everything but main.c is in the library.
sbin_PROGRAMS += cxl-tiersched
cxl_tiersched_SOURCES = src/main.c
cxl_tiersched_LDADD = libtiersched.a $(LIBS_ALL)

libtiersched_a_SOURCES += \
	src/base/clock.h \
	src/base/escape.c src/base/escape.h \
	src/base/idlist.c src/base/idlist.h \
	src/base/log.c src/base/log.h \
	src/base/parse.c src/base/parse.h \
	src/base/random.h \
	src/base/sysfs.c src/base/sysfs.h \
	src/base/util.h \
	src/cgroup-limits.c src/cgroup-limits.h \
	src/choose.c src/choose.h \
	src/cmd-calibrate.c src/cmd-doctor.c src/cmd-status.c src/cmd-topology.c src/commands.h \
	src/cxl-advice.c src/cxl-advice.h \
	src/daemon.h \
	src/doctor.c src/doctor.h \
	src/extent.c src/extent.h \
	src/footprint.c src/footprint.h \
	src/foreign.c src/foreign.h \
	src/format.c src/format.h \
	src/hold.c src/hold.h \
	src/latencies.c src/latencies.h \
	src/machine.c src/machine.h \
	src/managed.c src/managed.h \
	src/metrics/counter.c src/metrics/counter.h \
	src/metrics/fill-latency.c src/metrics/fill-latency.h \
	src/metrics/llc.c src/metrics/llc.h \
	src/metrics/memdev-pmu.c src/metrics/memdev-pmu.h \
	src/metrics/metrics.c src/metrics/metrics.h \
	src/metrics/pmu.c src/metrics/pmu.h \
	src/metrics/process-llc.c src/metrics/process-llc.h \
	src/metrics/resctrl.c src/metrics/resctrl.h \
	src/model.c src/model.h \
	src/options.c src/options.h \
	src/output.c src/output.h \
	src/proc.c src/proc.h \
	src/publish.c src/publish.h \
	src/report.c src/report.h \
	src/rule.c src/rule.h \
	src/run.c \
	src/scan.c src/scan.h \
	src/scheduler.c src/scheduler.h \
	src/server.c src/server.h \
	src/settings.c src/settings.h \
	src/state.c src/state.h \
	src/table.c src/table.h \
	src/trouble.c src/trouble.h \
	src/views.c src/views.h

# Only the loader sees the skeleton.
src/scheduler.$(OBJEXT): bpf/tiersched.skel.h
nodist_libtiersched_a_SOURCES = bpf/tiersched.skel.h
