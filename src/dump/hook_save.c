/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "dump/dumpers.h"
#include "dump/hook.h"
#include "dump/jsoncheck.h"
#include "store/outfile.h"

struct save {
	struct outfile out;
	struct jsoncheck check;
};

static int take(void *arg, const void *data, size_t len)
{
	struct save *save = arg;

	jsoncheck_feed(&save->check, data, len);
	return save->check.bad ? -EBADMSG : outfile_write(&save->out, data, len);
}

int hook_save(const struct dump_request *req, const struct hook_ask *ask, const char *name,
	struct dump_result *ret, char ret_why[HOOK_WHY_MAX])
{
	struct save save = { .out = OUTFILE_NONE };
	struct hook_ask mine = *ask;
	int r = outfile_create(req->incident_dirfd, name, &save.out);

	ret_why[0] = '\0';
	if (r == 0) {
		outfile_limit(&save.out, req->conf->dump.max_bytes, req->conf->dump.min_free_bp);
		jsoncheck_begin(&save.check);
		mine.each = take;
		mine.arg = &save;
		mine.max_bytes = req->conf->dump.max_bytes;
		r = hook_ask(&mine, ret_why);
	}
	if (r == 0 && !jsoncheck_is_complete(&save.check)) {
		r = -EBADMSG;
		buf_copy(ret_why, HOOK_WHY_MAX, "what its hook answers is no JSON");
	}
	if (r == 0)
		r = outfile_finish(&save.out, &ret->bytes);
	if (r == 0)
		snprintf(ret->file, sizeof(ret->file), "%s", save.out.name);
	else if (!ret_why[0])
		buf_copy(ret_why, HOOK_WHY_MAX, strerror(-r));
	outfile_drop(&save.out);
	return r;
}
