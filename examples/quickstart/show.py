#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""show.py DUMP: the lines that hold most memory in a dump of tracemalloc."""
import sys
import tracemalloc

top = tracemalloc.Snapshot.load(sys.argv[1]).statistics("lineno")
for stat in top[:3]:
    frame = stat.traceback[0]
    print(f"{stat.size / 2**20:8.1f} MiB in {stat.count} blocks  {frame.filename}:{frame.lineno}")
print("         this line: ", *(line.strip() for line in top[0].traceback.format()[1:]))
