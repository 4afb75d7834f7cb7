/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/cgroup.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "cgroup/stat.h"
#include "cgroup/version.h"

#define EVENTS_TEXT_MAX 1024

#define AT(field) offsetof(struct cgroup_events, field)

static const struct cgroup_events unknown_events = {
	.low = UINT64_MAX,
	.high = UINT64_MAX,
	.max = UINT64_MAX,
	.oom = UINT64_MAX,
	.oom_kill = UINT64_MAX,
	.oom_group_kill = UINT64_MAX,
};

/* memory.events of v2; memory.oom_control of v1 has oom_kill (since 4.13) among other lines. */
static const struct cgroup_key event_keys[] = {
	{ "low ", AT(low) },
	{ "high ", AT(high) },
	{ "max ", AT(max) },
	{ "oom ", AT(oom) },
	{ "oom_kill ", AT(oom_kill) },
	{ "oom_group_kill ", AT(oom_group_kill) },
};

void cgroup_parse_events(const char *text, struct cgroup_events *ret)
{
	struct cgroup_events events = unknown_events;
	const char *end;

	for (const char *line = text; (end = strchr(line, '\n')); line = end + 1) {
		for (unsigned i = 0; i < ARRAY_LEN(event_keys); i++) {
			size_t len = strlen(event_keys[i].name);
			uint64_t value;

			if (strncmp(line, event_keys[i].name, len) ||
				stat_parse_u64(line + len, &value))
				continue;
			memcpy((char *)&events + event_keys[i].offset, &value, sizeof(value));
		}
	}
	*ret = events;
}

static int read_events(int fd, struct cgroup_events *ret)
{
	char text[EVENTS_TEXT_MAX];
	ssize_t len;

	if (fd < 0)
		return -ENOENT;
	len = file_pread_text(fd, text, sizeof(text));
	if (len < 0)
		return (int)len;
	cgroup_parse_events(text, ret);
	return 0;
}

/* failcnt counts what v2 calls max: the limit was hit. v1 keeps no sums over children. */
static int read_v1_events(const struct cgroup_files *fd, struct cgroup_events *ret)
{
	struct cgroup_events events = unknown_events;
	int err = read_events(fd->events, &events);

	if (err)
		return err;
	stat_read_u64(fd->events_local, &events.max);
	*ret = events;
	return 0;
}

int cgroup_read_events(
	const struct cgroup *cg, struct cgroup_events *ret_events, struct cgroup_events *ret_local)
{
	struct cgroup_events events, local = unknown_events;
	int err;

	if (!cg->n_levels)
		return -ENOENT;
	if (cg->version == CGROUP_V1) {
		err = read_v1_events(&cg->levels[0].fd, &events);
		if (!err)
			local = events;
	} else {
		err = read_events(cg->levels[0].fd.events, &events);
		if (!err)
			read_events(cg->levels[0].fd.events_local, &local);
	}
	if (err)
		return err;
	*ret_events = events;
	if (ret_local)
		*ret_local = local;
	return 0;
}

uint64_t cgroup_read_hits(const struct cgroup *cg, unsigned level)
{
	struct cgroup_events events = unknown_events;
	uint64_t count;

	if (level >= cg->n_levels)
		return UINT64_MAX;
	if (cg->version == CGROUP_V1)
		return stat_read_u64(cg->levels[level].fd.events_local, &count) ? UINT64_MAX
										: count;
	read_events(cg->levels[level].fd.events_local, &events);
	return events.oom;
}

/* "12.34" to 1234; anything odd is 0. */
static uint32_t parse_hundredths(const char *text)
{
	uint32_t whole = 0;

	for (; *text >= '0' && *text <= '9' && whole < 1000; text++)
		whole = whole * 10 + (uint32_t)(*text - '0');
	if (text[0] != '.' || text[1] < '0' || text[1] > '9' || text[2] < '0' || text[2] > '9')
		return whole * 100;
	return whole * 100 + (uint32_t)(text[1] - '0') * 10 + (uint32_t)(text[2] - '0');
}

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=0": the values of one line. */
static bool parse_pressure_line(
	const char *text, const char *kind, uint32_t *avg10, uint64_t *total)
{
	const char *line = text;
	const char *avg, *sum, *end;

	while (line && strncmp(line, kind, strlen(kind))) {
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	if (!line)
		return false;
	end = strchrnul(line, '\n');
	avg = memmem(line, (size_t)(end - line), "avg10=", 6);
	sum = memmem(line, (size_t)(end - line), "total=", 6);
	if (!avg || !sum || stat_parse_u64(sum + 6, total))
		return false;
	*avg10 = parse_hundredths(avg + 6);
	return true;
}

void cgroup_parse_pressure(const char *text, struct cgroup_pressure *ret)
{
	struct cgroup_pressure p = { 0 };

	p.known = parse_pressure_line(text, "some ", &p.some_avg10_bp, &p.some_total_usec) &&
		  parse_pressure_line(text, "full ", &p.full_avg10_bp, &p.full_total_usec);
	*ret = p.known ? p : (struct cgroup_pressure){ 0 };
}

void cgroup_read_pressure(const struct cgroup *cg, struct cgroup_pressure *ret)
{
	char text[EVENTS_TEXT_MAX] = "";

	/* Reading gives EOPNOTSUPP where the kernel runs with psi=0. */
	if (cg->n_levels && cg->levels[0].fd.pressure >= 0 &&
		file_pread_text(cg->levels[0].fd.pressure, text, sizeof(text)) < 0)
		text[0] = '\0';
	cgroup_parse_pressure(text, ret);
}
