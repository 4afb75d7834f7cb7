/* SPDX-License-Identifier: Apache-2.0 */
#include "report/explain_parts.h"

#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/units.h"

/* More are counted; --json has them all. */
#define KILLS_SHOWN 20

/* Names of the contract, in its order. */
static const struct {
	const char *key;
	enum kernlog_number n;
} numbers[] = {
	{ "total_vm_kb", KERNLOG_TOTAL_VM_KB },
	{ "anon_rss_kb", KERNLOG_ANON_RSS_KB },
	{ "file_rss_kb", KERNLOG_FILE_RSS_KB },
	{ "shmem_rss_kb", KERNLOG_SHMEM_RSS_KB },
	{ "oom_score_adj", KERNLOG_OOM_SCORE_ADJ },
	{ "usage_kb", KERNLOG_USAGE_KB },
	{ "limit_kb", KERNLOG_LIMIT_KB },
};

static void add_number(
	struct json *j, const char *key, const struct kernlog_facts *k, enum kernlog_number n)
{
	if (k->told[n])
		json_int(j, key, k->number[n]);
}

static void add_text(
	struct json *j, const char *key, const struct kernlog_facts *k, enum kernlog_text t)
{
	if (k->text[t][0])
		json_string(j, key, k->text[t]);
}

static void write_json_kill(struct explain *x, const struct kernlog_facts *k)
{
	/* Each byte of a text may take six of JSON. */
	char data[6 * KERNLOG_N_TEXTS * KERNLOG_TEXT_MAX + 1024];
	struct buf out = BUF_ON(data);
	struct json j = { .out = &out };

	json_open_object(&j, NULL);
	add_number(&j, "pid", k, KERNLOG_PID);
	add_text(&j, "comm", k, KERNLOG_COMM);
	add_number(&j, "uid", k, KERNLOG_UID);
	if (k->scope)
		json_string(&j, "scope", k->scope == KERNLOG_SCOPE_MEMCG ? "memcg" : "global");
	add_text(&j, "task_memcg", k, KERNLOG_TASK_MEMCG);
	add_text(&j, "oom_memcg", k, KERNLOG_OOM_MEMCG);
	for (unsigned i = 0; i < ARRAY_LEN(numbers); i++)
		add_number(&j, numbers[i].key, k, numbers[i].n);
	json_close_object(&j);
	fprintf(x->out, "%s%s", x->n_written ? ",\n" : "\n", data);
}

/* Names come from whoever started the process: nothing of them may steer a terminal. */
static void write_clean(FILE *out, const char *text)
{
	for (; *text; text++)
		putc((unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text, out);
}

static void write_text_kill(struct explain *x, const struct kernlog_facts *k)
{
	static const char *const scopes[] = { "", ", limit of a cgroup",
		", out of memory of the node" };

	fprintf(x->out, "killed: ");
	write_clean(x->out, k->text[KERNLOG_COMM][0] ? k->text[KERNLOG_COMM] : "(name not told)");
	if (k->told[KERNLOG_PID])
		fprintf(x->out, ", pid %" PRId64, k->number[KERNLOG_PID]);
	if (k->told[KERNLOG_UID])
		fprintf(x->out, ", uid %" PRId64, k->number[KERNLOG_UID]);
	fprintf(x->out, "%s\n", scopes[k->scope]);
	for (unsigned t = KERNLOG_TASK_MEMCG; t < KERNLOG_N_TEXTS; t++) {
		if (!k->text[t][0])
			continue;
		fputs(t == KERNLOG_TASK_MEMCG ? "  in cgroup " : "  limit of ", x->out);
		write_clean(x->out, k->text[t]);
		putc('\n', x->out);
	}
	for (unsigned i = 0, any = 0; i <= ARRAY_LEN(numbers); i++) {
		if (i == ARRAY_LEN(numbers)) {
			fputs(any ? "\n" : "", x->out);
		} else if (k->told[numbers[i].n]) {
			fprintf(x->out, "%s%s %" PRId64, any ? ", " : "  ", numbers[i].key,
				k->number[numbers[i].n]);
			any = 1;
		}
	}
}

void explain_write_start(struct explain *x)
{
	if (x->json)
		fputs("{\"kills\": [", x->out);
}

void explain_write_kill(struct explain *x, const struct kernlog_facts *kill)
{
	if (x->json)
		write_json_kill(x, kill);
	else if (x->n_written < KILLS_SHOWN)
		write_text_kill(x, kill);
	x->n_written++;
}

/* No kernel log was given: what Kubernetes calls OOMKilled is all that is told. */
static void write_container_kills(struct explain *x)
{
	static const struct kernlog_facts nothing;
	const struct pod_container *c;
	struct kernlog_facts kill;

	if (x->findings.n_kills)
		return;
	for (unsigned i = 0; i < x->findings.n_ends; i++) {
		c = &x->findings.ends[i].container;
		if (strcmp(c->reason, "OOMKilled") != 0)
			continue;
		kill = nothing;
		if (c->limit_bytes)
			kernlog_set_number(
				&kill, KERNLOG_LIMIT_KB, (int64_t)(c->limit_bytes / KIB));
		if (x->json)
			explain_write_kill(x, &kill);
	}
}

void explain_write_end(struct explain *x)
{
	static const struct {
		const char *key, *title;
		void (*add)(const struct findings *f, struct buf *out);
	} parts[] = {
		{ "verdict", "Verdict", findings_verdict },
		{ "advice", "Advice", findings_advice },
	};
	static char text[FINDINGS_TEXT_MAX], quoted[6 * FINDINGS_TEXT_MAX];
	struct buf out = BUF_ON(text), json = BUF_ON(quoted);

	write_container_kills(x);
	if (x->json)
		fputs(x->n_written ? "\n]" : "]", x->out);
	else if (x->n_written > KILLS_SHOWN)
		fprintf(x->out, "... and %u more processes killed\n", x->n_written - KILLS_SHOWN);
	for (unsigned i = 0; i < ARRAY_LEN(parts); i++) {
		buf_reset(&out);
		buf_reset(&json);
		parts[i].add(&x->findings, &out);
		if (x->json) {
			buf_json_string(&json, text, out.len);
			fprintf(x->out, ",\n\"%s\": %s", parts[i].key, quoted);
		} else {
			fprintf(x->out, "%s: ", parts[i].title);
			write_clean(x->out, text);
			putc('\n', x->out);
		}
	}
	fputs(x->json ? "}\n" : "", x->out);
}
