/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Python stacks of a process, read out of its memory while it is held: no help of the
 * interpreter is needed, it may be in the middle of anything. Where its structures lie is known for
 * CPython 3.8 to 3.13 on 64-bit machines.
 */
#ifndef OOMGUARD_DUMP_PYSTACK_H
#define OOMGUARD_DUMP_PYSTACK_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "dump/modules.h"

/*
 * Text like
 *
 *     python 3.11
 *       thread 7
 *         app.py:12 leak
 *         app.py:30 <module>
 *
 * innermost first, after those of the machine code. 0; -ENOENT: no CPython is mapped; -ENOTSUP: one
 * of a version that is not known, out says which; or -errno. Holds all threads meanwhile.
 */
int pystack_read(pid_t pid, const struct modules *maps, struct buf *out);

/*
 * pystack_line.c, pure: the line of an instruction at `offset` bytes into the code, from the table
 * of a code object: co_lnotab (minor 8 and 9), co_linetable (10; since 11). first: co_firstlineno.
 */
int pystack_line(unsigned minor, const uint8_t *table, size_t len, int first, int64_t offset);

#endif
