/* SPDX-License-Identifier: Apache-2.0 */
#include "report/findings.h"

#include <ctype.h>
#include <string.h>

#include "base/cleanup.h"

static bool is_pod_component(const char *at, size_t len)
{
	/* "pod<uid>" of cgroupfs, "kubepods-burstable-pod<uid>.slice" of systemd. */
	if (len > 3 && !strncmp(at, "pod", 3))
		return true;
	for (size_t i = 0; i + 4 < len; i++)
		if (!strncmp(at + i, "-pod", 4) && isxdigit((unsigned char)at[i + 4]))
			return true;
	return false;
}

/* Names with the 64 digits of a container's id in them: docker-<id>.scope, cri-containerd-<id>. */
static bool is_container_component(const char *at, size_t len)
{
	size_t run = 0;

	for (size_t i = 0; i < len; i++) {
		run = isxdigit((unsigned char)at[i]) ? run + 1 : 0;
		if (run >= 32)
			return true;
	}
	return false;
}

static enum findings_level level_of_path(const char *path)
{
	bool kube = strstr(path, "kubepods") != NULL, pod = false, below = false, container = false;
	size_t len;

	for (const char *at = path; *at; at += len) {
		at += strspn(at, "/");
		len = strcspn(at, "/");
		below |= pod && len;
		container = is_container_component(at, len) && !is_pod_component(at, len);
		pod |= is_pod_component(at, len);
	}
	if (kube && pod)
		return below ? FINDINGS_CONTAINER : FINDINGS_POD;
	if (container)
		return FINDINGS_CONTAINER;
	if (kube)
		return FINDINGS_ALL_PODS;
	len = strlen(path);
	if (len > 8 && (!strcmp(path + len - 8, ".service") || strstr(path, ".service/")))
		return FINDINGS_SERVICE;
	return path[0] ? FINDINGS_CGROUP : FINDINGS_UNTOLD;
}

enum findings_level findings_level_of(const struct kernlog_facts *kill)
{
	if (kill->scope == KERNLOG_SCOPE_GLOBAL)
		return FINDINGS_NODE;
	if (kill->text[KERNLOG_OOM_MEMCG][0])
		return level_of_path(kill->text[KERNLOG_OOM_MEMCG]);
	return kill->scope == KERNLOG_SCOPE_MEMCG ? FINDINGS_CGROUP : FINDINGS_UNTOLD;
}

static int64_t number_or(const struct kernlog_facts *f, enum kernlog_number n, int64_t otherwise)
{
	return f->told[n] ? f->number[n] : otherwise;
}

static int64_t rss_of(const struct kernlog_facts *f)
{
	if (!f->told[KERNLOG_ANON_RSS_KB])
		return -1;
	return f->number[KERNLOG_ANON_RSS_KB] + number_or(f, KERNLOG_FILE_RSS_KB, 0) +
	       number_or(f, KERNLOG_SHMEM_RSS_KB, 0);
}

/* The last place takes what does not fit. */
static struct findings_place *find_place(struct findings *f, const struct kernlog_facts *kill)
{
	enum findings_level level = findings_level_of(kill);
	struct findings_place *p;

	for (unsigned i = 0; i < f->n_places; i++) {
		p = &f->places[i];
		if (p->level == level &&
			(level == FINDINGS_NODE ||
				!strcmp(p->oom_memcg, kill->text[KERNLOG_OOM_MEMCG])))
			return p;
	}
	if (f->n_places == FINDINGS_PLACES_MAX)
		return &f->places[FINDINGS_PLACES_MAX - 1];
	p = &f->places[f->n_places++];
	memset(p, 0, sizeof(*p));
	p->level = level;
	p->usage_kb = p->limit_kb = p->rss_kb = p->swap_usage_kb = p->swap_limit_kb = -1;
	buf_copy(p->oom_memcg, sizeof(p->oom_memcg), kill->text[KERNLOG_OOM_MEMCG]);
	return p;
}

void findings_add_kill(struct findings *f, const struct kernlog_facts *kill)
{
	struct findings_place *p = find_place(f, kill);
	int64_t rss = rss_of(kill);

	f->n_kills++;
	if (!p->n_kills++ || rss > p->rss_kb) {
		p->largest = *kill;
		p->rss_kb = rss;
	}
	if (number_or(kill, KERNLOG_USAGE_KB, -1) > p->usage_kb) {
		p->usage_kb = number_or(kill, KERNLOG_USAGE_KB, -1);
		p->limit_kb = number_or(kill, KERNLOG_LIMIT_KB, -1);
		p->swap_usage_kb = number_or(kill, KERNLOG_SWAP_USAGE_KB, -1);
		p->swap_limit_kb = number_or(kill, KERNLOG_SWAP_LIMIT_KB, -1);
	}
}

static struct findings_end *add_end(struct findings *f, const struct pod *pod)
{
	struct findings_end *e;

	if (f->n_ends == FINDINGS_ENDS_MAX) {
		f->n_ends_more++;
		return NULL;
	}
	e = &f->ends[f->n_ends++];
	memset(e, 0, sizeof(*e));
	buf_copy(e->pod, sizeof(e->pod), pod->name);
	buf_copy(e->pod_uid, sizeof(e->pod_uid), pod->uid);
	buf_copy(e->qos, sizeof(e->qos), pod->qos);
	buf_copy(e->message, sizeof(e->message), pod->message);
	e->evicted_for_memory = pod->evicted_for_memory;
	e->liveness_failed = pod->liveness_failed;
	e->node_oom = pod->node_oom;
	e->n_containers = pod->n_containers;
	e->pod_limit_bytes = pod->limit_bytes;
	return e;
}

void findings_add_pod(struct findings *f, const struct pod *pod)
{
	const struct pod_container *c;
	struct findings_end *e;

	f->n_pods++;
	if (pod->evicted) {
		e = add_end(f, pod);
		if (e)
			e->whole_pod = true;
	}
	for (unsigned i = 0; i < pod->n_containers; i++) {
		c = &pod->containers[i];
		if (strcmp(c->reason, "OOMKilled") != 0 && c->exit_code != 137)
			continue;
		f->n_oom_killed += !strcmp(c->reason, "OOMKilled");
		e = add_end(f, pod);
		if (e)
			e->container = *c;
	}
}

/* Systemd's cgroups have '_' for the '-' of a pod's uid. */
static bool path_has(const char *path, const char *id)
{
	size_t len = strlen(id), i;

	if (len < 8)
		return false;
	for (; *path; path++) {
		for (i = 0; i < len; i++)
			if (path[i] != id[i] && !(id[i] == '-' && path[i] == '_'))
				break;
		if (i == len)
			return true;
	}
	return false;
}

const struct findings_place *findings_place_of(
	const struct findings *f, const struct findings_end *end)
{
	const struct findings_place *p;
	const char *task;

	for (unsigned pass = 0; pass < 2; pass++) {
		const char *id = pass ? end->pod_uid : end->container.id;

		for (unsigned i = 0; i < f->n_places; i++) {
			p = &f->places[i];
			task = p->largest.text[KERNLOG_TASK_MEMCG];
			if (path_has(task, id) || path_has(p->oom_memcg, id))
				return p;
		}
	}
	return NULL;
}
