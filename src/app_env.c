/* SPDX-License-Identifier: Apache-2.0 */
#include "app_env.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "command.h"
#include "php.h"

void app_env_plan(const struct conf *conf, const struct cgroup_sample *sample, char *const *argv,
	char *const *envp, struct app_env_plan *ret_plan)
{
	struct tune_input in = {
		.limit_bytes = sample ? sample->limit_bytes : CGROUP_NO_LIMIT,
		.limit_is_hidden = conf->guard.limit_bytes != 0 || (sample && sample->binding != 0),
		.argv = argv,
		.envp = envp,
	};
	const struct inject_row *rows;
	struct php php;
	unsigned n;

	ret_plan->tune.n = ret_plan->n_hooks = 0;
	ret_plan->runtimes = 0;
	if (!conf->tune.enabled && !strcmp(conf->dump.inject, "no"))
		return;
	in.cpus = command_cpus();
	in.runtimes = ret_plan->runtimes = command_runtimes(argv, envp);
	in.dotnet_has_limit = command_dotnet_has_limit(argv);
	if (in.runtimes & TUNE_RUNTIME(DUMP_PHP) && !php_is_fpm(argv)) {
		php_read(argv, &php);
		/* A number in a file is the user's; -1 is what distributions have. */
		if (!php.told[0] || php.limit == PHP_UNLIMITED)
			in.php_limit_bytes = php.limit;
	}
	if (conf->tune.enabled && in.limit_bytes != CGROUP_NO_LIMIT)
		tune_plan(&in, &ret_plan->tune);
	rows = hooks_rows(&n);
	ret_plan->n_hooks = inject_choose(
		rows, n, conf->dump.inject, in.runtimes, argv, envp, ret_plan->hooks, HOOKS_MAX);
}

static void say_tune(const struct tune_plan *plan)
{
	char text[256];

	for (unsigned i = 0; i < plan->n; i++) {
		const struct tune_setting *s = &plan->settings[i];

		tune_print(s, text, sizeof(text));
		if (s->theirs)
			log_notice("tune: %s is left out: %s is set already", text, s->theirs);
		else
			log_notice("tune: %s (%s)", text, s->words);
	}
}

static void say_hooks(const struct app_env_plan *plan, const char *path)
{
	char text[2 * INJECT_PATH_MAX];

	for (unsigned i = 0; i < plan->n_hooks; i++) {
		const struct inject_row *row = plan->hooks[i].row;

		inject_print(row, path, text, sizeof(text));
		if (plan->hooks[i].theirs)
			log_notice("inject: %s=%s is left out: %s is set already", row->variable,
				text, plan->hooks[i].theirs);
		else
			log_notice("inject: %s=%s (%s)", row->variable, text, row->words);
	}
}

static bool open_place(struct app_env *e, const struct store *store)
{
	int r;

	if (e->place.dirfd >= 0)
		return true;
	r = inject_open(store->dirfd >= 0 ? store->path : NULL, &e->place);
	if (r < 0 && !e->place_failed)
		log_warning("no hooks: no place for them that the application can read: %s",
			strerror(-r));
	e->place_failed = r < 0;
	return r == 0;
}

static void add_hooks(struct app_env *e, struct app_env_plan *plan)
{
	int r = inject_apply(plan->hooks, plan->n_hooks, &e->place, &e->copy);

	if (r < 0)
		log_warning("not every hook could be put in: %s: %s", e->place.path, strerror(-r));
	say_hooks(plan, e->place.path);
}

/* PHP reads the directories of its own build first, then ours. */
static void add_php(struct app_env *e, const struct tune_setting *s)
{
	char line[2 * TUNE_VALUE_MAX], path[INJECT_PATH_MAX + 2];
	int r;

	snprintf(line, sizeof(line), "%s%s\n", s->flag, s->value);
	snprintf(path, sizeof(path), ":%s", e->place.path);
	r = inject_write(&e->place, "oomguard.ini", line);
	if (r == 0)
		r = environ_add(&e->copy, s->variable, path, ENVIRON_ALONE, ':');
	if (r < 0)
		log_warning("%s%s could not be set: %s", s->flag, s->value, strerror(-r));
}

char *const *app_env_make(struct app_env *e, const struct conf *conf,
	const struct cgroup_sample *sample, const struct store *store, char *const *argv,
	char *const *envp)
{
	struct app_env_plan plan;
	int r;

	environ_free(&e->copy);
	app_env_plan(conf, sample, argv, envp, &plan);
	if (conf->tune.enabled && (!sample || sample->limit_bytes == CGROUP_NO_LIMIT))
		log_warning("tune.enabled has no effect: there is no limit to derive from");
	if (!plan.tune.n && !plan.n_hooks)
		return envp;
	r = environ_copy(envp, &e->copy);
	if (r == 0)
		r = tune_apply(&plan.tune, &e->copy);
	if (r < 0) {
		log_warning("the environment stays as it was: %s", strerror(-r));
		environ_free(&e->copy);
		return envp;
	}
	say_tune(&plan.tune);
	if ((tune_by_file(&plan.tune) || plan.n_hooks) && open_place(e, store)) {
		if (tune_by_file(&plan.tune))
			add_php(e, tune_by_file(&plan.tune));
		if (plan.n_hooks)
			add_hooks(e, &plan);
	}
	return e->copy.vars;
}

void app_env_end(struct app_env *e)
{
	inject_close(&e->place);
	environ_free(&e->copy);
}
