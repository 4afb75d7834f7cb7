/* SPDX-License-Identifier: Apache-2.0 */
#include "report/explain.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "report/explain_parts.h"

struct explain *explain_new(bool json, FILE *out, FILE *err)
{
	struct explain *x = calloc(1, sizeof(*x));

	if (!x)
		return NULL;
	x->json = json;
	x->out = out;
	x->err = err;
	x->kernlog = kernlog_new(explain_take_kill, x);
	if (!x->kernlog) {
		free(x);
		return NULL;
	}
	podtext_init(&x->podtext, explain_take_pod, x);
	explain_write_start(x);
	return x;
}

void explain_free(struct explain *x)
{
	if (!x)
		return;
	kernlog_free(x->kernlog);
	free(x->document.text);
	free(x);
}

static void take_line(const char *text, size_t len, void *arg)
{
	struct explain *x = arg;

	x->n_line++;
	explain_take_line(x, text, len);
}

void explain_begin(struct explain *x, const char *name)
{
	x->name = name;
	x->n_input++;
	x->n_line = 0;
	x->n_understood = 0;
	x->n_doubts = 0;
	x->n_bytes = 0;
	x->n_odd_bytes = 0;
	x->first_line = 0;
	x->document.kind = EXPLAIN_TEXT;
	x->document.len = 0;
	lines_init(&x->lines, take_line, x);
}

void explain_feed(struct explain *x, const char *bytes, size_t len)
{
	/* Enough of it to tell text from something else. */
	for (size_t i = 0; i < len && x->n_bytes < 65536; i++) {
		unsigned char c = (unsigned char)bytes[i];

		x->n_bytes++;
		x->n_odd_bytes += c < 0x20 && !strchr("\t\n\r\033\f", c);
	}
	lines_feed(&x->lines, bytes, len);
}

void explain_fail(struct explain *x, int error)
{
	fprintf(x->err, "oomguard: %s: %s\n", x->name, strerror(error));
	x->unreadable = true;
}

void explain_end(struct explain *x)
{
	bool binary;

	lines_end(&x->lines);
	explain_end_document(x);
	podtext_end(&x->podtext);
	kernlog_end(x->kernlog);
	/* Bytes of a picture or a core: a few of its lines may look like those of a log. */
	binary = x->n_odd_bytes > x->n_bytes / 50 && x->n_understood < x->n_line / 2;
	if (!x->first_line || (x->n_understood && !binary))
		return;
	fprintf(x->err,
		"oomguard: %s:%zu: not understood: neither a kernel log nor kubectl's text of a "
		"pod\n",
		x->name, x->first_line);
	/* Text that has nothing to do with it is an answer ("none"), other bytes are not. */
	x->unreadable |= binary;
}

int explain_finish(struct explain *x)
{
	explain_write_end(x);
	if (fflush(x->out) != 0 || ferror(x->out)) {
		fprintf(x->err, "oomguard: standard output: %s\n", strerror(errno));
		return EXPLAIN_UNREADABLE;
	}
	if (x->unreadable)
		return EXPLAIN_UNREADABLE;
	return x->findings.n_kills || x->findings.n_oom_killed ? EXPLAIN_FOUND : EXPLAIN_NONE;
}

static void run_file(struct explain *x, const char *file)
{
	bool standard = !strcmp(file, "-");
	auto_close int opened = standard ? -1 : open(file, O_RDONLY | O_CLOEXEC);
	int fd = standard ? STDIN_FILENO : opened;
	char bytes[65536];
	ssize_t n;

	explain_begin(x, standard ? "standard input" : file);
	if (fd < 0) {
		explain_fail(x, errno);
		return;
	}
	while ((n = read(fd, bytes, sizeof(bytes))) != 0) {
		if (n > 0)
			explain_feed(x, bytes, (size_t)n);
		else if (errno == EPIPE)
			continue; /* /dev/kmsg: lines were overwritten before they were read */
		else if (errno != EINTR)
			break;
	}
	if (n < 0)
		explain_fail(x, errno);
	explain_end(x);
}

int explain_run(char *const *files, unsigned n_files, bool json, FILE *out, FILE *err)
{
	struct explain *x = explain_new(json, out, err);
	int r;

	if (!x) {
		fputs("oomguard: not enough memory\n", err);
		return EXPLAIN_UNREADABLE;
	}
	if (!n_files)
		run_file(x, "-");
	for (unsigned i = 0; i < n_files; i++)
		run_file(x, files[i]);
	r = explain_finish(x);
	explain_free(x);
	return r;
}
