#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Latency and accuracy: from the moment when a program that allocates flat out crosses a level to the
log line, the freeze, the snapshot on disk and the stop signal; and how far it has come by then."""
import json
import os
import re
import subprocess
import threading
import time

import bench
from bench import MIB

LIMIT, FROM, MARK = 256, 160, 200  # MiB: the level is crossed when the program holds MARK
RATES = [("50 MiB/s", 50), ("200 MiB/s", 200), ("flat out", 0)]
HOG = f"{bench.PROGRAMS}/hog"


def usec():
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000


class Watcher(threading.Thread):
    """When the first line that matches comes out of a pipe, and the first snapshot into a directory."""

    def __init__(self, stream, state):
        super().__init__(daemon=True)
        self.stream, self.state = stream, state
        self.lines, self.line_usec, self.file_usec = [], 0, 0

    def run(self):
        looker = threading.Thread(target=self.look, daemon=True)
        looker.start()
        for line in self.stream:
            if not self.line_usec and b"lat level" in line:
                self.line_usec = usec()
            self.lines.append(line.decode(errors="replace"))

    def look(self):
        while not self.file_usec:
            for folder, _, names in os.walk(f"{self.state}/incidents"):
                if "snapshot.json" in names:
                    self.file_usec = usec()
            time.sleep(0.0005)


def level(at_bytes, actions):
    settings = {"at": at_bytes, "actions": actions, "hold": 1, "free": "", "growing": "no"}
    return [f"level.lat.{key}={value}" for key, value in settings.items() if value != ""]


# Everything else is silent, so that one level is measured; and anonymous memory alone counts, because
# that is what the program knows of itself.
QUIET = ["guard.basis=anon"] + [f"level.{name}.hold=1000" for name in
         ("warn", "profile", "dump", "restart", "brink", "emergency")]


def run_once(rate, extra_bytes, scratch):
    """extra_bytes: what is in use beside the program's own memory."""
    settings = QUIET + level(MARK * MIB + extra_bytes, "freeze, snapshot, restart")
    with bench.Cgroup(LIMIT * MIB) as group:
        command = bench.guard_command(f"{scratch}/state", *settings)
        command += [HOG, str(rate), "1", str(FROM), "0", "page", str(MARK)]
        process = group.start(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        watcher = Watcher(process.stderr, f"{scratch}/state")
        watcher.start()
        process.wait(60)
        watcher.join(5)
    told = re.search(r"hog: mark (\d+) stop (\d+) term (\d+)", "".join(watcher.lines))
    if not told or not int(told[1]):
        return None
    mark, stop, term = (int(value) for value in told.groups())
    snapshot = find_snapshot(f"{scratch}/state")
    return {
        "line": watcher.line_usec - mark,
        "freeze": stop - mark if stop else "",
        "snapshot": watcher.file_usec - mark if watcher.file_usec else "",
        "signal": term - mark,
        "overshoot_bytes": snapshot - MARK * MIB - extra_bytes if snapshot else "",
    }


def find_snapshot(state):
    """Of the level that is measured: an emergency may have come after it."""
    for folder, _, names in os.walk(state):
        if "snapshot.json" in names and folder.endswith("-lat"):
            with open(f"{folder}/snapshot.json") as f:
                return find_use(json.load(f))
    return None


def find_use(node):
    """The use that the level saw, wherever the snapshot keeps it."""
    if isinstance(node, dict):
        if "use_bytes" in node:
            return node["use_bytes"]
        for value in node.values():
            found = find_use(value)
            if found:
                return found
    return None


def use_now(state):
    status = subprocess.run([bench.OOMGUARD, "status", "--json", "-s", f"guard.state-dir={state}"],
                            capture_output=True, text=True, check=False)
    try:
        return find_use(json.loads(status.stdout)) or 0
    except ValueError:
        return 0


def calibrate(scratch):
    """What is in use beside the program when that has its memory: page tables, the guard."""
    with bench.Cgroup(LIMIT * MIB) as group:
        command = bench.guard_command(f"{scratch}/state", *QUIET)
        process = group.start(command + [HOG, "0.001", "1", str(FROM), "0"],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        use, last = use_now(f"{scratch}/state"), -1
        while use < FROM * MIB or use != last:
            last = use
            time.sleep(1.2)  # the recorder tells the use once a second far from the levels
            use = use_now(f"{scratch}/state")
        process.kill()
    return use - FROM * MIB


def main():
    args = bench.arguments(__doc__)
    runs = args.runs or (100 if args.full else 10)
    kinds = ["line", "freeze", "snapshot", "signal", "overshoot_bytes"]
    rows = bench.Rows(args.out, "latency", ["rate", "run"] + kinds)
    with bench.Scratch() as scratch:
        extra = calibrate(scratch)
    lines = []
    for name, rate in RATES:
        lost = 0  # killed before it could tell its times
        for run in range(runs):
            with bench.Scratch() as scratch:
                row = run_once(rate, extra, scratch)
            if row:
                rows.add(rate=name, run=run, **row)
            lost += not row
        lines.append([f"{name}: killed before it could tell", lost, "-", "-", "-"])
        for kind in kinds:
            values = [row[kind] for row in rows.rows if row["rate"] == name and row[kind] != ""]
            lines.append([f"{name}: {kind}", len(values), *bench.quantiles(values)])
    bench.table("From crossing a level to ... (microseconds; overshoot in bytes)",
                ["what", "runs", "p50", "p99", "max"], lines)


if __name__ == "__main__":
    main()
