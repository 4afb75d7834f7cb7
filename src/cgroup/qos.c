/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/qos.h"

#define ADJ_GUARANTEED	 (-997)
#define ADJ_BEST_EFFORT	 1000
#define ADJ_BURSTABLE_LO 2
#define ADJ_BURSTABLE_HI 999

const char *qos_name(int oom_score_adj)
{
	if (oom_score_adj == ADJ_GUARANTEED)
		return "Guaranteed";
	if (oom_score_adj == ADJ_BEST_EFFORT)
		return "BestEffort";
	return oom_score_adj >= ADJ_BURSTABLE_LO && oom_score_adj <= ADJ_BURSTABLE_HI ? "Burstable"
										      : "unknown";
}

uint64_t qos_request_bytes(int oom_score_adj, uint64_t node_bytes)
{
	/* At its two ends the score was cut off. */
	if (oom_score_adj <= ADJ_BURSTABLE_LO || oom_score_adj >= ADJ_BURSTABLE_HI)
		return 0;
	return node_bytes / 1000 * (uint64_t)(1000 - oom_score_adj);
}
