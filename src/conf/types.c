/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/types.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/signame.h"
#include "base/units.h"

/* Ten years: nobody means more, and sums of durations and clocks cannot overflow. */
#define DURATION_MAX (UINT64_C(3650) * 86400 * USEC_PER_SEC)

static const char *const basis_names[] = {
	[BASIS_NONRECLAIMABLE] = "nonreclaimable",
	[BASIS_WORKING_SET] = "working-set",
	[BASIS_USAGE] = "usage",
	[BASIS_ANON] = "anon",
	NULL,
};
static const char *const forward_names[] = {
	[FORWARD_CHILD] = "child", [FORWARD_GROUP] = "group", NULL
};
static const char *const mode_names[] = {
	[RESTART_EXIT] = "exit", [RESTART_IN_PLACE] = "in-place", [RESTART_NEVER] = "never", NULL
};
static const char *const tristate_names[] = {
	[TRI_NO] = "no", [TRI_YES] = "yes", [TRI_AUTO] = "auto", NULL
};
static const char *const cmdline_names[] = {
	[CMDLINE_SAFE] = "safe", [CMDLINE_FULL] = "full", NULL
};
static const char *const kind_names[] = {
	[DUMP_AUTO] = "auto",
	[DUMP_HOTSPOT] = "hotspot",
	[DUMP_NODE] = "node",
	[DUMP_GO] = "go",
	[DUMP_PYTHON] = "python",
	[DUMP_RUBY] = "ruby",
	[DUMP_PHP] = "php",
	[DUMP_BEAM] = "beam",
	[DUMP_DOTNET] = "dotnet",
	[DUMP_CORE] = "core",
	[DUMP_SIGNAL] = "signal",
	[DUMP_COMMAND] = "command",
	[DUMP_NONE] = "none",
	NULL,
};
/* In the order of enum log_level. */
static const char *const log_level_names[] = { "error", "warning", "notice", "info", "debug",
	NULL };
static const char *const log_format_names[] = { "text", "json", NULL };
static const char *const bool_names[] = { "no", "yes", "false", "true", "off", "on", NULL };
static const char *const inject_names[] = { "no", "cheap", "full", NULL };
static const char *const compress_names[] = { "auto", "gzip", "zstd", "none", NULL };

int conf_name_find(const char *const *names, const char *text)
{
	for (int i = 0; names[i]; i++)
		if (!strcmp(names[i], text))
			return i;
	return -EINVAL;
}

int conf_refuse_word(struct buf *why, const char *text)
{
	if (*text)
		buf_printf(why, "\"%s\" is not one of the words", text);
	else
		buf_puts(why, "no value");
	return -EINVAL;
}

static int parse_enum(const struct conf_type *t, const char *text, void *field, struct buf *why)
{
	int value = conf_name_find(t->names, text);

	if (value < 0)
		return conf_refuse_word(why, text);
	*(int *)field = value;
	return 0;
}

static void print_enum(const struct conf_type *t, const void *field, struct buf *out)
{
	buf_puts(out, t->names[*(const int *)field]);
}

/* Words in pairs, false first; the first pair is printed. */
static int parse_bool(const struct conf_type *t, const char *text, void *field, struct buf *why)
{
	int value = conf_name_find(t->names, text);

	if (value < 0)
		return conf_refuse_word(why, text);
	*(bool *)field = value % 2;
	return 0;
}

static void print_bool(const struct conf_type *t, const void *field, struct buf *out)
{
	buf_puts(out, t->names[*(const bool *)field]);
}

/* What a number of the units module is good for, in words. */
static int check_number(
	const struct conf_type *t, int r, uint64_t value, const char *form, struct buf *why)
{
	if (r == -EINVAL)
		buf_printf(why, "not %s", form);
	else if (r == -ERANGE || (t->max && value > t->max))
		buf_puts(why, "too large");
	else if (value < t->min)
		buf_puts(why, "too small");
	else
		return 0;
	return -EINVAL;
}

static bool is_none(const struct conf_type *t, const char *text)
{
	return t->none && !strcmp(text, t->none);
}

static int parse_bytes(const struct conf_type *t, const char *text, void *field, struct buf *why)
{
	uint64_t bytes = 0;
	int r;

	if (!is_none(t, text)) {
		r = units_parse_bytes(text, &bytes);
		r = check_number(t, r, bytes, "a size", why);
		if (r < 0)
			return r;
	}
	*(uint64_t *)field = bytes;
	return 0;
}

