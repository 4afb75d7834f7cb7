#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""hprof.py FILE: reads a Java heap dump to its end; prints "INSTANCES CLASS", most first."""
import collections
import struct
import sys

SIZE = {4: 1, 5: 2, 6: 4, 7: 8, 8: 1, 9: 2, 10: 4, 11: 8}  # basic types; 2 is an object


def main(path):
    with open(path, "rb") as f:
        data = f.read()
    end = data.index(b"\0")
    if not data.startswith(b"JAVA PROFILE 1.0."):
        sys.exit("no HPROF file")
    ident = struct.unpack_from(">I", data, end + 1)[0]
    at = end + 13
    names, classes, counts, tag = {}, {}, collections.Counter(), None

    def read_id(where):
        return int.from_bytes(data[where:where + ident], "big")

    def size_of(kind):
        return ident if kind == 2 else SIZE[kind]

    def skip_class(p):
        p += ident + 4 + ident * 6 + 4
        for _ in range(struct.unpack_from(">H", data, p)[0]):  # constants
            p += 3 + size_of(data[p + 4])
        p += 2
        n = struct.unpack_from(">H", data, p)[0]
        p += 2
        for _ in range(n):  # static fields
            p += ident + 1 + size_of(data[p + ident])
        n = struct.unpack_from(">H", data, p)[0]
        return p + 2 + n * (ident + 1)

    roots = {0xFF: ident, 0x01: 2 * ident, 0x02: ident + 8, 0x03: ident + 8, 0x04: ident + 4,
             0x05: ident, 0x06: ident + 4, 0x07: ident, 0x08: ident + 8}
    while at < len(data):
        tag, _, length = struct.unpack_from(">BII", data, at)
        p = at + 9
        at = p + length
        if tag == 0x01:
            names[read_id(p)] = data[p + ident:at].decode("utf-8", "replace")
        elif tag == 0x02:
            classes[read_id(p + 4)] = read_id(p + 8 + ident)
        elif tag in (0x0C, 0x1C):
            while p < at:
                kind = data[p]
                p += 1
                if kind in roots:
                    p += roots[kind]
                elif kind == 0x20:
                    p = skip_class(p)
                elif kind == 0x21:
                    counts[read_id(p + ident + 4)] += 1
                    p += 2 * ident + 8 + struct.unpack_from(">I", data, p + 2 * ident + 4)[0]
                elif kind == 0x22:
                    n = struct.unpack_from(">I", data, p + ident + 4)[0]
                    p += 2 * ident + 8 + n * ident
                elif kind == 0x23:
                    n = struct.unpack_from(">I", data, p + ident + 4)[0]
                    p += ident + 9 + n * SIZE[data[p + ident + 8]]
                else:
                    sys.exit(f"unknown sub-record {kind:#x} at {p}")
    if tag != 0x2C:
        sys.exit("the dump has no end")
    for number, count in counts.most_common(10):
        print(count, names.get(classes.get(number), "?"))


main(sys.argv[1])
