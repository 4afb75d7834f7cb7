# SPDX-License-Identifier: Apache-2.0
# One archive of everything but main.c, so that tests link what the program links.
noinst_LIBRARIES += liboomguard.a
liboomguard_a_SOURCES = \
	src/base/buf.c \
	src/base/buf.h \
	src/base/cleanup.h \
	src/base/clock.c \
	src/base/clock.h \
	src/base/file.c \
	src/base/file.h \
	src/base/helper.c \
	src/base/helper.h \
	src/base/json.c \
	src/base/json.h \
	src/base/log.c \
	src/base/log.h \
	src/base/signame.c \
	src/base/signame.h \
	src/base/units.c \
	src/base/units.h \
	src/conf/conf.c \
	src/conf/conf.h \
	src/conf/env.c \
	src/conf/env.h \
	src/conf/ini.c \
	src/conf/ini.h \
	src/conf/keys.c \
	src/conf/keys.def \
	src/conf/keys.h \
	src/conf/lists.c \
	src/conf/print.c \
	src/conf/texts.c \
	src/conf/types.c \
	src/conf/types.h \
	src/cgroup/cgroup.c \
	src/cgroup/cgroup.h \
	src/cgroup/cpus.c \
	src/cgroup/cpus.h \
	src/cgroup/events.c \
	src/cgroup/find.c \
	src/cgroup/find.h \
	src/cgroup/look.c \
	src/cgroup/node.c \
	src/cgroup/node.h \
	src/cgroup/notify.c \
	src/cgroup/notify.h \
	src/cgroup/qos.c \
	src/cgroup/qos.h \
	src/cgroup/resolve.c \
	src/cgroup/resolve.h \
	src/cgroup/stat.c \
	src/cgroup/stat.h \
	src/cgroup/v1.c \
	src/cgroup/v2.c \
	src/cgroup/version.h \
	src/headline.c \
	src/keep.c \
	src/last_words.c \
	src/live.c \
	src/live.h \
	src/http/exposition.c \
	src/http/exposition.h \
	src/http/health.c \
	src/http/health.h \
	src/http/http.c \
	src/http/http.h \
	src/http/metrics.c \
	src/http/metrics.h \
	src/http/probe.c \
	src/http/probe.h \
	src/http/request.c \
	src/http/request.h \
	src/http/view.h \
	src/proc/describe.c \
	src/proc/proc.c \
	src/proc/proc.h \
	src/proc/tmpfs.c \
	src/proc/tmpfs.h \
	src/proc/tree.c \
	src/proc/tree.h \
	src/child/budget.c \
	src/child/budget.h \
	src/child/budget_file.c \
	src/child/child.c \
	src/child/child.h \
	src/child/favour.c \
	src/child/favour.h \
	src/child/reap.c \
	src/child/reap.h \
	src/child/restart.c \
	src/child/restart.h \
	src/child/signals.c \
	src/child/signals.h \
	src/memrequest.c \
	src/memrequest.h \
	src/prearm.c \
	src/record.c \
	src/places.c \
	src/places.h \
	src/reporter.c \
	src/reporter.h \
	src/trigger/brake.c \
	src/trigger/brake.h \
	src/trigger/forecast.c \
	src/trigger/forecast.h \
	src/trigger/history.c \
	src/trigger/history.h \
	src/trigger/pace.c \
	src/trigger/pace.h \
	src/trigger/trigger.c \
	src/trigger/trigger.h \
	src/store/beneath.c \
	src/store/beneath.h \
	src/store/codec.c \
	src/store/codec.h \
	src/store/compress.c \
	src/store/compress.h \
	src/store/digest.c \
	src/store/digest.h \
	src/store/hold.c \
	src/store/hold.h \
	src/store/index.c \
	src/store/index.h \
	src/store/learned.c \
	src/store/learned.h \
	src/store/lifetime.c \
	src/store/lifetime.h \
	src/store/outfile.c \
	src/store/outfile.h \
	src/store/quiet.c \
	src/store/quiet.h \
	src/store/retain.c \
	src/store/retain.h \
	src/store/store.c \
	src/store/store.h \
	src/store/sweep.c \
	src/store/sweep.h \
	src/dump/attach.c \
	src/dump/attach.h \
	src/dump/beam.c \
	src/dump/by_command.c \
	src/dump/by_signal.c \
	src/dump/cdp.c \
	src/dump/cdp.h \
	src/dump/core.c \
	src/dump/core.h \
	src/dump/core_maps.c \
	src/dump/core_notes.c \
	src/dump/core_notes.h \
	src/dump/core_pages.c \
	src/dump/core_pages.h \
	src/dump/corecheck.c \
	src/dump/corecheck.h \
	src/dump/dotnet.c \
	src/dump/dotnet.h \
	src/dump/dotnet_core.c \
	src/dump/dotnet_heap.c \
	src/dump/dotnet_heap.h \
	src/dump/dotnet_ipc.c \
	src/dump/dotnet_ipc.h \
	src/dump/dumpers.c \
	src/dump/dumpers.h \
	src/dump/ehframe.c \
	src/dump/ehframe.h \
	src/dump/elf.c \
	src/dump/elf.h \
	src/dump/elf_marks.c \
	src/dump/elf_value.c \
	src/dump/fcgi.c \
	src/dump/fcgi.h \
	src/dump/fifo.c \
	src/dump/fifo.h \
	src/dump/fpm.c \
	src/dump/fpm.h \
	src/dump/get.c \
	src/dump/get.h \
	src/dump/go.c \
	src/dump/gzcheck.c \
	src/dump/gzcheck.h \
	src/dump/hook.c \
	src/dump/hook.h \
	src/dump/hook_dir.c \
	src/dump/hook_save.c \
	src/dump/hotspot.c \
	src/dump/hotspot.h \
	src/dump/hotspot_more.c \
	src/dump/hprof.c \
	src/dump/hprof.h \
	src/dump/inspector.c \
	src/dump/inspector.h \
	src/dump/jsoncheck.c \
	src/dump/jsoncheck.h \
	src/dump/jsonfile.c \
	src/dump/jsonfile.h \
	src/dump/kinds.h \
	src/dump/listeners.c \
	src/dump/listeners.h \
	src/dump/lsb.c \
	src/dump/lsb.h \
	src/dump/modules.c \
	src/dump/modules.h \
	src/dump/nettrace.c \
	src/dump/nettrace.h \
	src/dump/newfile.c \
	src/dump/newfile.h \
	src/dump/node.c \
	src/dump/nspath.c \
	src/dump/nspath.h \
	src/dump/pystack.c \
	src/dump/pystack.h \
	src/dump/pystack_layout.c \
	src/dump/pystack_layout.h \
	src/dump/pystack_line.c \
	src/dump/php.c \
	src/dump/python.c \
	src/dump/python.h \
	src/dump/python_tables.c \
	src/dump/recognise.c \
	src/dump/recognise.h \
	src/dump/ruby.c \
	src/dump/stacks.c \
	src/dump/stacks.h \
	src/dump/trace.c \
	src/dump/trace.h \
	src/dump/unwind.c \
	src/dump/unwind.h \
	src/dump/wire.c \
	src/dump/wire.h \
	src/report/advise.c \
	src/report/advise.h \
	src/report/ceiling.c \
	src/report/ceiling.h \
	src/report/companion.c \
	src/report/companion.h \
	src/report/csv.c \
	src/report/csv.h \
	src/report/curve.c \
	src/report/curve.h \
	src/report/death.c \
	src/report/death.h \
	src/report/diagnose.c \
	src/report/diagnose.h \
	src/report/diagnose_rules.c \
	src/report/diagnose_rules.h \
	src/report/explain.c \
	src/report/explain.h \
	src/report/explain_input.c \
	src/report/explain_output.c \
	src/report/explain_parts.h \
	src/report/explain_told.c \
	src/report/findings.c \
	src/report/findings.h \
	src/report/findings_text.c \
	src/report/flight.c \
	src/report/flight.h \
	src/report/flight_file.c \
	src/report/flight_format.h \
	src/report/flight_read.c \
	src/report/flight_shared.h \
	src/report/html.c \
	src/report/html.h \
	src/report/html_style.h \
	src/report/incident.c \
	src/report/incident.h \
	src/report/incident_borrow.c \
	src/report/incident_facts.c \
	src/report/incident_find.c \
	src/report/incident_judge.c \
	src/report/incident_snapshot.c \
	src/report/kernlog.c \
	src/report/kernlog.h \
	src/report/kernlog_event.c \
	src/report/kernlog_event.h \
	src/report/kernlog_facts.c \
	src/report/kernlog_line.c \
	src/report/kernlog_line.h \
	src/report/kernlog_prefix.c \
	src/report/kernlog_table.c \
	src/report/kernlog_table.h \
	src/report/kmsg.c \
	src/report/kmsg.h \
	src/report/leaktest.c \
	src/report/leaktest.h \
	src/report/lines.c \
	src/report/lines.h \
	src/report/plot.c \
	src/report/plot.h \
	src/report/pod.c \
	src/report/pod.h \
	src/report/podjson.c \
	src/report/podtext.c \
	src/report/podyaml.c \
	src/report/previous.c \
	src/report/previous.h \
	src/report/processes.c \
	src/report/processes.h \
	src/report/render.c \
	src/report/render.h \
	src/report/render_json.c \
	src/report/render_text.c \
	src/report/replay.c \
	src/report/replay.h \
	src/report/scribe.c \
	src/report/scribe.h \
	src/report/shape.c \
	src/report/shape.h \
	src/report/snapshot.c \
	src/report/snapshot.h \
	src/tune/environ.c \
	src/tune/environ.h \
	src/tune/inject.c \
	src/tune/inject.h \
	src/tune/rules.def \
	src/tune/tune.c \
	src/tune/tune.h \
	src/action/action.c \
	src/action/action.h \
	src/action/admit.c \
	src/action/dump.c \
	src/action/freeze.c \
	src/action/hook.c \
	src/action/keep.c \
	src/action/memo.c \
	src/action/parachute.c \
	src/action/parachute.h \
	src/action/reclaim.c \
	src/action/signal.c \
	src/action/stacks.c \
	src/action/target.c \
	src/action/terminate.c \
	src/action/work.h \
	src/allow.c \
	src/app_env.c \
	src/app_env.h \
	src/ask.c \
	src/ask.h \
	src/brake.c \
	src/check.c \
	src/check.h \
	src/check_app.c \
	src/check_flags.c \
	src/check_flags.h \
	src/check_java.c \
	src/check_kernel.c \
	src/check_memory.c \
	src/check_php.c \
	src/check_place.c \
	src/check_running.c \
	src/check_runtime.c \
	src/check_runtime.h \
	src/chute.c \
	src/cli.c \
	src/cli.def \
	src/cli.h \
	src/command.c \
	src/command.h \
	src/control.c \
	src/control.h \
	src/count.c \
	src/drain.c \
	src/dumping.c \
	src/guard.c \
	src/guard.h \
	src/hooks.c \
	src/hooks.h \
	src/life.c \
	src/lists.c \
	src/php.c \
	src/php.h \
	src/reload.c \
	src/reload.h \
	src/status.c \
	src/status.h \
	src/status_find.c \
	src/status_watch.c \
	src/tally.c \
	src/tally.h \
	src/verdict.c \
	src/view.c \
	src/vitals.c \
	src/vitals.h \
	src/watch.c \
	src/wire.c \
	src/wire.h
