#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# build.sh OUTDIR [CONFIGURE-ARG...]: builds in OUTDIR from a copy of the sources (../source beside it,
# made once): nothing is written into the tree, and two builds at a time do not meet.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "$1"
out=$(cd "$1" && pwd)
src=$(dirname "$out")/source
shift
if [ ! -x "$src/configure" ]; then
	mkdir -p "$src"
	tar -C "$top" -cf - --exclude=./.git --exclude=./autom4te.cache --exclude=./build \
		--exclude=./config.status --exclude=./Makefile --exclude=./stamp-h1 \
		--exclude='*.o' --exclude='*.a' . | tar -C "$src" -xf -
	(cd "$src" && autoreconf -fi)
fi
REVISION=$(git -C "$top" rev-parse --short=12 HEAD 2>/dev/null || :)
export REVISION
cd "$out"
"$src/configure" --quiet "$@"
make -s -j"$(nproc)"
