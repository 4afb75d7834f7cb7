/* SPDX-License-Identifier: Apache-2.0 */
/* The line that says why a level has fired and what comes now. */
#include "base/buf.h"
#include "base/log.h"
#include "base/units.h"
#include "guard.h"
#include "proc/proc.h"

static void describe_target(const struct guard *g, struct buf *b)
{
	struct proc_stat st;

	if (g->procfd >= 0 && g->keeper.tree.n == 1 &&
		proc_read_stat(g->procfd, g->keeper.child, &st) == 0)
		buf_printf(b, "pid %d (%s)", (int)g->keeper.child, st.comm);
	else
		buf_puts(b, "the largest process");
}

/* The level's name in front: in the recorder the reason stands alone. */
static const char *line_of_event(const struct conf_level *level, const char *reason)
{
	static char text[FLIGHT_TEXT_MAX];
	struct buf b = BUF_ON(text);

	buf_reset(&b);
	buf_printf(&b, "%s: %s", level->name, reason);
	return text;
}

/* "dump level: 88% of 256MiB ...; snapshot, heap dump asked from pid 7 (python3)" */
void headline_say(struct guard *g, unsigned index)
{
	const struct conf_level *level = lists_level(g, index);
	char line[GUARD_LINE_MAX];
	struct buf b = BUF_ON(line);

	buf_reset(&b);
	guard_scan(g);
	for (unsigned i = 0; i < level->n_actions; i++) {
		enum conf_action a = level->actions[i];

		if (a == ACTION_LOG || action_row(a)->kind == ACT_NOT_BUILT ||
			(a == ACTION_DRAIN && !g->http))
			continue;
		buf_puts(&b, b.len ? ", " : "; ");
		if (a == ACTION_HEAP_DUMP && g->conf->dump.kind != DUMP_NONE) {
			buf_puts(&b, "heap dump asked from ");
			describe_target(g, &b);
		} else {
			buf_puts(&b, conf_action_name(a));
		}
	}
	log_notice("%s level: %s%s", level->name, g->lists.reason[index], line);
	record_event(g, FLIGHT_LEVEL, (int)index, line_of_event(level, g->lists.reason[index]));
}

void headline_killed(struct guard *g)
{
	const struct flight_life *life = &g->recorder.life;
	char text[GUARD_LINE_MAX];
	struct buf b = BUF_ON(text);

	vitals_end(g);
	/* Not what is seen now: the kernel has freed it already. */
	buf_reset(&b);
	buf_printf(
		&b, "the kernel's OOM killer ended the application (pid %d)", (int)g->keeper.child);
	if (life->peak_use_bytes)
		buf_printf(&b, "; peak seen: %s of %s, %s",
			units_human_bytes(life->peak_use_bytes).s,
			units_human_bytes(life->limit_bytes).s,
			life->levels ? "levels had fired (see above)"
				     : "no level had fired: faster than the looks");
	log_error("%s", text);
	record_event(g, FLIGHT_OOM, (int)g->keeper.child, text);
	reporter_note_death(g, &g->recorder.life, FLIGHT_END_OOM, text);
}
