/* SPDX-License-Identifier: Apache-2.0 */
/* The application's environment: as it came, or with what [tune] and dump.inject add to it. */
#ifndef OOMGUARD_APP_ENV_H
#define OOMGUARD_APP_ENV_H

#include "cgroup/cgroup.h"
#include "hooks.h"
#include "store/store.h"
#include "tune/tune.h"

struct app_env {
	struct environ_copy copy;  /* of the life that runs; empty: untouched */
	struct inject_place place; /* .dirfd -1: no hooks */
	bool place_failed;	   /* said once */
};

#define APP_ENV_NONE ((struct app_env){ .place = { .dirfd = -1 } })

struct app_env_plan {
	struct tune_plan tune; /* n 0: tune is off, or there is no limit */
	struct inject_choice hooks[HOOKS_MAX];
	unsigned n_hooks;
	uint32_t runtimes; /* of the command; 0: unknown */
};

/*
 * What would be added under this limit (none, or sample NULL: only hooks) with these settings.
 * Reads the command's file; changes nothing.
 */
void app_env_plan(const struct conf *conf, const struct cgroup_sample *sample, char *const *argv,
	char *const *envp, struct app_env_plan *ret_plan);

/*
 * The environment for the next start: `envp` itself, to the byte, where nothing is to be added.
 * Logs what is. Valid until the next call; whatever fails, the application starts with what could
 * be done.
 */
char *const *app_env_make(struct app_env *e, const struct conf *conf,
	const struct cgroup_sample *sample, const struct store *store, char *const *argv,
	char *const *envp);

/* Where hooks make their sockets; NULL: there are none. */
static inline const char *app_env_hook_dir(const struct app_env *e)
{
	return e->place.dirfd >= 0 ? e->place.sockets : NULL;
}

/* Removes files and sockets. */
void app_env_end(struct app_env *e);

#endif
