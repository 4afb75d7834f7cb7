#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""False alarms: what looks like danger and is none. Zero dumps and zero restarts is the goal; a
snapshot costs nothing and is counted apart. start-grace is the default here."""
import shutil
import subprocess
import sys

import bench
from bench import MIB

HOG, SAWTOOTH = f"{bench.PROGRAMS}/hog", f"{bench.PROGRAMS}/sawtooth"

JAVA_LOAD = """
import java.util.*;
public class Load {
    public static void main(String[] a) throws Exception {
        byte[][] kept = new byte[64][];
        Random r = new Random(1);
        long keep = Runtime.getRuntime().maxMemory() / 2 / kept.length;
        while (true) { kept[r.nextInt(kept.length)] = new byte[(int) keep]; Thread.sleep(1); }
    }
}
"""
NODE_LOAD = """
const kept = new Array(64).fill(null);
setInterval(() => { for (let i = 0; i < 200; i++)
  kept[Math.floor(Math.random() * 64)] = new Array(20000).fill(i); }, 5);
"""


def java(*options):
    """A collector under load; compiled by the launcher itself, as start-ups are busy."""
    def make(scratch, _limit):
        path = f"{scratch}/Load.java"
        with open(path, "w") as f:
            f.write(JAVA_LOAD)
        return ["java", *options, path]
    return make


def node(scratch, _limit):
    path = f"{scratch}/load.js"
    with open(path, "w") as f:
        f.write(NODE_LOAD)
    return ["node", "--max-old-space-size=128", path]


def plateau(share):
    def make(_scratch, limit):
        return [HOG, "0.0001", "1", str(limit // MIB * share // 100 - 3), "0"]
    return make


def cache(scratch, _limit):
    return ["sh", "-c", f"while :; do dd if=/dev/zero of={scratch}/file bs=1M count=600 2>/dev/null; "
            f"cat {scratch}/file >/dev/null; done"]


def dirty(scratch, _limit):
    return ["sh", "-c", f"while :; do dd if=/dev/zero of={scratch}/file bs=1M count=200 conv=fsync "
            "2>/dev/null; done"]


CASES = [  # name, limit in MiB, command, what has to be there
    ("page cache", 256, cache, "dd"),
    ("dirty writeback", 256, dirty, "dd"),
    ("JVM, MaxRAMPercentage 50", 512, java("-XX:MaxRAMPercentage=50"), "java"),
    ("JVM, MaxRAMPercentage 70", 512, java("-XX:MaxRAMPercentage=70"), "java"),
    ("JVM, Xms=Xmx, AlwaysPreTouch", 512,
     java("-Xms300m", "-Xmx300m", "-XX:+AlwaysPreTouch"), "java"),
    ("Node under load", 384, node, "node"),
] + [(f"a step that stays at {share} %", 256, plateau(share), "sh") for share in (80, 90, 94, 96, 98)] + [
    (f"a step to 80 % of {limit} MiB", limit, plateau(80), "sh") for limit in (16, 32, 64)]


def run(name, limit, make, seconds):
    with bench.Scratch() as scratch, bench.Cgroup(limit * MIB) as group:
        command = bench.CONTAINER + [bench.OOMGUARD, "-s", f"guard.state-dir={scratch}/state", "--"]
        log = open(f"{scratch}/log", "wb")
        process = group.start(command + make(scratch, limit * MIB), stdout=log, stderr=log)
        try:
            process.wait(seconds)
            ended = process.returncode
        except subprocess.TimeoutExpired:
            ended = "runs"
        kills = group.oom_kills()
        process.kill()
        with open(f"{scratch}/log", errors="replace") as f:
            text = f.read()
        if ended != "runs" and ended != 75:
            print(text[-2000:], file=sys.stderr)
    return dict(case=name, seconds=seconds, ended=ended, kernel=kills,
                snapshots=text.count("warn level:"), dumps=text.count("dump level:"),
                restarts=int("stopping the application" in text))


def main():
    args = bench.arguments(__doc__, seconds={"type": int}, only={"default": ""})
    seconds = args.seconds or (600 if args.full else 20)
    rows = bench.Rows(args.out, "alarms",
                      ["case", "seconds", "ended", "kernel", "snapshots", "dumps", "restarts"])
    for name, limit, make, needs in CASES:
        if args.only in name and shutil.which(needs):
            rows.add(**run(name, limit, make, seconds))
    bench.table("False alarms: the goal is 0 dumps and 0 restarts",
                ["case", "seconds", "state", "kernel kills", "warn lines", "dumps", "restarts"],
                [list(row.values()) for row in rows.rows])


if __name__ == "__main__":
    main()
