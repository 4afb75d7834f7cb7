/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OOMGUARD_CONF_ENV_H
#define OOMGUARD_CONF_ENV_H

#include "base/buf.h"
#include "conf/conf.h"

/*
 * Applies OOMGUARD_SECTION_KEY and OOMGUARD_LEVEL_NAME_KEY, hyphens as underscores, to *conf.
 * OOMGUARD_EVENT_* is ours for hooks and passed over; what else is unknown goes to `warn` (may be
 * NULL): a Kubernetes Service of our name injects such variables. 0, or -EINVAL with
 * "environment NAME: SECTION.KEY: reason" in `error`.
 */
int env_load(char *const *environment, void (*warn)(const char *message), struct conf *conf,
	struct buf *error);

#endif
