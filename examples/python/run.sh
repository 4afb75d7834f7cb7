#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A leaking Python program under the guard; then its memory by type and by line.
# shellcheck source-path=SCRIPTDIR source=../recipe.sh
. "$(dirname "$0")/../recipe.sh"
need python3 python3

# full: tracemalloc runs since the start, which costs time and memory. With cheap: only by type.
OPTIONS=(-s dump.inject=full)
guarded 224M "$(python3 -c 'import sys; print(sys.executable)')" "$HERE/leaky.py"

find_dump 'python-*.txt'
awk '/^[^ ]/ { n = 0 } n++ < 4' "$DUMP" | tee "$WORK/top"
line=$(grep -n 'self.basket =' "$HERE/leaky.py" | cut -d: -f1)
expect "it names the line that leaks, leaky.py:$line" grep -q "leaky.py:$line\$" "$WORK/top"
finish "The .txt is for people, the .json beside it for programs."
