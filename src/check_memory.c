/* SPDX-License-Identifier: Apache-2.0 */
/* Limits, where they come from, and what counts as use. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/units.h"
#include "cgroup/cpus.h"
#include "cgroup/node.h"
#include "cgroup/qos.h"
#include "check.h"
#include "trigger/pace.h"

#define LOOKS_TRIED 50
/* Timer, epoll and the way through the loop. tests/bench/cost.py: 32 looks a second took 0.16 % of
 * a core, 50 us each, half of them for the look. */
#define WAKE_UP_USEC UINT64_C(25)

static const char *bytes_or_none(uint64_t bytes, struct units_text *text)
{
	if (bytes == CGROUP_NO_LIMIT)
		return "none";
	*text = units_human_bytes(bytes);
	return text->s;
}

static void add_level(struct check *c, unsigned i)
{
	const struct cgroup_level *level = &c->cgroup.levels[i];
	struct units_text max, high;

	check_add(c, "level", CHECK_INFO, "%s: max %s, high %s, in use %s%s", level->path,
		bytes_or_none(level->last.max_bytes, &max),
		bytes_or_none(level->last.high_bytes, &high),
		units_human_bytes(level->last.usage_bytes).s,
		c->looked && c->sample.limit_bytes != CGROUP_NO_LIMIT && i == c->sample.binding
			? " (this one binds)"
			: "");
}

static void add_limit(struct check *c)
{
	char source[CGROUP_PATH_MAX + 32];
	struct check_row *row;

	if (c->sample.limit_bytes == CGROUP_NO_LIMIT) {
		row = check_add(c, "limit", CHECK_FAIL,
			"no memory limit on any visible level: nothing to guard");
		check_remedy(row, "resources.limits.memory in the Pod, docker run -m, or "
				  "OOMGUARD_GUARD_LIMIT where the limit cannot be seen");
		return;
	}
	cgroup_limit_source(&c->cgroup, &c->sample, source, sizeof(source));
	check_add(c, "limit", CHECK_OK, "%s from %s, %s in use, %s left",
		units_human_bytes(c->sample.limit_bytes).s, source,
		units_human_bytes(c->sample.use_bytes).s,
		units_human_bytes(c->sample.headroom_bytes).s);
	if (c->sample.limit_bytes < 16 * MIB)
		check_remedy_limit(
			check_add(c, "limit", CHECK_WARN,
				"a limit under 16MiB leaves less than the guard needs to act in"),
			16 * MIB);
}

/* CPU time of one look that reads all, microseconds, and of being woken up for it. */
static uint64_t measure_look(struct check *c)
{
	uint64_t begun = clock_cpu_usec();
	struct cgroup_sample sample;

	for (int i = 0; i < LOOKS_TRIED; i++)
		if (cgroup_look(&c->cgroup, true, &sample) < 0)
			return WAKE_UP_USEC;
	return (clock_cpu_usec() - begun) / LOOKS_TRIED + WAKE_UP_USEC;
}

/* The pause between two looks that the budget leaves near the limit: what happens in it is not
 * seen. */
static void add_blind_window(struct check *c)
{
	uint64_t pause = PACE_MIN_USEC, cost = measure_look(c);

	if (c->conf->guard.max_cpu_bp)
		pause = MAX_OF(pause, cost * BP_WHOLE / c->conf->guard.max_cpu_bp);
	check_add(c, "pace", CHECK_INFO,
		"a look costs %s here; near the limit one every %s for as long as the saved-up "
		"budget lasts (some %u looks), then every %s: blind in between (guard.max-cpu)",
		units_human_duration(cost).s, units_human_duration(PACE_MIN_USEC).s,
		(unsigned)(PACE_PURSE_MAX_USEC / cost), units_human_duration(pause).s);
}

static void add_cpus(struct check *c)
{
	struct cpus_bound bound;
	struct cpus cpus;
	char tasks[32] = "unknown";

	cpus_open(&cpus, &c->cgroup);
	cpus_read(&cpus, &bound);
	cpus_close(&cpus);
	if (bound.tasks != UINT32_MAX)
		snprintf(tasks, sizeof(tasks), "%u", bound.tasks);
	if (bound.quota_usec == UINT64_MAX)
		check_add(c, "cpus", CHECK_INFO, "no CPU quota; tasks in the cgroup: %s", tasks);
	else
		check_add(c, "cpus", CHECK_INFO,
			"CPU quota %.2f: memory fills no faster, the pace is set by it; tasks in "
			"the cgroup: %s",
			(double)bound.quota_usec / (double)bound.period_usec, tasks);
}

/* 0: unknown. */
static uint64_t request_by_score(struct check *c, int *ret_score)
{
	struct node node;
	char text[32];
	int score;

	if (file_read_text(AT_FDCWD, "/proc/self/oom_score_adj", text, sizeof(text)) < 0 ||
		c->procfd < 0)
		return 0;
	score = *ret_score = atoi(text);
	node_read(c->procfd, &node);
	return qos_request_bytes(score, node.mem_total_bytes);
}

static void add_request(struct check *c)
{
	uint64_t request = c->conf->guard.request_bytes, use = c->sample.use_bytes, better;
	struct check_row *row;
	int score = 0;

	if (request) {
		check_add(c, "request", CHECK_INFO, "%s (guard.request)",
			units_human_bytes(request).s);
	} else {
		request = request_by_score(c, &score);
		if (!request)
			return;
		check_add(c, "request", CHECK_INFO, "about %s, by oom_score_adj %d",
			units_human_bytes(request).s, score);
	}
	if (use <= request + request / 10)
		return;
	row = check_add(c, "request", CHECK_WARN,
		"use (%s) is above the request (%s): first to be evicted when the node is full",
		units_human_bytes(use).s, units_human_bytes(request).s);
	better = (use / 100 * 115 / MIB + 16) / 16 * 16;
	check_remedy(row, "resources: {requests: {memory: %lluMi}}", (unsigned long long)better);
}

void check_memory(struct check *c)
{
	const char *why = NULL;
	struct check_row *row;

	if (cgroup_open(&c->cgroup, 0, c->conf, &why) < 0 || !c->cgroup.n_levels) {
		row = check_add(c, "cgroup", CHECK_FAIL, "no memory cgroup can be read: %s",
			why ? why : "no /proc");
		check_remedy(row, "mount /sys/fs/cgroup (read-only is enough) and /proc in the "
				  "container");
		return;
	}
	check_add(c, "cgroup", CHECK_OK, "version %d%s, %s", c->cgroup.version == CGROUP_V2 ? 2 : 1,
		c->cgroup.hybrid ? " (hybrid)" : "", c->cgroup.levels[0].path);
	c->looked = cgroup_look(&c->cgroup, true, &c->sample) == 0;
	for (unsigned i = 0; i < c->cgroup.n_levels; i++)
		add_level(c, i);
	if (!c->looked) {
		check_remedy(check_add(c, "limit", CHECK_FAIL, "usage cannot be read"),
			"a mount of /sys/fs/cgroup that this user may read");
		return;
	}
	add_limit(c);
	check_add(c, "measure", CHECK_INFO, "%s counts as use%s", conf_basis_name(c->cgroup.basis),
		c->cgroup.version == CGROUP_V1
			? " (v1: reclaimable slab cannot be told apart and counts)"
			: "");
	add_cpus(c);
	add_blind_window(c);
	add_request(c);
}
