/* SPDX-License-Identifier: Apache-2.0 */
#include "report/pod.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"

void podtext_init(struct podtext *t, pod_taker take, void *arg)
{
	memset(t, 0, sizeof(*t));
	t->take = take;
	t->arg = arg;
	t->at = -1;
}

void podtext_end(struct podtext *t)
{
	if (t->open)
		t->take(&t->pod, t->arg);
	podtext_init(t, t->take, t->arg);
}

static int indent_of(const char *line)
{
	int n = 0;

	for (; *line == ' ' || *line == '\t'; line++)
		n = *line == '\t' ? (n / 8 + 1) * 8 : n + 1;
	return n;
}

static struct pod_container *container(struct podtext *t)
{
	return t->at < 0 ? NULL : &t->pod.containers[t->at];
}

static void on_state(struct podtext *t, const char *value)
{
	struct pod_container *c = container(t);

	t->block = POD_AT_STATE;
	c->running = !strncmp(value, "Running", 7);
	c->ended |= !strncmp(value, "Terminated", 10);
}

static void on_last(struct podtext *t, const char *value)
{
	t->block = POD_AT_LAST;
	container(t)->ended |= !strncmp(value, "Terminated", 10);
}

/* A container that is ended for good says so in its state, one that was restarted in its last. */
static void on_reason(struct podtext *t, const char *value)
{
	struct pod_container *c = container(t);

	if (t->block != POD_AT_STATE && t->block != POD_AT_LAST)
		return;
	if (c->ended)
		buf_copy(c->reason, sizeof(c->reason), value);
	else
		buf_copy(c->waiting, sizeof(c->waiting), value);
}

static void on_exit_code(struct podtext *t, const char *value)
{
	container(t)->exit_code = atoi(value);
}

static void on_restarts(struct podtext *t, const char *value)
{
	t->block = POD_AT_NONE;
	container(t)->restarts = atoi(value);
}

static void on_limits(struct podtext *t, const char *value)
{
	(void)value;
	t->block = POD_AT_LIMITS;
}

static void on_requests(struct podtext *t, const char *value)
{
	(void)value;
	t->block = POD_AT_REQUESTS;
}

static void on_memory(struct podtext *t, const char *value)
{
	if (t->block == POD_AT_LIMITS)
		container(t)->limit_bytes = pod_read_quantity(value);
	else if (t->block == POD_AT_REQUESTS)
		container(t)->request_bytes = pod_read_quantity(value);
}

static void on_id(struct podtext *t, const char *value)
{
	const char *id = strstr(value, "://");

	buf_copy(container(t)->id, POD_NAME_MAX, id ? id + 3 : value);
}

static void on_liveness(struct podtext *t, const char *value)
{
	(void)value;
	container(t)->has_liveness = true;
}

static void on_other(struct podtext *t, const char *value)
{
	(void)value;
	t->block = POD_AT_NONE;
}

static const struct {
	const char *key;
	void (*take)(struct podtext *t, const char *value);
} container_keys[] = {
	{ "State", on_state },
	{ "Last State", on_last },
	{ "Last Termination State", on_last },
	{ "Reason", on_reason },
	{ "Exit Code", on_exit_code },
	{ "Restart Count", on_restarts },
	{ "Limits", on_limits },
	{ "Requests", on_requests },
	{ "memory", on_memory },
	{ "Container ID", on_id },
	{ "Liveness", on_liveness },
	{ "Ready", on_other },
	{ "Environment", on_other },
	{ "Mounts", on_other },
	{ "Image", on_other },
};

/* Keys of the pod itself, which stand at the left edge. */
static bool take_pod_key(struct podtext *t, const char *key, const char *value)
{
	const struct {
		const char *key;
		char *to;
		size_t size;
	} keys[] = {
		{ "Node", t->pod.node, sizeof(t->pod.node) },
		{ "QoS Class", t->pod.qos, sizeof(t->pod.qos) },
		{ "UID", t->pod.uid, sizeof(t->pod.uid) },
		{ "Reason", t->pod.reason, sizeof(t->pod.reason) },
		{ "Message", t->pod.message, sizeof(t->pod.message) },
	};

	if (!strcmp(key, "Name")) {
		podtext_end(t);
		t->open = true;
		buf_copy(t->pod.name, sizeof(t->pod.name), value);
		return true;
	}
	if (!t->open)
		return false;
	for (unsigned i = 0; i < ARRAY_LEN(keys); i++)
		if (!strcmp(keys[i].key, key))
			buf_copy(keys[i].to, keys[i].size, value);
	if (!strcmp(key, "Message"))
		pod_read_message(&t->pod, t->pod.reason, value);
	return true;
}

/* "Key:   value" without the blanks around; false: the line has no such form. */
static bool split(const char *line, char key[POD_NAME_MAX], const char **ret_value)
{
	const char *start = line + strspn(line, " \t");
	const char *colon = strchr(start, ':');

	if (!colon || colon == start || colon - start >= POD_NAME_MAX)
		return false;
	/* "10.0.0.1:80" and "http://" are values. */
	if (colon[1] && colon[1] != ' ' && colon[1] != '\t')
		return false;
	memcpy(key, start, (size_t)(colon - start));
	key[colon - start] = '\0';
	*ret_value = colon + 1 + strspn(colon + 1, " \t");
	return true;
}

/* "  Warning  Evicted  5m (x2 over 6m)  kubelet  The node was low on resource: memory." */
static bool take_event(struct podtext *t, const char *line)
{
	char reason[POD_NAME_MAX];
	size_t len;

	line += strspn(line, " \t");
	if (strncmp(line, "Warning", 7) != 0 && strncmp(line, "Normal", 6) != 0)
		return !strncmp(line, "Type", 4) || !strncmp(line, "----", 4) || !*line;
	line += strcspn(line, " \t");
	line += strspn(line, " \t");
	len = strcspn(line, " \t");
	if (len < sizeof(reason)) {
		memcpy(reason, line, len);
		reason[len] = '\0';
		pod_read_message(&t->pod, reason, line + len);
	}
	return true;
}

static bool take_container_line(struct podtext *t, int indent, const char *key, const char *value)
{
	struct pod_container *c;

	if (t->at < 0 || indent <= t->key_indent) {
		if (*value)
			return false;
		c = pod_find_container(&t->pod, key);
		t->at = c ? (int)(c - t->pod.containers) : -1;
		t->key_indent = indent;
		t->block = POD_AT_NONE;
		return true;
	}
	for (unsigned i = 0; i < ARRAY_LEN(container_keys); i++)
		if (!strcmp(container_keys[i].key, key)) {
			container_keys[i].take(t, value);
			return true;
		}
	return false;
}

bool podtext_take_line(struct podtext *t, const char *line)
{
	int indent = indent_of(line);
	char key[POD_NAME_MAX];
	const char *value;

	if (t->events && indent)
		return take_event(t, line);
	if (!split(line, key, &value))
		return false;
	if (t->open && !*value && (!strcmp(key, "Containers") || !strcmp(key, "Init Containers"))) {
		t->containers = true;
		t->events = false;
		t->indent = indent;
		t->at = -1;
		return true;
	}
	if (t->containers && indent > t->indent)
		return take_container_line(t, indent, key, value);
	t->containers = false;
	if (indent)
		return false;
	t->events = t->open && !strcmp(key, "Events");
	return take_pod_key(t, key, value);
}
