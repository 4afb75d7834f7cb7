/* SPDX-License-Identifier: Apache-2.0 */
#include "store/learned.h"

#include <ctype.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/units.h"
#include "store/beneath.h"

#define NAME	   "dumps"
#define TEXT_MAX   (24 * 1024)
#define CLOCK_USEC (60 * USEC_PER_SEC) /* two clocks may differ by that */

/* kind comm pid start wall use rss file took pause headroom name */
#define PRINT_LINE                                                                                 \
	"%s %s %d %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64            \
	" %" PRIu64 " %" PRIu64 " %s\n"
#define SCAN_LINE                                                                                  \
	"%23s %23s %d %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64        \
	" %" SCNu64 " %" SCNu64 " %191s %n"
#define FIELDS	  12
#define ELSEWHERE "-"

static bool parse_line(const char *line, struct learned *ret)
{
	struct learned e = { .pid = 0 };
	int end = 0;

	if (sscanf(line, SCAN_LINE, e.kind, e.comm, &e.pid, &e.start_ticks, &e.wall_usec,
		    &e.use_bytes, &e.rss_bytes, &e.file_bytes, &e.took_usec, &e.pause_usec,
		    &e.headroom_bytes, e.file, &end) != FIELDS ||
		end == 0 || line[end] != '\0')
		return false;
	if (!strcmp(e.file, ELSEWHERE))
		e.file[0] = '\0';
	else if (strncmp(e.file, "incidents/", strlen("incidents/")) != 0)
		return false;
	*ret = e;
	return true;
}

int learned_load(int state_dirfd, struct learned_book *ret)
{
	auto_close int fd = beneath_open(state_dirfd, NAME, O_RDONLY | O_NONBLOCK, 0);
	char text[TEXT_MAX], *saved = NULL;
	ssize_t n;

	if (fd < 0 && fd != -ENOENT)
		return fd;
	ret->n = 0;
	n = fd < 0 ? 0 : file_pread_text(fd, text, sizeof(text));
	if (n <= 0)
		return n == -EFBIG ? 0 : (int)n;
	for (char *line = strtok_r(text, "\n", &saved); line && ret->n < LEARNED_MAX;
		line = strtok_r(NULL, "\n", &saved))
		if (parse_line(line, &ret->all[ret->n]))
			ret->n++;
	return 0;
}

int learned_save(int state_dirfd, const struct learned_book *book)
{
	char text[TEXT_MAX];
	struct buf b = BUF_ON(text);

	buf_reset(&b);
	for (unsigned i = 0; i < book->n; i++) {
		const struct learned *e = &book->all[i];

		buf_printf(&b, PRINT_LINE, e->kind, e->comm, (int)e->pid, e->start_ticks,
			e->wall_usec, e->use_bytes, e->rss_bytes, e->file_bytes, e->took_usec,
			e->pause_usec, e->headroom_bytes, e->file[0] ? e->file : ELSEWHERE);
	}
	return b.truncated ? -ENOSPC : file_write_whole(state_dirfd, NAME, text, b.len, true);
}

static void drop(struct learned_book *book, unsigned i)
{
	book->n--;
	memmove(&book->all[i], &book->all[i + 1], (book->n - i) * sizeof(book->all[0]));
}

void learned_put(struct learned_book *book, const struct learned *entry)
{
	for (unsigned i = book->n; i-- > 0;)
		if (book->all[i].pid == entry->pid && !strcmp(book->all[i].kind, entry->kind) &&
			!strcmp(book->all[i].comm, entry->comm))
			drop(book, i);
	if (book->n == LEARNED_MAX)
		drop(book, 0);
	book->all[book->n++] = *entry;
}

static void set_word(char out[LEARNED_WORD_MAX], const char *text)
{
	buf_copy(out, LEARNED_WORD_MAX, text[0] ? text : "_");
	for (char *c = out; *c; c++)
		if (!isgraph((unsigned char)*c))
			*c = '_';
}

void learned_set_words(struct learned *entry, const char *kind, const char *comm)
{
	set_word(entry->kind, kind);
	set_word(entry->comm, comm);
}

const struct learned *learned_find(
	const struct learned_book *book, const char *kind, const char *comm)
{
	char name[LEARNED_WORD_MAX];

	set_word(name, comm ? comm : "");
	for (unsigned i = book->n; i-- > 0;)
		if ((!kind || !strcmp(book->all[i].kind, kind)) &&
			(!comm || !strcmp(book->all[i].comm, name)))
			return &book->all[i];
	return NULL;
}

const struct learned *learned_cools(const struct learned_book *book, const struct conf *conf,
	const char *comm, uint64_t now_wall_usec, uint64_t use_bytes, const char *incident)
{
	const struct learned *last = NULL;
	uint64_t mark = 0;
	char name[LEARNED_WORD_MAX];
	size_t len = strlen(incident);

	set_word(name, comm);
	for (unsigned i = 0; i < book->n; i++) {
		const struct learned *e = &book->all[i];

		if (strcmp(e->comm, name) != 0 || e->wall_usec > now_wall_usec + CLOCK_USEC ||
			e->wall_usec + conf->dump.cooldown_usec <= now_wall_usec)
			continue;
		if (len && !strncmp(e->file, incident, len) && e->file[len] == '/')
			return NULL;
		last = e;
		mark = MAX_OF(mark, e->use_bytes);
	}
	if (!last || use_bytes > mark + units_of_share(mark, LEARNED_HIGHER_BP))
		return NULL;
	return last;
}

static uint64_t scaled(uint64_t usec, uint64_t was_bytes, uint64_t now_bytes)
{
	if (!was_bytes || now_bytes <= was_bytes)
		return usec;
	return (uint64_t)((double)usec * (double)now_bytes / (double)was_bytes);
}

uint64_t learned_expect_usec(const struct learned_book *book, uint64_t use_bytes)
{
	uint64_t longest = 0;

	for (unsigned i = 0; i < book->n; i++) {
		const struct learned *e = &book->all[i];

		if (learned_find(book, e->kind, e->comm) == e)
			longest = MAX_OF(longest, scaled(e->took_usec, e->use_bytes, use_bytes));
	}
	return longest;
}
