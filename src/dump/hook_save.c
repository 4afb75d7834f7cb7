/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "dump/hook.h"
#include "dump/jsonfile.h"

int hook_save(const struct dump_request *req, const struct hook_ask *ask, const char *name,
	struct dump_result *ret, char ret_why[HOOK_WHY_MAX])
{
	struct hook_ask mine = *ask;
	struct jsonfile file;
	int r = jsonfile_begin(req, name, &file);

	ret_why[0] = '\0';
	if (r == 0) {
		mine.each = jsonfile_take;
		mine.arg = &file;
		mine.max_bytes = req->conf->dump.max_bytes;
		r = hook_ask(&mine, ret_why);
	}
	r = jsonfile_end(&file, r, ret);
	if (r < 0 && !ret_why[0])
		buf_copy(ret_why, HOOK_WHY_MAX,
			r == -EBADMSG ? "what its hook answers is no JSON" : strerror(-r));
	return r;
}
