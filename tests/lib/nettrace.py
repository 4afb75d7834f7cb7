#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""nettrace.py FILE: the types of a .NET heap in a trace as dotnet-gcdump records it, largest first.

Written from the description of the format, for tests: an eye other than the product's own. Exit
status 1 where the trace is not whole or the collection in it is not over.
"""
import collections
import struct
import sys

data = open(sys.argv[1], "rb").read()
kinds, names = {}, {}
count, size = collections.Counter(), collections.Counter()
seen = collections.Counter()


def varint(b, p):
    value = shift = 0
    while True:
        byte = b[p]
        p += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, p


def text(b, p):
    end = p
    while b[end:end + 2] != b"\0\0":
        end += 2
    return b[p:end].decode("utf-16-le"), end + 2


def take_types(b):
    at = 6
    for _ in range(struct.unpack_from("<I", b)[0]):
        ident = struct.unpack_from("<Q", b, at)[0]
        names[ident], at = text(b, at + 25)
        at += 4 + 8 * struct.unpack_from("<I", b, at)[0]


def take_nodes(b):
    for i in range(struct.unpack_from("<II", b)[1]):
        _, bytes_, ident, _ = struct.unpack_from("<QQQQ", b, 10 + 32 * i)
        count[ident] += 1
        size[ident] += bytes_


def take_event(kind, b):
    seen[kind] += 1
    if kind == 15:
        take_types(b)
    elif kind == 18:
        take_nodes(b)


def take_metadata(b):
    provider, at = text(b, 4)
    if provider == "Microsoft-Windows-DotNETRuntime":
        kinds[struct.unpack_from("<I", b)[0]] = struct.unpack_from("<I", b, at)[0]


def take_block(name, b):
    at, flags = struct.unpack_from("<HH", b)
    assert flags & 1
    ident = length = 0
    while at < len(b):
        has = b[at]
        at += 1
        if has & 1:
            ident, at = varint(b, at)
        for _ in range(3 if has & 2 else 0):
            _, at = varint(b, at)
        for bit in (4, 8):
            if has & bit:
                _, at = varint(b, at)
        _, at = varint(b, at)
        at += (16 if has & 16 else 0) + (16 if has & 32 else 0)
        if has & 128:
            length, at = varint(b, at)
        payload = b[at:at + length]
        assert len(payload) == length
        at += length
        if name == "MetadataBlock":
            take_metadata(payload)
        elif ident in kinds:
            take_event(kinds[ident], payload)


assert data[:32] == b"Nettrace\x14\0\0\0!FastSerialization.1"
at = 32
while data[at] != 1:
    assert data[at:at + 3] == b"\5\5\1"
    n = struct.unpack_from("<I", data, at + 11)[0]
    name = data[at + 15:at + 15 + n].decode()
    at += 16 + n
    if name == "Trace":
        at += 48
    else:
        n = struct.unpack_from("<I", data, at)[0]
        at += 4
        at += -at % 4
        if name in ("EventBlock", "MetadataBlock"):
            take_block(name, data[at:at + n])
        at += n
    assert data[at] == 6
    at += 1
assert at + 1 == len(data) and seen[1] and seen[2]
for ident, n in size.most_common(20):
    print(n, count[ident], names.get(ident, "(no name)"))
