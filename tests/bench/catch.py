#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Catch rate: of programs that grow from 80 % of their limit, how many are stopped before the kernel
does it? Outcomes: graceful (the program ended itself after TERM), evidence (a whole snapshot is on
disk), kernel (an OOM kill). Beside the guard: what polls every 100 ms or every second, and peers."""
import os
import shutil
import subprocess
import time

import bench
from bench import MIB

HOG, POLLER = f"{bench.PROGRAMS}/hog", f"{bench.PROGRAMS}/poller"
TERM_MSEC = 100  # what the program needs to stop; it goes on allocating meanwhile
DEADLINE = 120
FLAT_OUT = 0


def cells(full):
    """(touch, rate, threads, limit in MiB); from the slowest, which say the least, to the fastest."""
    limits = [64, 256, 1024] if full else [64, 256]
    rates = [1, 10, 50, 200, 1000] if full else [50, 200, 1000]
    found = [("page", rate, 1, limit) for rate in rates for limit in limits]
    found += [("page", FLAT_OUT, threads, limit) for threads in (1, 2, 4) for limit in limits]
    for touch in ("huge", "shm"):
        found += [(touch, rate, 1, limit) for rate in (200, FLAT_OUT) for limit in limits]
    return found + [("populate", FLAT_OUT, 1, 256)]  # a row of its own: nobody can stop that


def hog_command(touch, rate, threads, limit):
    return [HOG, str(rate), str(threads), str(limit * 80 // 100), str(TERM_MSEC), touch]


def run_guard(group, cell, scratch):
    command = bench.guard_command(f"{scratch}/state") + hog_command(*cell)
    log = open(f"{scratch}/log", "wb")
    status = group.start(command, stdout=log, stderr=log).wait(DEADLINE)
    with open(f"{scratch}/log", errors="replace") as f:
        killed = "KILL" in f.read()
    return status == 75 and not killed, bench.has_evidence(f"{scratch}/state")


def run_poller(period_msec):
    def run(group, cell, scratch):
        command = bench.CONTAINER + [POLLER, f"{group.dir}/{bench.USAGE}", str(group.limit), "90",
                                     str(period_msec), "--"] + hog_command(*cell)
        quiet = subprocess.DEVNULL
        return group.start(command, stdout=quiet, stderr=quiet).wait(DEADLINE) == 75, False
    return run


def run_until_settled(group, command, started):
    """Of a peer that restarts: ended by hand as soon as something has happened to the first hog."""
    process = group.start(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    end = time.monotonic() + DEADLINE
    graceful = False
    while time.monotonic() < end and not group.oom_kills():
        if os.path.exists(started) and len(open(started).read().split()) > 1:
            graceful = True
            break
        time.sleep(0.02)
    process.kill()
    process.wait()
    return graceful, False


def hog_script(scratch, cell):
    """Tells each start, so that a restart can be seen."""
    path = f"{scratch}/hog.sh"
    with open(path, "w") as f:
        f.write(f"#!/bin/sh\necho $$ >>{scratch}/started\nexec {' '.join(hog_command(*cell))}\n")
    os.chmod(path, 0o755)
    return path


def run_monit(group, cell, scratch):
    script = hog_script(scratch, cell)
    config = f"{scratch}/monitrc"
    with open(config, "w") as f:
        f.write(f"""set daemon 1
set pidfile {scratch}/monit.pid
set statefile {scratch}/monit.state
set idfile {scratch}/monit.id
check process hog with pidfile {scratch}/hog.pid
  start program = "/bin/sh -c 'echo $$ >{scratch}/hog.pid; exec {script}'"
  stop program = "/bin/sh -c 'kill $(cat {scratch}/hog.pid)'"
  if totalmem > {group.limit // MIB * 90 // 100} MB then restart
""")
    os.chmod(config, 0o600)
    return run_until_settled(group, ["monit", "-I", "-c", config], f"{scratch}/started")


def run_pm2(group, cell, scratch):
    script = hog_script(scratch, cell)
    os.environ["PM2_HOME"] = f"{scratch}/pm2"
    command = [shutil.which("pm2"), "start", script, "--no-daemon", "--interpreter", "none",
               "--max-memory-restart", f"{group.limit // MIB * 90 // 100}M"]
    return run_until_settled(group, command, f"{scratch}/started")


ARMS = {
    "oomguard": run_guard,
    "every 100 ms": run_poller(100),
    "every second": run_poller(1000),
    "monit": run_monit,
    "pm2": run_pm2,
}


def is_there(arm):
    return arm not in ("monit", "pm2") or shutil.which(arm)


def percent(rows, key):
    return f"{100 * sum(int(row[key]) for row in rows) / len(rows):.0f} %" if rows else "-"


def name_of(cell):
    touch, rate, threads, limit = cell
    speed = f"{rate} MiB/s" if rate else f"flat out x {threads}"
    return f"{touch}, {speed}, {limit} MiB"


def main():
    args = bench.arguments(__doc__, arms={"default": "oomguard,every 100 ms,every second"},
                           only={"default": "", "help": "cells whose name has this"})
    arms = [arm for arm in args.arms.split(",") if is_there(arm)]
    runs = args.runs or (50 if args.full else 3)
    rows = bench.Rows(args.out, "catch", ["arm", "cell", "run", "graceful", "evidence", "kernel", "seconds"])
    lines = []
    for cell in cells(args.full):
        if args.only not in name_of(cell):
            continue
        line = [name_of(cell)]
        for arm in arms:
            mine = []
            for run in range(runs if arm == "oomguard" else max(1, runs // 5)):
                with bench.Scratch() as scratch, bench.Cgroup(cell[3] * MIB) as group:
                    begun = time.monotonic()
                    graceful, evidence = ARMS[arm](group, cell, scratch)
                    row = dict(arm=arm, cell=name_of(cell), run=run, graceful=int(graceful),
                               evidence=int(evidence), kernel=int(group.oom_kills() > 0),
                               seconds=f"{time.monotonic() - begun:.2f}")
                rows.add(**row)
                mine.append(row)
            if arm == "oomguard":
                line += [len(mine), percent(mine, "evidence"), percent(mine, "graceful")]
            line.append(percent(mine, "kernel"))
        lines.append(line)
    heads = ["cell", "runs", "evidence", "graceful", "kernel kills"]
    bench.table("Catch rate, from 80 % of the limit (kernel kills of the others at the right)",
                heads + [arm for arm in arms if arm != "oomguard"], lines)


if __name__ == "__main__":
    main()
