/* SPDX-License-Identifier: Apache-2.0 */
#include "store/digest.h"

#include <fcntl.h>
#include <nettle/sha2.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "store/quiet.h"

static int digest_fd(int fd, uint64_t until_usec, struct sha256_ctx *ctx)
{
	auto_free uint8_t *data = malloc(QUIET_CHUNK);
	uint64_t at = 0;
	ssize_t n;

	if (!data)
		return -ENOMEM;
	quiet_begin(fd);
	do {
		if (clock_now_usec() >= until_usec)
			return -ETIMEDOUT;
		n = quiet_read(fd, data, at);
		if (n > 0)
			sha256_update(ctx, (size_t)n, data);
		at += n > 0 ? (uint64_t)n : 0;
	} while (n > 0);
	return (int)n;
}

int digest_file(int dirfd, const char *name, uint64_t until_usec, char out[DIGEST_TEXT_MAX])
{
	auto_close int fd =
		openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	uint8_t sum[SHA256_DIGEST_SIZE];
	struct sha256_ctx ctx;
	struct stat st;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	sha256_init(&ctx);
	r = digest_fd(fd, until_usec, &ctx);
	if (r < 0)
		return r;
	sha256_digest(&ctx, sizeof(sum), sum);
	for (size_t i = 0; i < sizeof(sum); i++)
		snprintf(out + 2 * i, 3, "%02x", sum[i]);
	return 0;
}
