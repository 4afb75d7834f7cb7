/* SPDX-License-Identifier: Apache-2.0 */
/* Settings that fill several fields: lists, pairs, ranges. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/signame.h"
#include "base/units.h"
#include "conf/types.h"

#define CONTAINER_OF(pointer, type, member) ((type *)((uintptr_t)(pointer)-offsetof(type, member)))
#define CONTAINER_OF_CONST(pointer, type, member)                                                  \
	((const type *)((uintptr_t)(pointer)-offsetof(type, member)))

/* A printed list must fit into a line again: what was read as "34:35" may print as "RTMIN:…". */
#define LIST_TEXT_MAX 170
#define DURATION_MAX  (UINT64_C(3650) * 86400 * USEC_PER_SEC)

static const char *const action_names[] = {
	[ACTION_LOG] = "log",
	[ACTION_SNAPSHOT] = "snapshot",
	[ACTION_PROFILE] = "profile",
	[ACTION_HEAP_DUMP] = "heap-dump",
	[ACTION_STACKS] = "stacks",
	[ACTION_CORE] = "core",
	[ACTION_SIGNAL] = "signal",
	[ACTION_COMMAND] = "command",
	[ACTION_RELIEVE] = "relieve",
	[ACTION_DRAIN] = "drain",
	[ACTION_FREEZE] = "freeze",
	[ACTION_TERMINATE_LARGEST] = "terminate-largest",
	[ACTION_RESTART] = "restart",
	NULL,
};

const char *conf_action_name(enum conf_action action)
{
	return action_names[action];
}

static char *trim(char *text)
{
	char *end;

	text += strspn(text, " \t");
	end = text + strlen(text);
	while (end > text && strchr(" \t", end[-1]))
		*--end = '\0';
	return text;
}

typedef int (*item_parser)(void *list, char *item, struct buf *why);

/* Comma-separated; an empty text is an empty list, an empty item a mistake. */
static int parse_list(const char *text, item_parser parse, void *list, struct buf *why)
{
	char copy[CONF_VALUE_MAX + 1];
	char *rest = copy;
	char *item;

	if (strlen(text) >= sizeof(copy)) {
		buf_puts(why, "too long");
		return -EINVAL;
	}
	memcpy(copy, text, strlen(text) + 1);
	if (!*trim(copy))
		return 0;
	while ((item = strsep(&rest, ","))) {
		int r;

		item = trim(item);
		if (!*item) {
			buf_puts(why, "empty item in the list");
			return -EINVAL;
		}
		r = parse(list, item, why);
		if (r < 0)
			return r;
	}
	return 0;
}

static int refuse_item(struct buf *why, const char *item, const char *reason)
{
	buf_printf(why, "\"%s\" %s", item, reason);
	return -EINVAL;
}

/* "FROM:TO" -> two texts; the colon may have blanks around it. */
static int split_pair(char *item, char **ret_from, char **ret_to)
{
	char *colon = strchr(item, ':');

	if (!colon)
		return -EINVAL;
	*colon = '\0';
	*ret_from = trim(item);
	*ret_to = trim(colon + 1);
	return 0;
}

static int add_rewrite(void *list, char *item, struct buf *why)
{
	struct conf *conf = list;
	char *from, *to;
	int from_sig;
	int to_sig = 0;

	if (split_pair(item, &from, &to) < 0)
		return refuse_item(why, item, "is not FROM:TO");
	if (signame_parse(from, &from_sig) < 0)
		return refuse_item(why, from, "is no signal");
	if (strcmp(to, "0") && signame_parse(to, &to_sig) < 0)
		return refuse_item(why, to, "is no signal");
	for (unsigned i = 0; i < conf->child.n_rewrite; i++) {
		const struct conf_rewrite *w = &conf->child.rewrite[i];

		if (w->from != from_sig)
			continue;
		/* "TERM:QUIT, 15:3" says the same thing twice, which is no contradiction. */
		return w->to == to_sig ? 0 : refuse_item(why, from, "is there twice");
	}
	if (conf->child.n_rewrite == CONF_REWRITES_MAX)
		return refuse_item(why, from, "is one too many");
	conf->child.rewrite[conf->child.n_rewrite++] =
		(struct conf_rewrite){ .from = (uint8_t)from_sig, .to = (uint8_t)to_sig };
	return 0;
}

