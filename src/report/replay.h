/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a recorded curve (report/csv.h) through levels, leak test and diagnosis, as the guard would
 * have, and prints what would have come out, one JSON object a line:
 *
 *   {"time_s":12.000,"event":"level","level":"dump","why":"at, growing"}
 *   {"time_s":60.000,"event":"diagnosis","leak":"none","cause":"none","confidence":0.000,
 *    "slope_bytes_per_s":0}
 *
 * time_s as in the file. A diagnosis whenever a bucket of the leak test is complete (1/72 of 1, 6
 * or 24 hours of recorded time), and one at the end.
 */
#ifndef OOMGUARD_REPORT_REPLAY_H
#define OOMGUARD_REPORT_REPLAY_H

#include "conf/conf.h"
#include "report/csv.h"

/*
 * The limit is that of the row, else guard.limit. Memory is bounded whatever the file holds.
 * 0; -EINVAL and -EIO: the file, error says where and why; -ENODATA: no limit for a row, error says
 * so; another -errno: out_fd could not be written, error is empty.
 */
int replay_run(const struct conf *conf, FILE *file, const char *name, int out_fd,
	char error[CSV_ERROR_MAX]);

#endif
