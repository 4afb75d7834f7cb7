/* SPDX-License-Identifier: Apache-2.0 */
/* The command: is it there, what would it be given by [tune] and dump.inject, what has it set. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app_env.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "check.h"
#include "check_runtime.h"
#include "command.h"
#include "dump/recognise.h"
#include "tune/tune.h"

static bool has_limit(const struct check *c)
{
	return c->looked && c->sample.limit_bytes != CGROUP_NO_LIMIT;
}

static void check_command(struct check *c, uint32_t runtimes)
{
	auto_close int fd = command_open(c->argv[0], c->envp);
	char words[128] = "";
	struct buf b = BUF_ON(words);
	struct check_row *row;

	if (fd < 0) {
		row = check_add(c, "command", CHECK_FAIL, "%s is not there or not executable (%s)",
			c->argv[0], strerror(-fd));
		check_remedy(row, "the full path as the first word after --, or RUN chmod +x %s",
			c->argv[0]);
		return;
	}
	for (unsigned kind = DUMP_HOTSPOT; kind < DUMP_CORE; kind++)
		if (runtimes & TUNE_RUNTIME(kind))
			buf_printf(&b, "%s%s", b.len ? ", " : ": ", recognise_name(kind));
	check_add(c, "command", CHECK_OK, "%s%s", c->argv[0], words);
}

/* --- [tune] --- */

static void list_variables(const struct tune_plan *plan, struct buf *out)
{
	const char *last = "";

	for (unsigned i = 0; i < plan->n; i++) {
		const struct tune_setting *s = &plan->settings[i];

		if (s->theirs || !strcmp(s->variable, last))
			continue;
		buf_printf(out, "%s%s", out->len ? ", " : "", s->variable);
		last = s->variable;
	}
}

static void show_settings(struct check *c, const struct tune_plan *plan)
{
	const char *would = c->conf->tune.enabled ? "sets" : "would set";
	char text[256];

	for (unsigned i = 0; i < plan->n; i++) {
		const struct tune_setting *s = &plan->settings[i];

		tune_print(s, text, sizeof(text));
		if (s->theirs)
			check_add(c, "tune", CHECK_INFO, "leaves %s alone: %s is set already", text,
				s->theirs);
		else
			check_add(c, "tune", CHECK_INFO, "%s %s (%s)", would, text, s->words);
	}
}

static void check_tune(struct check *c, const struct app_env_plan *plan)
{
	char names[CHECK_TEXT_MAX / 2] = "";
	struct buf b = BUF_ON(names);
	struct check_row *row;

	if (!has_limit(c)) {
		if (c->conf->tune.enabled)
			check_remedy(check_add(c, "tune", CHECK_WARN,
					     "tune.enabled has no effect: there is no limit"),
				"resources: {limits: {memory: 512Mi}}, or ENV "
				"OOMGUARD_GUARD_LIMIT=\"512MiB\"");
		return;
	}
	/* All variables of all runtimes would be much to read for what is off. */
	if (c->conf->tune.enabled || plan->runtimes)
		show_settings(c, &plan->tune);
	if (c->conf->tune.enabled)
		return;
	list_variables(&plan->tune, &b);
	row = check_add(c, "tune", CHECK_INFO,
		"off: the runtime's own ceilings stay as they are; on it would set %s",
		names[0] ? names : "nothing, all is set already");
	if (names[0])
		check_remedy_variable(row, "OOMGUARD_TUNE_ENABLED", "yes");
}

/* --- dump.inject --- */

static const char *hook_directory(const struct check *c, char *out, size_t size)
{
	snprintf(out, size, "%.200s/hooks", c->conf->guard.state_dir);
	return out;
}

static void show_hooks(struct check *c, const struct app_env_plan *plan)
{
	char text[2 * INJECT_PATH_MAX], dir[INJECT_PATH_MAX];

	for (unsigned i = 0; i < plan->n_hooks; i++) {
		const struct inject_row *row = plan->hooks[i].row;

		inject_print(row, hook_directory(c, dir, sizeof(dir)), text, sizeof(text));
		if (plan->hooks[i].theirs)
			check_add(c, "inject", CHECK_INFO,
				"leaves %s=%.150s out: %s is set already", row->variable, text,
				plan->hooks[i].theirs);
		else
			check_add(c, "inject", CHECK_INFO, "puts in %s=%.150s (%.150s)",
				row->variable, text, row->words);
	}
}

static void check_inject(struct check *c, const struct app_env_plan *plan)
{
	char words[CHECK_TEXT_MAX / 2] = "";
	struct buf b = BUF_ON(words);
	bool off = !strcmp(c->conf->dump.inject, "no");
	struct check_row *row;

	if (!off) {
		show_hooks(c, plan);
		if (!plan->n_hooks)
			check_add(c, "inject", CHECK_INFO,
				"there is no hook for this runtime: the environment stays as it "
				"is");
		return;
	}
	for (unsigned i = 0; i < plan->n_hooks; i++)
		if (!i || plan->hooks[i].row->runtime != plan->hooks[i - 1].row->runtime)
			buf_printf(&b, "%s%s", i ? "; " : "", plan->hooks[i].row->words);
	row = check_add(c, "inject", CHECK_INFO,
		"no: the environment stays untouched, no hook is put in%s%s",
		words[0] ? "; one would give more: " : "", words);
	if (words[0])
		check_remedy_variable(row, "OOMGUARD_DUMP_INJECT", "cheap");
}

/* --- all of it --- */

/* As if both were on, to be able to say what they would give. */
static void plan_all(const struct check *c, struct app_env_plan *ret_plan)
{
	struct conf *conf = malloc(sizeof(*conf));

	*ret_plan = (struct app_env_plan){ .n_hooks = 0 };
	if (!conf)
		return;
	*conf = *c->conf;
	conf->tune.enabled = true;
	if (!strcmp(conf->dump.inject, "no"))
		buf_copy(conf->dump.inject, sizeof(conf->dump.inject), "cheap");
	app_env_plan(conf, has_limit(c) ? &c->sample : NULL, c->argv, c->envp, ret_plan);
	free(conf);
}

void check_app(struct check *c)
{
	static struct app_env_plan plan;
	auto_environ struct environ_copy env = { .vars = NULL };

	if (!c->argv)
		return;
	plan_all(c, &plan);
	check_command(c, plan.runtimes);
	check_tune(c, &plan);
	check_inject(c, &plan);
	if (!has_limit(c))
		return;
	if (c->conf->tune.enabled && environ_copy(c->envp, &env) == 0 &&
		tune_apply(&plan.tune, &env) == 0)
		c->envp = env.vars;
	if (c->conf->tune.enabled && tune_by_file(&plan.tune))
		snprintf(c->php_limit, sizeof(c->php_limit), "%s", tune_by_file(&plan.tune)->value);
	check_runtimes(c, plan.runtimes);
	c->envp = c->own_envp;
}
