/* SPDX-License-Identifier: Apache-2.0 */
#include "report/kernlog_line.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

/* TASK_COMM_LEN is 16; \xNN for each byte makes it four times as long. */
#define COMM_TEXT_MAX 64

/* A number followed by `unit`; without its unit it may have been cut. */
static bool read_number(const char *text, const char *unit, int64_t *ret, const char **ret_end)
{
	char *end;
	long long value;

	while (*text == ' ')
		text++;
	if (!isdigit((unsigned char)*text) && *text != '-')
		return false;
	errno = 0;
	value = strtoll(text, &end, 10);
	if (errno || end == text || strncmp(end, unit, strlen(unit)) != 0)
		return false;
	*ret = value;
	if (ret_end)
		*ret_end = end + strlen(unit);
	return true;
}

static bool read_after(const char *text, const char *key, const char *unit, struct kernlog_facts *f,
	enum kernlog_number n)
{
	const char *at = strstr(text, key);
	int64_t value;

	if (!at || !read_number(at + strlen(key), unit, &value, NULL))
		return false;
	kernlog_set_number(f, n, value);
	return true;
}

/* In the words for a cgroup the "o" is small: they are told apart even where their front is cut. */
static enum kernlog_scope scope_of(const char *text)
{
	static const struct {
		const char *words;
		enum kernlog_scope scope;
	} scopes[] = {
		{ "cgroup out of memory", KERNLOG_SCOPE_MEMCG },
		/* Virtuozzo and OpenVZ: of a beancounter, which is a container. */
		{ "Out of memory in UB", KERNLOG_SCOPE_MEMCG },
		{ "Out of memory in VE", KERNLOG_SCOPE_MEMCG },
		{ "Out of memory", KERNLOG_SCOPE_GLOBAL },
		{ "Out of Memory", KERNLOG_SCOPE_GLOBAL }, /* up to 2.6.18 */
		{ "out of memory: Kill", KERNLOG_SCOPE_MEMCG },
	};

	for (unsigned i = 0; i < ARRAY_LEN(scopes); i++)
		if (strstr(text, scopes[i].words))
			return scopes[i].scope;
	return KERNLOG_SCOPE_UNTOLD;
}

/*
 * `text` is behind the opening parenthesis. A name may hold parentheses and commas itself: it ends
 * at the last one that the kernel's own words follow. NULL: cut before its end.
 */
static const char *end_of_comm(const char *text)
{
	static const char *const next[] = { " total-vm:", ", UID ", " vsz:", " score ", ", now ",
		" sharing same memory", " is already exiting", " vm:", ", total-vm:" };
	const char *last = NULL, *known = NULL;

	for (const char *at = text; *at && at - text < COMM_TEXT_MAX; at++) {
		if (*at != ')')
			continue;
		last = at;
		for (unsigned i = 0; i < ARRAY_LEN(next); i++)
			if (!strncmp(at + 1, next[i], strlen(next[i])))
				known = at;
	}
	return known ? known : last;
}

/* "1234 (java) ..." and "1234, UID 500, (java) ..." of el6; what follows the name, or NULL. */
static const char *read_pid_comm(const char *text, struct kernlog_facts *f)
{
	const char *end;
	int64_t pid;

	if (!read_number(text, "", &pid, &end) || pid < 0)
		return NULL;
	/* The last thing on the line: perhaps half of a number. */
	if (!*end)
		return NULL;
	kernlog_set_number(f, KERNLOG_PID, pid);
	read_after(end, ", UID ", ",", f, KERNLOG_UID);
	text = strchr(end, '(');
	if (!text || text - end > 24)
		return end;
	text++;
	end = end_of_comm(text);
	if (!end)
		return text;
	kernlog_set_text(f, KERNLOG_COMM, text, (size_t)(end - text));
	return end + 1;
}

static bool read_sizes(const char *text, struct kernlog_facts *f)
{
	static const struct {
		const char *key;
		enum kernlog_number n;
	} sizes[] = {
		{ "total-vm:", KERNLOG_TOTAL_VM_KB },
		{ " vsz:", KERNLOG_TOTAL_VM_KB },
		{ " vm:", KERNLOG_TOTAL_VM_KB },
		{ "anon-rss:", KERNLOG_ANON_RSS_KB },
		{ "file-rss:", KERNLOG_FILE_RSS_KB },
		{ "shmem-rss:", KERNLOG_SHMEM_RSS_KB },
	};

	for (unsigned i = 0; i < ARRAY_LEN(sizes); i++)
		read_after(text, sizes[i].key, "kB", f, sizes[i].n);
	read_after(text, "UID:", "", f, KERNLOG_UID);
	read_after(text, ", UID ", ",", f, KERNLOG_UID);
	read_after(text, "oom_score_adj:", "", f, KERNLOG_OOM_SCORE_ADJ);
	return true;
}

