/* SPDX-License-Identifier: Apache-2.0 */
/* What will COMMAND be, before it runs? By what its file is, not by its name. */
#ifndef OOMGUARD_COMMAND_H
#define OOMGUARD_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

/* Owned fd of the file that execvpe() would run, or -errno (-ENOENT: not there, -EACCES). */
int command_open(const char *name, char *const *envp);

/*
 * The runtimes of a command line as bits of TUNE_RUNTIME(): that of argv[0], of the interpreter of
 * a script, and, behind launchers such as tini, env or gosu, of the programs that later words name.
 * 0: unknown (a shell script, a native program).
 */
uint32_t command_runtimes(char *const *argv, char *const *envp);

/* Does a runtimeconfig.json of the command line set a ceiling for the heap of .NET? */
bool command_dotnet_has_limit(char *const *argv);

/* Processors that it may use, as glibc counts them; 0: unknown. */
unsigned command_cpus(void);

#endif
