#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# programs.sh OUTDIR: compiles tests/programs/*.c, one static binary each, so that they run in an
# empty image too.
set -eu
src=$(cd "$(dirname "$0")/../programs" && pwd)
mkdir -p "$1"
for c in "$src"/*.c; do
	[ -e "$c" ] || continue
	o=$1/$(basename "$c" .c)
	[ "$o" -nt "$c" ] ||
		"${CC:-gcc}" -std=gnu11 -O2 -g -Wall -Wextra -D_GNU_SOURCE -static -pthread -o "$o" "$c"
done
