/* SPDX-License-Identifier: Apache-2.0 */
#include "dump/jsonfile.h"

#include <errno.h>
#include <stdio.h>

int jsonfile_begin(const struct dump_request *req, const char *name, struct jsonfile *ret)
{
	int r;

	ret->out = OUTFILE_NONE;
	jsoncheck_begin(&ret->check);
	r = outfile_create(req->incident_dirfd, name, &ret->out);
	if (r == 0)
		outfile_limit(&ret->out, req->conf->dump.max_bytes, req->conf->dump.min_free_bp);
	return r;
}

int jsonfile_take(void *arg, const void *data, size_t len)
{
	struct jsonfile *f = arg;

	jsoncheck_feed(&f->check, data, len);
	return f->check.bad ? -EBADMSG : outfile_write(&f->out, data, len);
}

int jsonfile_end(struct jsonfile *f, int r, struct dump_result *ret)
{
	if (r == 0 && !jsoncheck_is_complete(&f->check))
		r = -EBADMSG;
	if (r == 0)
		r = outfile_finish(&f->out, &ret->bytes);
	if (r == 0)
		snprintf(ret->file, sizeof(ret->file), "%s", f->out.name);
	outfile_drop(&f->out);
	return r;
}
