# SPDX-License-Identifier: Apache-2.0
"""Reads a heap snapshot of V8 as Chrome's DevTools do and counts objects by constructor.

    heapsnapshot.py FILE    prints "COUNT NAME", most frequent first; fails on anything that is amiss
"""
import collections
import json
import sys


def fail(text):
    sys.exit("heapsnapshot.py: " + text)


with open(sys.argv[1], encoding="utf-8") as f:
    dump = json.load(f)
meta = dump["snapshot"]["meta"]
node_fields, edge_fields = meta["node_fields"], meta["edge_fields"]
nodes, edges, strings = dump["nodes"], dump["edges"], dump["strings"]
width, edge_width = len(node_fields), len(edge_fields)

if len(nodes) != dump["snapshot"]["node_count"] * width:
    fail("the number of nodes is not what its head says")
if len(edges) != dump["snapshot"]["edge_count"] * edge_width:
    fail("the number of edges is not what its head says")
types = meta["node_types"][node_fields.index("type")]
at_type, at_name = node_fields.index("type"), node_fields.index("name")
at_edges = node_fields.index("edge_count")
if sum(nodes[at_edges::width]) * edge_width != len(edges):
    fail("edges of nodes do not add up")
if any(to % width or not 0 <= to < len(nodes) for to in edges[edge_fields.index("to_node") :: edge_width]):
    fail("an edge leads nowhere")
count = collections.Counter()
for kind, name in zip(nodes[at_type::width], nodes[at_name::width]):
    if not 0 <= name < len(strings):
        fail("a name is no string of it")
    if types[kind] == "object":
        count[strings[name]] += 1
for name, n in count.most_common():
    print(n, name)
