/* SPDX-License-Identifier: Apache-2.0 */
#include "child/budget.h"

#include <string.h>

#include "base/cleanup.h"

#define JITTER_MAX_USEC (UINT64_C(1) << 47)

void budget_begin_life(struct budget *b, uint64_t now_wall_usec, bool previous_oom)
{
	if (previous_oom)
		b->last_end = END_OOM;
	else if (b->in_life) /* nobody wrote down how it ended */
		b->last_end = END_KILLED;
	if (previous_oom)
		b->safe_bytes = 0;
	b->disarmed = b->disarm_next && !previous_oom;
	b->disarm_next = false;
	b->life_start_wall_usec = now_wall_usec;
	b->in_life = true;
}

/* A wall clock can step: what lies ahead by more than the period is as far away as what lies
 * behind. */
static unsigned count_recent(const struct budget *b, uint64_t now_wall_usec, uint64_t per_usec)
{
	unsigned n = 0;

	for (unsigned i = 0; i < b->n_times; i++) {
		uint64_t t = b->times_wall_usec[i];

		n += (t <= now_wall_usec ? now_wall_usec - t : t - now_wall_usec) < per_usec;
	}
	return n;
}

uint32_t budget_left(const struct budget *b, const struct conf *conf, uint64_t now_wall_usec)
{
	uint32_t max = MIN_OF(conf->restart.max, (uint32_t)BUDGET_TIMES_MAX);
	uint32_t used = count_recent(b, now_wall_usec, conf->restart.per_usec);

	return max - MIN_OF(used, max);
}

enum budget_verdict budget_ask(const struct budget *b, const struct conf *conf,
	uint64_t now_wall_usec, uint64_t life_age_usec, bool emergency)
{
	uint32_t max = MIN_OF(conf->restart.max, (uint32_t)BUDGET_TIMES_MAX);

	if (conf->restart.mode == RESTART_NEVER)
		return BUDGET_NO_MODE;
	if (b->disarmed)
		return BUDGET_NO_DISARMED;
	if (count_recent(b, now_wall_usec, conf->restart.per_usec) >= max)
		return BUDGET_NO_USED_UP;
	if (emergency)
		return BUDGET_YES;
	if (life_age_usec < conf->guard.start_grace_usec)
		return BUDGET_NO_GRACE;
	if (!b->remembers && life_age_usec < BUDGET_EARLY_USEC)
		return BUDGET_NO_MEMORY;
	return BUDGET_YES;
}

void budget_spend(struct budget *b, uint64_t now_wall_usec, uint64_t life_age_usec)
{
	if (b->n_times == BUDGET_TIMES_MAX) {
		b->n_times--;
		memmove(b->times_wall_usec, b->times_wall_usec + 1,
			b->n_times * sizeof(b->times_wall_usec[0]));
	}
	b->times_wall_usec[b->n_times++] = now_wall_usec;
	if (life_age_usec < BUDGET_EARLY_USEC)
		b->disarm_next = true;
}

void budget_survived(struct budget *b, uint64_t use_bytes)
{
	if (b->disarmed && use_bytes > b->safe_bytes)
		b->safe_bytes = use_bytes;
}

void budget_end_life(struct budget *b, enum budget_end how)
{
	b->last_end = how;
	b->in_life = false;
}

const char *budget_verdict_text(enum budget_verdict v)
{
	static const char *const texts[] = {
		[BUDGET_YES] = "restart allowed",
		[BUDGET_NO_MODE] = "restart.mode is never",
		[BUDGET_NO_USED_UP] = "restart.max within restart.per is used up",
		[BUDGET_NO_DISARMED] = "the life before was restarted within 10 minutes of its "
				       "start: evidence only in this one; limit too low?",
		[BUDGET_NO_MEMORY] = "no place to remember restarts, and the application is not 10 "
				     "minutes old: left to the emergency level",
		[BUDGET_NO_GRACE] = "within guard.start-grace: left to the emergency level",
	};

	return (unsigned)v < ARRAY_LEN(texts) ? texts[v] : "?";
}

uint64_t budget_backoff_usec(
	const struct budget *b, const struct conf *conf, uint64_t now_wall_usec, uint32_t random)
{
	unsigned n = count_recent(b, now_wall_usec, conf->restart.per_usec);
	uint64_t wait = conf->restart.backoff_min_usec, max = conf->restart.backoff_max_usec;
	uint64_t jitter = MIN_OF(conf->restart.jitter_usec, JITTER_MAX_USEC);

	for (; n > 1 && wait < max; n--)
		wait *= 2;
	return MIN_OF(wait, max) + ((jitter * (random >> 16)) >> 16);
}
