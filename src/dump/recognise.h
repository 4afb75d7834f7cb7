/* SPDX-License-Identifier: Apache-2.0 */
/* What runs in a process? By what its files are, never by a name alone: anybody may be "java". */
#ifndef OOMGUARD_DUMP_RECOGNISE_H
#define OOMGUARD_DUMP_RECOGNISE_H

#include <sys/types.h>

#include "conf/conf.h"

/*
 * DUMP_HOTSPOT, _NODE, _GO, _PYTHON, _RUBY, _PHP, _BEAM or _DOTNET; DUMP_CORE for anything else,
 * what may not be looked at included.
 */
enum conf_dump_kind recognise_runtime(pid_t pid);

/* "HotSpot", "Node.js" ...; "native" for anything else. */
const char *recognise_name(enum conf_dump_kind runtime);

#endif
