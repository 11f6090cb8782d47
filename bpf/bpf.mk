# The BPF object and its skeleton.  The skeleton is made here and never shipped:
# it belongs to the libbpf at hand.
bpf_files = bpf/tiersched.bpf.c bpf/abi.h bpf/cgroup.h bpf/class.h bpf/dispatch.h bpf/maps.h bpf/placement.h \
	bpf/preempt.h bpf/priority.h bpf/queue.h bpf/scx.h bpf/types.h
EXTRA_DIST += $(bpf_files)
bpf_flags = -target bpf -mcpu=v3 -D__TARGET_ARCH_$(BPF_ARCH) $(BPF_CFLAGS) -DTS_VERSION='"$(VERSION)"' \
	$(LIBBPF_CFLAGS) -I$(srcdir)
BUILT_SOURCES += bpf/tiersched.skel.h
CLEANFILES += bpf/tiersched.bpf.o bpf/tiersched.skel.h

bpf/tiersched.bpf.o: $(bpf_files) Makefile
	$(AM_V_GEN)$(MKDIR_P) bpf && $(BPF_CLANG) $(bpf_flags) -c $(srcdir)/bpf/tiersched.bpf.c -o $@.tmp && mv $@.tmp $@

bpf/tiersched.skel.h: bpf/tiersched.bpf.o
	$(AM_V_GEN)$(BPFTOOL) gen skeleton bpf/tiersched.bpf.o name tiersched_bpf >$@.tmp && mv $@.tmp $@
