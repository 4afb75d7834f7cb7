/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "conf/conf.h"
#include "conf/keys.h"
#include "conf/types.h"

#define PRINT_MAX (UINT32_C(64) << 10)

static const char head[] =
	"; oomguard: every setting with its meaning. Nothing here is required: what is left out "
	"has\n"
	"; its default. Each is also an environment variable, OOMGUARD_SECTION_KEY (hyphens as\n"
	"; underscores), and an option, -s SECTION.KEY=VALUE. Option > environment > file > "
	"default.\n"
	"; Keys begin in the first column; a line has at most 198 bytes; ; begins a comment.\n";

static void print_key(const struct conf_key *key, const void *base, bool with_help, struct buf *out)
{
	const struct conf_type *type = conf_type_get(key->type);
	char text[CONF_VALUE_MAX + 1];
	struct buf value = BUF_ON(text);

	buf_reset(&value);
	if (with_help)
		buf_printf(out, "\n; %s\n; allowed: %s\n", key->help, key->allowed);
	type->print(type, (const char *)base + key->offset, &value);
	buf_printf(out, "%s =%s%s\n", key->name, value.len ? " " : "", text);
}

/* The first level explains the keys for all. */
static void print_levels(const struct conf *conf, struct buf *out)
{
	const struct conf_key *keys;
	unsigned n;

	keys = conf_level_keys(&n);
	for (unsigned i = 0; i < conf->n_levels; i++) {
		buf_printf(out, "\n[level %s]\n", conf->levels[i].name);
		for (unsigned k = 0; k < n; k++)
			print_key(&keys[k], &conf->levels[i], i == 0, out);
	}
}

static void print_all(const struct conf *conf, struct buf *out)
{
	const struct conf_key *keys;
	const char *section = "";
	unsigned n;

	keys = conf_keys(&n);
	buf_puts(out, head);
	for (unsigned i = 0; i < n; i++) {
		if (strcmp(section, keys[i].section)) {
			if (!strcmp(section, "child"))
				print_levels(conf, out);
			section = keys[i].section;
			buf_printf(out, "\n[%s]\n", section);
		}
		print_key(&keys[i], conf, true, out);
	}
}

int conf_print(const struct conf *conf, int fd)
{
	auto_free char *data = malloc(PRINT_MAX);
	struct buf out = { .data = data, .size = PRINT_MAX };

	if (!data)
		return -ENOMEM;
	buf_reset(&out);
	print_all(conf, &out);
	if (out.truncated)
		return -EFBIG;
	return file_write_all(fd, out.data, out.len);
}
