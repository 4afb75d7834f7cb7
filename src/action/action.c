/* SPDX-License-Identifier: Apache-2.0 */
#include "action/action.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "action/work.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/helper.h"
#include "base/units.h"
#include "store/beneath.h"

/* Never in a name: these are cleaned of control characters. */
#define BYTES_MARK "\x1f"

static const struct action_row rows[ACTION_COUNT] = {
	[ACTION_LOG] = { .kind = ACT_BY_GUARD },
	[ACTION_SNAPSHOT] = { .kind = ACT_BY_COMPANION, .deadline_usec = 500 * USEC_PER_MSEC },
	[ACTION_PROFILE] = { .kind = ACT_BY_HELPER, .deadline_usec = 10 * USEC_PER_SEC },
	[ACTION_HEAP_DUMP] = { .kind = ACT_BY_HELPER, .with_parachute = true },
	[ACTION_STACKS] = { .kind = ACT_BY_HELPER, .deadline_usec = 10 * USEC_PER_SEC },
	[ACTION_CORE] = { .kind = ACT_BY_HELPER, .with_parachute = true },
	[ACTION_SIGNAL] = { .kind = ACT_BY_HELPER, .deadline_usec = 1 * USEC_PER_SEC },
	[ACTION_COMMAND] = { .kind = ACT_BY_HELPER, .deadline_usec = 30 * USEC_PER_SEC },
	[ACTION_RELIEVE] = { .kind = ACT_BY_HELPER, .deadline_usec = 3 * USEC_PER_SEC },
	[ACTION_DRAIN] = { .kind = ACT_BY_GUARD },
	[ACTION_FREEZE] = { .kind = ACT_BY_GUARD },
	[ACTION_TERMINATE_LARGEST] = { .kind = ACT_BY_HELPER, .deadline_usec = 15 * USEC_PER_SEC },
	[ACTION_RESTART] = { .kind = ACT_BY_GUARD },
};

static int (*const works[ACTION_COUNT])(struct action_job *, struct buf *) = {
	[ACTION_PROFILE] = work_profile,
	[ACTION_HEAP_DUMP] = work_heap_dump,
	[ACTION_STACKS] = work_stacks,
	[ACTION_CORE] = work_core,
	[ACTION_SIGNAL] = work_signal,
	[ACTION_COMMAND] = work_command,
	[ACTION_RELIEVE] = work_relieve,
	[ACTION_TERMINATE_LARGEST] = work_terminate_largest,
};

const struct action_row *action_row(enum conf_action action)
{
	return &rows[action];
}

uint64_t action_deadline(const struct conf *conf, enum conf_action action)
{
	if (rows[action].kind == ACT_BY_HELPER && !rows[action].deadline_usec)
		return conf->dump.deadline_usec;
	return rows[action].deadline_usec;
}

bool action_ends_by_itself(enum conf_action action)
{
	return action == ACTION_HEAP_DUMP || action == ACTION_CORE;
}

int action_work(struct action_job *job, int result_fd)
{
	char text[HELPER_RESULT_MAX];
	struct buf line = BUF_ON(text);
	int status = 1;

	buf_reset(&line);
	if (job->parachute.wanted)
		parachute_open(&job->parachute, job->store->dirfd); /* without it, then */
	if (action_ends_by_itself(job->action))
		work_listen();
	if (job->action < ACTION_COUNT && works[job->action])
		status = works[job->action](job, &line);
	else
		buf_printf(&line, "%s is not built yet", conf_action_name(job->action));
	if (job->dump_bytes)
		helper_tell(result_fd, "%s" BYTES_MARK "%llu", text,
			(unsigned long long)job->dump_bytes);
	else
		helper_tell(result_fd, "%s", text);
	return status;
}

uint64_t action_take_bytes(char *line)
{
	char *mark = strstr(line, BYTES_MARK);

	if (!mark)
		return 0;
	*mark = '\0';
	return strtoull(mark + strlen(BYTES_MARK), NULL, 10);
}

int work_scan(const struct action_job *job, int procfd, struct tree *ret_tree)
{
	pid_t spare[ARRAY_LEN(job->spare) + 1];
	unsigned n = MIN_OF(job->n_spare, (unsigned)ARRAY_LEN(job->spare));

	memcpy(spare, job->spare, sizeof(job->spare));
	spare[n] = getpid();
	return tree_scan(procfd, job->self, job->child, job->as_init, spare, n + 1, ret_tree);
}

/* "incidents/<name>" of the directory that this helper made; "" when it was there before. */
static char made[STORE_PATH_MAX];

int work_open_incident(struct action_job *job)
{
	char name[STORE_PATH_MAX];
	int fd;

	if (job->store->dirfd < 0)
		return -ENOENT;
	if (job->incident[0])
		return beneath_open(job->store->dirfd, job->incident, O_RDONLY | O_DIRECTORY, 0);
	fd = store_make_incident(job->store, clock_wall_usec(), job->level, name);
	if (fd < 0)
		return fd;
	snprintf(made, sizeof(made), "incidents/%.*s", (int)(sizeof(made) - sizeof("incidents/")),
		name);
	job->incident = made;
	return fd;
}

void work_drop_incident(struct action_job *job)
{
	if (made[0] && !unlinkat(job->store->dirfd, made, AT_REMOVEDIR)) {
		made[0] = '\0';
		job->incident = "";
	}
}

void work_separate(struct buf *line)
{
	if (line->len)
		buf_puts(line, "; ");
}
