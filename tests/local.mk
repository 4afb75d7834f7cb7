# SPDX-License-Identifier: Apache-2.0
# Unit tests (cmocka, told as TAP) and lints. Stories and benches are run by tests/run.sh.
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
SH_LOG_DRIVER = $(LOG_DRIVER)
TEST_EXTENSIONS = .sh
# A test that hangs is a failed test, not a build that never ends.
LOG_COMPILER = timeout -k 5 300
SH_LOG_COMPILER = timeout -k 5 300 bash
AM_TESTS_ENVIRONMENT = \
	export CMOCKA_MESSAGE_OUTPUT=TAP; \
	export OOMGUARD_TEST_PROGRAMS='$(abs_top_builddir)/tests/programs';

lints = \
	tests/lint/alerts.sh \
	tests/lint/exits.sh \
	tests/lint/format.sh \
	tests/lint/globals.sh \
	tests/lint/includes.sh \
	tests/lint/keys.sh \
	tests/lint/lists.sh \
	tests/lint/manual.sh \
	tests/lint/shell.sh \
	tests/lint/size.sh \
	tests/lint/text.sh

if HAVE_CMOCKA
unit_tests = \
	tests/unit/action_action \
	tests/unit/action_dump \
	tests/unit/action_freeze \
	tests/unit/action_hook \
	tests/unit/action_parachute \
	tests/unit/action_reclaim \
	tests/unit/action_signal \
	tests/unit/action_target \
	tests/unit/action_terminate \
	tests/unit/base_buf \
	tests/unit/base_clock \
	tests/unit/base_file \
	tests/unit/base_helper \
	tests/unit/base_json \
	tests/unit/base_log \
	tests/unit/base_signame \
	tests/unit/base_units \
	tests/unit/cgroup_cgroup \
	tests/unit/cgroup_cpus \
	tests/unit/cgroup_events \
	tests/unit/cgroup_find \
	tests/unit/cgroup_look \
	tests/unit/cgroup_node \
	tests/unit/cgroup_notify \
	tests/unit/cgroup_qos \
	tests/unit/cgroup_resolve \
	tests/unit/cgroup_stat \
	tests/unit/child_budget \
	tests/unit/child_budget_file \
	tests/unit/child_child \
	tests/unit/child_favour \
	tests/unit/child_reap \
	tests/unit/child_restart \
	tests/unit/child_signals \
	tests/unit/command \
	tests/unit/conf_conf \
	tests/unit/conf_env \
	tests/unit/conf_ini \
	tests/unit/conf_keys \
	tests/unit/conf_lists \
	tests/unit/conf_print \
	tests/unit/conf_texts \
	tests/unit/conf_types \
	tests/unit/control \
	tests/unit/dump_attach \
	tests/unit/dump_by_command \
	tests/unit/dump_by_signal \
	tests/unit/dump_core \
	tests/unit/dump_dotnet \
	tests/unit/dump_dumpers \
	tests/unit/dump_ehframe \
	tests/unit/dump_get \
	tests/unit/dump_hook \
	tests/unit/dump_hotspot \
	tests/unit/dump_hprof \
	tests/unit/dump_inspector \
	tests/unit/dump_modules \
	tests/unit/dump_nettrace \
	tests/unit/dump_newfile \
	tests/unit/dump_nspath \
	tests/unit/dump_php \
	tests/unit/dump_pystack \
	tests/unit/dump_recognise \
	tests/unit/dump_stacks \
	tests/unit/http_health \
	tests/unit/http_metrics \
	tests/unit/http_metrics_list \
	tests/unit/http_probe \
	tests/unit/http_request \
	tests/unit/live \
	tests/unit/proc_describe \
	tests/unit/proc_proc \
	tests/unit/proc_tmpfs \
	tests/unit/proc_tree \
	tests/unit/report_advise \
	tests/unit/report_ceiling \
	tests/unit/report_csv \
	tests/unit/report_curve \
	tests/unit/report_diagnose \
	tests/unit/report_flight \
	tests/unit/report_incident \
	tests/unit/report_kmsg \
	tests/unit/report_leaktest \
	tests/unit/report_explain \
	tests/unit/report_plot \
	tests/unit/report_render \
	tests/unit/report_replay \
	tests/unit/report_scribe \
	tests/unit/report_shape \
	tests/unit/report_snapshot \
	tests/unit/status \
	tests/unit/store_beneath \
	tests/unit/store_compress \
	tests/unit/store_index \
	tests/unit/store_learned \
	tests/unit/store_lifetime \
	tests/unit/store_outfile \
	tests/unit/store_retain \
	tests/unit/store_store \
	tests/unit/store_sweep \
	tests/unit/tally \
	tests/unit/trigger_brake \
	tests/unit/trigger_history \
	tests/unit/trigger_pace \
	tests/unit/trigger_trigger \
	tests/unit/tune_environ \
	tests/unit/tune_inject \
	tests/unit/tune_tune \
	tests/unit/verdict \
	tests/unit/wire

check_PROGRAMS += $(unit_tests) tests/programs/threads tests/programs/threads-static
TESTS += $(unit_tests)
endif
TESTS += $(lints)

# What every unit test links; their sources are the file of the same name.
LDADD = liboomguard.a $(og_libs) $(CMOCKA_LIBS) $(JANSSON_LIBS) -lm
# Its forks are to be recognised as .NET.
tests_unit_dump_dotnet_LDFLAGS = $(AM_LDFLAGS) -Wl,--export-dynamic
tests_programs_threads_LDADD = -lpthread
tests_programs_threads_static_SOURCES = tests/programs/threads.c
tests_programs_threads_static_CFLAGS = -std=gnu11 -O2 -g
tests_programs_threads_static_LDFLAGS = -static
tests_programs_threads_static_LDADD = -lpthread

EXTRA_DIST += $(lints) \
	tests/unit/conf_driver.h \
	tests/unit/fixture.h \
	tests/unit/nettrace.h \
	tests/lib \
	tests/fixtures \
	tests/rules \
	tests/bench \
	tests/analysis \
	tests/fuzz \
	.clang-tidy \
	tests/stories \
	tests/pid1 \
	tests/vm \
	tests/engines \
	tests/programs \
	examples \
	tests/packages.txt \
	tests/run.sh
