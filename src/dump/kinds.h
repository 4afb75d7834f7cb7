/* SPDX-License-Identifier: Apache-2.0 */
/* The rows' functions, one file each; see struct dumper. For dumpers.c and tests only. */
#ifndef OOMGUARD_DUMP_KINDS_H
#define OOMGUARD_DUMP_KINDS_H

#include "dump/dumpers.h"

/*
 * dump.signal to a process that handles it (-EPERM else: the default action of most signals kills).
 * With dump.path it waits until a new or changed file there is complete; without it nothing is
 * verified.
 */
int dump_by_signal(const struct dump_request *req, struct dump_result *ret);

/*
 * dump.command ("%p": the pid) in the incident's directory: by /bin/sh where there is one, else
 * split at blanks. Files that it leaves become 0600; the one changed last is reported. No file and
 * exit status 0 is done, too.
 */
int dump_by_command(const struct dump_request *req, struct dump_result *ret);

/* An ELF core, "core-PID.elf"; see core.h. No longer than dump.max-pause. */
int dump_core(const struct dump_request *req, struct dump_result *ret);

/*
 * HotSpot: the heap as "hotspot-PID.hprof", streamed through a fifo in the target's /tmp and
 * checked for completeness on the way; class histogram and threads as text; a collection.
 */
int dump_hotspot(const struct dump_request *req, struct dump_result *ret);
int profile_hotspot(const struct dump_request *req, struct dump_result *ret);
int relieve_hotspot(const struct dump_request *req, struct dump_result *ret);

/* Go: the heap profile that the application itself offers over HTTP, "go-PID.heap.pb.gz". */
int dump_go(const struct dump_request *req, struct dump_result *ret);

/*
 * Node.js, by our hook in it (dump.inject): a heap snapshot where it fits, "node-PID.heapsnapshot";
 * else the sampling profile that runs since the start (full), "node-PID.heapprofile"; else
 * -ENOSPC, and the heap's sizes beside. Without a hook a snapshot over its inspector, where that
 * listens already (--inspect); else -ENOENT.
 */
int dump_node(const struct dump_request *req, struct dump_result *ret);
int profile_node(const struct dump_request *req, struct dump_result *ret);
int relieve_node(const struct dump_request *req, struct dump_result *ret);

/*
 * CPython, by our hook in it: what tracemalloc knows by line (full), "python-PID.tracemalloc.json",
 * where that fits; else objects by type, "python-PID.types.json". Both as text, too.
 */
int dump_python(const struct dump_request *req, struct dump_result *ret);
int profile_python(const struct dump_request *req, struct dump_result *ret);
int relieve_python(const struct dump_request *req, struct dump_result *ret);

/*
 * .NET 6 and later, over its diagnostics port: a core by its createdump as "dotnet-PID.core.elf",
 * streamed through a fifo in its $TMPDIR and checked on the way; the object graph that
 * dotnet-gcdump records as "dotnet-PID.gcdump.nettrace" with the types counted beside it (a
 * collection of the whole heap, with a walk through it); a collection.
 */
int dump_dotnet(const struct dump_request *req, struct dump_result *ret);
int profile_dotnet(const struct dump_request *req, struct dump_result *ret);
int relieve_dotnet(const struct dump_request *req, struct dump_result *ret);

/*
 * Ruby 2.7 and later, by our hook in it: all objects as ObjectSpace.dump_all writes them
 * ("ruby-PID.objspace.jsonl", three times the heap; with the line that made each where
 * dump.inject is full); objects by class, "ruby-PID.types.json"; collection and compaction.
 */
int dump_ruby(const struct dump_request *req, struct dump_result *ret);
int profile_ruby(const struct dump_request *req, struct dump_result *ret);
int relieve_ruby(const struct dump_request *req, struct dump_result *ret);

/*
 * BEAM, by our hook in it: memory, ETS tables and the largest processes by name,
 * "beam-PID.processes.json"; a collection in every process.
 */
int dump_beam(const struct dump_request *req, struct dump_result *ret);
int relieve_beam(const struct dump_request *req, struct dump_result *ret);

/*
 * php-fpm, over the FastCGI socket of a pool with pm.status_path: each worker's script and memory,
 * "php-PID.workers.json". Needs nothing but that setting.
 */
int dump_php(const struct dump_request *req, struct dump_result *ret);

#endif