static void print_bytes(const struct conf_type *t, const void *field, struct buf *out)
{
	uint64_t bytes = *(const uint64_t *)field;
	char text[UNITS_TEXT_MAX];

	units_print_bytes(text, sizeof(text), bytes);
	buf_puts(out, !bytes && t->none ? t->none : text);
}

static int parse_duration(const struct conf_type *t, const char *text, void *field, struct buf *why)
{
	uint64_t usec = 0;
	int r;

	if (!is_none(t, text)) {
		r = units_parse_duration(text, &usec);
		r = check_number(t, r, usec, "a time", why);
		if (r < 0)
			return r;
	}
	*(uint64_t *)field = usec;
	return 0;
}

static void print_duration(const struct conf_type *t, const void *field, struct buf *out)
{
	uint64_t usec = *(const uint64_t *)field;
	char text[UNITS_TEXT_MAX];

	units_print_duration(text, sizeof(text), usec);
	buf_puts(out, !usec && t->none ? t->none : text);
}

static int parse_share(const struct conf_type *t, const char *text, void *field, struct buf *why)
{
	uint32_t bp = 0;
	int r = units_parse_share(text, &bp);

	r = check_number(t, r, bp, "a percentage", why);

	if (!r)
		*(uint32_t *)field = bp;
	return r;
}

static void print_share(const struct conf_type *t, const void *field, struct buf *out)
{
	char text[UNITS_TEXT_MAX];

	(void)t;
	units_print_share(text, sizeof(text), *(const uint32_t *)field);
	buf_puts(out, text);
}

/* A bare number; units would be nonsense here. */
static int read_count(const struct conf_type *t, const char *text, uint64_t *ret, struct buf *why)
{
	bool digits = *text && strspn(text, "0123456789") == strlen(text);
	int r = digits ? units_parse_bytes(text, ret) : -EINVAL;

	return check_number(t, r, *ret, "a number", why);
}

static int parse_count(const struct conf_type *t, const char *text, void *field, struct buf *why)
{
	uint64_t count = 0;
	int r = read_count(t, text, &count, why);

	if (!r)
		*(uint32_t *)field = (uint32_t)count;
	return r;
}

static void print_count(const struct conf_type *t, const void *field, struct buf *out)
{
	(void)t;
	buf_printf(out, "%" PRIu32, *(const uint32_t *)field);
}

static int parse_exit_code(
	const struct conf_type *t, const char *text, void *field, struct buf *why)
{
	uint64_t code = 0;
	int r = read_count(t, text, &code, why);

	if (!r)
		*(uint8_t *)field = (uint8_t)code;
	return r;
}

static void print_exit_code(const struct conf_type *t, const void *field, struct buf *out)
{
	(void)t;
	buf_printf(out, "%u", *(const uint8_t *)field);
}

static int parse_signal(const struct conf_type *t, const char *text, void *field, struct buf *why)
{
	int sig = 0;

	if (!is_none(t, text) && signame_parse(text, &sig) < 0) {
		buf_printf(why, "\"%s\" is no signal", text);
		return -EINVAL;
	}
	*(int *)field = sig;
	return 0;
}

static void print_signal(const struct conf_type *t, const void *field, struct buf *out)
{
	char text[SIGNAME_TEXT_MAX];
	int sig = *(const int *)field;

	buf_puts(out, !sig && t->none ? t->none : signame_print(sig, text));
}

static int parse_amount(const struct conf_type *t, const char *text, void *field, struct buf *why)
{
	struct conf_amount *amount = field;
	int r = 0;

	memset(amount, 0, sizeof(*amount));
	if (!*text)
		return 0;
	amount->set = true;
	amount->is_share = strchr(text, '%') != NULL;
	if (amount->is_share)
		r = units_parse_share(text, &amount->share_bp);
	else
		r = units_parse_bytes(text, &amount->bytes);
	return check_number(t, r, amount->is_share ? amount->share_bp : amount->bytes,
		"a percentage or a size", why);
}

static void print_amount(const struct conf_type *t, const void *field, struct buf *out)
{
	const struct conf_amount *amount = field;

	if (!amount->set)
		return;
	if (amount->is_share)
		print_share(t, &amount->share_bp, out);
	else
		print_bytes(t, &amount->bytes, out);
}

#define ENUM_OF(list)                                                                              \
	{                                                                                          \
		.parse = parse_enum, .print = print_enum, .names = (list)                          \
	}
#define BOOL_OF(list)                                                                              \
	{                                                                                          \
		.parse = parse_bool, .print = print_bool, .names = (list)                          \
	}
