/* SPDX-License-Identifier: Apache-2.0 */
/* Reader of snapshot.json: every key may be missing or of another type. */
#include <jansson.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "report/incident.h"

static const struct {
	const char *object, *key;
	size_t offset;
} numbers[] = {
#define NUMBER(object, key, field)                                                                 \
	{                                                                                          \
		object, key, offsetof(struct incident, field)                                      \
	}
	NUMBER("limit", "bytes", limit_bytes),
	NUMBER("memory", "use_bytes", use_bytes),
	NUMBER("memory", "usage_bytes", usage_bytes),
	NUMBER("memory", "headroom_bytes", headroom_bytes),
	NUMBER("events", "oom_kill", oom_kills),
	NUMBER("node", "mem_total_bytes", node_total_bytes),
	NUMBER("node", "mem_available_bytes", node_available_bytes),
	NUMBER("application", "age_seconds", age_s),
#undef NUMBER
};

static const struct {
	const char *object, *key;
	size_t offset, size;
} texts[] = {
#define TEXT(object, key, field)                                                                   \
	{                                                                                          \
		object, key, offsetof(struct incident, field),                                     \
			sizeof(((struct incident *)0)->field)                                      \
	}
	TEXT(NULL, "time", time),
	TEXT(NULL, "level", level),
	TEXT(NULL, "reason", reason),
	TEXT("guard", "version", guard_version),
	TEXT("limit", "source", limit_source),
	TEXT("memory", "basis", basis),
#undef TEXT
};

static uint64_t number_of(const json_t *value)
{
	double real;

	if (json_is_integer(value) && json_integer_value(value) >= 0)
		return (uint64_t)json_integer_value(value);
	real = json_is_real(value) ? json_real_value(value) : -1;
	return real >= 0 && real < 9e18 ? (uint64_t)real : INCIDENT_UNKNOWN;
}

static void take_text(const json_t *value, char *out, size_t size)
{
	incident_clean(out, size, json_is_string(value) ? json_string_value(value) : "");
}

static void take_memory(struct incident *in, const json_t *memory)
{
	const json_t *growth = json_object_get(memory, "growth_bytes_per_second");
	const json_t *eta = json_object_get(memory, "time_to_limit_seconds");
	json_t *components = json_object_get(memory, "components"), *value;
	const char *key;

	if (json_is_integer(growth))
		in->growth_bytes_per_s = json_integer_value(growth);
	if (json_is_number(eta) && json_number_value(eta) >= 0 && json_number_value(eta) < 9e15)
		in->eta_msec = (uint64_t)(json_number_value(eta) * 1000);
	json_object_foreach(components, key, value)
	{
		struct incident_component *c;

		if (number_of(value) == INCIDENT_UNKNOWN ||
			in->n_components == INCIDENT_COMPONENTS_MAX)
			continue;
		c = &in->components[in->n_components++];
		incident_clean(c->name, sizeof(c->name), key);
		c->value = number_of(value);
	}
}

static void take_process(struct incident_process *p, const json_t *value)
{
	p->pid = json_integer_value(json_object_get(value, "pid"));
	p->ppid = json_integer_value(json_object_get(value, "ppid"));
	p->rss_bytes = number_of(json_object_get(value, "rss_bytes"));
	p->pss_bytes = number_of(json_object_get(value, "pss_bytes"));
	p->swap_bytes = number_of(json_object_get(value, "swap_bytes"));
	p->threads = number_of(json_object_get(value, "threads"));
	p->fds = number_of(json_object_get(value, "fds"));
	p->age_s = number_of(json_object_get(value, "age_seconds"));
	take_text(json_object_get(value, "comm"), p->comm, sizeof(p->comm));
	take_text(json_object_get(value, "command"), p->command, sizeof(p->command));
}

/* The first level is our own cgroup; no limit is null. */
static void take_own_level(struct incident *in, const json_t *level)
{
	in->own_use_bytes = number_of(json_object_get(level, "use_bytes"));
	in->own_limit_bytes = number_of(json_object_get(level, "max_bytes"));
}

static void take_processes(struct incident *in, const json_t *root)
{
	const json_t *list = json_object_get(root, "processes"),
		     *rest = json_object_get(root, "processes_rest");
	uint64_t bytes = number_of(json_object_get(rest, "rss_bytes"));
	uint64_t count = number_of(json_object_get(rest, "count"));

	for (size_t i = 0; i < json_array_size(list); i++) {
		if (!json_is_object(json_array_get(list, i)))
			continue;
		if (in->n_processes == INCIDENT_PROCESSES_MAX)
			break;
		take_process(&in->processes[in->n_processes++], json_array_get(list, i));
	}
	in->rest_processes = count == INCIDENT_UNKNOWN ? 0 : count;
	in->rest_rss_bytes = bytes == INCIDENT_UNKNOWN ? 0 : bytes;
}

static const json_t *section(const json_t *root, const char *name)
{
	return name ? json_object_get(root, name) : root;
}

int incident_parse_snapshot(struct incident *in, const char *text, size_t len)
{
	json_t *root = json_loadb(text, len, 0, NULL);
	uint64_t value;

	if (!json_is_object(root)) {
		json_decref(root);
		return -EBADMSG;
	}
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		value = number_of(
			json_object_get(section(root, numbers[i].object), numbers[i].key));
		memcpy((char *)in + numbers[i].offset, &value, sizeof(value));
	}
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		take_text(json_object_get(section(root, texts[i].object), texts[i].key),
			(char *)in + texts[i].offset, texts[i].size);
	take_memory(in, json_object_get(root, "memory"));
	take_own_level(in, json_array_get(json_object_get(root, "levels"), 0));
	take_processes(in, root);
	in->has_snapshot = true;
	in->snapshot_complete = json_is_true(json_object_get(root, "complete"));
	json_decref(root);
	return 0;
}
