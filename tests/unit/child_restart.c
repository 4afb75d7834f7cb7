/* SPDX-License-Identifier: Apache-2.0 */
/* Every cell under every combination of flags, against a list written from the rules in words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "child/restart.h"

enum { OURS = 1, OUTSIDE = 2, IN_PLACE = 4, PRE_STOP = 8, FLOOR = 16, ALL_FLAGS = 31 };

struct rule {
	enum life_state state;
	enum life_event event;
	unsigned set, clear; /* holds only when these flags are (not) there */
	enum life_state next;
	unsigned effects;
	unsigned adds, removes;
};

#define S(x) LIFE_##x
#define END(s)                                                                                     \
	{ s, EV_ALL_GONE, OURS | IN_PLACE, OUTSIDE, S(BACKOFF), DO_BACKOFF, 0, 0 },                \
		{ s, EV_ALL_GONE, OURS, OUTSIDE, S(OVER), DO_EXIT_OURS, 0, 0 },                    \
		{ s, EV_ALL_GONE, OURS | FLOOR, 0, S(OVER), DO_EXIT_OURS, 0, 0 },                  \
	{                                                                                          \
		s, EV_ALL_GONE, 0, 0, S(OVER), DO_EXIT_CHILD, 0, 0                                 \
	}

/* clang-format off */
/* The first that holds counts; where none does, nothing happens. */
static const struct rule rules[] = {
	/* a restart: pre-stop, else the stop signal at once */
	{ S(RUNNING), EV_RESTART, PRE_STOP, 0, S(PRE_STOP), DO_PRE_STOP, OURS, 0 },
	{ S(RUNNING), EV_RESTART, 0, 0, S(STOPPING), DO_STOP_SIGNAL, OURS, 0 },
	{ S(PRE_STOP), EV_PRE_STOP_DONE, 0, 0, S(STOPPING), DO_STOP_SIGNAL, 0, 0 },
	{ S(PRE_STOP), EV_TIMER, 0, 0, S(STOPPING), DO_STOP_SIGNAL, 0, 0 },
	{ S(STOPPING), EV_TIMER, 0, 0, S(KILLING), DO_KILL, 0, 0 },
	{ S(KILLING), EV_TIMER, 0, 0, S(KILLING), DO_KILL, 0, 0 },

	/* memory is at the floor: now */
	{ S(PRE_STOP), EV_FLOOR, 0, 0, S(KILLING), DO_KILL, FLOOR, 0 },
	{ S(STOPPING), EV_FLOOR, 0, 0, S(KILLING), DO_KILL, FLOOR, 0 },
	{ S(LEFTOVERS), EV_FLOOR, 0, 0, S(SWEEPING), DO_KILL_LEFTOVERS, 0, 0 },

	/* a stop signal from outside is forwarded always and remembered */
	{ S(RUNNING), EV_STOP_SIGNAL, 0, 0, S(RUNNING), DO_FORWARD, OUTSIDE, 0 },
	{ S(PRE_STOP), EV_STOP_SIGNAL, 0, 0, S(STOPPING), DO_FORWARD, OUTSIDE, 0 },
	{ S(STOPPING), EV_STOP_SIGNAL, 0, 0, S(STOPPING), DO_FORWARD, OUTSIDE, 0 },
	{ S(KILLING), EV_STOP_SIGNAL, 0, 0, S(KILLING), DO_FORWARD, OUTSIDE, 0 },
	{ S(LEFTOVERS), EV_STOP_SIGNAL, 0, 0, S(LEFTOVERS), DO_FORWARD, OUTSIDE, 0 },
	{ S(SWEEPING), EV_STOP_SIGNAL, 0, 0, S(SWEEPING), DO_FORWARD, OUTSIDE, 0 },
	{ S(BACKOFF), EV_STOP_SIGNAL, 0, 0, S(OVER), DO_EXIT_CHILD, OUTSIDE, 0 },

	/* the end of the main process: what it leaves gets TERM and time, after a kill neither */
	{ S(RUNNING), EV_CHILD_EXIT, 0, 0, S(LEFTOVERS), DO_TERM_LEFTOVERS, 0, 0 },
	{ S(PRE_STOP), EV_CHILD_EXIT, 0, 0, S(LEFTOVERS), DO_TERM_LEFTOVERS, 0, 0 },
	{ S(STOPPING), EV_CHILD_EXIT, 0, 0, S(LEFTOVERS), DO_TERM_LEFTOVERS, 0, 0 },
	{ S(KILLING), EV_CHILD_EXIT, 0, 0, S(SWEEPING), DO_KILL_LEFTOVERS, 0, 0 },
	{ S(LEFTOVERS), EV_TIMER, 0, 0, S(SWEEPING), DO_KILL_LEFTOVERS, 0, 0 },

	/* what SIGKILL cannot end holds up a new start, not an exit */
	{ S(SWEEPING), EV_TIMER, OURS | IN_PLACE, OUTSIDE, S(SWEEPING), DO_KILL_LEFTOVERS, 0, 0 },
	{ S(SWEEPING), EV_TIMER, OURS, OUTSIDE, S(OVER), DO_EXIT_OURS, 0, 0 },
	{ S(SWEEPING), EV_TIMER, OURS | FLOOR, 0, S(OVER), DO_EXIT_OURS, 0, 0 },
	{ S(SWEEPING), EV_TIMER, 0, 0, S(OVER), DO_EXIT_CHILD, 0, 0 },

	END(S(KILLING)), END(S(LEFTOVERS)), END(S(SWEEPING)),

	{ S(BACKOFF), EV_TIMER, 0, 0, S(RUNNING), DO_START, 0, OURS | FLOOR },
};
/* clang-format on */

