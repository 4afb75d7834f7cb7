/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One line of a kernel log: what it says about an out-of-memory kill. Pure.
 * Whatever stands in front of the kernel's words is skipped, so that dmesg, journald, syslog,
 * console and log collectors are all the same. Wordings from 2.6.32 to 6.18 (mm/oom_kill.c,
 * mm/memcontrol.c, mm/memcontrol-v1.c).
 */
#ifndef OOMGUARD_REPORT_KERNLOG_LINE_H
#define OOMGUARD_REPORT_KERNLOG_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum kernlog_number {
	KERNLOG_PID, /* in the initial pid namespace, as all of the kernel's */
	KERNLOG_UID,
	KERNLOG_TOTAL_VM_KB,
	KERNLOG_ANON_RSS_KB,
	KERNLOG_FILE_RSS_KB,
	KERNLOG_SHMEM_RSS_KB,
	KERNLOG_OOM_SCORE_ADJ,
	KERNLOG_USAGE_KB, /* of the cgroup whose limit was hit */
	KERNLOG_LIMIT_KB,
	KERNLOG_SWAP_USAGE_KB, /* v1: memory and swap together */
	KERNLOG_SWAP_LIMIT_KB,
	KERNLOG_N_NUMBERS,
};

enum kernlog_text {
	KERNLOG_COMM,
	KERNLOG_TASK_MEMCG, /* cgroup of the victim */
	KERNLOG_OOM_MEMCG,  /* cgroup whose limit was hit */
	KERNLOG_N_TEXTS,
};

enum kernlog_scope {
	KERNLOG_SCOPE_UNTOLD,
	KERNLOG_SCOPE_MEMCG,
	KERNLOG_SCOPE_GLOBAL,
};

#define KERNLOG_TEXT_MAX 1024

struct kernlog_facts {
	enum kernlog_scope scope;
	bool told[KERNLOG_N_NUMBERS];
	int64_t number[KERNLOG_N_NUMBERS];
	char text[KERNLOG_N_TEXTS][KERNLOG_TEXT_MAX]; /* empty: not told */
};

/* From INVOKED to KILL in the order in which the kernel prints them. */
enum kernlog_kind {
	KERNLOG_NOTHING,
	KERNLOG_INVOKED,    /* "X invoked oom-killer": an event begins */
	KERNLOG_TASK_IN,    /* "Task in A killed as a result of limit of B", or a half of it */
	KERNLOG_USAGE,	    /* "memory: usage 1kB, limit 2kB" */
	KERNLOG_SWAP,	    /* "memory+swap: usage", "swap: usage" */
	KERNLOG_STATS,	    /* "Memory cgroup stats for B:" */
	KERNLOG_MEM_INFO,   /* "Mem-Info:": the whole node is out of memory */
	KERNLOG_CHOSEN,	    /* "oom-kill:constraint=..." */
	KERNLOG_KILL,	    /* "Kill process P (c) score N or sacrifice child" */
	KERNLOG_KILLED,	    /* "Killed process P (c)" */
	KERNLOG_SHARING,    /* "Kill process P (c) sharing same memory", after a KILLED */
	KERNLOG_GROUP,	    /* "Tasks in A are going to be killed due to memory.oom.group set" */
	KERNLOG_REAPED,	    /* "oom_reaper: reaped process P (c)": it has been killed */
	KERNLOG_SYSTEM_OOM, /* the kubelet's "System OOM encountered, victim process: c, pid: P" */
	KERNLOG_SPARED,	    /* "is already exiting. Skip killing the task" */
	KERNLOG_NO_VICTIM,  /* "Out of memory and no killable processes" */
	KERNLOG_N_KINDS,
};

/* `text` NUL-terminated. *ret_facts is written where the kind is not NOTHING. */
enum kernlog_kind kernlog_read_line(const char *text, struct kernlog_facts *ret_facts);

/* The host that the prefix "... HOST kernel: " names, else "". */
void kernlog_read_host(const char *text, char *ret_host, size_t size);

/*
 * True when a program tells of a kill that it has read of in the kernel's log, as
 * "node-problem-detector[6018]: " does. Syslog's name for the kernel has no pid.
 */
bool kernlog_is_quoted(const char *line);

void kernlog_set_number(struct kernlog_facts *f, enum kernlog_number n, int64_t value);
/* Without blanks at its end; a text that does not fit stays untold. */
void kernlog_set_text(struct kernlog_facts *f, enum kernlog_text t, const char *from, size_t len);

/* What `to` has not, from `from`. */
void kernlog_fill(struct kernlog_facts *to, const struct kernlog_facts *from);
void kernlog_fill_number(
	struct kernlog_facts *to, const struct kernlog_facts *from, enum kernlog_number n);
void kernlog_fill_text(
	struct kernlog_facts *to, const struct kernlog_facts *from, enum kernlog_text t);

#endif