static bool read_killed(const char *at, const char *line, struct kernlog_facts *f)
{
	const char *rest = read_pid_comm(at, f);

	f->scope = scope_of(line);
	return rest && read_sizes(rest, f);
}

static bool read_kill(const char *at, const char *line, struct kernlog_facts *f)
{
	f->scope = scope_of(line);
	return read_pid_comm(at, f);
}

/* Processes of other thread groups on the same address space are killed with the victim. */
static bool read_sharing(const char *at, const char *line, struct kernlog_facts *f)
{
	at = strstr(line, "ill process ");
	return at && read_pid_comm(at + strlen("ill process "), f);
}

/* Programs and systemd write "kill process" too: the kernel's goes with its score. */
static bool read_scored(const char *at, const char *line, struct kernlog_facts *f)
{
	return strstr(at, " score ") && read_kill(at, line, f);
}

/* Without the words in front: "...ess 1234 (java) total-vm:1kB, anon-rss:..." */
static bool read_headless(const char *at, const char *line, struct kernlog_facts *f)
{
	const char *name = at - 1, *digits;

	if (!strstr(at, "anon-rss:"))
		return false;
	while (name > line && *name != '(')
		name--;
	for (digits = name - 1; digits > line && isdigit((unsigned char)digits[-1]);)
		digits--;
	if (name - line < 3 || name[-1] != ' ')
		return false;
	for (digits = name - 1; digits > line && isdigit((unsigned char)digits[-1]);)
		digits--;
	/* A number at the very start of the line may have lost its first digits. */
	return digits > line && read_killed(digits, line, f);
}

static bool read_reaped(const char *at, const char *line, struct kernlog_facts *f)
{
	(void)line;
	return read_pid_comm(at, f);
}

static bool read_spared(const char *at, const char *line, struct kernlog_facts *f)
{
	return strstr(at, "Skip killing") && read_kill(at, line, f);
}

static bool read_system_oom(const char *at, const char *line, struct kernlog_facts *f)
{
	const char *pid = strstr(at, ", pid: ");

	(void)line;
	if (!pid || !read_after(pid, ", pid: ", "", f, KERNLOG_PID))
		return false;
	f->scope = KERNLOG_SCOPE_GLOBAL;
	kernlog_set_text(f, KERNLOG_COMM, at, (size_t)(pid - at));
	return true;
}

static bool read_task_in(const char *at, const char *line, struct kernlog_facts *f)
{
	static const char killed[] = " killed as a result of limit of ";
	const char *middle = strstr(at, killed);

	(void)line;
	f->scope = KERNLOG_SCOPE_MEMCG;
	if (!middle && *at != '/')
		return false;
	kernlog_set_text(f, KERNLOG_TASK_MEMCG, at, middle ? (size_t)(middle - at) : strlen(at));
	if (middle)
		kernlog_set_text(f, KERNLOG_OOM_MEMCG, middle + sizeof(killed) - 1,
			strlen(middle + sizeof(killed) - 1));
	return true;
}

static bool read_limit_of(const char *at, const char *line, struct kernlog_facts *f)
{
	(void)line;
	f->scope = KERNLOG_SCOPE_MEMCG;
	kernlog_set_text(f, KERNLOG_OOM_MEMCG, at, strlen(at));
	return *at == '/';
}

static bool read_usage(const char *at, const char *line, struct kernlog_facts *f)
{
	int64_t usage, limit;

	(void)line;
	f->scope = KERNLOG_SCOPE_MEMCG;
	if (!read_number(at, "kB, limit ", &usage, &at))
		return false;
	kernlog_set_number(f, KERNLOG_USAGE_KB, usage);
	if (read_number(at, "kB", &limit, NULL))
		kernlog_set_number(f, KERNLOG_LIMIT_KB, limit);
	return true;
}

static bool read_swap(const char *at, const char *line, struct kernlog_facts *f)
{
	int64_t usage, limit;

	(void)line;
	f->scope = KERNLOG_SCOPE_MEMCG;
	if (!read_number(at, "kB, limit ", &usage, &at) || !read_number(at, "kB", &limit, NULL))
		return false;
	kernlog_set_number(f, KERNLOG_SWAP_USAGE_KB, usage);
	kernlog_set_number(f, KERNLOG_SWAP_LIMIT_KB, limit);
	return true;
}

static bool read_stats(const char *at, const char *line, struct kernlog_facts *f)
{
	const char *end = strstr(at, ": ");
	size_t len = end ? (size_t)(end - at) : strlen(at);

	(void)line;
	f->scope = KERNLOG_SCOPE_MEMCG;
	while (len && isspace((unsigned char)at[len - 1]))
		len--;
	/* Without its colon the path has been cut. */
	if (end || (len && at[--len] == ':'))
		kernlog_set_text(f, KERNLOG_OOM_MEMCG, at, len);
	return true;
}

