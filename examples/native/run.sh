#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A leaking C program under the guard, with its default settings; then the stacks and the core. The same
# holds for C++, Rust, and every program of no runtime that the guard knows.
# shellcheck source-path=SCRIPTDIR source=../recipe.sh
. "$(dirname "$0")/../recipe.sh"
need gcc gcc
need gdb gdb
need zstd zstd

gcc -g -O1 -o "$WORK/leaky" "$HERE/leaky.c" || die "gcc fails"
# A core needs 16 MiB of headroom: in less than about 144 MiB set level.dump.at lower than its 88 %.
guarded 160M "$WORK/leaky"

find_dump 'stacks.txt'
head -n 12 "$DUMP"
expect "the stacks name the program's function" grep -q 'main' "$DUMP"
find_dump 'core-*.elf*'
case $DUMP in
*.zst) zstd -dqf -o "$WORK/core" "$DUMP" ;;
*) cp "$DUMP" "$WORK/core" ;;
esac
gdb -batch -ex bt -ex 'print session_count' -ex 'print sessions->number' -ex 'print sessions->next->number' \
	"$WORK/leaky" "$WORK/core" 2>/dev/null | tail -n 8 | tee "$WORK/gdb"
expect "gdb finds the sessions that were kept" grep -Eq '^.1 = [0-9]{3,}$' "$WORK/gdb"
expect "and walks along them" grep -Eq '^.3 = [0-9]{3,}$' "$WORK/gdb"
finish "Open it with: zstd -d core-PID.elf.zst; gdb leaky core-PID.elf"
