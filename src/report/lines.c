/* SPDX-License-Identifier: Apache-2.0 */
#include "report/lines.h"

#include <string.h>

#include "base/cleanup.h"

void lines_init(struct lines *l, lines_taker take, void *arg)
{
	l->take = take;
	l->arg = arg;
	l->len = 0;
	l->overlong = false;
}

/* Colours of a terminal, "ESC [ 1;31 m", stand between the words that matter. */
static void drop_colours(struct lines *l)
{
	size_t to = 0, end;

	for (size_t from = 0; from < l->len; from++) {
		if (l->text[from] == '\033' && from + 1 < l->len && l->text[from + 1] == '[') {
			for (end = from + 2; end < l->len && strchr("0123456789;", l->text[end]);)
				end++;
			if (end < l->len && (l->text[end] == 'm' || l->text[end] == 'K')) {
				from = end;
				continue;
			}
		}
		l->text[to++] = l->text[from];
	}
	l->len = to;
}

static void end_line(struct lines *l)
{
	char *nul;

	if (memchr(l->text, '\033', l->len))
		drop_colours(l);
	while (l->len && l->text[l->len - 1] == '\r')
		l->len--;
	l->text[l->len] = '\0';
	while ((nul = memchr(l->text, '\0', l->len)) != NULL)
		*nul = '?';
	l->take(l->text, l->len, l->arg);
	l->len = 0;
	l->overlong = false;
}

void lines_feed(struct lines *l, const char *bytes, size_t len)
{
	const char *newline;
	size_t part, fits;

	while (len) {
		newline = memchr(bytes, '\n', len);
		part = newline ? (size_t)(newline - bytes) : len;
		fits = MIN_OF(part, sizeof(l->text) - 1 - l->len);
		memcpy(l->text + l->len, bytes, fits);
		l->len += fits;
		l->overlong |= fits < part;
		if (!newline)
			return;
		end_line(l);
		bytes += part + 1;
		len -= part + 1;
	}
}

void lines_end(struct lines *l)
{
	if (l->len || l->overlong)
		end_line(l);
}
