/* SPDX-License-Identifier: Apache-2.0 */
#include "report/pod.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/cleanup.h"

static const char *get_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

/* From YAML all scalars come as strings. */
static int64_t get_number(const json_t *object, const char *key, int64_t otherwise)
{
	const json_t *value = json_object_get(object, key);

	if (json_is_integer(value))
		return json_integer_value(value);
	return json_is_string(value) ? strtoll(json_string_value(value), NULL, 10) : otherwise;
}

static uint64_t get_memory(const json_t *resources, const char *kind)
{
	const json_t *value = json_object_get(json_object_get(resources, kind), "memory");

	if (json_is_integer(value) && json_integer_value(value) > 0)
		return (uint64_t)json_integer_value(value);
	return json_is_string(value) ? pod_read_quantity(json_string_value(value)) : 0;
}

static void read_spec(struct pod *pod, const json_t *spec)
{
	static const char *const lists[] = { "containers", "initContainers" };
	struct pod_container *c;
	const json_t *entry, *resources;
	size_t i;

	for (unsigned l = 0; l < ARRAY_LEN(lists); l++)
		json_array_foreach(json_object_get(spec, lists[l]), i, entry)
		{
			c = pod_find_container(pod, get_text(entry, "name"));
			if (!c)
				continue;
			resources = json_object_get(entry, "resources");
			c->limit_bytes = get_memory(resources, "limits");
			c->request_bytes = get_memory(resources, "requests");
			c->has_liveness = json_object_get(entry, "livenessProbe") != NULL;
		}
	pod->limit_bytes = get_memory(json_object_get(spec, "resources"), "limits");
	buf_copy(pod->node, sizeof(pod->node), get_text(spec, "nodeName"));
}

static void read_end(struct pod_container *c, const json_t *terminated)
{
	if (!terminated)
		return;
	c->ended = true;
	buf_copy(c->reason, sizeof(c->reason), get_text(terminated, "reason"));
	c->exit_code = (int)get_number(terminated, "exitCode", -1);
}

static void read_container_status(struct pod *pod, const json_t *status)
{
	struct pod_container *c = pod_find_container(pod, get_text(status, "name"));
	const json_t *state = json_object_get(status, "state");
	const char *id = get_text(status, "containerID"), *bare = strstr(id, "://");
	uint64_t limit;

	if (!c)
		return;
	read_end(c, json_object_get(state, "terminated"));
	/* The one before, where this one is running or waiting, or ended well. */
	if (!c->ended || !strcmp(c->reason, "Completed"))
		read_end(c, json_object_get(json_object_get(status, "lastState"), "terminated"));
	c->running = json_object_get(state, "running") != NULL;
	buf_copy(c->waiting, sizeof(c->waiting),
		get_text(json_object_get(state, "waiting"), "reason"));
	c->restarts = get_number(status, "restartCount", -1);
	buf_copy(c->id, sizeof(c->id), bare ? bare + 3 : id);
	/* What is in force, where the pod was resized in place. */
	limit = get_memory(json_object_get(status, "resources"), "limits");
	if (limit)
		c->limit_bytes = limit;
}

static void read_status(struct pod *pod, const json_t *status)
{
	static const char *const lists[] = { "containerStatuses", "initContainerStatuses",
		"ephemeralContainerStatuses" };
	const json_t *entry;
	size_t i;

	for (unsigned l = 0; l < ARRAY_LEN(lists); l++)
		json_array_foreach(json_object_get(status, lists[l]), i, entry)
			read_container_status(pod, entry);
	buf_copy(pod->qos, sizeof(pod->qos), get_text(status, "qosClass"));
	buf_copy(pod->reason, sizeof(pod->reason), get_text(status, "reason"));
	pod_read_message(pod, pod->reason, get_text(status, "message"));
	json_array_foreach(json_object_get(status, "conditions"), i, entry)
		pod_read_message(pod, get_text(entry, "reason"), get_text(entry, "message"));
}

static void read_pod(const json_t *object, const json_t *spec, pod_taker take, void *arg)
{
	const json_t *metadata = json_object_get(object, "metadata");
	struct pod *pod = calloc(1, sizeof(*pod));

	if (!pod)
		return;
	buf_copy(pod->kind, sizeof(pod->kind), get_text(object, "kind"));
	buf_copy(pod->name, sizeof(pod->name), get_text(metadata, "name"));
	buf_copy(pod->uid, sizeof(pod->uid), get_text(metadata, "uid"));
	read_spec(pod, spec);
	read_status(pod, json_object_get(object, "status"));
	take(pod, arg);
	free(pod);
}

/* An event of the cluster's: it may quote the kernel, or tell of an eviction. */
static void read_event(const json_t *object, pod_taker take, pod_message_taker message, void *arg)
{
	const json_t *about = json_object_get(object, "involvedObject");
	const char *text = get_text(object, "message");
	struct pod *pod;

	if (!about)
		about = json_object_get(object, "regarding");
	if (!*text)
		text = get_text(object, "note");
	message(text, arg);
	pod = calloc(1, sizeof(*pod));
	if (!pod)
		return;
	buf_copy(pod->kind, sizeof(pod->kind), "Event");
	buf_copy(pod->name, sizeof(pod->name), get_text(about, "name"));
	pod_read_message(pod, get_text(object, "reason"), text);
	take(pod, arg);
	free(pod);
}

/* The pod's own spec, or that of the template in a Deployment, Job, CronJob ... */
static const json_t *find_spec(const json_t *object)
{
	const json_t *spec = json_object_get(object, "spec"), *template;

	if (json_object_get(spec, "jobTemplate"))
		spec = json_object_get(json_object_get(spec, "jobTemplate"), "spec");
	template = json_object_get(spec, "template");
	if (template)
		spec = json_object_get(template, "spec");
	return json_object_get(spec, "containers") ? spec : NULL;
}

static bool take_object(const json_t *object, pod_taker take, pod_message_taker message, void *arg)
{
	const json_t *spec = find_spec(object);

	if (!strcmp(get_text(object, "kind"), "Event")) {
		read_event(object, take, message, arg);
		return true;
	}
	if (!spec && !json_object_get(json_object_get(object, "status"), "containerStatuses"))
		return false;
	read_pod(object, spec, take, arg);
	return true;
}

bool podjson_take(const json_t *document, pod_taker take, pod_message_taker message, void *arg)
{
	const json_t *items =
		json_is_array(document) ? document : json_object_get(document, "items");
	const json_t *item, *inner;
	bool any = false;
	size_t i, j;

	if (!json_is_array(items))
		return take_object(document, take, message, arg);
	json_array_foreach(items, i, item)
	{
		any |= take_object(item, take, message, arg);
		/* Documents of a YAML stream may be lists themselves. */
		inner = json_object_get(item, "items");
		for (j = 0; j < json_array_size(inner); j++)
			any |= take_object(json_array_get(inner, j), take, message, arg);
	}
	return any || json_array_size(items) == 0;
}
