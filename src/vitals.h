/* SPDX-License-Identifier: Apache-2.0 */
/* What a post-mortem needs to have been noted while the application lived. */
#ifndef OOMGUARD_VITALS_H
#define OOMGUARD_VITALS_H

#include <stdbool.h>
#include <stdint.h>

#include "cgroup/cgroup.h"
#include "report/shape.h"

struct guard;

#define VITALS_LOOKS 16u

struct vitals {
	struct shape shape;
	int meminfo_fd, pressure_fd; /* -1: none */
	uint64_t node_low_usec;	     /* when the node had what life.node_available_bytes says */
	/* The newest looks: one after the kill is no evidence, the memory is free by then. */
	struct vitals_look {
		uint64_t time_usec, use_bytes, own_use_bytes;
	} looks[VITALS_LOOKS];
	unsigned n_looks;
	/* Of one to two seconds ago, and of the last second. */
	uint64_t hits[2][CGROUP_LEVELS_MAX];
};

/* Opens what is read every second. */
void vitals_begin(struct guard *g);
void vitals_new_life(struct guard *g);
/* Hot path: after each look that is recorded. */
void vitals_look(struct guard *g);
/* Once a second, into recorder.life. True: the node is short of memory. */
bool vitals_note(struct guard *g);
/* The kernel has just killed: which limit did it meet? Into recorder.life. */
void vitals_end(struct guard *g);

#endif
