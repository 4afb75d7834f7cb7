/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "base/units.h"
#include "conf/conf.h"

static char path[] = "/tmp/oomguard-conf-XXXXXX";
static struct conf conf;
static char error[CONF_ERROR_MAX];
static char warned[256];

static void warn(const char *message)
{
	snprintf(warned, sizeof(warned), "%s", message);
}

#define SETS(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define NO_SETS	  ((const char *const[]){ NULL })

/* `file` is the text of the file. */
static int load(const char *file, char *const *environment, const char *const *sets)
{
	struct conf_input input = {
		.file = path, .environ = environment, .sets = sets, .warn = warn
	};
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	fputs(file, f);
	fclose(f);
	while (sets[input.n_sets])
		input.n_sets++;
	warned[0] = '\0';
	memset(error, 0, sizeof(error));
	return conf_load(&input, &conf, error);
}

static void defaults_are_the_contract(void **state)
{
	static struct conf c;

	(void)state;
	conf_defaults(&c);
	assert_int_equal(c.guard.basis, BASIS_NONRECLAIMABLE);
	assert_int_equal(c.guard.limit_bytes, 0);
	assert_int_equal(c.guard.request_bytes, 0);
	assert_int_equal(c.guard.pod_limit_bytes, 0);
	assert_string_equal(c.guard.state_dir, "/var/lib/oomguard");
	assert_string_equal(c.guard.termination_log, "auto");
	assert_int_equal(c.guard.eta_above_bp, 8500);
	assert_int_equal(c.guard.start_grace_usec, 10 * USEC_PER_SEC);
	assert_int_equal(c.guard.max_cpu_bp, 30);
	assert_false(c.guard.log_json);
	assert_int_equal(c.guard.log_level, LOG_LEVEL_NOTICE);
	assert_false(c.guard.survive_oom);
	assert_int_equal(c.child.forward, FORWARD_CHILD);
	assert_int_equal(c.child.n_rewrite, 0);
	assert_int_equal(c.child.n_exit_remap, 0);
	assert_int_equal(c.child.leftovers_usec, 2 * USEC_PER_SEC);
	assert_int_equal(c.child.subreaper, TRI_AUTO);
	assert_int_equal(c.child.pdeathsig, 0);
	assert_int_equal(c.dump.kind, DUMP_AUTO);
	assert_string_equal(c.dump.inject, "no");
	assert_int_equal(c.dump.target, TARGET_LARGEST);
	assert_int_equal(c.dump.signal, 0);
	assert_string_equal(c.dump.command, "");
	assert_string_equal(c.dump.path, "");
	assert_int_equal(c.dump.max_pause_usec, 10 * USEC_PER_SEC);
	assert_int_equal(c.dump.deadline_usec, 60 * USEC_PER_SEC);
	assert_string_equal(c.dump.compress, "auto");
	assert_int_equal(c.dump.keep, 5);
	assert_int_equal(c.dump.max_bytes, 2 * GIB);
	assert_int_equal(c.dump.min_free_bp, 1000);
	assert_int_equal(c.dump.cooldown_usec, 3600 * USEC_PER_SEC);
	assert_int_equal(c.restart.mode, RESTART_EXIT);
	assert_int_equal(c.restart.exit_code, 75);
	assert_int_equal(c.restart.signal, SIGTERM);
	assert_int_equal(c.restart.grace_usec, 25 * USEC_PER_SEC);
	assert_string_equal(c.restart.pre_stop, "");
	assert_int_equal(c.restart.max, 3);
	assert_int_equal(c.restart.per_usec, 1800 * USEC_PER_SEC);
	assert_int_equal(c.restart.backoff_min_usec, USEC_PER_SEC);
	assert_int_equal(c.restart.backoff_max_usec, 300 * USEC_PER_SEC);
	assert_int_equal(c.restart.jitter_usec, 0);
	assert_int_equal(c.drain.wait_usec, 5 * USEC_PER_SEC);
	assert_string_equal(c.http.listen, "off");
	assert_string_equal(c.http.app_probe, "");
	assert_false(c.tune.enabled);
	assert_int_equal(c.snapshot.cmdline, CMDLINE_SAFE);
}

struct level_case {
	const char *name;
	uint32_t at_bp, free_bp;
	uint64_t eta_usec;
	bool growing;
	enum conf_action actions[5]; /* ACTION_COUNT at the end */
};

