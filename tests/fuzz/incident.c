/* SPDX-License-Identifier: Apache-2.0 */
/* snapshot.json of an incident, judged and rendered in all forms. */
#include "fuzz.h"

#include <jansson.h>

#include "report/render.h"

static void check_json(const struct incident *in)
{
	auto_free char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	json_t *again;

	render_json(in, out);
	fclose(out);
	again = json_loadb(text, len, 0, NULL);
	MUST(again);
	json_decref(again);
}

static void check_text(const struct incident *in)
{
	auto_free char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	render_text(in, false, out);
	fclose(out);
	/* No control of a terminal, whoever wrote the snapshot. */
	for (size_t i = 0; i < len; i++)
		MUST((unsigned char)text[i] >= ' ' || text[i] == '\n');
}

static void check_html(const struct incident *in)
{
	auto_free char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	render_html(in, out);
	fclose(out);
	MUST(len && !strstr(text, "<script"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct conf conf;
	struct incident *in = calloc(1, sizeof(*in));

	MUST(in);
	conf_defaults(&conf);
	if (incident_parse_snapshot(in, (const char *)data, size) == 0) {
		incident_judge(in, &conf);
		check_json(in);
		check_text(in);
		check_html(in);
	}
	incident_free(in);
	return 0;
}
