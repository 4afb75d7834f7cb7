/* SPDX-License-Identifier: Apache-2.0 */
/* What HotSpot tells in a moment: texts, and the flight recording that it keeps anyhow. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/units.h"
#include "dump/attach.h"
#include "dump/hotspot.h"
#include "dump/kinds.h"
#include "store/outfile.h"

#define RECORDING_MAX	(64 * MIB)
#define RECORDING_NEED	(32 * MIB)     /* headroom: it flushes buffers and copies chunks in Java */
#define RECORDER_THREAD "JFR Recorder" /* "JFR Recorder Thread", cut to 15 by the kernel */
#define NOT_TRACKED	"not enabled"
#define RUNNING		"(running)"

static int ask_into_file(const struct dump_request *req, struct attach *vm, const char *command,
	const char *argument, const char *what, const char *unless, struct dump_result *ret)
{
	struct outfile out = OUTFILE_NONE;
	char name[OUTFILE_NAME_MAX], text[ATTACH_TEXT_MAX];
	int r;

	snprintf(name, sizeof(name), "hotspot-%d.%s.txt", (int)req->pid, what);
	r = outfile_create(req->incident_dirfd, name, &out);
	if (r == 0)
		r = attach_ask(vm, command, argument, &out, text);
	if (r == 0 && unless && strstr(text, unless))
		r = -ENODATA;
	if (r == 0)
		r = outfile_finish(&out, &ret->bytes);
	if (r == 0)
		snprintf(ret->file, sizeof(ret->file), "%s", out.name);
	outfile_drop(&out);
	return r;
}

int profile_hotspot(const struct dump_request *req, struct dump_result *ret)
{
	struct dump_result threads = { .bytes = 0 };
	struct attach vm;
	int r = hotspot_open(req, &vm, ret);

	if (r < 0) {
		attach_close(&vm);
		return r;
	}
	r = ask_into_file(req, &vm, "inspectheap", "-all", "histogram", NULL, ret);
	if (r == 0 && ask_into_file(req, &vm, "threaddump", "-l", "threads", NULL, &threads) == 0)
		snprintf(ret->note, sizeof(ret->note), "class histogram; threads: %.128s",
			threads.file);
	attach_close(&vm);
	return r < 0 ? hotspot_explain(req, r, vm.why, ret) : 0;
}

/* From the VM's /tmp, where it has just been made by the VM's own user. 0 or -errno. */
static int copy_recording(const struct dump_request *req, const struct attach *vm, int fd)
{
	static char data[64 << 10];
	struct outfile out = OUTFILE_NONE;
	char name[OUTFILE_NAME_MAX];
	uint64_t bytes = 0;
	struct stat st;
	ssize_t n;
	int r;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_uid != vm->uid || st.st_size > (off_t)RECORDING_MAX)
		return -EPERM;
	snprintf(name, sizeof(name), "hotspot-%d.jfr", (int)req->pid);
	r = outfile_create(req->incident_dirfd, name, &out);
	if (r < 0)
		return r;
	outfile_limit(&out, RECORDING_MAX, req->conf->dump.min_free_bp);
	while (r == 0 && (n = read(fd, data, sizeof(data))) != 0)
		r = n < 0 ? -errno : outfile_write(&out, data, (size_t)n);
	if (r == 0)
		r = outfile_finish(&out, &bytes);
	outfile_drop(&out);
	return r;
}

/*
 * Asked in vain, JFR.check loads the recorder's classes and compiles them: 14 MiB more in the last
 * megabytes. A recorder that runs has a thread of this name, and has loaded them already.
 */
static bool is_recording(pid_t pid)
{
	auto_closedir DIR *tasks = NULL;
	char path[64], comm[32];
	struct dirent *entry;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	tasks = opendir(path);
	while (tasks && (entry = readdir(tasks))) {
		snprintf(path, sizeof(path), "/proc/%d/task/%.16s/comm", (int)pid, entry->d_name);
		if (file_read_text(AT_FDCWD, path, comm, sizeof(comm)) > 0 &&
			strncmp(comm, RECORDER_THREAD, strlen(RECORDER_THREAD)) == 0)
			return true;
	}
	return false;
}

static int take_recording(const struct dump_request *req, struct attach *vm)
{
	char text[ATTACH_TEXT_MAX], command[128];
	const char *name;
	auto_close int fd = -1;
	int r;

	if (req->headroom_bytes < RECORDING_NEED || !is_recording(req->pid))
		return -ENODATA;
	r = attach_ask(vm, "jcmd", "JFR.check", NULL, text);
	if (r < 0 || !strstr(text, RUNNING))
		return r < 0 ? r : -ENODATA;
	snprintf(command, sizeof(command), "JFR.dump filename=/tmp/.oomguard-%d-%llx.jfr",
		(int)vm->nspid, (unsigned long long)clock_now_usec());
	name = strrchr(command, '/') + 1;
	r = attach_ask(vm, "jcmd", command, NULL, text);
	if (r == 0) {
		fd = openat(vm->tmpfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		r = fd < 0 ? -errno : copy_recording(req, vm, fd);
	}
	unlinkat(vm->tmpfd, name, 0);
	return r;
}

void hotspot_tell_more(const struct dump_request *req, struct attach *vm, struct dump_result *ret)
{
	struct buf note = {
		.data = ret->note, .size = sizeof(ret->note), .len = strlen(ret->note)
	};
	struct dump_result more = { .bytes = 0 };

	if (ask_into_file(req, vm, "threaddump", "-l", "threads", NULL, &more) == 0)
		buf_puts(&note, "; threads");
	if (ask_into_file(req, vm, "jcmd", "VM.native_memory summary", "native_memory", NOT_TRACKED,
		    &more) == 0)
		buf_puts(&note, ", native memory");
	if (take_recording(req, vm) == 0)
		buf_puts(&note, ", flight recording");
}
