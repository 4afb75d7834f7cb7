/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/stat.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"

#define STAT_TEXT_MAX 8192 /* 6.18 writes 2.3 KiB (v2) */

int stat_parse_u64(const char *text, uint64_t *ret)
{
	uint64_t value = 0;
	const char *c = text;

	if (!strncmp(text, "max", 3)) {
		c += 3;
		value = CGROUP_NO_LIMIT;
	} else {
		for (; *c >= '0' && *c <= '9'; c++) {
			if (__builtin_mul_overflow(value, 10u, &value) ||
				__builtin_add_overflow(value, (uint64_t)(*c - '0'), &value)) {
				value = CGROUP_NO_LIMIT;
				c += strspn(c, "0123456789");
				break;
			}
		}
	}
	if (c == text || (*c && *c != '\n' && *c != ' '))
		return -EINVAL;
	*ret = value;
	return 0;
}

int stat_read_u64(int fd, uint64_t *ret)
{
	char text[32];
	ssize_t len;

	if (fd < 0)
		return -EBADF;
	len = pread(fd, text, sizeof(text) - 1, 0);
	if (len < 0)
		return -errno;
	text[len] = '\0';
	return stat_parse_u64(text, ret);
}

static const struct cgroup_key *find_key(
	const struct cgroup_format *format, const char *name, size_t len)
{
	for (unsigned i = 0; i < format->n_keys; i++) {
		const char *known = format->keys[i].name;

		if (!strncmp(known, name, len) && !known[len])
			return &format->keys[i];
	}
	return NULL;
}

void stat_parse(const struct cgroup_format *format, const char *text, struct cgroup_stat *ret)
{
	struct cgroup_stat st = { .hierarchical_limit = CGROUP_NO_LIMIT };
	const char *end;

	for (const char *line = text; (end = strchr(line, '\n')); line = end + 1) {
		const char *blank = memchr(line, ' ', (size_t)(end - line));
		const struct cgroup_key *key;
		uint64_t value;

		if (!blank || blank == line)
			continue;
		key = find_key(format, line, (size_t)(blank - line));
		if (!key || stat_parse_u64(blank + 1, &value))
			continue;
		memcpy((char *)&st + key->offset, &value, sizeof(value));
		if (key->offset == offsetof(struct cgroup_stat, kernel))
			st.has_kernel = true;
	}
	if (st.hierarchical_limit >= format->unlimited_from)
		st.hierarchical_limit = CGROUP_NO_LIMIT;
	if (format->complete)
		format->complete(&st);
	*ret = st;
}

int stat_read(const struct cgroup_format *format, int fd, struct cgroup_stat *ret)
{
	char text[STAT_TEXT_MAX];
	ssize_t len;

	if (fd < 0)
		return -EBADF;
	len = file_pread_text(fd, text, sizeof(text));
	/* A longer file has its tail cut off; all our keys stand in the first 2 KiB. */
	if (len < 0 && len != -EFBIG)
		return (int)len;
	stat_parse(format, text, ret);
	return 0;
}