liboomguard_a_CFLAGS = $(AM_CFLAGS) $(EVENT_CFLAGS) $(UNWIND_CFLAGS) $(CGROUP_CFLAGS) $(INIH_CFLAGS) $(JANSSON_CFLAGS) $(YAML_CFLAGS)

og_libs = $(EVENT_LIBS) $(UNWIND_LIBS) $(CGROUP_LIBS) $(INIH_LIBS) $(JANSSON_LIBS) $(YAML_LIBS) $(ZLIB_LIBS) $(ZSTD_LIBS) $(NETTLE_LIBS)

# The hooks that go into the application are written in its language, and compiled in as one string
# literal each: src/dump/NAME_hook.EXT becomes src/dump/NAME_hook.inc in the build directory.
hook_sources = \
	src/dump/beam_hook.erl \
	src/dump/node_hook.js \
	src/dump/python_hook.py \
	src/dump/ruby_hook.rb
hook_literals = $(patsubst %,%.inc,$(basename $(hook_sources)))
EXTRA_DIST += $(hook_sources) src/dump/literal.awk
CLEANFILES += $(hook_literals)
src/hooks.$(OBJEXT): $(hook_literals)
src/liboomguard_a-hooks.$(OBJEXT): $(hook_literals)
define hook_rule
$(basename $(1)).inc: $(1) src/dump/literal.awk
	$$(AM_V_GEN)$$(MKDIR_P) $$(@D) && \
	LC_ALL=C $$(AWK) -f $$(top_srcdir)/src/dump/literal.awk $$< >$$@.tmp && mv $$@.tmp $$@
