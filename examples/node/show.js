// SPDX-License-Identifier: Apache-2.0
// show.js FILE.heapprofile: the places in the program that hold most memory.
"use strict";
const held = new Map();

function visit(node) {
	const { functionName, url, lineNumber } = node.callFrame;
	const bytes = node.selfSize ?? 0;
	const where = url ? `${functionName || "(anonymous)"} ${url.split("/").pop()}:${lineNumber + 1}` : "(engine)";
	held.set(where, (held.get(where) ?? 0) + bytes);
	node.children.forEach(visit);
}

visit(JSON.parse(require("fs").readFileSync(process.argv[2], "utf8")).head);
const sorted = [...held].sort((a, b) => b[1] - a[1]);
for (const [where, bytes] of sorted.slice(0, 5))
	console.log(`${(bytes / 2 ** 20).toFixed(1).padStart(8)} MiB  ${where}`);
