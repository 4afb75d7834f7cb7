/* SPDX-License-Identifier: Apache-2.0 */
#include "report/findings.h"

#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/units.h"

#define PLACES_TOLD 8
#define ENDS_TOLD   8

/* From here up the kernel means "no limit": 2^63 rounded down to pages, in kB. */
#define NO_LIMIT_KB (INT64_C(1) << 52)

/* A kill near this share of the limit is the limit's; OOM steps as in the Vertical Pod Autoscaler.
 */
#define STEP_PCT   120
#define STEP_LEAST (100 * MIB)
#define ROUND_TO   (16 * MIB)

static struct units_text human_kb(int64_t kb)
{
	return units_human_bytes(kb < 0 || kb >= NO_LIMIT_KB ? 0 : (uint64_t)kb * KIB);
}

static const struct {
	const char *limit;  /* "... of 64MiB was reached" */
	const char *advice; /* more than the size of the limit */
} levels[] = {
	[FINDINGS_UNTOLD] = { "A limit that the text does not name", "" },
	[FINDINGS_NODE] = { "The node as a whole ran out of memory, no cgroup's limit was reached",
		"" },
	[FINDINGS_CONTAINER] = { "The container's own limit", "" },
	[FINDINGS_POD] = { "The pod's limit",
		" A pod of one container is killed at the pod's limit, which is then the "
		"container's; "
		"with several, and with memory-backed volumes, their sum counts." },
	[FINDINGS_ALL_PODS] = { "What the node allots to all pods together",
		" Containers without limits, or limits far above requests, fill it: set requests "
		"to what "
		"is used." },
	[FINDINGS_SERVICE] = { "The memory limit of the systemd unit", "" },
	[FINDINGS_CGROUP] = { "A cgroup's limit", "" },
};

static void say_victim(const struct findings_place *p, struct buf *out)
{
	const struct kernlog_facts *v = &p->largest;

	if (p->n_kills == 1)
		buf_puts(out, " The kernel killed");
	else
		buf_printf(out, " The kernel killed %u processes, the largest was", p->n_kills);
	if (v->text[KERNLOG_COMM][0])
		buf_printf(out, " %s", v->text[KERNLOG_COMM]);
	else
		buf_puts(out, " a process");
	if (v->told[KERNLOG_PID])
		buf_printf(out, " (pid %" PRId64 ")", v->number[KERNLOG_PID]);
	if (p->rss_kb >= 0) {
		buf_printf(out, " with %s resident", human_kb(p->rss_kb).s);
		buf_printf(out, " (%s anonymous", human_kb(v->number[KERNLOG_ANON_RSS_KB]).s);
		if (v->told[KERNLOG_SHMEM_RSS_KB])
			buf_printf(out, ", %s shared", human_kb(v->number[KERNLOG_SHMEM_RSS_KB]).s);
		buf_puts(out, ")");
	}
	if (p->level == FINDINGS_NODE && v->told[KERNLOG_OOM_SCORE_ADJ])
		buf_printf(out, ", oom_score_adj %" PRId64, v->number[KERNLOG_OOM_SCORE_ADJ]);
	buf_puts(out, ".");
	/* Much less than the limit in the victim: the rest is somewhere else. */
	if (p->rss_kb >= 0 && p->limit_kb > 0 && p->limit_kb < NO_LIMIT_KB &&
		p->rss_kb < p->limit_kb / 2)
		buf_printf(out,
			" That is only %" PRId64 "%% of the limit: the rest is in other processes, "
			"shared memory or tmpfs, or the kernel's own.",
			p->rss_kb * 100 / p->limit_kb);
}

