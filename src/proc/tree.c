/* SPDX-License-Identifier: Apache-2.0 */
#include "proc/tree.h"

#include <stdint.h>

#include "base/cleanup.h"
#include "proc/proc.h"

#define SCAN_MAX 16384 /* processes whose parents are known in one scan, ours and foreign ones */

enum verdict { UNDECIDED, OURS, FOREIGN };

struct scan_entry {
	pid_t pid, ppid;
	uint8_t verdict;
	bool dead;
};

struct scan {
	int procfd;
	struct scan_entry entries[SCAN_MAX];
	unsigned n, more;
};

/* 192 KiB that only a scan touches, and of it only as much as there are processes. */
static struct scan scan;

static void note_process(void *arg, int number)
{
	struct scan *s = arg;
	struct proc_stat st;

	if (proc_read_stat(s->procfd, number, &st))
		return; /* it has gone, or is hidden from us */
	if (s->n == SCAN_MAX) {
		s->more++;
		return;
	}
	s->entries[s->n++] = (struct scan_entry){
		.pid = st.pid,
		.ppid = st.ppid,
		.dead = st.state == 'Z' || st.state == 'X',
	};
}

/* The kernel lists pids in order, so this is one pass of comparisons per gap; qsort() may allocate.
 */
static void sort_by_pid(struct scan *s)
{
	for (unsigned gap = s->n / 2; gap; gap /= 2) {
		for (unsigned i = gap; i < s->n; i++) {
			struct scan_entry moved = s->entries[i];
			unsigned j = i;

			for (; j >= gap && s->entries[j - gap].pid > moved.pid; j -= gap)
				s->entries[j] = s->entries[j - gap];
			s->entries[j] = moved;
		}
	}
}

static struct scan_entry *find_entry(struct scan *s, pid_t pid)
{
	unsigned low = 0, high = s->n;

	while (low < high) {
		unsigned mid = low + (high - low) / 2;

		if (s->entries[mid].pid == pid)
			return &s->entries[mid];
		if (s->entries[mid].pid < pid)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

struct family {
	pid_t self, root;
	bool as_init;
	const pid_t *spare;
	unsigned n_spare;
};

/* What can be said of a process without its parent's verdict. */
static enum verdict judge_alone(const struct family *f, const struct scan_entry *e)
{
	if (e->pid == f->self)
		return FOREIGN;
	for (unsigned i = 0; i < f->n_spare; i++) {
		if (f->spare[i] == e->pid)
			return FOREIGN;
	}
	if (e->pid == f->root || e->ppid == f->self)
		return OURS;
	/* No parent in our pid namespace: entered from outside (docker exec), or a kernel thread.
	 */
	if (!e->ppid)
		return FOREIGN;
	return UNDECIDED;
}

/*
 * Up the parents to the first one with a verdict, then the same verdict for all on the way. Parents
 * are read one after the other, so a chain may be broken or even closed to a ring; then its members
 * count as ours only where everything does.
 */
static void judge(struct scan *s, const struct family *f, struct scan_entry *start)
{
	enum verdict verdict = UNDECIDED;
	struct scan_entry *e = start;

	for (unsigned steps = 0; e && steps <= s->n; steps++) {
		verdict = e->verdict ? (enum verdict)e->verdict : judge_alone(f, e);
		if (verdict)
			break;
		e = find_entry(s, e->ppid);
	}
	if (!verdict)
		verdict = f->as_init ? OURS : FOREIGN;
	for (e = start; e && !e->verdict; e = find_entry(s, e->ppid)) {
		/* Must not run past the one that gave the verdict: its parents have another. */
		bool last = judge_alone(f, e) != UNDECIDED;

		e->verdict = (uint8_t)verdict;
		if (last)
			break;
	}
}

int tree_scan(int procfd, pid_t self, pid_t root, bool as_init, const pid_t *spare,
	unsigned n_spare, struct tree *t)
{
	const struct family family = {
		.self = self,
		.root = root,
		.as_init = as_init,
		.spare = spare,
		.n_spare = n_spare,
	};
	int err;

	scan.procfd = procfd;
	scan.n = scan.more = 0;
	err = proc_each_number(procfd, ".", note_process, &scan);
	if (err)
		return err;
	sort_by_pid(&scan);
	t->n = 0;
	t->more = scan.more;
	for (unsigned i = 0; i < scan.n; i++) {
		struct scan_entry *e = &scan.entries[i];

		judge(&scan, &family, e);
		if (e->verdict != OURS || e->dead)
			continue;
		if (t->n < TREE_MAX)
			t->pids[t->n++] = e->pid;
		else
			t->more++;
	}
	return 0;
}

bool tree_has(const struct tree *t, pid_t pid)
{
	for (unsigned i = 0; i < t->n; i++) {
		if (t->pids[i] == pid)
			return true;
	}
	return false;
}
