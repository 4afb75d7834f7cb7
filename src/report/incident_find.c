/* SPDX-License-Identifier: Apache-2.0 */
/* Where incidents are, found without making or locking anything. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "report/incident.h"
#include "store/beneath.h"
#include "store/retain.h"

#define FALLBACK_PARENT "/dev/shm"
#define FALLBACK_PREFIX "oomguard-"
#define INSTANCE_PREFIX "instance-"

struct search {
	const char *wanted; /* NULL: the newest */
	struct incident_place best;
	int error; /* the first that was no -ENOENT */
};

static unsigned digits(const char **at, unsigned n)
{
	unsigned value = 0;

	while (n--) {
		if (**at < '0' || **at > '9')
			return UINT32_MAX;
		value = value * 10 + (unsigned)(*(*at)++ - '0');
	}
	return value;
}

/* Days since the epoch; http://howardhinnant.github.io/date_algorithms.html#days_from_civil */
static int64_t days_of(unsigned year, unsigned month, unsigned day)
{
	int64_t y = (int64_t)year - (month <= 2), era = y / 400, of_era = y % 400;
	int64_t of_year = (153 * ((int64_t)month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

uint64_t incident_time_of(const char *name)
{
	const char *at = name;
	unsigned year, month, day, hour, minute, second, msec;
	int64_t seconds;

	if (strlen(name) < strlen("20261125T205844.123Z") || !retain_is_ours(name))
		return 0;
	year = digits(&at, 4);
	month = digits(&at, 2);
	day = digits(&at, 2);
	at++;
	hour = digits(&at, 2);
	minute = digits(&at, 2);
	second = digits(&at, 2);
	at++;
	msec = digits(&at, 3);
	if (year < 1970 || year > 9999 || !month || month > 12 || !day || day > 31 || hour > 23 ||
		minute > 59 || second > 60 || msec > 999)
		return 0;
	seconds = days_of(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
	return (uint64_t)seconds * 1000000 + (uint64_t)msec * 1000;
}

void incident_place_close(struct incident_place *place)
{
	cleanup_close(&place->dirfd);
	cleanup_close(&place->statefd);
	place->dirfd = place->statefd = -1;
}

static void keep_error(struct search *s, int error)
{
	if (!s->error && error != -ENOENT)
		s->error = error;
}

/* The better of what was found before and incidents/NAME in this state directory. */
static void offer(struct search *s, int statefd, int incidents, const char *path, const char *name)
{
	struct incident_place found = { .dirfd = -1, .statefd = -1 };
	struct buf b = BUF_ON(found.path);

	if (s->wanted ? strcmp(name, s->wanted) != 0 : !retain_is_ours(name))
		return;
	if (s->best.dirfd >= 0 && strcmp(name, s->best.name) <= 0)
		return;
	found.dirfd = beneath_open(incidents, name, O_RDONLY | O_DIRECTORY, 0);
	if (found.dirfd < 0) {
		keep_error(s, found.dirfd);
		return;
	}
	found.statefd = fcntl(statefd, F_DUPFD_CLOEXEC, 0);
	buf_copy(found.name, sizeof(found.name), name);
	buf_reset(&b);
	buf_printf(&b, "%s/incidents/%s", path, name);
	incident_place_close(&s->best);
	s->best = found;
}

static void search_state(struct search *s, int statefd, const char *path)
{
	int incidents = beneath_open(statefd, "incidents", O_RDONLY | O_DIRECTORY, 0);
	int fd = incidents < 0 ? -1 : fcntl(incidents, F_DUPFD_CLOEXEC, 0);
	auto_closedir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (incidents < 0)
		keep_error(s, incidents);
	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			offer(s, statefd, incidents, path, entry->d_name);
	if (!dir && fd >= 0)
		close(fd);
	cleanup_close(&incidents);
}

/* The directories of that prefix below `parent` that belong to us or to root. */
static void search_children(struct search *s, int parent, const char *path, const char *prefix)
{
	int fd = fcntl(parent, F_DUPFD_CLOEXEC, 0);
	auto_closedir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		auto_close int child = -1;
		char text[INCIDENT_PATH_MAX];
		struct buf b = BUF_ON(text);
		struct stat st;

		if (strncmp(entry->d_name, prefix, strlen(prefix)) != 0)
			continue;
		child = beneath_open(parent, entry->d_name, O_RDONLY | O_DIRECTORY, 0);
		if (child < 0 || fstat(child, &st) < 0 ||
			(st.st_uid != geteuid() && st.st_uid != 0))
			continue;
		buf_reset(&b);
		buf_printf(&b, "%s/%s", path, entry->d_name);
		search_state(s, child, text);
	}
	if (!dir && fd >= 0)
		close(fd);
}

static int open_path(const char *path, struct incident_place *ret)
{
	struct incident_place place = { .statefd = -1 };
	auto_free char *real = realpath(path, NULL);
	const char *slash;

	if (!real)
		return -errno;
	place.dirfd = open(real, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (place.dirfd < 0)
		return -errno;
	slash = strrchr(real, '/');
	place.statefd = openat(place.dirfd, "../..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	buf_copy(place.name, sizeof(place.name), slash + 1);
	buf_copy(place.path, sizeof(place.path), real);
	*ret = place;
	return 0;
}

int incident_find(const struct conf *conf, const char *wanted, struct incident_place *ret)
{
	struct search s = { .wanted = wanted, .best = { .dirfd = -1, .statefd = -1 } };
	auto_close int statefd = -1, shm = -1;

	if (wanted && strchr(wanted, '/'))
		return open_path(wanted, ret);
	statefd = open(conf->guard.state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (statefd >= 0) {
		search_state(&s, statefd, conf->guard.state_dir);
		search_children(&s, statefd, conf->guard.state_dir, INSTANCE_PREFIX);
	} else {
		keep_error(&s, -errno);
	}
	shm = open(FALLBACK_PARENT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (shm >= 0)
		search_children(&s, shm, FALLBACK_PARENT, FALLBACK_PREFIX);
	if (s.best.dirfd < 0)
		return s.error ? s.error : -ENOENT;
	*ret = s.best;
	return 0;
}
