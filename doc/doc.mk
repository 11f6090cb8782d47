dist_man_MANS += doc/cxl-tiersched.8 doc/cxl-tiersched.conf.5
EXTRA_DIST += doc/DESIGN.md doc/benchmarks.md doc/benchmarks doc/cxl-tiersched.service.in

if WITH_SYSTEMD_UNIT
systemdsystemunit_DATA = doc/cxl-tiersched.service
CLEANFILES += doc/cxl-tiersched.service
endif

doc/cxl-tiersched.service: doc/cxl-tiersched.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) doc && $(SED) 's|@sbindir[@]|$(sbindir)|' $(srcdir)/doc/cxl-tiersched.service.in >$@.tmp && mv $@.tmp $@
