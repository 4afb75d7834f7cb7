/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OOMGUARD_CONF_INI_H
#define OOMGUARD_CONF_INI_H

#include "base/buf.h"
#include "conf/conf.h"

/*
 * Applies the file to *conf. 0; -EINVAL for what is written in it; -errno where it cannot be read,
 * -ENOENT included. On failure `error` says "FILE:LINE: reason" and *conf is half-written.
 */
int ini_load(const char *file, struct conf *conf, struct buf *error);

#endif
