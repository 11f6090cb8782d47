# The program: everything but main.c is in the library.  A folder is a room; tests/rooms says which may see which.
sbin_PROGRAMS += cxl-tiersched
cxl_tiersched_SOURCES = src/cli/main.c
cxl_tiersched_LDADD = libtiersched.a $(LIBS_ALL)

libtiersched_a_SOURCES += \
	src/base/array.h \
	src/base/bpf-log.c src/base/bpf-log.h \
	src/base/clock.h \
	src/base/escape.c src/base/escape.h \
	src/base/format.c src/base/format.h \
	src/base/idlist.c src/base/idlist.h \
	src/base/log.c src/base/log.h \
	src/base/output.c src/base/output.h \
	src/base/parse.c src/base/parse.h \
	src/base/proc.c src/base/proc.h \
	src/base/random.h \
	src/base/state.c src/base/state.h \
	src/base/sysfs.c src/base/sysfs.h \
	src/base/thread.c src/base/thread.h \
	src/base/util.h \
	src/counters/counter.c src/counters/counter.h \
	src/counters/figure.c src/counters/figure.h \
	src/counters/fill-latency.c src/counters/fill-latency.h \
	src/counters/llc.c src/counters/llc.h \
	src/counters/memdev-pmu.c src/counters/memdev-pmu.h \
	src/counters/metrics.c src/counters/metrics.h \
	src/counters/misses.c src/counters/misses.h \
	src/counters/pmu.c src/counters/pmu.h \
	src/counters/probe.c \
	src/counters/process-llc.c \
	src/counters/resctrl.c src/counters/resctrl.h \
	src/process/choose.c src/process/choose.h \
	src/process/process.h \
	src/process/rule.c \
	src/process/scan.c src/process/scan.h \
	src/sample/collect.c src/sample/collect.h \
	src/sample/extent.c src/sample/extent.h \
	src/sample/sample.h \
	src/sample/views.c src/sample/views.h \
	src/model/footprint.c src/model/footprint.h \
	src/model/lives.c src/model/lives.h \
	src/model/machine.c src/model/machine.h \
	src/model/model.c src/model/model.h \
	src/tier/copies.c src/tier/copies.h \
	src/tier/gain.c src/tier/gain.h \
	src/tier/guard.c src/tier/guard.h \
	src/tier/input.h \
	src/tier/ledger.c src/tier/ledger.h \
	src/tier/mappings.c \
	src/tier/move.c src/tier/move.h \
	src/tier/obey.h \
	src/tier/piece.h \
	src/tier/place.c \
	src/tier/plan.c src/tier/plan.h \
	src/tier/ranges.c \
	src/tier/rules.c src/tier/rules.h \
	src/tier/shared.c src/tier/shared.h \
	src/tier/slice.c \
	src/tier/spread.c src/tier/spread.h \
	src/tier/turns.c src/tier/turns.h \
	src/sched/maps.h \
	src/sched/publish.c \
	src/sched/scheduler.c src/sched/scheduler.h \
	src/sched/tunables.h \
	src/sched/usage.c \
	src/report/foreign.c \
	src/report/get.h \
	src/report/pages.c \
	src/report/report.h \
	src/report/table.c \
	src/report/text.c \
	src/control/server.c src/control/server.h \
	src/daemon/balancing.c src/daemon/balancing.h \
	src/daemon/cgroup-limits.c src/daemon/cgroup-limits.h \
	src/daemon/cxl-advice.c src/daemon/cxl-advice.h \
	src/daemon/daemon.h \
	src/daemon/doctor.c src/daemon/doctor.h \
	src/daemon/document.c src/daemon/document.h \
	src/daemon/follow.c src/daemon/follow.h \
	src/daemon/hold.c src/daemon/hold.h \
	src/daemon/lines.c src/daemon/lines.h \
	src/daemon/managed.c src/daemon/managed.h \
	src/daemon/options.h \
	src/daemon/planner.c src/daemon/planner.h \
	src/daemon/run.c \
	src/daemon/sharers.c src/daemon/sharers.h \
	src/daemon/survey.c src/daemon/survey.h \
	src/daemon/tick.c src/daemon/tick.h \
	src/daemon/tier-advice.c src/daemon/tier-advice.h \
	src/daemon/tiering.c src/daemon/tiering.h \
	src/daemon/trouble.c src/daemon/trouble.h \
	src/daemon/waits.c src/daemon/waits.h \
	src/cli/cmd-calibrate.c \
	src/cli/cmd-doctor.c \
	src/cli/cmd-status.c \
	src/cli/cmd-topology.c \
	src/cli/commands.c src/cli/commands.h \
	src/cli/options.c src/cli/options.h \
	src/cli/settings.c src/cli/settings.h \
	src/cli/values.c src/cli/values.h

# Only its loader sees a skeleton.
src/sched/scheduler.$(OBJEXT): bpf/tiersched.skel.h
src/tier/mappings.$(OBJEXT): bpf/vmas.skel.h
nodist_libtiersched_a_SOURCES = bpf/tiersched.skel.h bpf/vmas.skel.h
