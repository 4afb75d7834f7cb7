#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The other compiler: program, unit tests and test programs.
# shellcheck source-path=SCRIPTDIR source=../lib/analysis.sh
. "$(dirname "$0")/../lib/analysis.sh"
begin clang

# What went wrong, or the warnings of a build that went well.
complaints() { # STATUS
	if [ "$1" != 0 ]; then
		grep -E '(warning|error):' "$tmp/clang.log" || tail -n 30 "$tmp/clang.log"
	else
		grep 'warning:' "$tmp/clang.log"
	fi
}
build_in clang CC=clang --enable-werror
complaints $? | rule "everything compiles with clang without a warning"
make -s -C "$tmp/clang" -j"$(nproc)" check TESTS= >"$tmp/clang.log" 2>&1
complaints $? | rule "the unit tests compile with clang without a warning"
finish
