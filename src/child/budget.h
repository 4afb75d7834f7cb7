/* SPDX-License-Identifier: Apache-2.0 */
/*
 * May we restart? Guarded restarts are counted across lives in a small text file in the state
 * directory. Pure decisions on a struct; budget_load/save do the file.
 */
#ifndef OOMGUARD_CHILD_BUDGET_H
#define OOMGUARD_CHILD_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#include "conf/conf.h"

#define BUDGET_TIMES_MAX 32
#define BUDGET_TEXT_MAX	 2048
#define BUDGET_FILE	 "budget"
/* A restart this soon after the start disarms the next life. */
#define BUDGET_EARLY_USEC (UINT64_C(1000000) * 60 * 10)

enum budget_end { END_UNKNOWN, END_CLEAN, END_GUARDED, END_OOM, END_KILLED };

struct budget {
	bool remembers; /* there is a place to remember */
	/* guarded restarts, oldest first */
	uint64_t times_wall_usec[BUDGET_TIMES_MAX];
	unsigned n_times;
	bool disarmed;	     /* this life: evidence only, the emergency level included */
	bool disarm_next;    /* a guarded restart came early in this life */
	uint64_t safe_bytes; /* a life that was disarmed survived this much; 0: none */
	enum budget_end last_end;
	uint64_t life_start_wall_usec;
	bool in_life; /* set at start, cleared at an orderly end: tells an unclean end */
};

enum budget_verdict {
	BUDGET_YES,
	BUDGET_NO_MODE,	    /* restart.mode = never */
	BUDGET_NO_USED_UP,  /* max in per */
	BUDGET_NO_DISARMED, /* the life before was restarted within 10 minutes of its start */
	BUDGET_NO_MEMORY,   /* no place to remember, not 10 minutes old: only the emergency level */
	BUDGET_NO_GRACE,    /* start-grace: only the emergency level */
};

/*
 * At start, and at each start in place: takes over what the last life left. previous_oom: the
 * kernel killed it (as far as known); then the danger was real: armed, and no level is called safe.
 */
void budget_begin_life(struct budget *b, uint64_t now_wall_usec, bool previous_oom);

enum budget_verdict budget_ask(const struct budget *b, const struct conf *conf,
	uint64_t now_wall_usec, uint64_t life_age_usec, bool emergency);
/* How many restarts max in per still allows. */
uint32_t budget_left(const struct budget *b, const struct conf *conf, uint64_t now_wall_usec);
/* Counts a guarded restart now; one within BUDGET_EARLY_USEC of the start disarms the next life. */
void budget_spend(struct budget *b, uint64_t now_wall_usec, uint64_t life_age_usec);
/* A disarmed life that lived through `use_bytes`: remembered as safe. */
void budget_survived(struct budget *b, uint64_t use_bytes);
void budget_end_life(struct budget *b, enum budget_end how);

const char *budget_verdict_text(enum budget_verdict v);

/* Next back-off: min doubled per restart of the period, up to max; plus a part of jitter. */
uint64_t budget_backoff_usec(
	const struct budget *b, const struct conf *conf, uint64_t now_wall_usec, uint32_t random);

/*
 * Text of key=value lines, "version=1" first, "checksum=" (FNV-1a of all before it) last. Unknown
 * keys in between are skipped. `remembers` is not stored: a loaded budget has it set.
 * budget_parse: 0 or -EBADMSG. budget_print: the length or -ENOSPC.
 * budget_load: a missing file is a fresh budget (0). A torn or foreign one is renamed to
 * budget.bad: -EBADMSG, and *ret is a fresh budget. Other -errno: there is no place to remember,
 * *ret untouched.
 *
 * budget_save: whole or not at all, synced; the caller clears `remembers` when it fails.
 */
int budget_parse(const char *text, struct budget *ret);
int budget_print(const struct budget *b, char *out, unsigned size);
int budget_load(int state_dirfd, struct budget *ret);
int budget_save(int state_dirfd, const struct budget *b);

#endif