static struct life make_life(enum life_state state, unsigned flags)
{
	return (struct life){
		.state = state,
		.ours = flags & OURS,
		.outside = flags & OUTSIDE,
		.in_place = flags & IN_PLACE,
		.has_pre_stop = flags & PRE_STOP,
		.at_floor = flags & FLOOR,
	};
}

static unsigned flags_of(const struct life *l)
{
	return (l->ours ? OURS : 0u) | (l->outside ? OUTSIDE : 0u) | (l->in_place ? IN_PLACE : 0u) |
	       (l->has_pre_stop ? PRE_STOP : 0u) | (l->at_floor ? FLOOR : 0u);
}

static struct rule expect(enum life_state state, enum life_event event, unsigned flags)
{
	for (unsigned i = 0; i < ARRAY_LEN(rules); i++) {
		const struct rule *r = &rules[i];

		if (r->state == state && r->event == event && (flags & r->set) == r->set &&
			!(flags & r->clear))
			return *r;
	}
	return (struct rule){ .next = state };
}

static void every_cell_does_what_the_rules_say(void **state)
{
	(void)state;
	for (unsigned s = 0; s < LIFE_STATES; s++) {
		for (unsigned e = 0; e < LIFE_EVENTS; e++) {
			for (unsigned flags = 0; flags <= ALL_FLAGS; flags++) {
				struct rule want = expect(s, e, flags);
				struct life l = make_life(s, flags);
				unsigned effects = life_step(&l, e);
				unsigned want_flags = (flags | want.adds) & ~want.removes;

				if (effects != want.effects || l.state != want.next ||
					flags_of(&l) != want_flags)
					print_error("%s, %s, flags %u\n", life_state_name(s),
						life_event_name(e), flags);
				assert_int_equal(effects, want.effects);
				assert_string_equal(
					life_state_name(l.state), life_state_name(want.next));
				assert_int_equal(flags_of(&l), want_flags);
			}
		}
	}
}

/* xorshift32: the same walks on every machine */
static uint32_t next_random(uint32_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 17;
	*x ^= *x << 5;
	return *x;
}