int conf_parse_rewrite(const struct conf_type *t, const char *text, void *field, struct buf *why)
{
	struct conf *conf = CONTAINER_OF(field, struct conf, child.rewrite);

	(void)t;
	memset(conf->child.rewrite, 0, sizeof(conf->child.rewrite));
	conf->child.n_rewrite = 0;
	return parse_list(text, add_rewrite, conf, why);
}

static void print_rewrite_names(const struct conf *conf, struct buf *out)
{
	char from[SIGNAME_TEXT_MAX], to[SIGNAME_TEXT_MAX];

	for (unsigned i = 0; i < conf->child.n_rewrite; i++) {
		const struct conf_rewrite *w = &conf->child.rewrite[i];

		buf_printf(out, "%s%s:%s", i ? ", " : "", signame_print(w->from, from),
			signame_print(w->to, to));
	}
}

void conf_print_rewrite(const struct conf_type *t, const void *field, struct buf *out)
{
	const struct conf *conf = CONTAINER_OF_CONST(field, struct conf, child.rewrite);
	char text[LIST_TEXT_MAX];
	struct buf names = BUF_ON(text);

	(void)t;
	print_rewrite_names(conf, &names);
	if (!names.truncated) {
		buf_add(out, names.data, names.len);
		return;
	}
	for (unsigned i = 0; i < conf->child.n_rewrite; i++)
		buf_printf(out, "%s%u:%u", i ? "," : "", conf->child.rewrite[i].from,
			conf->child.rewrite[i].to);
}

static int status_parse(const char *text, uint8_t *ret_status)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (!strchr("0123456789", *text) || !*text || *end || value > UINT8_MAX)
		return -EINVAL;
	*ret_status = (uint8_t)value;
	return 0;
}

static int add_remap(void *list, char *item, struct buf *why)
{
	struct conf *conf = list;
	struct conf_remap remap;
	char *from, *to;

	if (split_pair(item, &from, &to) < 0)
		return refuse_item(why, item, "is not FROM:TO");
	if (status_parse(from, &remap.from) < 0)
		return refuse_item(why, from, "is no exit status");
	if (status_parse(to, &remap.to) < 0)
		return refuse_item(why, to, "is no exit status");
	for (unsigned i = 0; i < conf->child.n_exit_remap; i++)
		if (conf->child.exit_remap[i].from == remap.from)
			return refuse_item(why, from, "is there twice");
	if (conf->child.n_exit_remap == CONF_REMAPS_MAX)
		return refuse_item(why, from, "is one too many");
	conf->child.exit_remap[conf->child.n_exit_remap++] = remap;
	return 0;
}

int conf_parse_remap(const struct conf_type *t, const char *text, void *field, struct buf *why)
{
	struct conf *conf = CONTAINER_OF(field, struct conf, child.exit_remap);

	(void)t;
	memset(conf->child.exit_remap, 0, sizeof(conf->child.exit_remap));
	conf->child.n_exit_remap = 0;
	return parse_list(text, add_remap, conf, why);
}

void conf_print_remap(const struct conf_type *t, const void *field, struct buf *out)
{
	const struct conf *conf = CONTAINER_OF_CONST(field, struct conf, child.exit_remap);

	(void)t;
	for (unsigned i = 0; i < conf->child.n_exit_remap; i++)
		buf_printf(out, "%s%u:%u", i ? ", " : "", conf->child.exit_remap[i].from,
			conf->child.exit_remap[i].to);
}

