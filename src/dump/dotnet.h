/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files dotnet*.c. */
#ifndef OOMGUARD_DUMP_DOTNET_H
#define OOMGUARD_DUMP_DOTNET_H

#include "dump/dotnet_ipc.h"
#include "dump/dumpers.h"

/* The runtime is to be .NET before anything is sent to it. 0 or -errno with ret->text;
 * dotnet_ipc_close in both cases. */
int dotnet_open(const struct dump_request *req, struct dotnet_ipc *ipc, struct dump_result *ret);

/* Returns r; text: ".NET of pid 5 (app): WHY". */
int dotnet_explain(const struct dump_request *req, int r, const char *why, struct dump_result *ret);

#endif
