/* SPDX-License-Identifier: Apache-2.0 */
#include "child/favour.h"

#include <errno.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SLICE_NSEC 100000 /* the shortest that the kernel takes */
#define SLACK_NSEC 1000

/* struct sched_attr of sched_setattr(2); the C library has none. */
struct attr {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

/* SCHED_OTHER only: who runs us under another policy has a reason. runtime 0 is the default slice;
 * before 6.12 it is ignored. */
static void set_slice(int nice, uint64_t nsec)
{
	struct attr attr = { .size = sizeof(attr), .nice = nice, .runtime = nsec };
	long policy = syscall(SYS_sched_getscheduler, 0);

	if (policy == 0)
		syscall(SYS_sched_setattr, 0, &attr, 0);
}

void favour_take(struct favour *ret_before)
{
	struct favour before = { .taken = true };

	before.huge_pages_off = prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0);
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	errno = 0;
	before.nice = getpriority(PRIO_PROCESS, 0);
	if (errno)
		before.nice = 0;
	before.slack_nsec = (unsigned long)prctl(PR_GET_TIMERSLACK);
	prctl(PR_SET_TIMERSLACK, SLACK_NSEC);
	set_slice(setpriority(PRIO_PROCESS, 0, -20) ? before.nice : -20, SLICE_NSEC);
	*ret_before = before;
}

void favour_return(const struct favour *before)
{
	if (!before || !before->taken)
		return;
	if (before->huge_pages_off == 0)
		prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0);
	prctl(PR_SET_TIMERSLACK, before->slack_nsec);
	set_slice(before->nice, 0);
	setpriority(PRIO_PROCESS, 0, before->nice);
}