static void say_place(const struct findings_place *p, struct buf *out)
{
	buf_printf(out, "%s%s", out->len ? " " : "", levels[p->level].limit);
	if (p->level != FINDINGS_NODE) {
		if (p->limit_kb >= 0 && p->limit_kb < NO_LIMIT_KB)
			buf_printf(out, " of %s", human_kb(p->limit_kb).s);
		buf_puts(out, " was reached");
		if (p->usage_kb >= 0)
			buf_printf(out, ", usage %s", human_kb(p->usage_kb).s);
		if (p->swap_usage_kb > 0 && p->swap_limit_kb < NO_LIMIT_KB)
			buf_printf(out, ", swap account %s of %s", human_kb(p->swap_usage_kb).s,
				human_kb(p->swap_limit_kb).s);
		if (p->oom_memcg[0])
			buf_printf(out, " (%s)", p->oom_memcg);
	}
	buf_puts(out, ".");
	say_victim(p, out);
}

static void say_outside(const struct findings_end *e, struct buf *out)
{
	const char *why =
		"by the kubelet after the grace period, an eviction, another out-of-memory "
		"killer, or a kill that Kubernetes missed";

	if (e->liveness_failed)
		why = "by the kubelet: a liveness or startup probe failed and the grace period "
		      "ended";
	else if (e->message[0])
		why = "with the eviction of the pod";
	buf_printf(out, " It died of SIGKILL (exit 137), not marked OOMKilled: from outside, %s.",
		why);
}

static void say_oom_killed(
	const struct findings_end *e, const struct findings_place *p, struct buf *out)
{
	const struct pod_container *c = &e->container;

	buf_puts(out, " It was OOMKilled");
	if (c->exit_code >= 0 && c->exit_code != 137)
		buf_printf(out, " with exit status %d (a child was killed, not the first process)",
			c->exit_code);
	if (c->limit_bytes)
		buf_printf(out, ", its limit is %s", units_human_bytes(c->limit_bytes).s);
	else
		buf_puts(out,
			", and it has no limit of its own: the pod's or the node's was reached");
	if (e->pod_limit_bytes)
		buf_printf(out, ", the pod's is %s", units_human_bytes(e->pod_limit_bytes).s);
	buf_puts(out, ".");
	if (p)
		buf_printf(out, " By the kernel log: %s%s%s.", levels[p->level].limit,
			p->level == FINDINGS_NODE ? "" : " was reached",
			p->n_kills > 1 ? ", several processes killed" : "");
	else if (e->node_oom)
		buf_puts(out, " The events tell of an out-of-memory kill of the node.");
	else if (c->limit_bytes)
		buf_puts(out,
			" Whether its own limit, the pod's or the node's was reached, only the "
			"kernel log of the node tells.");
}

static void say_end(const struct findings *f, const struct findings_end *e, struct buf *out)
{
	const struct findings_place *p = findings_place_of(f, e);
	const struct pod_container *c = &e->container;

	buf_puts(out, out->len ? " " : "");
	if (e->whole_pod) {
		buf_printf(out, "Pod %s was evicted%s", e->pod,
			e->evicted_for_memory ? ", for memory of the node" : "");
		if (e->message[0])
			buf_printf(out, ": %s", e->message);
		buf_puts(out, e->message[0] && strchr(".!", e->message[strlen(e->message) - 1])
				      ? ""
				      : ".");
		return;
	}
	buf_printf(out, "Container %s of pod %s", c->name, e->pod);
	if (e->qos[0])
		buf_printf(out, " (%s)", e->qos);
	if (c->restarts > 0)
		buf_printf(out, ", restarted %" PRId64 " times%s", c->restarts,
			strcmp(c->waiting, "CrashLoopBackOff") ? "" : " and in back-off");
	buf_puts(out, ".");
	if (!strcmp(c->reason, "OOMKilled"))
		say_oom_killed(e, p, out);
	else if (p)
		buf_printf(out,
			" It died of SIGKILL (exit 137); Kubernetes did not mark it, but the "
			"kernel log shows an out-of-memory kill.");
	else
		say_outside(e, out);
}

