/* SPDX-License-Identifier: Apache-2.0 */
/* The hooks that dump.inject can put into the application; the rows are explained in tune/inject.h.
 */
#ifndef OOMGUARD_HOOKS_H
#define OOMGUARD_HOOKS_H

#include "tune/inject.h"

#define HOOKS_MAX 16

const struct inject_row *hooks_rows(unsigned *ret_n);

#endif
