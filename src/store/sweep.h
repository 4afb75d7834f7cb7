/* SPDX-License-Identifier: Apache-2.0 */
/* What a life that was killed left half written. */
#ifndef OOMGUARD_STORE_SWEEP_H
#define OOMGUARD_STORE_SWEEP_H

/*
 * For the start, before anything is written: takes away the partial files that are written anew or
 * can be (state, *.json, report.txt), and incident directories with nothing in them. Partial dumps
 * stay, the report tells of them, and retention takes them in time. Returns how many files went.
 */
unsigned store_sweep(int dirfd);

#endif
