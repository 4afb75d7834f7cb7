/* SPDX-License-Identifier: Apache-2.0 */
/* /proc/PID/status, a line "--", smaps_rollup; both are also taken as a command line. */
#include "fuzz.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "proc/proc.h"

static int procfd = -1;

/* A proc tree of one process, whose files are written anew for each run. */
static void make_tree(void)
{
	char top[] = "/tmp/oomguard-fuzz-XXXXXX";

	MUST(mkdtemp(top));
	procfd = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	MUST(procfd >= 0 && !mkdirat(procfd, "1", 0700));
	for (int i = 0; i < 2; i++) {
		auto_close int fd = openat(procfd, i ? "1/status" : "1/smaps_rollup",
			O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

		MUST(fd >= 0);
	}
}

static void remove_tree(void)
{
	struct fuzz_path path = fuzz_path(procfd);
	char top[64] = "";

	if (procfd < 0 || readlink(path.s, top, sizeof(top) - 1) < 0)
		return;
	unlinkat(procfd, "1/status", 0);
	unlinkat(procfd, "1/smaps_rollup", 0);
	unlinkat(procfd, "1", AT_REMOVEDIR);
	rmdir(top);
}

static void put(const char *name, const char *text)
{
	auto_close int fd = openat(procfd, name, O_WRONLY | O_TRUNC | O_CLOEXEC);

	MUST(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
}

static void describe(const char *text, size_t len, bool full)
{
	char line[200];

	memset(line, 'x', sizeof(line));
	proc_describe_cmdline(text, len, full, line, sizeof(line));
	MUST(memchr(line, '\0', sizeof(line)));
	MUST(!strchr(line, '\n'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *text = fuzz_text(data, size);
	struct proc_memory memory;
	char *second;
	uid_t uid;
	gid_t gid;

	if (procfd < 0) {
		make_tree();
		atexit(remove_tree);
	}
	describe(text, size, false);
	describe(text, size, true);
	second = fuzz_second(text, "--\n");
	put("1/status", text);
	put("1/smaps_rollup", second);
	MUST(proc_read_memory(procfd, 1, false, &memory) == 0);
	MUST(memory.pss_known || memory.pss_bytes == memory.rss_bytes);
	proc_read_ids(procfd, 1, &uid, &gid);
	proc_catches_signal(procfd, 1, 15);
	return 0;
}
