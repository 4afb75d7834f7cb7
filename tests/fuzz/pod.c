/* SPDX-License-Identifier: Apache-2.0 */
/* What kubectl tells of pods: text, JSON and YAML, each reader on the same bytes. */
#include "fuzz.h"

#include <jansson.h>

#include "report/pod.h"

static void take(const struct pod *pod, void *arg)
{
	(void)arg;
	MUST(pod->n_containers <= POD_CONTAINERS_MAX);
	MUST(memchr(pod->name, '\0', sizeof(pod->name)));
	MUST(memchr(pod->message, '\0', sizeof(pod->message)));
	for (unsigned i = 0; i < pod->n_containers; i++)
		MUST(memchr(pod->containers[i].name, '\0', sizeof(pod->containers[i].name)));
}

static void take_message(const char *message, void *arg)
{
	(void)arg;
	MUST(message);
}

static void as_text(char *text)
{
	struct podtext t;
	char *rest = NULL;

	podtext_init(&t, take, NULL);
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		podtext_take_line(&t, line);
	podtext_end(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *text = fuzz_text(data, size);
	json_t *json = json_loadb((const char *)data, size, 0, NULL);
	size_t line = 0;

	if (json)
		podjson_take(json, take, take_message, NULL);
	json_decref(json);
	json = podyaml_load((const char *)data, size, &line);
	if (json)
		podjson_take(json, take, take_message, NULL);
	json_decref(json);
	pod_read_quantity(text);
	as_text(text);
	return 0;
}
