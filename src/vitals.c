/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What can no longer be asked when the application is dead: which limits were met lately, how much
 * the node had left, how use has gone. Noted once a second in the life's record.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/units.h"
#include "cgroup/node.h"
#include "cgroup/version.h"
#include "guard.h"
#include "proc/proc.h"
#include "report/ceiling.h"
#include "memrequest.h"

/* The least that the node had left counts for so long: a kill frees what it was done for. */
#define NODE_LOW_KEEP_USEC (30 * USEC_PER_SEC)
/* As the diagnosis sees it. */
#define NODE_SHORT_BP 500u

void vitals_begin(struct guard *g)
{
	struct vitals *v = &g->recorder.vitals;

	v->meminfo_fd = v->pressure_fd = -1;
	if (g->procfd < 0)
		return;
	v->meminfo_fd = openat(g->procfd, "meminfo", O_RDONLY | O_CLOEXEC);
	v->pressure_fd = openat(g->procfd, "pressure/memory", O_RDONLY | O_CLOEXEC);
}

static void take_hits(const struct guard *g, uint64_t hits[CGROUP_LEVELS_MAX])
{
	const struct cgroup *cg = &g->watch.cgroup;

	for (unsigned i = 0; i < cg->n_levels; i++)
		hits[i] = i && cg->levels[i].last.limit_bytes == CGROUP_NO_LIMIT
				  ? UINT64_MAX
				  : cgroup_read_hits(cg, i);
}

/* What does not change while the application runs. */
static void note_settings(struct guard *g, struct flight_life *life)
{
	const char *path = g->watch.cgroup.n_levels ? g->watch.cgroup.levels[0].path : "";
	size_t len = strlen(path);
	const char *name = strrchr(g->argv[0], '/');
	struct node node = { 0 };

	if (g->procfd >= 0)
		node_read(g->procfd, &node);
	life->node_total_bytes = node.mem_total_bytes;
	life->request_bytes = memrequest_find(
		g->conf, g->envp, g->oom_score_adj, node.mem_total_bytes, &life->best_effort);
	life->ceiling_bytes =
		ceiling_of(g->argv, g->envp, g->watch.has_limit ? g->watch.sample.limit_bytes : 0);
	buf_copy(life->comm, sizeof(life->comm), name ? name + 1 : g->argv[0]);
	buf_copy(life->cgroup, sizeof(life->cgroup),
		path + len - MIN_OF(len, sizeof(life->cgroup) - 1));
}

void vitals_new_life(struct guard *g)
{
	struct vitals *v = &g->recorder.vitals;

	shape_init(&v->shape);
	v->node_low_usec = 0;
	v->n_looks = 0;
	take_hits(g, v->hits[0]);
	memcpy(v->hits[1], v->hits[0], sizeof(v->hits[0]));
	note_settings(g, &g->recorder.life);
}

static void note_node(struct vitals *v, struct flight_life *life, uint64_t now_usec)
{
	struct node node = { 0 };
	char text[4096];

	if (v->meminfo_fd >= 0 && file_pread_text(v->meminfo_fd, text, sizeof(text)) > 0)
		node_parse_meminfo(text, &node);
	life->node_stall_bp = UINT32_MAX;
	if (v->pressure_fd >= 0 && file_pread_text(v->pressure_fd, text, sizeof(text)) > 0) {
		cgroup_parse_pressure(text, &node.pressure);
		if (node.pressure.known)
			life->node_stall_bp = node.pressure.full_avg10_bp;
	}
	if (!node.mem_available_bytes)
		return;
	if (v->node_low_usec && now_usec - v->node_low_usec < NODE_LOW_KEEP_USEC &&
		node.mem_available_bytes >= life->node_available_bytes)
		return;
	life->node_available_bytes = node.mem_available_bytes;
	v->node_low_usec = now_usec;
}

void vitals_look(struct guard *g)
{
	struct vitals *v = &g->recorder.vitals;
	const struct cgroup_sample *s = &g->watch.sample;

	shape_add(&v->shape, s->time_usec, s->use_bytes);
	v->looks[v->n_looks++ % VITALS_LOOKS] =
		(struct vitals_look){ s->time_usec, s->use_bytes, s->own_use_bytes };
}

bool vitals_note(struct guard *g)
{
	struct vitals *v = &g->recorder.vitals;
	struct flight_life *life = &g->recorder.life;
	const struct cgroup_sample *s = &g->watch.sample;
	struct shape_view shape;

	note_node(v, life, s->time_usec);
	memcpy(v->hits[0], v->hits[1], sizeof(v->hits[0]));
	take_hits(g, v->hits[1]);
	life->own_limit_bytes = g->watch.cgroup.levels[0].last.max_bytes;
	shape_tell(&v->shape, s->limit_bytes, &shape);
	life->slope_bytes_per_s = shape.steady ? shape.slope_bytes_per_s : 0;
	return life->node_available_bytes && life->node_total_bytes &&
	       units_share_bp(life->node_available_bytes, life->node_total_bytes) < NODE_SHORT_BP;
}

/* The highest of what was seen lately is what was there when it came to the end. */
static void take_last_look(const struct vitals *v, struct flight_life *life)
{
	uint64_t newest = v->n_looks ? v->looks[(v->n_looks - 1) % VITALS_LOOKS].time_usec : 0;

	for (unsigned i = 0; i < MIN_OF(v->n_looks, VITALS_LOOKS); i++) {
		const struct vitals_look *l = &v->looks[i];

		if (newest - l->time_usec > USEC_PER_SEC || l->use_bytes <= life->last_use_bytes)
			continue;
		life->last_use_bytes = l->use_bytes;
		life->own_use_bytes = l->own_use_bytes;
	}
}

void vitals_end(struct guard *g)
{
	const struct vitals *v = &g->recorder.vitals;
	const struct cgroup *cg = &g->watch.cgroup;
	enum flight_hit hit = FLIGHT_HIT_NONE;
	uint64_t now[CGROUP_LEVELS_MAX];

	take_last_look(v, &g->recorder.life);
	take_hits(g, now);
	for (unsigned i = 0; i < cg->n_levels && hit == FLIGHT_HIT_NONE; i++) {
		if (now[i] == UINT64_MAX || v->hits[0][i] == UINT64_MAX || now[i] <= v->hits[0][i])
			continue;
		hit = i ? FLIGHT_HIT_ANCESTOR : FLIGHT_HIT_OWN;
	}
	g->recorder.life.hit = hit;
}