void findings_verdict(const struct findings *f, struct buf *out)
{
	for (unsigned i = 0; i < MIN_OF(f->n_places, PLACES_TOLD); i++)
		say_place(&f->places[i], out);
	if (f->n_places > PLACES_TOLD)
		buf_printf(out, " %u more places had kills.", f->n_places - PLACES_TOLD);
	for (unsigned i = 0; i < MIN_OF(f->n_ends, ENDS_TOLD); i++)
		say_end(f, &f->ends[i], out);
	if (f->n_ends + f->n_ends_more > ENDS_TOLD)
		buf_printf(out, " %u more containers or pods ended so.",
			f->n_ends + f->n_ends_more - ENDS_TOLD);
	if (!out->len)
		buf_printf(out, "No out-of-memory kill in what was given%s.",
			f->n_pods ? ", and no container that ended of SIGKILL" : "");
}

/* A kill says that the need is above the limit, not by how much: a step, and look again. */
static void advise_limit(uint64_t limit_bytes, const char *whose, struct buf *out)
{
	uint64_t next = limit_bytes / 100 * STEP_PCT;

	next = MAX_OF(next, limit_bytes + STEP_LEAST);
	next = (next + ROUND_TO - 1) / ROUND_TO * ROUND_TO;
	next = MIN_OF(next, 2 * limit_bytes);
	buf_printf(out,
		"%sRaise %s from %s to %s and look again; when that fills in the same way it is a "
		"leak, which no limit cures.",
		out->len ? " " : "", whose, units_human_bytes(limit_bytes).s,
		units_human_bytes(next).s);
}

static void advise_place(const struct findings_place *p, struct buf *out)
{
	const struct kernlog_facts *v = &p->largest;

	if (p->level == FINDINGS_NODE) {
		buf_printf(out,
			"%sGive the node more memory or fewer pods, and pods requests that cover "
			"their use: the kernel kills who is far above its request first.",
			out->len ? " " : "");
		if (v->told[KERNLOG_OOM_SCORE_ADJ] && v->number[KERNLOG_OOM_SCORE_ADJ] >= 999)
			buf_printf(out,
				" oom_score_adj %" PRId64 " is that of a pod with no or next to no "
				"memory request.",
				v->number[KERNLOG_OOM_SCORE_ADJ]);
		return;
	}
	if (p->limit_kb > 0 && p->limit_kb < NO_LIMIT_KB)
		advise_limit((uint64_t)p->limit_kb * KIB,
			p->level == FINDINGS_POD ? "the pod's memory limit" : "the memory limit",
			out);
	else
		buf_printf(out,
			"%sThe log was cut before the limit: read it whole (dmesg, or "
			"journalctl -k) for the number.",
			out->len ? " " : "");
	buf_puts(out, levels[p->level].advice);
}

static void advise_end(const struct findings *f, const struct findings_end *e, struct buf *out)
{
	const char *space = out->len ? " " : "";

	if (findings_place_of(f, e))
		return; /* said with the place */
	if (e->whole_pod) {
		if (e->evicted_for_memory)
			buf_printf(out,
				"%sSet the memory request of pod %s to what it uses: the kubelet "
				"evicts who is above its request first.",
				space, e->pod);
		return;
	}
	if (!strcmp(e->container.reason, "OOMKilled")) {
		if (e->container.limit_bytes)
			advise_limit(e->container.limit_bytes, "the container's memory limit", out);
		else
			buf_printf(out, "%sGive container %s a memory request and a limit.", space,
				e->container.name);
	} else if (e->liveness_failed) {
		buf_printf(out,
			"%sLook at the probe of container %s, not at its limit: a long collection "
			"or "
			"a dump may have held it up.",
			space, e->container.name);
	} else {
		buf_printf(out,
			"%sLook at the pod's events and at the node's kernel log for who killed "
			"container %s.",
			space, e->container.name);
	}
}

void findings_advice(const struct findings *f, struct buf *out)
{
	for (unsigned i = 0; i < MIN_OF(f->n_places, PLACES_TOLD); i++)
		advise_place(&f->places[i], out);
	for (unsigned i = 0; i < MIN_OF(f->n_ends, ENDS_TOLD); i++)
		advise_end(f, &f->ends[i], out);
	if (!out->len)
		buf_puts(out,
			"Nothing to change by this; give the kernel log of the node (dmesg, or "
			"journalctl -k) and kubectl describe pod together for more.");
}
