/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"

#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "dump/elf.h"
#include "tune/tune.h"

#define SHEBANG_MAX	 256
#define WORDS_MAX	 16 /* of a command line that are looked at */
#define NOTE_GO_BUILD_ID 4  /* cmd/internal/buildid */

/* What an executable calls or exports: these names survive strip. */
static const struct mark {
	enum conf_dump_kind runtime;
	const char *symbol;
} marks[] = {
	{ DUMP_HOTSPOT, "JLI_Launch" }, /* the launcher: the JVM comes by dlopen() */
	{ DUMP_HOTSPOT, "JNI_CreateJavaVM" },
	{ DUMP_DOTNET, "DotNetRuntimeInfo" },
	{ DUMP_NODE, "_ZN4node5StartEiPPc" },
	{ DUMP_BEAM, "enif_make_atom" },
	{ DUMP_PHP, "php_request_startup" },
	{ DUMP_RUBY, "ruby_run_node" },
	{ DUMP_PYTHON, "Py_BytesMain" },
};

static int open_program(const char *path)
{
	auto_close int fd = -1;
	struct stat st;

	if (access(path, X_OK) < 0)
		return -errno;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	return S_ISREG(st.st_mode) ? take_fd(&fd) : -EACCES;
}

int command_open(const char *name, char *const *envp)
{
	const char *path = environ_get(envp, "PATH");
	char full[4096];
	int fd = -ENOENT;

	if (strchr(name, '/'))
		return open_program(name);
	for (path = path ? path : "/usr/local/bin:/usr/bin:/bin"; fd < 0 && *name && *path;) {
		size_t len = strcspn(path, ":");

		snprintf(full, sizeof(full), "%.*s/%s", (int)len, path, name);
		fd = open_program(full);
		path += len + (path[len] == ':');
	}
	return fd;
}

static uint32_t runtime_of_elf(int fd)
{
	const char *names[ARRAY_LEN(marks)];
	uint32_t found = 0;

	if (elf_has_note(fd, "Go", NOTE_GO_BUILD_ID))
		return TUNE_RUNTIME(DUMP_GO);
	for (unsigned i = 0; i < ARRAY_LEN(marks); i++)
		names[i] = marks[i].symbol;
	if (elf_find_names(fd, names, ARRAY_LEN(names), &found) < 0)
		return 0;
	for (unsigned i = 0; i < ARRAY_LEN(marks); i++)
		if (found >> i & 1)
			return TUNE_RUNTIME(marks[i].runtime);
	return 0;
}

/* "#!/usr/bin/env -S node --flag" -> what runs it; a program of its own is none. */
static uint32_t runtime_of_script(int fd, char *const *envp)
{
	char line[SHEBANG_MAX + 1] = "";
	char *word, *rest = line + 2;
	ssize_t n = pread(fd, line, SHEBANG_MAX, 0);
	uint32_t found = 0;

	if (n < 3 || line[0] != '#' || line[1] != '!')
		return 0;
	line[strcspn(line, "\n")] = '\0';
	while (!found && (word = strsep(&rest, " \t"))) {
		auto_close int program = *word && *word != '-' ? command_open(word, envp) : -1;

		found = program < 0 ? 0 : runtime_of_elf(program);
	}
	return found;
}

/* The host of .NET shows nothing of itself, but what it starts has a file beside it. Owned fd. */
static int open_runtimeconfig(const char *word)
{
	size_t len = strlen(word);
	char path[4096];

	if (len > 4 && !strcmp(word + len - 4, ".dll"))
		len -= 4;
	snprintf(path, sizeof(path), "%.*s.runtimeconfig.json", (int)len, word);
	return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

static bool is_dotnet(const char *word)
{
	auto_close int fd = open_runtimeconfig(word);

	return fd >= 0;
}

bool command_dotnet_has_limit(char *const *argv)
{
	char text[4096] = "";

	for (unsigned i = 0; argv && argv[i] && i < WORDS_MAX; i++) {
		auto_close int fd = open_runtimeconfig(argv[i]);

		/* -EFBIG: what fits is there. */
		if (fd >= 0 && file_pread_text(fd, text, sizeof(text)) != 0 &&
			strstr(text, "GC.HeapHardLimit"))
			return true;
	}
	return false;
}

uint32_t command_runtimes(char *const *argv, char *const *envp)
{
	uint32_t found = 0;

	for (unsigned i = 0; argv && argv[i] && i < WORDS_MAX; i++) {
		auto_close int fd = command_open(argv[i], envp);

		if (fd >= 0)
			found |= runtime_of_elf(fd) | runtime_of_script(fd, envp);
		if (is_dotnet(argv[i]))
			found |= TUNE_RUNTIME(DUMP_DOTNET);
		/* A runtime's own arguments are its business; Go may be a launcher, as gosu is. */
		if (found & ~TUNE_RUNTIME(DUMP_GO))
			break;
	}
	return found;
}

unsigned command_cpus(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) == 0 ? (unsigned)CPU_COUNT(&set) : 0;
}
