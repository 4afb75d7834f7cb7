/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Favours that the guard takes for its own process: it must get the CPU at once when memory runs
 * out, and must stay small. All of them would be inherited, so that each start of the application
 * gives them back first. Best effort: what is not allowed is done without.
 */
#ifndef OOMGUARD_CHILD_FAVOUR_H
#define OOMGUARD_CHILD_FAVOUR_H

#include <stdbool.h>

struct favour {
	bool taken;
	int nice;		  /* as inherited */
	int huge_pages_off;	  /* PR_GET_THP_DISABLE as inherited */
	unsigned long slack_nsec; /* PR_GET_TIMERSLACK as inherited */
};

/*
 * To be called before much memory is touched: transparent huge pages would make 2 MiB of our 4 MiB
 * of mostly unused static storage resident. Also: nice -20 (CAP_SYS_NICE), a short time slice,
 * which means early wake-ups with EEVDF (Linux 6.12, no capability needed), timer slack of 1 us.
 */
void favour_take(struct favour *ret_before);

/* In the child before exec. Async-signal-safe. */
void favour_return(const struct favour *before);

#endif
