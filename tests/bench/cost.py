#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Cost: memory and CPU of the guard and its companion beside a quiet program, against other inits and
earlyoom; CPU at each distance from the limit; start-up time to the program's main()."""
import os
import shutil
import subprocess
import time

import bench
from bench import MIB

HOG = f"{bench.PROGRAMS}/hog"
LIMIT = 256
TICK = os.sysconf("SC_CLK_TCK")


def smaps(pid):
    """KiB: resident, anonymous, proportional."""
    kib = {}
    with open(f"/proc/{pid}/smaps_rollup") as f:
        for line in f:
            word = line.split()
            if word[0] in ("Rss:", "Anonymous:", "Pss:"):
                kib[word[0]] = int(word[1])
    return kib["Rss:"], kib["Anonymous:"], kib["Pss:"]


def recorder_kib(pid):
    """What of it is the flight recorder's own mapping, shared with the companion."""
    total, ours = 0, False
    with open(f"/proc/{pid}/smaps") as f:
        for line in f:
            word = line.split()
            if "-" in word[0] and not word[0].endswith(":"):
                ours = "flight" in line or "memfd" in line or "/dev/zero" in line
            elif ours and word[0] == "Rss:":
                total += int(word[1])
    return total


def cpu_usec(pid):
    """Of all its threads, from the scheduler: nanoseconds, not ticks."""
    with open(f"/proc/{pid}/schedstat") as f:
        return int(f.read().split()[0]) // 1000


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as f:
        return [int(child) for child in f.read().split()]


def comm(pid):
    with open(f"/proc/{pid}/comm") as f:
        return f.read().strip()


def guard_processes(root):
    """The guard and its companion below `unshare`."""
    while not children(root):
        time.sleep(0.1)
    guard = children(root)[0]
    return [guard] + [pid for pid in children(guard) if comm(pid).startswith("oomguard")]


def measure(name, command, group, seconds, find, rows):
    process = group.start(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(3)
    pids = find(process.pid)
    before = [cpu_usec(pid) for pid in pids]
    time.sleep(seconds)
    for i, pid in enumerate(pids):
        rss, anon, pss = smaps(pid)
        who = name if i == 0 else f"{name}: companion"
        rows.add(who=who, rss_kib=rss - recorder_kib(pid), anon_kib=anon, pss_kib=pss,
                 cpu_percent=f"{(cpu_usec(pid) - before[i]) / seconds / 1e4:.4f}")
    process.kill()
    process.wait()


def itself(pid):
    return [pid]


def measure_all(args, rows):
    seconds = 60 if args.full else 10
    with bench.Scratch() as scratch, bench.Cgroup(LIMIT * MIB) as group:
        guard = bench.guard_command(f"{scratch}/state")
        measure("oomguard, idle", guard + ["sleep", "1000"], group, seconds, guard_processes, rows)
    for share in (76, 90, 96):
        with bench.Scratch() as scratch, bench.Cgroup(LIMIT * MIB) as group:
            guard = bench.guard_command(f"{scratch}/state")
            hog = [HOG, "0.0001", "1", str(LIMIT * share // 100), "0"]
            measure(f"oomguard at {share} %", guard + hog, group, seconds, guard_processes, rows)
    peers = {
        "tini": ["tini", "-s", "--", "sleep", "1000"],
        "dumb-init": ["dumb-init", "sleep", "1000"],
        "catatonit": ["catatonit", "sleep", "1000"],
        "earlyoom, dry run": ["earlyoom", "--dryrun", "-r", "0"],
    }
    for name, command in peers.items():
        if shutil.which(command[0]):
            with bench.Cgroup(LIMIT * MIB) as group:
                measure(name, command, group, seconds, itself, rows)


def start_up(command):
    """Milliseconds from exec to the program's main()."""
    begun = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    told = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    return (int(told.stdout) - begun) / 1e6


def measure_start(args):
    """In turns, so that what else the machine does meets all alike."""
    runs = args.runs or (200 if args.full else 40)
    now = f"{bench.PROGRAMS}/now"
    rows = bench.Rows(args.out, "start", ["under", "ms"])
    with bench.Scratch() as scratch:
        commands = {"nothing": [now], "tini": ["tini", "-s", "--", now],
                    "dumb-init": ["dumb-init", now], "catatonit": ["catatonit", now],
                    "oomguard": [bench.OOMGUARD, "-s", f"guard.state-dir={scratch}/state", "--", now]}
        there = {name: command for name, command in commands.items() if shutil.which(command[0])}
        for _ in range(runs):
            for name, command in there.items():
                rows.add(under=name, ms=f"{start_up(command):.3f}")
    lines = [[name, *bench.quantiles([float(row["ms"]) for row in rows.rows if row["under"] == name])]
             for name in there]
    bench.table("From exec to the program's main() (ms)", ["under", "p50", "p99", "max"], lines)


def main():
    args = bench.arguments(__doc__)
    rows = bench.Rows(args.out, "cost", ["who", "rss_kib", "anon_kib", "pss_kib", "cpu_percent"])
    measure_all(args, rows)
    bench.table("Cost beside a quiet program (KiB; the recorder's mapping apart; CPU in % of a core)",
                ["who", "RSS", "anon", "PSS", "CPU"], [list(row.values()) for row in rows.rows])
    measure_start(args)


if __name__ == "__main__":
    main()