endef
$(foreach source,$(hook_sources),$(eval $(call hook_rule,$(source))))

# Manual pages and completion come out of the tables that the program is made of.
manual_sources = src/manual.c src/manual.h
manual_papers = src/oomguard.1 src/oomguard.ini.5 src/oomguard.bash
nodist_man_MANS = src/oomguard.1 src/oomguard.ini.5
noinst_DATA = src/oomguard.bash
EXTRA_DIST += $(manual_sources)
CLEANFILES += src/manual $(manual_papers)
src/manual: $(manual_sources) src/cli.def src/cli.h src/conf/conf.h src/conf/keys.def
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(CC_FOR_BUILD) -std=gnu11 -I$(top_srcdir)/src \
		-DPACKAGE_VERSION='"$(PACKAGE_VERSION)"' -o $@ $(top_srcdir)/src/manual.c
$(manual_papers): src/manual
	$(AM_V_GEN)src/manual $(@F) >$@.tmp && mv $@.tmp $@
bashcompletiondir = $(datadir)/bash-completion/completions
install-data-hook:
	$(MKDIR_P) '$(DESTDIR)$(bashcompletiondir)'
	$(INSTALL_DATA) src/oomguard.bash '$(DESTDIR)$(bashcompletiondir)/oomguard'
uninstall-hook:
	rm -f '$(DESTDIR)$(bashcompletiondir)/oomguard'

bin_PROGRAMS += src/oomguard
src_oomguard_SOURCES = src/main.c
src_oomguard_LDADD = liboomguard.a $(og_libs)
src_oomguard_LDFLAGS = $(AM_LDFLAGS)
if STATIC_BINARY
# libcgroup looks up users and groups by name in functions that we never call; our own answers
# ("no such user") keep the name service, and its warnings, out of a static file.
noinst_LIBRARIES += libnoname.a
libnoname_a_SOURCES = src/base/nss.c
src_oomguard_LDADD += libnoname.a
src_oomguard_LDFLAGS += -static -s
else
EXTRA_DIST += src/base/nss.c
endif
