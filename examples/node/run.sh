#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A leaking Node.js program under the guard; then its heap profile.
# shellcheck source-path=SCRIPTDIR source=../recipe.sh
. "$(dirname "$0")/../recipe.sh"
need node nodejs

# full: sampling since the start. A snapshot needs many times the heap, which near the limit never fits.
OPTIONS=(-s dump.inject=full)
guarded 192M node "$HERE/leaky.js"

find_dump 'node-*.heapprofile*'
gzip -dcf "$DUMP" >"$WORK/heap.heapprofile"
node "$HERE/show.js" "$WORK/heap.heapprofile" | tee "$WORK/functions"
expect "it names the function that leaks first" sh -c "head -n 1 '$WORK/functions' | grep -q 'leaky.js:8'"
finish "Open it with: Chrome, DevTools, Memory, Load profile (or speedscope)"