#define WORD_OF(list)                                                                              \
	{                                                                                          \
		.parse = conf_parse_word, .print = conf_print_text, .names = (list), .size = 8     \
	}
#define VALUE_OF(kind, ...)                                                                        \
	{                                                                                          \
		.parse = parse_##kind, .print = print_##kind, __VA_ARGS__                          \
	}
#define TEXT_OF(kind, ...)                                                                         \
	{                                                                                          \
		.parse = conf_parse_##kind, .print = conf_print_text, .size = CONF_VALUE_MAX + 1,  \
		__VA_ARGS__                                                                        \
	}
#define FIELDS_OF(kind)                                                                            \
	{                                                                                          \
		.parse = conf_parse_##kind, .print = conf_print_##kind                             \
	}

static const char *const path_words[] = { "auto", "none", NULL };

static const struct conf_type types[CONF_TYPE_COUNT_OF_TYPES] = {
	[CONF_TYPE_BASIS] = ENUM_OF(basis_names),
	[CONF_TYPE_FORWARD] = ENUM_OF(forward_names),
	[CONF_TYPE_MODE] = ENUM_OF(mode_names),
	[CONF_TYPE_TRISTATE] = ENUM_OF(tristate_names),
	[CONF_TYPE_CMDLINE] = ENUM_OF(cmdline_names),
	[CONF_TYPE_KIND] = ENUM_OF(kind_names),
	[CONF_TYPE_LOG_LEVEL] = ENUM_OF(log_level_names),
	[CONF_TYPE_LOG_FORMAT] = BOOL_OF(log_format_names),
	[CONF_TYPE_BOOL] = BOOL_OF(bool_names),
	[CONF_TYPE_INJECT] = WORD_OF(inject_names),
	[CONF_TYPE_COMPRESS] = WORD_OF(compress_names),
	[CONF_TYPE_BYTES] = VALUE_OF(bytes, .min = 0),
	[CONF_TYPE_BYTES_AUTO] = VALUE_OF(bytes, .none = "auto", .min = 1),
	/* The downward API says 0 of a container without a request. */
	[CONF_TYPE_BYTES_AUTO_OR_0] = VALUE_OF(bytes, .none = "auto", .min = 0),
	[CONF_TYPE_BYTES_NONE] = VALUE_OF(bytes, .none = "none", .min = 1),
	[CONF_TYPE_SHARE] = VALUE_OF(share, .min = 0),
	[CONF_TYPE_SHARE_SOME] = VALUE_OF(share, .min = 1),
	[CONF_TYPE_DURATION] = VALUE_OF(duration, .max = DURATION_MAX),
	[CONF_TYPE_DURATION_NONE] = VALUE_OF(duration, .max = DURATION_MAX, .none = ""),
	[CONF_TYPE_COUNT] = VALUE_OF(count, .max = 100000),
	[CONF_TYPE_HOLD] = VALUE_OF(count, .min = 1, .max = 1000),
	[CONF_TYPE_EXIT_CODE] = VALUE_OF(exit_code, .min = 1, .max = 255),
	[CONF_TYPE_SIGNAL] = VALUE_OF(signal, .min = 0),
	[CONF_TYPE_SIGNAL_NONE] = VALUE_OF(signal, .none = "none"),
	[CONF_TYPE_TEXT] = TEXT_OF(text, .min = 0),
	[CONF_TYPE_PATH] = TEXT_OF(path, .min = 0),
	[CONF_TYPE_PATH_AUTO] = TEXT_OF(path, .names = path_words),
	[CONF_TYPE_LISTEN] = TEXT_OF(listen, .min = 0),
	[CONF_TYPE_URL] = TEXT_OF(url, .min = 0),
	[CONF_TYPE_AMOUNT] = VALUE_OF(amount, .min = 0),
	[CONF_TYPE_REWRITE] = FIELDS_OF(rewrite),
	[CONF_TYPE_REMAP] = FIELDS_OF(remap),
	[CONF_TYPE_TARGET] = FIELDS_OF(target),
	[CONF_TYPE_BACKOFF] = FIELDS_OF(backoff),
	[CONF_TYPE_ACTIONS] = FIELDS_OF(actions),
};

const struct conf_type *conf_type_get(enum conf_type_id id)
{
	return &types[id];
}

const char *conf_basis_name(enum conf_basis basis)
{
	return basis_names[basis];
}

const char *conf_dump_kind_name(enum conf_dump_kind kind)
{
	return kind_names[kind];
}