int conf_parse_target(const struct conf_type *t, const char *text, void *field, struct buf *why)
{
	struct conf *conf = CONTAINER_OF(field, struct conf, dump.target);
	const char *value = strchr(text, ':') ? strchr(text, ':') + 1 : "";

	(void)t;
	conf->dump.target_share_bp = 0;
	memset(conf->dump.target_name, 0, sizeof(conf->dump.target_name));
	if (!strcmp(text, "largest")) {
		conf->dump.target = TARGET_LARGEST;
	} else if (!strncmp(text, "share:", 6)) {
		if (units_parse_share(value, &conf->dump.target_share_bp) < 0)
			return refuse_item(why, value, "is not a percentage");
		conf->dump.target = TARGET_SHARE;
	} else if (!strncmp(text, "name:", 5)) {
		if (!*value || strlen(value) >= sizeof(conf->dump.target_name))
			return refuse_item(why, value, "is not a process name");
		memcpy(conf->dump.target_name, value, strlen(value));
		conf->dump.target = TARGET_NAME;
	} else {
		return refuse_item(why, text, "is not a target");
	}
	return 0;
}

void conf_print_target(const struct conf_type *t, const void *field, struct buf *out)
{
	const struct conf *conf = CONTAINER_OF_CONST(field, struct conf, dump.target);
	char share[UNITS_TEXT_MAX];

	(void)t;
	units_print_share(share, sizeof(share), conf->dump.target_share_bp);
	if (conf->dump.target == TARGET_SHARE)
		buf_printf(out, "share:%s", share);
	else if (conf->dump.target == TARGET_NAME)
		buf_printf(out, "name:%s", conf->dump.target_name);
	else
		buf_puts(out, "largest");
}

int conf_parse_backoff(const struct conf_type *t, const char *text, void *field, struct buf *why)
{
	struct conf *conf = CONTAINER_OF(field, struct conf, restart.backoff_min_usec);
	const char *dots = strstr(text, "..");
	char first[CONF_NAME_MAX] = "";
	uint64_t min, max;

	(void)t;
	if (!dots || (size_t)(dots - text) >= sizeof(first))
		return refuse_item(why, text, "is not FROM..TO");
	memcpy(first, text, (size_t)(dots - text));
	if (units_parse_duration(first, &min) < 0 || min > DURATION_MAX)
		return refuse_item(why, first, "is not a time");
	if (units_parse_duration(dots + 2, &max) < 0 || max > DURATION_MAX)
		return refuse_item(why, dots + 2, "is not a time");
	if (min > max)
		return refuse_item(why, text, "begins with the longer time");
	conf->restart.backoff_min_usec = min;
	conf->restart.backoff_max_usec = max;
	return 0;
}

void conf_print_backoff(const struct conf_type *t, const void *field, struct buf *out)
{
	const struct conf *conf = CONTAINER_OF_CONST(field, struct conf, restart.backoff_min_usec);
	char min[UNITS_TEXT_MAX], max[UNITS_TEXT_MAX];

	(void)t;
	units_print_duration(min, sizeof(min), conf->restart.backoff_min_usec);
	units_print_duration(max, sizeof(max), conf->restart.backoff_max_usec);
	buf_printf(out, "%s..%s", min, max);
}

static int add_action(void *list, char *item, struct buf *why)
{
	struct conf_level *level = list;
	int action = conf_name_find(action_names, item);

	if (action < 0)
		return refuse_item(why, item, "is no action");
	if (level->n_actions == CONF_ACTIONS_MAX)
		return refuse_item(why, item, "is one too many");
	level->actions[level->n_actions++] = (enum conf_action)action;
	return 0;
}

int conf_parse_actions(const struct conf_type *t, const char *text, void *field, struct buf *why)
{
	struct conf_level *level = CONTAINER_OF(field, struct conf_level, actions);

	(void)t;
	memset(level->actions, 0, sizeof(level->actions));
	level->n_actions = 0;
	return parse_list(text, add_action, level, why);
}

void conf_print_actions(const struct conf_type *t, const void *field, struct buf *out)
{
	const struct conf_level *level = CONTAINER_OF_CONST(field, struct conf_level, actions);
	size_t len = 0;

	(void)t;
	for (unsigned i = 0; i < level->n_actions; i++)
		len += strlen(action_names[level->actions[i]]) + strlen(", ");
	for (unsigned i = 0; i < level->n_actions; i++)
		buf_printf(out, "%s%s",
			!i		      ? ""
			: len < LIST_TEXT_MAX ? ", "
					      : ",",
			action_names[level->actions[i]]);
}
