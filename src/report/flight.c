/* SPDX-License-Identifier: Apache-2.0 */
/* The guard's side of the flight recorder, and what both sides agree on. */
#include "report/flight.h"

#include <string.h>
#include <sys/mman.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "report/flight_format.h"
#include "report/flight_shared.h"

struct flight *flight_map(void)
{
	void *p = mmap(NULL, sizeof(struct flight), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

/*
 * The number is stored last: a reader that sees it sees the whole. A reader that was overtaken
 * while it copied sees that by the number having moved on.
 */
void flight_put_sample(struct flight *f, const struct flight_sample *s, bool urgent)
{
	uint32_t n;

	if (!f)
		return;
	n = f->n_samples;
	f->samples[n % FLIGHT_SHARED_SAMPLES] = *s;
	f->urgent = urgent;
	__atomic_store_n(&f->n_samples, n + 1, __ATOMIC_RELEASE);
}

void flight_put_event(struct flight *f, enum flight_kind kind, int32_t value, const char *text)
{
	struct flight_event *e;
	uint32_t n;

	if (!f)
		return;
	n = f->n_events;
	e = &f->events[n % FLIGHT_SHARED_EVENTS];
	memset(e, 0, sizeof(*e));
	e->wall_usec = clock_wall_usec();
	e->kind = kind;
	e->value = value;
	buf_copy(e->text, sizeof(e->text), text ? text : "");
	__atomic_store_n(&f->n_events, n + 1, __ATOMIC_RELEASE);
}

void flight_put_life(struct flight *f, const struct flight_life *life)
{
	uint32_t n;

	if (!f)
		return;
	n = f->n_lives;
	f->life[n % 2] = *life; /* the other half stays whole meanwhile */
	__atomic_store_n(&f->n_lives, n + 1, __ATOMIC_RELEASE);
}

void flight_put_live(struct flight *f, const void *live, uint32_t size)
{
	struct flight_live *l;
	uint32_t n;

	if (!f)
		return;
	n = f->n_live;
	l = &f->live[n % 2];
	l->wall_usec = clock_wall_usec();
	l->size = MIN_OF(size, (uint32_t)FLIGHT_LIVE_MAX);
	memcpy(l->bytes, live, l->size);
	__atomic_store_n(&f->n_live, n + 1, __ATOMIC_RELEASE);
}

bool flight_put_note(struct flight *f, enum flight_note note, const char *text, size_t len)
{
	uint32_t n;

	if (!f || len >= FLIGHT_NOTE_MAX)
		return false;
	n = f->n_notes[note];
	memcpy(f->notes[note][n % 2], text, len);
	f->notes[note][n % 2][len] = '\0';
	__atomic_store_n(&f->n_notes[note], n + 1, __ATOMIC_RELEASE);
	return true;
}

/* Copied, because it is written to a disk that may stall while the guard goes on. */
size_t flight_take_note(
	const struct flight *f, enum flight_note note, uint32_t *taken, char out[FLIGHT_NOTE_MAX])
{
	uint32_t n, after = f ? __atomic_load_n(&f->n_notes[note], __ATOMIC_ACQUIRE) : 0;

	if (after == *taken)
		return 0;
	do {
		n = after;
		buf_copy(out, FLIGHT_NOTE_MAX, f->notes[note][(n - 1) % 2]);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		after = __atomic_load_n(&f->n_notes[note], __ATOMIC_ACQUIRE);
	} while (after != n);
	*taken = n;
	return strnlen(out, FLIGHT_NOTE_MAX);
}

void flight_put_words(struct flight *f, const char *text)
{
	uint32_t n;

	if (!f)
		return;
	n = f->n_words;
	buf_copy(f->words[n % 2], sizeof(f->words[0]), text);
	__atomic_store_n(&f->n_words, n + 1, __ATOMIC_RELEASE);
}

const char *flight_take_words(const struct flight *f, uint32_t *taken)
{
	uint32_t n = f ? __atomic_load_n(&f->n_words, __ATOMIC_ACQUIRE) : 0;

	if (n == *taken)
		return NULL;
	*taken = n;
	return f->words[(n - 1) % 2];
}

bool flight_is_urgent(const struct flight *f)
{
	return f && f->urgent;
}

static const struct {
	const char *name, *words;
} ends[FLIGHT_ENDS] = {
	[FLIGHT_END_UNKNOWN] = { "unknown", "its end is not known" },
	[FLIGHT_END_RUNNING] = { "running", "it is running" },
	[FLIGHT_END_CLEAN] = { "clean", "it ended by itself or was told to" },
	[FLIGHT_END_GUARDED] = { "guarded-restart", "the guard restarted it" },
	[FLIGHT_END_OOM] = { "kernel-oom", "the kernel's OOM killer ended it" },
	[FLIGHT_END_OOM_GROUP] = { "kernel-oom-group",
		"it was cut off near the limit: the kernel's OOM killer, guard and all" },
	[FLIGHT_END_KILLED] = { "external-kill",
		"it was cut off far from its limit: SIGKILL from outside, or the node was full" },
	[FLIGHT_END_CRASH] = { "crash", "it died of a signal" },
	[FLIGHT_END_REBOOT] = { "reboot", "the machine was started anew" },
};

const char *flight_end_name(enum flight_end end)
{
	return (unsigned)end < FLIGHT_ENDS ? ends[end].name : "unknown";
}

const char *flight_end_words(enum flight_end end)
{
	return (unsigned)end < FLIGHT_ENDS ? ends[end].words : "?";
}

const char *flight_kind_name(enum flight_kind kind)
{
	static const char *const names[FLIGHT_KINDS] = {
		[FLIGHT_START] = "start",
		[FLIGHT_LEVEL] = "level",
		[FLIGHT_ACTION] = "action",
		[FLIGHT_RESTART] = "restart",
		[FLIGHT_SIGNAL] = "signal",
		[FLIGHT_EXIT] = "exit",
		[FLIGHT_OOM] = "oom",
		[FLIGHT_END] = "end",
	};

	return (unsigned)kind < FLIGHT_KINDS ? names[kind] : "unknown";
}
