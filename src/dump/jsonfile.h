/* SPDX-License-Identifier: Apache-2.0 */
/* A file of the incident that is to be one JSON object, written as it comes. */
#ifndef OOMGUARD_DUMP_JSONFILE_H
#define OOMGUARD_DUMP_JSONFILE_H

#include "dump/dumpers.h"
#include "dump/jsoncheck.h"
#include "store/outfile.h"

struct jsonfile {
	struct outfile out;
	struct jsoncheck check;
};

/* 0 or -errno. jsonfile_end in both cases. */
int jsonfile_begin(const struct dump_request *req, const char *name, struct jsonfile *ret);

/* For callbacks: arg is a struct jsonfile. 0, -EBADMSG: no JSON; or -errno. */
int jsonfile_take(void *arg, const void *data, size_t len);

/*
 * r: what has come of it, 0 when all is there. Then it is complete, under its name and in ret;
 * else it is removed. r, -EBADMSG: no whole object; or -errno.
 */
int jsonfile_end(struct jsonfile *f, int r, struct dump_result *ret);

#endif
