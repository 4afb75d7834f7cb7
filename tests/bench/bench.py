# SPDX-License-Identifier: Apache-2.0
"""What the parts of the benchmark share: cgroups of their own, programs in them, rows and tables."""
import argparse
import csv
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

MIB = 1 << 20
OOMGUARD = os.environ["STORY_OOMGUARD"]
PROGRAMS = os.environ["STORY_PROGRAMS"]  # hog and poller are there too
V2 = os.path.exists("/sys/fs/cgroup/cgroup.controllers")
ROOT = "/sys/fs/cgroup" if V2 else "/sys/fs/cgroup/memory"
USAGE = "memory.current" if V2 else "memory.usage_in_bytes"


class Cgroup:
    """A memory cgroup that ends with the `with` block, and so does whoever is left in it."""

    count = 0

    def __init__(self, limit_bytes):
        Cgroup.count += 1
        self.limit = limit_bytes
        self.dir = f"{ROOT}/oomguard-bench-{os.getpid()}-{Cgroup.count}"

    def __enter__(self):
        if V2:
            with open(f"{ROOT}/cgroup.subtree_control", "w") as f:
                f.write("+memory")
        os.mkdir(self.dir)
        self.write("memory.max" if V2 else "memory.limit_in_bytes", self.limit)
        if V2 and os.path.exists(f"{self.dir}/memory.swap.max"):
            self.write("memory.swap.max", 0)
        return self

    def __exit__(self, *_):
        end = time.monotonic() + 20
        while time.monotonic() < end:
            for pid in self.pids():
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            try:
                os.rmdir(self.dir)
                return
            except OSError:
                time.sleep(0.05)
        print(f"could not remove {self.dir}", file=sys.stderr)

    def read(self, name):
        with open(f"{self.dir}/{name}") as f:
            return f.read()

    def write(self, name, value):
        with open(f"{self.dir}/{name}", "w") as f:
            f.write(str(value))

    def pids(self):
        return [int(pid) for pid in self.read("cgroup.procs").split()]

    def oom_kills(self):
        text = self.read("memory.events" if V2 else "memory.oom_control")
        return int(re.search(r"^oom_kill (\d+)", text, re.M).group(1))

    def start(self, argv, **how):
        """Popen of argv, which is in the cgroup before it runs."""
        procs = f"{self.dir}/cgroup.procs"

        def enter():
            with open(procs, "w") as f:
                f.write(str(os.getpid()))

        return subprocess.Popen(argv, preexec_fn=enter, stdin=subprocess.DEVNULL, **how)


# A pid namespace as a container has one, and a /dev/shm of its own in a mount namespace of its own.
CONTAINER = ["unshare", "-mpf", "--mount-proc", "--kill-child", "sh", "-c",
             'mount -t tmpfs tmpfs /dev/shm && exec "$@"', "sh"]


class Scratch:
    """A directory on a disk: a tmpfs would be charged to the cgroup."""

    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix="oomguard-bench.", dir=os.environ.get("TMPDIR", "/var/tmp"))
        return self.path

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)


def guard_command(state, *settings):
    command = CONTAINER + [OOMGUARD, "-s", f"guard.state-dir={state}", "-s", "guard.start-grace=0s"]
    for setting in settings:
        command += ["-s", setting]
    return command + ["--"]


def has_evidence(state):
    """A whole snapshot of at least one incident; nothing is left half written under its final name."""
    import json

    found = False
    for folder, _, names in os.walk(state):
        if "snapshot.json" in names:
            try:
                with open(f"{folder}/snapshot.json") as f:
                    found = bool(json.load(f)) or found
            except ValueError:
                return False
    return found


def arguments(description, **more):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--out", default=".", help="where the rows are kept as CSV")
    parser.add_argument("--full", action="store_true", help="all cells and runs")
    parser.add_argument("--runs", type=int, help="of each cell")
    for name, options in more.items():
        parser.add_argument("--" + name.replace("_", "-"), **options)
    return parser.parse_args()


class Rows:
    """Raw rows, written as they come, so that nothing is lost with a run that is ended early."""

    def __init__(self, out, name, fields):
        self.rows = []
        self.file = open(f"{out}/{name}.csv", "w", newline="")
        self.writer = csv.DictWriter(self.file, fields)
        self.writer.writeheader()

    def add(self, **row):
        self.rows.append(row)
        self.writer.writerow(row)
        self.file.flush()


def table(title, heads, lines):
    """Columns as wide as they must be; numbers to the right."""
    cells = [heads] + [[str(cell) for cell in line] for line in lines]
    widths = [max(len(line[i]) for line in cells) for i in range(len(heads))]
    print(f"\n{title}")
    for line in cells:
        print("  " + "  ".join(cell.ljust(w) if i == 0 else cell.rjust(w)
                               for i, (cell, w) in enumerate(zip(line, widths))).rstrip())
    sys.stdout.flush()


def quantiles(values):
    """p50, p99 and the largest; "-" of nothing."""
    values = sorted(values)
    if not values:
        return "-", "-", "-"
    return values[len(values) // 2], values[min(len(values) - 1, len(values) * 99 // 100)], values[-1]
