#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""table.py RESULTS: reads RESULTS/COLUMN/CLAIM.tap (and CLAIM.log), prints one table of claims and
columns, the failures with the end of their logs, why things were skipped, and the counts.
Exit 1 when anything failed or nothing ran."""
import os
import re
import sys

POINT = re.compile(r"(not )?ok\b(?: +(\d+))?(?:[ -]+(.*))?$")
DIRECTIVE = re.compile(r"(?i)(?:^|\s)#\s*skip\S*\s*(.*)$")
PLAN = re.compile(r"1\.\.(\d+)(?:\s*#\s*(?i:skip)\S*\s*(.*))?$")
ORDER = ["build", "lint", "unit", "asan", "analysis", "host-v1", "host-v2", "vm-6.1", "vm-6.12",
         "runc", "docker", "podman", "images", "manifests",
         "crun-6.1", "crun-6.12", "podman-6.1", "podman-6.12"]


class Result:
    """One TAP file: how many points passed, which failed, which were skipped and why."""

    def __init__(self, text):
        self.passed, self.failed, self.skipped = 0, [], []
        plan = seen = 0
        have_plan = False
        for line in text.splitlines():
            if m := PLAN.match(line):
                have_plan, plan = True, plan + int(m[1])
                if m[1] == "0":
                    self.skipped.append(m[2] or "no reason given")
            elif m := POINT.match(line):
                seen += 1
                self.point(m[1], m[3] or "")
            elif line.startswith("Bail out!"):
                self.failed.append(line)
        if not have_plan and not self.failed:
            self.failed.append("no plan: it did not come to its end")
        elif have_plan and plan != seen and not self.failed:
            self.failed.append(f"{plan} checks planned, {seen} seen")

    def point(self, bad, text):
        skip = DIRECTIVE.search(text)
        if bad:
            self.failed.append(text)
        elif skip:
            self.skipped.append(skip[1] or "no reason given")
        else:
            self.passed += 1

    def cell(self):
        if self.failed:
            return f"FAIL {len(self.failed)}"
        if self.passed:
            return f"pass {self.passed}"
        return "skip"


def read(results):
    """{claim: {column: Result}}, columns"""
    table, columns = {}, set()
    for column in os.listdir(results):
        folder = os.path.join(results, column)
        if not os.path.isdir(folder):
            continue
        for name in os.listdir(folder):
            if name.endswith(".tap"):
                with open(os.path.join(folder, name), errors="replace") as f:
                    table.setdefault(name[:-4], {})[column] = Result(f.read())
                columns.add(column)
    return table, sorted(columns, key=lambda c: (ORDER.index(c) if c in ORDER else len(ORDER), c))


def print_table(table, columns):
    width = max(len(claim) for claim in table)
    wide = {c: max(len(c), 7) for c in columns}
    print("\n" + "claim".ljust(width), *(c.ljust(wide[c]) for c in columns), sep="  ")
    rank = {c: i for i, c in enumerate(columns)}
    for claim in sorted(table, key=lambda k: (min(rank[c] for c in table[k]), k)):
        row = table[claim]
        cells = (row[c].cell() if c in row else "-" for c in columns)
        line = "  ".join([claim.ljust(width)] + [t.ljust(wide[c]) for t, c in zip(cells, columns)])
        print(line.replace("_", " ", claim.count("_")).rstrip())


def print_details(results, table, columns):
    for claim in sorted(table):
        for column in (c for c in columns if c in table[claim] and table[claim][c].failed):
            print(f"\nFAIL {claim} ({column})")
            for text in table[claim][column].failed:
                print(f"  not ok: {text}")
            for end, lines in ((".tap", 60), (".log", 40)):
                path = os.path.join(results, column, claim + end)
                if os.path.exists(path):
                    with open(path, errors="replace") as f:
                        tail = f.read().splitlines()[-lines:]
                    print(*(f"  | {line}" for line in tail), sep="\n")
    reasons = {}
    for claim in sorted(table):
        for column in (c for c in columns if c in table[claim]):
            for why in table[claim][column].skipped:
                reasons.setdefault((column, why), []).append(claim)
    if reasons:
        print("\nskipped:")
    for (column, why), claims in sorted(reasons.items()):
        shown = ", ".join(sorted(set(claims))[:3]) + (", ..." if len(set(claims)) > 3 else "")
        print(f"  {column}: {why} ({len(claims)}: {shown})")


def main():
    results = sys.argv[1]
    table, columns = read(results)
    every = [r for row in table.values() for r in row.values()]
    passed = sum(r.passed for r in every)
    failed = sum(len(r.failed) for r in every)
    skipped = sum(len(r.skipped) for r in every)
    if table:
        print_table(table, columns)
        print_details(results, table, columns)
    print(f"\n{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