static const struct level_case default_levels[] = {
	{ "warn", 7500, 0, 0, false, { ACTION_SNAPSHOT, ACTION_COUNT } },
	{ "profile", 8500, 0, 0, false, { ACTION_SNAPSHOT, ACTION_PROFILE, ACTION_COUNT } },
	{ "dump", 8800, 0, 0, true, { ACTION_SNAPSHOT, ACTION_HEAP_DUMP, ACTION_COUNT } },
	{ "restart", 9500, 0, 60 * USEC_PER_SEC, false,
		{ ACTION_SNAPSHOT, ACTION_RELIEVE, ACTION_DRAIN, ACTION_RESTART, ACTION_COUNT } },
	{ "brink", 9700, 0, 0, true,
		{ ACTION_SNAPSHOT, ACTION_RELIEVE, ACTION_DRAIN, ACTION_RESTART, ACTION_COUNT } },
	{ "emergency", 0, 100, 0, true,
		{ ACTION_FREEZE, ACTION_SNAPSHOT, ACTION_RESTART, ACTION_COUNT } },
};

static void the_policy_is_the_contract(void **state)
{
	static struct conf c;

	(void)state;
	conf_defaults(&c);
	assert_int_equal(c.n_levels, ARRAY_LEN(default_levels));
	for (size_t i = 0; i < ARRAY_LEN(default_levels); i++) {
		const struct level_case *wanted = &default_levels[i];
		const struct conf_level *level = &c.levels[i];
		unsigned n = 0;

		assert_string_equal(level->name, wanted->name);
		assert_true(level->present);
		assert_int_equal(level->at.set, wanted->at_bp > 0);
		assert_int_equal(level->at.share_bp, wanted->at_bp);
		assert_int_equal(level->free.set, wanted->free_bp > 0);
		assert_int_equal(level->free.share_bp, wanted->free_bp);
		assert_int_equal(level->eta_usec, wanted->eta_usec);
		assert_int_equal(level->growing, wanted->growing);
		assert_int_equal(level->hold, 3);
		assert_int_equal(level->rearm_bp, 1000);
		assert_int_equal(level->rearm_after_usec, 60 * USEC_PER_SEC);
		assert_int_equal(level->cooldown_usec, 0);
		for (; wanted->actions[n] != ACTION_COUNT; n++)
			assert_int_equal(level->actions[n], wanted->actions[n]);
		assert_int_equal(level->n_actions, n);
	}
}

static void option_beats_environment_beats_file_beats_default(void **state)
{
	char variable[] = "OOMGUARD_DUMP_KEEP=7";
	char *const environment[] = { variable, NULL };
	char *const none[] = { NULL };

	(void)state;
	assert_int_equal(load("", none, NO_SETS), 0);
	assert_int_equal(conf.dump.keep, 5);
	assert_int_equal(load("[dump]\nkeep = 6\n", none, NO_SETS), 0);
	assert_int_equal(conf.dump.keep, 6);
	assert_int_equal(load("[dump]\nkeep = 6\n", environment, NO_SETS), 0);
	assert_int_equal(conf.dump.keep, 7);
	assert_int_equal(load("[dump]\nkeep = 6\n", environment, SETS("dump.keep=8")), 0);
	assert_int_equal(conf.dump.keep, 8);
	assert_int_equal(
		load("[dump]\nkeep = 6\n", environment, SETS("dump.keep=8", "dump.keep=9")), 0);
	assert_int_equal(conf.dump.keep, 9);
}

static void levels_are_changed_added_and_switched_off(void **state)
{
	(void)state;
	assert_int_equal(load("[level dump]\nat = 50%\n[level mine]\nfree = 16M\nactions = log\n",
				 NULL, SETS("level.warn.actions=", "level.dump.hold=5")),
		0);
	assert_int_equal(conf.n_levels, 7);
	assert_int_equal(conf_find_level(&conf, "dump")->at.share_bp, 5000);
	assert_int_equal(conf_find_level(&conf, "dump")->hold, 5);
	assert_true(conf_find_level(&conf, "dump")->growing);
	assert_int_equal(conf_find_level(&conf, "mine")->free.bytes, 16 * MIB);
	assert_int_equal(conf_find_level(&conf, "warn")->n_actions, 0);
	assert_null(conf_find_level(&conf, "other"));
	assert_string_equal(warned, "");
	assert_int_equal(load("[level mine]\nat = 50%\n", NULL, NO_SETS), 0);
	assert_string_equal(warned, "level mine has no actions: it is switched off");
}

