/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <jansson.h>

#include "base/cleanup.h"
#include "dump/python.h"

/* Names are the application's and go to a terminal: printable, cut. */
static void put_name(struct buf *out, const char *name)
{
	for (unsigned i = 0; name && name[i] && i < 200; i++)
		buf_printf(out, "%c", name[i] >= ' ' && name[i] < 127 ? name[i] : '?');
}

static void put_type(struct buf *out, const json_t *row)
{
	put_name(out, json_string_value(json_object_get(row, "type")));
}

static void put_line(struct buf *out, const json_t *row)
{
	put_name(out, json_string_value(json_object_get(row, "file")));
	buf_printf(out, ":%lld", (long long)json_integer_value(json_object_get(row, "line")));
}

static const struct table {
	const char *key, *title, *column;
	void (*put)(struct buf *out, const json_t *row);
} tables[] = {
	{ "types", "objects by type", "type", put_type },
	{ "lines", "memory by the line that allocated it", "line", put_line },
};

static void print_table(const struct table *table, const json_t *rows, struct buf *out)
{
	size_t i;
	json_t *row;

	buf_printf(out, "%s%s\n%14s %10s  %s\n", out->len ? "\n" : "", table->title, "bytes",
		"count", table->column);
	json_array_foreach(rows, i, row)
	{
		buf_printf(out, "%14lld %10lld  ",
			(long long)json_integer_value(json_object_get(row, "bytes")),
			(long long)json_integer_value(json_object_get(row, "count")));
		table->put(out, row);
		buf_puts(out, "\n");
	}
}

int python_print_tables(const char *json, struct buf *out)
{
	json_t *root = json_loads(json, 0, NULL);
	unsigned n = 0;

	for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
		const json_t *rows = json_object_get(root, tables[i].key);

		if (!json_is_array(rows))
			continue;
		print_table(&tables[i], rows, out);
		n++;
	}
	json_decref(root);
	return n ? 0 : -EBADMSG;
}
