#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How the cost of the guard grows with the container: CPU of a second of watching and time of one
snapshot and one freeze, with 1 to 1000 processes and 1 to 10,000 threads."""
import subprocess
import time

import bench
from bench import MIB
from cost import children, cpu_usec



def processes(n):
    """A shell that starts them all and waits."""
    return ["sh", "-c", f"i=0; while [ $i -lt {n} ]; do sleep 1000 & i=$((i+1)); done; wait"]


def threads(n):
    return ["python3", "-c", f"""
import threading, time
threading.stack_size(65536)
for _ in range({n} - 1):
    threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
time.sleep(1000)
"""]


def ask(state, what):
    """Milliseconds that the running guard needs for it."""
    begun = time.perf_counter()
    done = subprocess.run([bench.OOMGUARD, what, "-s", f"guard.state-dir={state}"],
                          capture_output=True, check=False)
    return f"{(time.perf_counter() - begun) * 1000:.1f}" if done.returncode == 0 else "failed"


def count(group, what):
    with open(f"{group.dir}/{'tasks' if not bench.V2 else 'cgroup.threads'}") as f:
        tasks = len(f.read().split())
    return tasks if what == "threads" else len(group.pids())


def measure(what, n, seconds):
    make = processes if what == "processes" else threads
    with bench.Scratch() as scratch, bench.Cgroup(4096 * MIB) as group:
        state = f"{scratch}/state"
        process = group.start(bench.guard_command(state) + make(n), stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL)
        end = time.monotonic() + 60
        # unshare, the guard and its companion are no part of n.
        while (count(group, what) < n + 3 or not children(process.pid)) and time.monotonic() < end:
            time.sleep(0.1)
        guard = children(process.pid)[0]
        time.sleep(2)
        before = cpu_usec(guard)
        time.sleep(seconds)
        cpu = (cpu_usec(guard) - before) / seconds / 1e4
        snapshot = ask(state, "snapshot")
        process.kill()
    return dict(what=what, n=n, cpu_percent=f"{cpu:.4f}", snapshot_ms=snapshot)


def main():
    args = bench.arguments(__doc__)
    sizes = [("processes", n) for n in (1, 10, 100, 1000)]
    sizes += [("threads", n) for n in ((1, 100, 1000, 10000) if args.full else (1, 100, 1000))]
    rows = bench.Rows(args.out, "growth", ["what", "n", "cpu_percent", "snapshot_ms"])
    for what, n in sizes:
        rows.add(**measure(what, n, 30 if args.full else 5))
    bench.table("Growth of cost, far from the limit",
                ["what", "number", "CPU, % of a core", "snapshot, ms"],
                [list(row.values()) for row in rows.rows])


if __name__ == "__main__":
    main()
