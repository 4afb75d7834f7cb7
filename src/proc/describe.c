/* SPDX-License-Identifier: Apache-2.0 */
#include "proc/proc.h"

#include <ctype.h>
#include <string.h>

#include "base/cleanup.h"

/*
 * Arguments that speak of memory, by how they begin; `also` must occur further on. What stands
 * behind '=' is shown only when it is an amount: -XX:OnOutOfMemoryError=... runs a command that may
 * carry a password.
 */
static const struct memory_flag {
	const char *begins, *also;
} memory_flags[] = {
	{ "-Xmx", "" },
	{ "-Xms", "" },
	{ "-Xmn", "" },
	{ "-Xss", "" },
	{ "-XX:", "Heap" },
	{ "-XX:", "RAM" },
	{ "-XX:", "Memory" },
	{ "-XX:", "Metaspace" },
	{ "-XX:", "CodeCache" },
	{ "-XX:", "NewSize" },
	{ "--max-old-space-size", "" },
	{ "--max_old_space_size", "" },
	{ "--max-semi-space-size", "" },
	{ "--max_semi_space_size", "" },
	{ "--max-heap-size", "" },
	{ "--max-old-generation-size", "" },
	{ "--stack-size", "" },
	{ "--memory", "" },
	{ "--max-memory", "" },
	{ "--maxmemory", "" },
	{ "--mem", "" },
	{ "-dmemory_limit", "" },
	{ "memory_limit", "" },
};

struct line {
	char *out;
	size_t size, len;
};

static void add_bytes(struct line *line, const char *text, size_t len)
{
	for (size_t i = 0; i < len && line->len + 1 < line->size; i++) {
		unsigned char c = (unsigned char)text[i];

		line->out[line->len++] = iscntrl(c) ? '?' : (char)c;
	}
	line->out[line->len] = '\0';
}

static void add_word(struct line *line, const char *text, size_t len)
{
	if (line->len)
		add_bytes(line, " ", 1);
	add_bytes(line, text, len);
}

/* 512, 512m, 1.5GiB, 75%, and nothing longer than that. */
static bool is_amount(const char *text, size_t len)
{
	if (!len || len > 24)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!isdigit((unsigned char)text[i]) && !strchr(".kKmMgGtTiIbB%", text[i]))
			return false;
	}
	return true;
}

static bool is_memory_flag(const char *arg, size_t len)
{
	for (size_t i = 0; i < ARRAY_LEN(memory_flags); i++) {
		const struct memory_flag *flag = &memory_flags[i];
		size_t begins = strlen(flag->begins), also = strlen(flag->also);

		if (len < begins || memcmp(arg, flag->begins, begins))
			continue;
		if (!also || memmem(arg + begins, len - begins, flag->also, also))
			return true;
	}
	return false;
}

/* How many bytes of the argument may be shown: up to and with '=', or all of it. */
static size_t shown_of_flag(const char *arg, size_t len)
{
	const char *equals = memchr(arg, '=', len);
	size_t name_len = equals ? (size_t)(equals - arg) + 1 : len;

	for (size_t i = 0; i < name_len; i++) {
		if (!isalnum((unsigned char)arg[i]) && !strchr("-_+:=.", arg[i]))
			return 0;
	}
	if (!equals || is_amount(arg + name_len, len - name_len))
		return len;
	return name_len;
}

/* Consecutive hidden arguments become one "...". */
static void add_safe_argument(struct line *line, const char *arg, size_t len, bool *hidden)
{
	size_t shown = is_memory_flag(arg, len) ? shown_of_flag(arg, len) : 0;

	if (!shown) {
		if (!*hidden)
			add_word(line, "...", 3);
		*hidden = true;
		return;
	}
	*hidden = false;
	add_word(line, arg, shown);
	if (shown < len)
		add_bytes(line, "...", 3);
}

void proc_describe_cmdline(const char *cmdline, size_t len, bool full, char *out, size_t size)
{
	struct line line = { .out = out, .size = size };
	bool hidden = false;

	if (!size)
		return;
	out[0] = '\0';
	for (size_t pos = 0; pos < len;) {
		const char *arg = cmdline + pos;
		size_t arg_len = strnlen(arg, len - pos);
		const char *blank = memchr(arg, ' ', arg_len);

		if (full) {
			add_word(&line, arg, arg_len);
		} else if (pos) {
			add_safe_argument(&line, arg, arg_len, &hidden);
		} else {
			/* A program that rewrote its title has all of it in argv[0]. */
			add_word(&line, arg, blank ? (size_t)(blank - arg) : arg_len);
			if (blank)
				add_word(&line, "...", 3);
			hidden = blank;
		}
		pos += arg_len + 1;
	}
}
