#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What is checked is in .clang-tidy.
# shellcheck source-path=SCRIPTDIR source=../lib/analysis.sh
. "$(dirname "$0")/../lib/analysis.sh"
begin clang-tidy

# The flags come after the file.
tidy() { # FILE
	clang-tidy --quiet "$1" -- -std=gnu11 -D_GNU_SOURCE -Isrc "-I$generated"
}
export -f tidy
# shellcheck disable=SC2016 # expanded by the inner shell
each_source bash -c 'tidy "$1"' x | unjustified clang-tidy | rule "clang-tidy finds nothing"
finish