static void mistakes_name_their_place(void **state)
{
	static const struct {
		const char *set, *error;
	} cases[] = {
		{ "guard.basis=all", "-s: guard.basis: \"all\" is not one of the words (allowed: "
				     "nonreclaimable | working-set | usage | anon)" },
		{ "guard.bassis=all", "-s: guard.bassis: no such key (did you mean guard.basis?)" },
		{ "guard.basis", "-s: guard.basis: no setting (allowed: SECTION.KEY=VALUE)" },
		{ "basis=all", "-s: basis=all: no setting (allowed: SECTION.KEY=VALUE)" },
		{ "", "-s: : no setting (allowed: SECTION.KEY=VALUE)" },
		{ "level.at=1%",
			"-s: [level]: no level name (allowed: a to z and 0 to 9, at most 31)" },
		{ "level.a.b.at=1%",
			"-s: [level a.b]: no level name (allowed: a to z and 0 to 9, at most 31)" },
		{ "level.dump.att=1%",
			"-s: level.dump.att: no such key (did you mean level.dump.at?)" },
		{ "level.dump.at=",
			"level.dump: no condition (allowed: at, free or eta, or no actions)" },
		{ "level.dump.actions=command", "level.dump.actions: command needs dump.command" },
		{ "level.dump.actions=signal", "level.dump.actions: signal needs dump.signal" },
		{ "dump.kind=signal",
			"dump.kind: signal needs dump.signal (allowed: USR1, QUIT, ...)" },
		{ "dump.kind=command", "dump.kind: command needs dump.command" },
		{ "restart.backoff=5m..1s",
			"-s: restart.backoff: \"5m..1s\" begins with the longer time (allowed: "
			"FROM..TO such as 1s..5m)" },
	};
	static struct conf untouched;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		memset(&conf, 0x5A, sizeof(conf));
		memset(&untouched, 0x5A, sizeof(untouched));
		assert_int_equal(load("", NULL, SETS(cases[i].set)), -EINVAL);
		assert_string_equal(error, cases[i].error);
		assert_memory_equal(&conf, &untouched, sizeof(conf));
	}
	assert_int_equal(load("", NULL, SETS("dump.kind=signal", "dump.signal=USR1")), 0);
	assert_int_equal(conf.dump.signal, SIGUSR1);
	assert_int_equal(load("", NULL, SETS("dump.kind=command", "dump.command=x=y")), 0);
	assert_string_equal(conf.dump.command, "x=y");
}

static void a_file_that_was_named_must_be_there(void **state)
{
	struct conf_input named = { .file = "/nonexistent.ini" };
	struct conf_input nothing = { 0 };
	static struct conf defaults;

	(void)state;
	assert_int_equal(conf_load(&named, &conf, error), -ENOENT);
	assert_string_equal(error, "/nonexistent.ini: cannot read: No such file or directory");
	if (!access("/etc/oomguard/oomguard.ini", F_OK))
		skip();
	assert_int_equal(conf_load(&nothing, &conf, error), 0);
	conf_defaults(&defaults);
	assert_memory_equal(&conf, &defaults, sizeof(conf));
}

static void names_are_the_words_of_the_file(void **state)
{
	(void)state;
	assert_string_equal(conf_action_name(ACTION_TERMINATE_LARGEST), "terminate-largest");
	assert_string_equal(conf_action_name(ACTION_LOG), "log");
	assert_string_equal(conf_basis_name(BASIS_WORKING_SET), "working-set");
	assert_string_equal(conf_dump_kind_name(DUMP_NONE), "none");
}

static int make_file(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	if (fd >= 0)
		close(fd);
	return fd < 0 ? -1 : 0;
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_the_contract),
		cmocka_unit_test(the_policy_is_the_contract),
		cmocka_unit_test(option_beats_environment_beats_file_beats_default),
		cmocka_unit_test(levels_are_changed_added_and_switched_off),
		cmocka_unit_test(mistakes_name_their_place),
		cmocka_unit_test(a_file_that_was_named_must_be_there),
		cmocka_unit_test(names_are_the_words_of_the_file),
	};

	return cmocka_run_group_tests(tests, make_file, remove_file);
}
