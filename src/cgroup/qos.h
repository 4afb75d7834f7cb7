/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What oom_score_adj tells of a pod: the kubelet sets it by quality of service, Guaranteed -997,
 * BestEffort 1000, Burstable min(max(2, 1000 - 1000 * request / memory of the node), 999). Pure.
 */
#ifndef OOMGUARD_CGROUP_QOS_H
#define OOMGUARD_CGROUP_QOS_H

#include <stdint.h>

/* "Guaranteed", "Burstable", "BestEffort"; "unknown" for what no kubelet sets. */
const char *qos_name(int oom_score_adj);

/* The request, as exact as a thousandth of the node's memory; 0: not told. */
uint64_t qos_request_bytes(int oom_score_adj, uint64_t node_bytes);

#endif
