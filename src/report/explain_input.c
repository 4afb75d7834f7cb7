/* SPDX-License-Identifier: Apache-2.0 */
#include "report/explain_parts.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/cleanup.h"

#define DOUBTS_SHOWN 5

void explain_take_kill(const struct kernlog_facts *kill, void *arg)
{
	struct explain *x = arg;

	if (explain_was_told(x, kill))
		return;
	findings_add_kill(&x->findings, kill);
	explain_write_kill(x, kill);
}

void explain_take_pod(const struct pod *pod, void *arg)
{
	struct explain *x = arg;

	findings_add_pod(&x->findings, pod);
}

/* Any line that begins as a kernel or another log would; such an input is understood, if empty. */
static bool is_log_line(const char *line)
{
	static const char *const months = "JanFebMarAprMayJunJulAugSepOctNovDec";
	const char *bracket = strchr(line, '['), *end;

	if (strstr(line, " kernel: ") || (line[0] == '<' && isdigit((unsigned char)line[1])))
		return true;
	if (bracket && bracket - line < 64) {
		end = bracket + 1 + strspn(bracket + 1, " 0123456789");
		if (*end == '.' || (end > bracket + 1 && *end == ']'))
			return true;
		/* "[Mon Nov 25 20:00:00 2019]", in any language. */
		end = strchr(bracket, ']');
		if (end && end - bracket > 12 && memchr(bracket, ':', (size_t)(end - bracket)))
			return true;
	}
	if (strspn(line, "0123456789") == 4 && line[4] == '-')
		return true;
	for (const char *m = months; *m; m += 3)
		if (!strncmp(line, m, 3) && line[3] == ' ')
			return true;
	return false;
}

static void doubt(struct explain *x, const char *line)
{
	static const char *const words[] = { "ut of memory: Kill", "oom-kill:constraint",
		"oom_reaper: reaped" };

	for (unsigned i = 0; i < ARRAY_LEN(words); i++) {
		if (!strstr(line, words[i]))
			continue;
		if (x->n_doubts++ < DOUBTS_SHOWN)
			fprintf(x->err,
				"oomguard: %s:%zu: looks like part of an out-of-memory kill and "
				"cannot be read, perhaps it was cut\n",
				x->name, x->n_line);
		return;
	}
}

static void take_text_line(struct explain *x, const char *line, const char *host)
{
	bool pod = podtext_take_line(&x->podtext, line);

	/* Events in a description may quote the kernel. */
	if (kernlog_take_line(x->kernlog, line, host) || pod) {
		x->n_understood++;
		return;
	}
	x->n_understood += is_log_line(line);
	doubt(x, line);
}

/* A message may hold several lines. */
static void take_message(struct explain *x, const char *message, const char *host)
{
	char *copy = strdup(message), *rest = copy, *line;

	while (copy && (line = strsep(&rest, "\n")) != NULL)
		take_text_line(x, line, host);
	free(copy);
}

static void take_quoted(const char *message, void *arg)
{
	struct explain *x = arg;

	kernlog_take_line(x->kernlog, message, NULL);
}

/* What journald writes for a message that is not UTF-8. */
static bool take_bytes(struct explain *x, const json_t *bytes, const char *host)
{
	size_t n = json_array_size(bytes);
	char *text = n ? malloc(n + 1) : NULL;

	if (!text)
		return false;
	for (size_t i = 0; i < n; i++) {
		json_int_t c = json_integer_value(json_array_get(bytes, i));

		text[i] = c > 0 && c < 256 ? (char)c : '?';
	}
	text[n] = '\0';
	take_message(x, text, host);
	free(text);
	return true;
}

/* One record of journald, docker, fluentd, a cloud's logging ... */
static bool take_record(struct explain *x, const json_t *record)
{
	static const char *const hosts[] = { "_HOSTNAME", "hostname", "host", "nodeName" };
	static const char *const texts[] = { "MESSAGE", "log", "message", "msg", "textPayload",
		"line", "body", "_raw" };
	const json_t *payload = json_object_get(record, "jsonPayload"), *text = NULL;
	const char *host = NULL;

	for (unsigned i = 0; i < ARRAY_LEN(hosts) && !host; i++)
		host = json_string_value(json_object_get(record, hosts[i]));
	for (unsigned i = 0; i < ARRAY_LEN(texts) && !text; i++) {
		text = json_object_get(record, texts[i]);
		if (!text)
			text = json_object_get(payload, texts[i]);
	}
	if (json_is_array(text))
		return take_bytes(x, text, host);
	if (!json_is_string(text))
		return false;
	take_message(x, json_string_value(text), host);
	x->n_understood++;
	return true;
}

static void say_not_understood(struct explain *x, size_t line, const char *what)
{
	fprintf(x->err, "oomguard: %s:%zu: not understood: %s\n", x->name, line, what);
}

static void take_json(struct explain *x, const json_t *value)
{
	size_t i;

	x->n_understood++;
	if (podjson_take(value, explain_take_pod, take_quoted, x) && !json_is_array(value))
		return;
	if (json_is_object(value) && take_record(x, value))
		return;
	for (i = 0; i < json_array_size(value); i++)
		take_record(x, json_array_get(value, i));
	if (!json_is_array(value))
		say_not_understood(x, x->document.first_line, "JSON of neither a pod nor a log");
}

