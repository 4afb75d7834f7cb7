/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OOMGUARD_RELOAD_H
#define OOMGUARD_RELOAD_H

#include "guard.h"

/*
 * Reads the configuration again as at the start (same file, environment and options) and takes it
 * over; levels of the same name keep their state. text: what to tell who asked. 0, -EINVAL (bad
 * settings: logged, the old ones stay) or -EBUSY (actions are being carried out).
 */
int reload(struct guard *g, char *text, size_t size);

#endif
