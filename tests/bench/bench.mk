# The benchmark's workloads: programs of the lab's Debian tree, where FAISS, hnswlib and redis are.  Neither `make` nor `make check`
# builds them; in the lab: tests/lab/lab chroot -- make bench-programs bench-data
bench_harness = tests/bench/work/bench.c tests/bench/work/bench.h tests/bench/work/draw.h tests/bench/work/options.c \
	tests/bench/work/tally.c tests/bench/work/tally.h tests/lab/guest/nodes.c tests/lab/guest/nodes.h
bench_programs = tests/bench/work/cpu-load tests/bench/work/kv-zipf tests/bench/work/memory-load tests/bench/work/moe-generate \
	tests/bench/work/vector-search tests/bench/work/wakeup
EXTRA_PROGRAMS = $(bench_programs)

tests_bench_work_cpu_load_SOURCES = tests/bench/work/cpu-load.c $(bench_harness)
tests_bench_work_cpu_load_LDADD = $(NUMA_LIBS) -lpthread -lm
tests_bench_work_kv_zipf_SOURCES = tests/bench/work/kv-zipf.c tests/bench/work/server.c tests/bench/work/server.h $(bench_harness)
tests_bench_work_kv_zipf_LDADD = $(NUMA_LIBS) -lpthread -lm
tests_bench_work_memory_load_SOURCES = tests/bench/work/memory-load.c $(bench_harness)
tests_bench_work_memory_load_LDADD = $(NUMA_LIBS) -lpthread -lm
tests_bench_work_moe_generate_SOURCES = tests/bench/work/moe-generate.c $(bench_harness)
tests_bench_work_moe_generate_LDADD = $(NUMA_LIBS) -lpthread -lm
tests_bench_work_wakeup_SOURCES = tests/bench/work/wakeup.c $(bench_harness)
tests_bench_work_wakeup_LDADD = $(NUMA_LIBS) -lpthread -lm
tests_bench_work_vector_search_SOURCES = tests/bench/work/vector-search.cpp tests/bench/work/vector-make.cpp \
	tests/bench/work/vectors.h $(bench_harness)
tests_bench_work_vector_search_CXXFLAGS = -std=c++17 -Wall -Wextra -fopenmp
tests_bench_work_vector_search_LDADD = -lfaiss -llapack -lblas $(NUMA_LIBS) -lpthread -lm

# Preloaded into redis-server by kv-zipf, which looks for it beside itself.
EXTRA_DIST += tests/bench/work/tlb-drop.c
tests/bench/work/tlb-drop.so: tests/bench/work/tlb-drop.c Makefile
	$(AM_V_GEN)$(MKDIR_P) tests/bench/work && $(CC) -D_GNU_SOURCE -Wall -Wextra -Wno-unused-parameter $(CFLAGS) $(LDFLAGS) -shared -fPIC -o $@.tmp \
		$(srcdir)/tests/bench/work/tlb-drop.c -lpthread && mv $@.tmp $@

.PHONY: bench-programs bench-data demo-data
bench-programs: $(bench_programs) tests/bench/work/tlb-drop.so
bench-data: tests/bench/work/vector-search
	tests/bench/work/vector-search make $(builddir)/tests/bench/data-768
	tests/bench/work/vector-search make $(builddir)/tests/bench/data-128 --vectors 60000 --dimension 128

# What `lab demo` needs, once.
demo-data: tests/bench/work/vector-search
	test -d $(builddir)/tests/bench/data-128 || \
		tests/bench/work/vector-search make $(builddir)/tests/bench/data-128 --vectors 60000 --dimension 128

CLEANFILES += $(bench_programs) tests/bench/work/tlb-drop.so
clean-local:
	rm -rf tests/bench/data-*

bench_scripts = tests/bench/run tests/bench/report tests/bench/scx-examples tests/bench/guest.py tests/bench/cases.py tests/bench/machine.py \
	tests/bench/peers.py tests/bench/tiering.py \
	tests/bench/plan.py tests/bench/report.py tests/bench/report_doc.py tests/bench/report_goals.py tests/bench/report_input.py \
	tests/bench/report_plots.py tests/bench/report_stats.py tests/bench/report_tables.py tests/bench/test-report
EXTRA_DIST += $(bench_scripts) tests/bench/README.md tests/bench/fixture

UNIT_TESTS += tests/bench/work/test-bench
tests_bench_work_test_bench_SOURCES = tests/bench/work/test-bench.c $(bench_harness)
tests_bench_work_test_bench_LDADD = $(CMOCKA_LIBS) $(JSON_C_LIBS) $(NUMA_LIBS) -lpthread -lm