static bool read_mem_info(const char *at, const char *line, struct kernlog_facts *f)
{
	(void)at;
	(void)line;
	f->scope = KERNLOG_SCOPE_GLOBAL;
	return true;
}

static bool read_plain(const char *at, const char *line, struct kernlog_facts *f)
{
	(void)at;
	f->scope = scope_of(line);
	return true;
}

static bool read_group(const char *at, const char *line, struct kernlog_facts *f)
{
	const char *end = strstr(at, " are going to be killed due to memory.oom.group");

	(void)line;
	if (!end)
		return false;
	kernlog_set_text(f, KERNLOG_TASK_MEMCG, at, (size_t)(end - at));
	return true;
}

static const char *find_last(const char *text, const char *key)
{
	const char *last = NULL;

	for (text = strstr(text, key); text; text = strstr(text + 1, key))
		last = text;
	return last;
}

/* Each value ends where the next key begins; a value without its next key may have been cut. */
static bool read_chosen(const char *at, const char *line, struct kernlog_facts *f)
{
	static const char oom_key[] = ",oom_memcg=", task_key[] = ",task_memcg=",
			  comm_key[] = ",task=";
	const char *oom = strstr(at, oom_key), *task = strstr(at, task_key);
	const char *comm = task ? strstr(task, comm_key) : NULL;
	const char *pid = comm ? find_last(comm, ",pid=") : NULL;

	(void)line;
	f->scope =
		!strncmp(at, "CONSTRAINT_MEMCG", 16) ? KERNLOG_SCOPE_MEMCG : KERNLOG_SCOPE_GLOBAL;
	if (oom && task && oom < task)
		kernlog_set_text(f, KERNLOG_OOM_MEMCG, oom + sizeof(oom_key) - 1,
			(size_t)(task - oom) - (sizeof(oom_key) - 1));
	if (task && comm)
		kernlog_set_text(f, KERNLOG_TASK_MEMCG, task + sizeof(task_key) - 1,
			(size_t)(comm - task) - (sizeof(task_key) - 1));
	if (!pid)
		return true;
	kernlog_set_text(f, KERNLOG_COMM, comm + sizeof(comm_key) - 1,
		(size_t)(pid - comm) - (sizeof(comm_key) - 1));
	if (read_after(pid, ",pid=", ",uid=", f, KERNLOG_PID))
		read_after(pid, ",uid=", "", f, KERNLOG_UID);
	return true;
}

/* The first row whose words are in the line and can be read is what the line says. */
static const struct {
	const char *words;
	enum kernlog_kind kind;
	bool (*read)(const char *after, const char *line, struct kernlog_facts *f);
} rows[] = {
	{ "illed process ", KERNLOG_KILLED, read_killed },
	{ "sharing same memory", KERNLOG_SHARING, read_sharing },
	{ "total-vm:", KERNLOG_KILLED, read_headless },
	{ "oom-kill:constraint=", KERNLOG_CHOSEN, read_chosen },
	{ " invoked oom-killer", KERNLOG_INVOKED, read_plain },
	{ "Tasks in ", KERNLOG_GROUP, read_group },
	{ "Task in ", KERNLOG_TASK_IN, read_task_in },
	{ "killed as a result of limit of ", KERNLOG_TASK_IN, read_limit_of },
	{ "Memory limit reached of cgroup ", KERNLOG_TASK_IN, read_limit_of },
	{ "memory: usage ", KERNLOG_USAGE, read_usage },
	{ "swap: usage ", KERNLOG_SWAP, read_swap },
	{ "Memory cgroup stats for ", KERNLOG_STATS, read_stats },
	{ "Mem-Info:", KERNLOG_MEM_INFO, read_mem_info },
	{ "oom_reaper: reaped process ", KERNLOG_REAPED, read_reaped },
	{ "oom_reaper: unable to reap pid:", KERNLOG_REAPED, read_reaped },
	{ "OOM victim ", KERNLOG_SPARED, read_spared },
	{ "System OOM encountered, victim process: ", KERNLOG_SYSTEM_OOM, read_system_oom },
	{ "ut of memory and no killable", KERNLOG_NO_VICTIM, read_plain },
	{ "ut of memory: Kill process ", KERNLOG_KILL, read_kill },
	{ "ill process ", KERNLOG_KILL, read_scored },
};

enum kernlog_kind kernlog_read_line(const char *text, struct kernlog_facts *ret_facts)
{
	static const struct kernlog_facts nothing;
	const char *at;

	for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
		at = strstr(text, rows[i].words);
		if (!at)
			continue;
		*ret_facts = nothing;
		if (rows[i].read(at + strlen(rows[i].words), text, ret_facts))
			return rows[i].kind;
	}
	return KERNLOG_NOTHING;
}