static void random_walks_keep_the_promises(void **state)
{
	const unsigned exits = DO_EXIT_OURS | DO_EXIT_CHILD;
	uint32_t x = 20261125;

	(void)state;
	for (unsigned walk = 0; walk < 1000; walk++) {
		struct life l = make_life(LIFE_RUNNING, next_random(&x) & (IN_PLACE | PRE_STOP));
		unsigned n_exits = 0;

		for (unsigned i = 0; i < 100; i++) {
			bool was_over = l.state == LIFE_OVER, was_outside = l.outside;
			unsigned effects = life_step(&l, next_random(&x) % LIFE_EVENTS);

			n_exits += (effects & exits) != 0;
			assert_int_not_equal(effects & exits, exits);
			assert_int_equal((effects & exits) != 0, !was_over && l.state == LIFE_OVER);
			if (was_over)
				assert_int_equal(effects, DO_NOTHING);
			if (was_outside || !l.in_place)
				assert_int_equal(effects & (DO_START | DO_BACKOFF), 0);
			if (was_outside)
				assert_true(l.outside);
		}
		assert_int_equal(n_exits, l.state == LIFE_OVER);
	}
}

static unsigned walk(struct life *l, const enum life_event *events, unsigned n)
{
	unsigned effects = 0;

	for (unsigned i = 0; i < n; i++)
		effects = life_step(l, events[i]);
	return effects;
}

static void stories_end_as_told(void **state)
{
	static const struct {
		const char *name;
		unsigned flags;
		enum life_event events[8];
		unsigned n, last;
	} stories[] = {
		{ "ends by itself", IN_PLACE, { EV_CHILD_EXIT, EV_ALL_GONE }, 2, DO_EXIT_CHILD },
		{ "restart", 0, { EV_RESTART, EV_CHILD_EXIT, EV_ALL_GONE }, 3, DO_EXIT_OURS },
		{ "in place, then by itself", IN_PLACE,
			{ EV_RESTART, EV_CHILD_EXIT, EV_ALL_GONE, EV_TIMER, EV_CHILD_EXIT,
				EV_ALL_GONE },
			6, DO_EXIT_CHILD },
		{ "TERM wins over a restart", IN_PLACE,
			{ EV_RESTART, EV_STOP_SIGNAL, EV_CHILD_EXIT, EV_ALL_GONE }, 4,
			DO_EXIT_CHILD },
		{ "TERM, then the floor", IN_PLACE,
			{ EV_RESTART, EV_STOP_SIGNAL, EV_FLOOR, EV_CHILD_EXIT, EV_ALL_GONE }, 5,
			DO_EXIT_OURS },
		{ "ignores TERM", 0, { EV_RESTART, EV_TIMER, EV_CHILD_EXIT, EV_ALL_GONE }, 4,
			DO_EXIT_OURS },
		{ "TERM in back-off", IN_PLACE,
			{ EV_RESTART, EV_CHILD_EXIT, EV_ALL_GONE, EV_STOP_SIGNAL }, 4,
			DO_EXIT_CHILD },
		{ "TERM, then a restart is asked for", IN_PLACE,
			{ EV_STOP_SIGNAL, EV_RESTART, EV_CHILD_EXIT, EV_ALL_GONE }, 4,
			DO_EXIT_CHILD },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(stories); i++) {
		struct life l = make_life(LIFE_RUNNING, stories[i].flags);
		unsigned last = walk(&l, stories[i].events, stories[i].n);

		if (last != stories[i].last)
			print_error("story: %s\n", stories[i].name);
		assert_int_equal(last, stories[i].last);
		assert_string_equal(life_state_name(l.state), "over");
	}
}

static void every_name_is_there(void **state)
{
	(void)state;
	for (unsigned s = 0; s < LIFE_STATES; s++)
		assert_non_null(life_state_name(s));
	for (unsigned e = 0; e < LIFE_EVENTS; e++)
		assert_non_null(life_event_name(e));
	assert_string_equal(life_state_name(LIFE_BACKOFF), "back-off");
	assert_string_equal(life_event_name(EV_ALL_GONE), "all gone");
	assert_string_equal(life_state_name(LIFE_STATES), "?");
	assert_string_equal(life_event_name(LIFE_EVENTS), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cell_does_what_the_rules_say),
		cmocka_unit_test(random_walks_keep_the_promises),
		cmocka_unit_test(stories_end_as_told),
		cmocka_unit_test(every_name_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
