/* SPDX-License-Identifier: Apache-2.0 */
/* What memory does the container request? */
#ifndef OOMGUARD_MEMREQUEST_H
#define OOMGUARD_MEMREQUEST_H

#include <stdint.h>

#include "conf/conf.h"

/*
 * In this order: guard.request; a variable or a file of the downward API under one of the usual
 * names (Kubernetes' documentation: MY_MEM_REQUEST, /etc/podinfo/mem_request); oom_score_adj, which
 * the kubelet makes of it for the QoS class Burstable: 1000 - 1000 x request / memory of the node,
 * so it is known to a thousandth of that. *ret_best_effort is 1 where there is no request at all.
 * Bytes; 0: not known or none.
 */
uint64_t memrequest_find(const struct conf *conf, char *const *envp, int oom_score_adj,
	uint64_t node_bytes, uint32_t *ret_best_effort);

/* A downward API value: bytes, or with divisor 1Mi a number so small that it can only be MiB. */
uint64_t memrequest_parse(const char *text);

#endif
