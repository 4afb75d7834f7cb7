/* SPDX-License-Identifier: Apache-2.0 */
/* New settings into the running guard; a bad file leaves everything as it is. */
#include "reload.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "cli.h"

/* What is set up once at the start: kept until the next one, and said. */
static const struct fixed {
	const char *name;
	size_t offset, size;
} fixed[] = {
#define FIXED(key, field)                                                                          \
	{                                                                                          \
		key, offsetof(struct conf, field), sizeof(((struct conf *)0)->field)               \
	}
	FIXED("guard.state-dir", guard.state_dir),
	FIXED("guard.basis", guard.basis),
	FIXED("guard.pod-limit", guard.pod_limit_bytes),
	FIXED("guard.survive-oom", guard.survive_oom),
	FIXED("child.subreaper", child.subreaper),
#undef FIXED
};

static void add_name(struct buf *b, const char *name)
{
	buf_printf(b, "%s%s", b->len ? ", " : "", name);
}

/* Takes over from `old` what cannot change in flight; names it. */
static void keep_fixed(const struct conf *old, struct conf *next, struct buf *names)
{
	for (unsigned i = 0; i < ARRAY_LEN(fixed); i++) {
		const char *was = (const char *)old + fixed[i].offset;
		char *is = (char *)next + fixed[i].offset;

		if (!memcmp(was, is, fixed[i].size))
			continue;
		memcpy(is, was, fixed[i].size);
		add_name(names, fixed[i].name);
	}
	/* A start in place needs what the guard has let go of when it was not asked for. */
	if (next->restart.mode == RESTART_IN_PLACE && old->restart.mode != RESTART_IN_PLACE) {
		next->restart.mode = old->restart.mode;
		add_name(names, "restart.mode");
	}
}

/* What is kept by index follows the levels of the same name. */
static void move_levels(struct guard *g, const struct conf *next)
{
	uint64_t fired[CONF_LEVELS_MAX];
	unsigned drained = g->lists.drained;

	memcpy(fired, g->tally.fired, sizeof(fired));
	memset(g->tally.fired, 0, sizeof(fired));
	g->lists.drained = 0;
	for (unsigned i = 0; i < next->n_levels; i++) {
		const struct conf_level *old = conf_find_level(g->conf, next->levels[i].name);

		if (!old)
			continue;
		g->tally.fired[i] = fired[old - g->conf->levels];
		if (drained & (1u << (old - g->conf->levels)))
			g->lists.drained |= 1u << i;
	}
	trigger_reload(&g->watch.trigger, next);
}

static void take_over(struct guard *g, const struct conf *next)
{
	const struct conf *old = g->conf;
	bool http = strcmp(old->http.listen, next->http.listen) ||
		    strcmp(old->http.app_probe, next->http.app_probe);

	move_levels(g, next);
	g->watch.pace.max_cpu_bp = next->guard.max_cpu_bp;
	g->watch.cgroup.forced_limit_bytes = next->guard.limit_bytes;
	g->keeper.life.in_place = next->restart.mode == RESTART_IN_PLACE;
	g->keeper.life.has_pre_stop = next->restart.pre_stop[0] != '\0';
	g->conf = next;
	log_init(next->guard.log_json ? LOG_FORMAT_JSON : LOG_FORMAT_TEXT,
		(enum log_level)next->guard.log_level);
	if (http) {
		view_end(g);
		view_begin(g);
	}
	watch_soon(g);
}

static const char *why_not_now(const struct guard *g)
{
	if (life_is_ending(g))
		return "not now: the application is being stopped";
	if (g->lists.step != LIST_IDLE)
		return "not now: actions of a level are being carried out; try again";
	return NULL;
}

int reload(struct guard *g, char *text, size_t size)
{
	/* The one in use is never written to. */
	static struct conf settings[2];
	struct conf *next = &settings[g->conf == &settings[0]];
	char names[256];
	struct buf b = { .data = text, .size = size }, kept = BUF_ON(names);
	const char *why = why_not_now(g);
	char error[CONF_ERROR_MAX];

	buf_reset(&b);
	buf_reset(&kept);
	if (why) {
		buf_puts(&b, why);
		return -EBUSY;
	}
	if (cli_read_conf(g->cli, g->envp, next, error) < 0) {
		log_error("reload: %s; the settings stay as they were", error);
		buf_printf(&b, "%s; the settings stay as they were", error);
		return -EINVAL;
	}
	keep_fixed(g->conf, next, &kept);
	take_over(g, next);
	buf_puts(&b, "the settings have been read again");
	if (kept.len)
		buf_printf(&b, "; at the next start only: %s", names);
	log_notice("reload: %s", text);
	return 0;
}
