/* SPDX-License-Identifier: Apache-2.0 */
#include "report/render.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/file.h"

#define EXIT_NOTHING 3

const char *render_cause(enum cause cause)
{
	static const char *const words[CAUSE_COUNT] = {
		[CAUSE_NONE] = "nothing is wrong",
		[CAUSE_UNKNOWN] = "unknown",
		[CAUSE_LEAK] = "memory leak",
		[CAUSE_SPIKE] = "sudden spike",
		[CAUSE_LIMIT_TOO_LOW] = "limit too low",
		[CAUSE_WRONG_REQUESTS] = "wrong requests",
		[CAUSE_NODE_PRESSURE] = "pressure on the node",
	};

	return (unsigned)cause < CAUSE_COUNT ? words[cause] : "unknown";
}

void render_event(const struct flight_event *e, char out[RENDER_EVENT_MAX])
{
	struct buf b = { .data = out, .size = RENDER_EVENT_MAX };

	buf_reset(&b);
	buf_puts(&b, e->text);
	if (e->text[0])
		return;
	if (e->kind == FLIGHT_EXIT && WIFSIGNALED(e->value))
		buf_printf(&b, "killed by signal %d", WTERMSIG(e->value));
	else if (e->kind == FLIGHT_EXIT)
		buf_printf(&b, "exit status %d", WEXITSTATUS(e->value));
	else
		buf_printf(&b, "%d", e->value);
}

unsigned render_thin(const struct flight_sample *samples, unsigned n_samples,
	struct flight_sample *out, unsigned n)
{
	uint64_t first, span;
	unsigned n_out = 0, last_part = UINT32_MAX;

	if (!n_samples || !n)
		return 0;
	first = samples[0].wall_usec;
	span = samples[n_samples - 1].wall_usec - first;
	for (unsigned i = 0; i < n_samples; i++) {
		unsigned __int128 at = samples[i].wall_usec - first;
		unsigned part = span ? (unsigned)(at * (n - 1) / span) : 0;

		if (part != last_part)
			out[n_out++] = samples[i];
		else if (samples[i].use_bytes >= out[n_out - 1].use_bytes)
			out[n_out - 1] = samples[i];
		last_part = part;
	}
	return n_out;
}

static void text_for_terminal(const struct incident *in, FILE *out)
{
	const char *no_colour = getenv("NO_COLOR"); /* https://no-color.org */
	const char *term = getenv("TERM");
	int fd = fileno(out);

	render_text(in,
		fd >= 0 && isatty(fd) && !(no_colour && *no_colour) &&
			!(term && !strcmp(term, "dumb")),
		out);
}

static const struct {
	const char *name;
	void (*render)(const struct incident *in, FILE *out);
} formats[] = {
	{ "text", text_for_terminal },
	{ "json", render_json },
	{ "html", render_html },
};

static void say_nothing_there(const struct conf *conf, const char *wanted, int error, FILE *err)
{
	char clean[INCIDENT_NAME_MAX] = "";

	if (wanted)
		incident_clean(clean, sizeof(clean), wanted);
	if (error != -ENOENT)
		fprintf(err, "oomguard: %s%s%s: %s\n", conf->guard.state_dir, wanted ? ": " : "",
			clean, strerror(-error));
	else if (wanted)
		fprintf(err, "oomguard: no incident '%s' in %s\n", clean, conf->guard.state_dir);
	else
		fprintf(err, "oomguard: nothing to report: no incident in %s\n",
			conf->guard.state_dir);
}

int render_report(
	const struct conf *conf, const char *format, const char *wanted, FILE *out, FILE *err)
{
	void (*render)(const struct incident *in, FILE *out) = NULL;
	struct incident_place place;
	struct incident *in = NULL;
	int r;

	for (unsigned i = 0; i < ARRAY_LEN(formats); i++)
		if (!strcmp(formats[i].name, format ? format : "text"))
			render = formats[i].render;
	if (!render)
		return -1;
	r = incident_find(conf, wanted, &place);
	if (r < 0) {
		say_nothing_there(conf, wanted, r, err);
		return r == -ENOENT ? EXIT_NOTHING : 1;
	}
	r = incident_load(&place, conf, &in);
	if (r == 0)
		render(in, out);
	incident_free(in);
	incident_place_close(&place);
	if (r == 0 && (fflush(out) != 0 || ferror(out)))
		r = -errno;
	if (r < 0)
		fprintf(err, "oomguard: report: %s\n", strerror(-r));
	return r < 0 ? 1 : 0;
}

static void plain_text(const struct incident *in, FILE *out)
{
	render_text(in, false, out);
}

static int write_one(int dirfd, const char *name, const struct incident *in,
	void (*render)(const struct incident *in, FILE *out))
{
	auto_free char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return -errno;
	render(in, out);
	if (fclose(out) != 0)
		return -ENOMEM;
	return file_write_whole(dirfd, name, text, len, 1);
}

int incident_write_files(int incident_dirfd, int statefd, const char *name, const struct conf *conf,
	const struct flight_life *life, struct incident_verdict *ret_verdict, struct incident **ret)
{
	struct incident_place place = {
		.dirfd = incident_dirfd,
		.statefd = statefd,
		.life = life,
	};
	struct incident *in = NULL;
	int r, second;

	buf_copy(place.name, sizeof(place.name), name);
	r = incident_load(&place, conf, &in);
	if (r < 0)
		return r;
	r = write_one(incident_dirfd, "incident.json", in, render_json);
	second = write_one(incident_dirfd, "report.txt", in, plain_text);
	if (ret_verdict)
		*ret_verdict = (struct incident_verdict){
			.cause = in->diagnosis.cause,
			.confidence_pct = in->diagnosis.confidence_pct,
			.limit_bytes = in->advice.limit_bytes,
			.request_bytes = in->advice.request_bytes,
		};
	if (ret)
		*ret = in;
	else
		incident_free(in);
	return r < 0 ? r : second;
}
