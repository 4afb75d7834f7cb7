/* SPDX-License-Identifier: Apache-2.0 */
/* The rules that give points to causes; for diagnose.c only. */
#ifndef OOMGUARD_REPORT_DIAGNOSE_RULES_H
#define OOMGUARD_REPORT_DIAGNOSE_RULES_H

#include "base/buf.h"
#include "report/diagnose.h"

/* Judgement, not measured (the leak test is). */
#define DIAGNOSE_NODE_STALL_BP	 1000
#define DIAGNOSE_CEILING_HIGH_BP 9500 /* of the limit: nothing is left beside the heap */

/*
 * A rule sees the facts and what is known so far; true when it holds, with its line of evidence (an
 * empty line tells nothing).
 */
struct diagnose_rule {
	enum cause cause;
	int points;
	bool (*holds)(const struct diagnose_facts *f, const struct diagnosis *d, struct buf *line);
};

#define DIAGNOSE_RULES_MAX 32

/* In the order in which they are to be asked: rules that build on another stand below it. */
const struct diagnose_rule *diagnose_rules(unsigned *ret_n);

/* The limit that counts is an ancestor's, and most of what fills it is not ours. */
bool diagnose_filled_by_others(const struct diagnose_facts *f);

/* Of the limit. */
uint32_t diagnose_share_bp(const struct diagnose_facts *f, uint64_t bytes);

#endif
