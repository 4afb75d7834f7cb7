/* SPDX-License-Identifier: Apache-2.0 */
/* Where evidence goes, and whether it stays. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/units.h"
#include "check.h"
#include "store/lifetime.h"
#include "store/store.h"

static void check_room(struct check *c, const struct store *store)
{
	uint64_t expected = c->looked && c->sample.limit_bytes != CGROUP_NO_LIMIT
				    ? c->sample.limit_bytes
				    : 256 * MIB;
	uint64_t free_bytes = 0;
	struct check_row *row;
	int r = store_has_room(store, c->conf, expected, &free_bytes);

	if (r == 0) {
		check_add(c, "room", CHECK_OK, "%s free, a dump may need %s",
			units_human_bytes(free_bytes).s, units_human_bytes(expected).s);
		return;
	}
	row = check_add(c, "room", CHECK_WARN,
		"%s free: no room for a dump as large as the limit (%s), with dump.min-free and "
		"dump.max-bytes kept",
		units_human_bytes(free_bytes).s, units_human_bytes(expected).s);
	check_remedy(row, "a larger volume, or a larger dump.max-bytes");
}

/* The running guard's: looked at without its lock, and without making another instance of it. */
static bool open_held(const struct conf *conf, struct store *ret)
{
	auto_close int fd = open(conf->guard.state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || !store_is_held(fd))
		return false;
	*ret = (struct store){ .lockfd = -1,
		.on_memory = lifetime_is_memory(fd),
		.throw_away = lifetime_is_container_layer(fd) };
	buf_copy(ret->path, sizeof(ret->path), conf->guard.state_dir);
	ret->dirfd = take_fd(&fd);
	return true;
}

static void check_state_dir(struct check *c)
{
	const char *volume = "volumeMounts: [{name: oomguard, mountPath: /var/lib/oomguard}] and "
			     "volumes: [{name: oomguard, emptyDir: {}}] in the Pod; docker run -v";
	struct store store;
	struct check_row *row;
	const char *why = NULL;
	bool held;

	held = open_held(c->conf, &store);
	if (!held)
		store_open(&store, c->conf, &why);
	if (store.dirfd < 0 || store.fallback) {
		row = check_add(c, "state-dir", CHECK_WARN, "%s", why ? why : "no place");
		check_remedy(row, "%s", volume);
	} else if (store.throw_away) {
		row = check_add(c, "state-dir", CHECK_WARN,
			"%s is on the container's own layer: thrown away at exit", store.path);
		check_remedy(row, "%s", volume);
	} else if (store.on_memory) {
		row = check_add(c, "state-dir", CHECK_WARN,
			"%s is on tmpfs: what is written there counts against this container's "
			"limit",
			store.path);
		check_remedy(row, "emptyDir without medium: Memory");
	} else {
		check_add(c, "state-dir", CHECK_OK, "%s can be written and stays%s", store.path,
			held ? " (a guard is using it)" : "");
	}
	if (store.dirfd >= 0)
		check_room(c, &store);
	store_close(&store);
}

void check_place(struct check *c)
{
	const char *log = c->conf->guard.termination_log;

	check_state_dir(c);
	if (!strcmp(log, "none"))
		return;
	if (!strcmp(log, "auto"))
		log = "/dev/termination-log";
	if (access(log, W_OK) == 0)
		check_add(c, "termination-log", CHECK_INFO, "%s can be written", log);
	else
		check_add(c, "termination-log", CHECK_INFO, "%s: %s", log, strerror(errno));
}
