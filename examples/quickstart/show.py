#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""show.py FILE: the lines that hold most memory in a dump of tracemalloc, or a snapshot (.json) without
what is zero in it."""
import json
import sys
import tracemalloc


def without_zeros(value):
    if isinstance(value, dict):
        return {k: without_zeros(v) for k, v in value.items() if v not in (0, None, {}, [])}
    return [without_zeros(v) for v in value] if isinstance(value, list) else value


def show_snapshot(path):
    with open(path) as f:
        print(json.dumps(without_zeros(json.load(f)), indent=2))


def show_dump(path):
    top = tracemalloc.Snapshot.load(path).statistics("lineno")
    for stat in top[:3]:
        frame = stat.traceback[0]
        print(f"{stat.size / 2**20:8.1f} MiB in {stat.count} blocks  {frame.filename}:{frame.lineno}")
    print("         this line: ", *(line.strip() for line in top[0].traceback.format()[1:]))


show = show_snapshot if sys.argv[1].endswith(".json") else show_dump
show(sys.argv[1])