static void forget_document(struct explain *x)
{
	x->document.kind = EXPLAIN_TEXT;
	x->document.len = 0;
}

enum parsed { PARSED, PARSED_TOO_SHORT, PARSED_NOT };

static enum parsed parse_json(struct explain *x, json_error_t *ret_error)
{
	json_t *value = json_loadb(x->document.text, x->document.len, 0, ret_error);

	if (!value)
		return json_error_code(ret_error) == json_error_premature_end_of_input
			       ? PARSED_TOO_SHORT
			       : PARSED_NOT;
	take_json(x, value);
	json_decref(value);
	forget_document(x);
	return PARSED;
}

/* There will be no more of it. */
static void end_json(struct explain *x)
{
	json_error_t error;

	if (parse_json(x, &error) == PARSED)
		return;
	say_not_understood(x, x->document.first_line + (size_t)error.line - 1, error.text);
	x->n_understood++;
	x->unreadable = true;
	forget_document(x);
}

static void parse_yaml(struct explain *x)
{
	size_t line = 0;
	json_t *value = podyaml_load(x->document.text, x->document.len, &line);

	x->n_understood++;
	if (!value) {
		say_not_understood(x, x->document.first_line + line - (line > 0), "no YAML");
		x->unreadable = true;
	} else if (!podjson_take(value, explain_take_pod, take_quoted, x)) {
		say_not_understood(x, x->document.first_line, "YAML without a pod in it");
	}
	json_decref(value);
	forget_document(x);
}

void explain_end_document(struct explain *x)
{
	if (x->document.kind == EXPLAIN_JSON)
		end_json(x);
	else if (x->document.kind == EXPLAIN_YAML)
		parse_yaml(x);
}

static void keep(struct explain *x, const char *line, size_t len)
{
	size_t size = x->document.size;
	char *text;

	while (size < x->document.len + len + 1)
		size = size ? 2 * size : 65536;
	if (size > EXPLAIN_DOCUMENT_MAX) {
		explain_end_document(x); /* says that it is cut short */
		return;
	}
	if (size != x->document.size) {
		text = realloc(x->document.text, size);
		if (!text)
			return;
		x->document.text = text;
		x->document.size = size;
	}
	memcpy(x->document.text + x->document.len, line, len);
	x->document.text[x->document.len + len] = '\n';
	x->document.len += len + 1;
}

/* Kernel lines begin with a bracket as well; in JSON a value or nothing follows it. */
static bool begins_json(const char *line)
{
	const char *next = line + 1 + strspn(line + 1, " ");

	return *line == '{' || (*line == '[' && (!*next || strchr("{]\"", *next)));
}

static bool begins_yaml(const char *line)
{
	return !strncmp(line, "apiVersion:", 11) || !strncmp(line, "kind:", 5);
}

/* At the left edge of YAML stand keys, list items and comments. */
static bool ends_yaml(const char *line)
{
	return *line && *line != ' ' &&
	       (strchr("[{<", *line) || is_log_line(line) || !strncmp(line, "Name:  ", 7));
}

static void begin_document(struct explain *x, enum explain_kind kind, const char *line, size_t len)
{
	x->document.kind = kind;
	x->document.len = 0;
	x->document.first_line = x->n_line;
	keep(x, line, len);
}

static void begin_json(struct explain *x, const char *line, size_t len)
{
	json_error_t error;

	begin_document(x, EXPLAIN_JSON, line, len);
	if (parse_json(x, &error) != PARSED_NOT)
		return;
	/* A log may have any line in it. */
	forget_document(x);
	take_text_line(x, line, NULL);
}

static void continue_json(struct explain *x, const char *line, size_t len)
{
	size_t n_lines = x->n_line - x->document.first_line, first = x->document.len;
	json_error_t error;

	keep(x, line, len);
	/* A record that was cut is followed by the next one, not by the rest of it. */
	if (n_lines == 1 && parse_json(x, &error) == PARSED_NOT) {
		x->document.text[first - 1] = '\0';
		forget_document(x);
		take_text_line(x, x->document.text, NULL);
		explain_take_line(x, line, len);
	} else if (x->document.len && (!strcmp(line, "}") || !strcmp(line, "]"))) {
		/* Where kubectl's documents end; more may follow. */
		parse_json(x, &error);
	}
}

void explain_take_line(struct explain *x, const char *line, size_t len)
{
	/* The mark of UTF-8 that some editors put in front. */
	if (x->n_line == 1 && !strncmp(line, "\xef\xbb\xbf", 3)) {
		line += 3;
		len -= 3;
	}
	if (!x->first_line && line[strspn(line, " \t")])
		x->first_line = x->n_line;
	if (x->document.kind == EXPLAIN_JSON) {
		continue_json(x, line, len);
		return;
	}
	if (x->document.kind == EXPLAIN_YAML && !ends_yaml(line)) {
		keep(x, line, len);
		return;
	}
	explain_end_document(x);
	if (begins_json(line))
		begin_json(x, line, len);
	else if (begins_yaml(line))
		begin_document(x, EXPLAIN_YAML, line, len);
	else
		take_text_line(x, line, NULL);
}
