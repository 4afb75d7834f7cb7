/* SPDX-License-Identifier: Apache-2.0 */
#include "report/kernlog_line.h"

#include <ctype.h>
#include <string.h>

void kernlog_set_number(struct kernlog_facts *f, enum kernlog_number n, int64_t value)
{
	f->told[n] = true;
	f->number[n] = value;
}

void kernlog_set_text(struct kernlog_facts *f, enum kernlog_text t, const char *from, size_t len)
{
	while (len && isspace((unsigned char)from[len - 1]))
		len--;
	if (len >= KERNLOG_TEXT_MAX)
		return;
	memcpy(f->text[t], from, len);
	f->text[t][len] = '\0';
}

void kernlog_fill_number(
	struct kernlog_facts *to, const struct kernlog_facts *from, enum kernlog_number n)
{
	if (!to->told[n] && from->told[n])
		kernlog_set_number(to, n, from->number[n]);
}

void kernlog_fill_text(
	struct kernlog_facts *to, const struct kernlog_facts *from, enum kernlog_text t)
{
	if (!to->text[t][0])
		memcpy(to->text[t], from->text[t], strlen(from->text[t]) + 1);
}

void kernlog_fill(struct kernlog_facts *to, const struct kernlog_facts *from)
{
	if (to->scope == KERNLOG_SCOPE_UNTOLD)
		to->scope = from->scope;
	for (unsigned n = 0; n < KERNLOG_N_NUMBERS; n++)
		kernlog_fill_number(to, from, n);
	for (unsigned t = 0; t < KERNLOG_N_TEXTS; t++)
		kernlog_fill_text(to, from, t);
}
