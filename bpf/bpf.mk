# The BPF objects and their skeletons.  Skeletons are made here and never shipped:
# they belong to the libbpf at hand.
bpf_files = bpf/tiersched.bpf.c bpf/abi.h bpf/cgroup.h bpf/class.h bpf/dispatch.h bpf/maps.h bpf/placement.h \
	bpf/preempt.h bpf/priority.h bpf/queue.h bpf/scx.h bpf/types.h
vmas_files = bpf/vmas.bpf.c bpf/types.h bpf/vmas.h
EXTRA_DIST += $(bpf_files) $(vmas_files)
bpf_flags = -target bpf -mcpu=v3 -D__TARGET_ARCH_$(BPF_ARCH) $(BPF_CFLAGS) -DTS_VERSION='"$(VERSION)"' \
	$(LIBBPF_CFLAGS) -I$(srcdir)
BUILT_SOURCES += bpf/tiersched.skel.h bpf/vmas.skel.h
CLEANFILES += bpf/tiersched.bpf.o bpf/tiersched.skel.h bpf/vmas.bpf.o bpf/vmas.skel.h

bpf/tiersched.bpf.o: $(bpf_files) Makefile
	$(AM_V_GEN)$(MKDIR_P) bpf && $(BPF_CLANG) $(bpf_flags) -c $(srcdir)/bpf/tiersched.bpf.c -o $@.tmp && mv $@.tmp $@

bpf/tiersched.skel.h: bpf/tiersched.bpf.o
	$(AM_V_GEN)$(BPFTOOL) gen skeleton bpf/tiersched.bpf.o name tiersched_bpf >$@.tmp && mv $@.tmp $@

bpf/vmas.bpf.o: $(vmas_files) Makefile
	$(AM_V_GEN)$(MKDIR_P) bpf && $(BPF_CLANG) $(bpf_flags) -c $(srcdir)/bpf/vmas.bpf.c -o $@.tmp && mv $@.tmp $@

bpf/vmas.skel.h: bpf/vmas.bpf.o
	$(AM_V_GEN)$(BPFTOOL) gen skeleton bpf/vmas.bpf.o name vmas_bpf >$@.tmp && mv $@.tmp $@
