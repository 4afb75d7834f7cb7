#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck source-path=SCRIPTDIR source=../lib/analysis.sh
. "$(dirname "$0")/../lib/analysis.sh"
begin cppcheck

# variableScope: declarations stand at the head of a function here.
# unusedStructMember, unreadVariable: of records that the kernel fills in, and of variables whose
# clean-up attribute is their use.
# knownConditionTrueFalse: takes the result of MIN_OF(a, b) for the smallest number it has ever seen.
# memleak: does not know auto_free; the other analysers do, and the sanitizers.
# clarifyCalculation, unassignedVariable: the compilers do it, and know "static".
cppcheck --quiet -j "$(nproc)" --std=c11 -Isrc -I"$generated" -D_GNU_SOURCE -D__linux__ -D__x86_64__ \
	--enable=warning,style,performance,portability --inline-suppr \
	--library=tests/analysis/cppcheck.cfg \
	--suppress=variableScope --suppress=unusedStructMember --suppress=unreadVariable \
	--suppress=knownConditionTrueFalse --suppress=clarifyCalculation --suppress=unassignedVariable --suppress=memleak \
	--template='{file}:{line}:{column}: {severity}: {message} [{id}]' src 2>&1 |
	unjustified cppcheck | rule "cppcheck finds nothing"
finish
