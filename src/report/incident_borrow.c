/* SPDX-License-Identifier: Apache-2.0 */
/* Nobody could list the processes of an application that is dead: the last who did knows best. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "report/incident.h"
#include "store/beneath.h"

/* The newest name before ours in the time of our life, and older than `before`; false: none. */
static bool find_before(const struct incident *in, int incidents, char name[INCIDENT_NAME_MAX])
{
	int fd = openat(incidents, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_closedir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	char best[INCIDENT_NAME_MAX] = "";
	const struct dirent *entry;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	while ((entry = readdir(dir))) {
		uint64_t at = incident_time_of(entry->d_name);

		if (!at || at < in->life->start_wall_usec || strcmp(entry->d_name, name) >= 0 ||
			strcmp(entry->d_name, best) <= 0)
			continue;
		buf_copy(best, sizeof(best), entry->d_name);
	}
	buf_copy(name, INCIDENT_NAME_MAX, best);
	return best[0];
}

static bool take_from(struct incident *in, int incidents, const char *name)
{
	auto_close int dirfd = beneath_open(incidents, name, O_RDONLY | O_DIRECTORY, 0);
	auto_free struct incident *other = calloc(1, sizeof(*other));
	auto_free char *text = NULL;
	size_t len = 0;

	if (dirfd < 0 || !other || incident_read_file(dirfd, "snapshot.json", &text, &len) < 0 ||
		incident_parse_snapshot(other, text, len) < 0 || !other->n_processes)
		return false;
	memcpy(in->processes, other->processes, sizeof(in->processes));
	in->n_processes = other->n_processes;
	in->rest_processes = other->rest_processes;
	in->rest_rss_bytes = other->rest_rss_bytes;
	incident_note(in, "the processes are those of %.100s", name);
	return true;
}

void incident_borrow_processes(struct incident *in, int statefd)
{
	auto_close int incidents =
		statefd < 0 ? -1 : beneath_open(statefd, "incidents", O_RDONLY | O_DIRECTORY, 0);
	char name[INCIDENT_NAME_MAX];

	if (incidents < 0 || !in->life)
		return;
	buf_copy(name, sizeof(name), in->name);
	while (find_before(in, incidents, name))
		if (take_from(in, incidents, name))
			return;
}
