#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck source-path=SCRIPTDIR source=../lib/lint.sh
. "$(dirname "$0")/../lib/lint.sh"
needs shellcheck

# SC1091: sourced files are found by -P where they are part of the tree, others are none of ours.
# SC2317: functions that are handed to wait_for or check look unreachable.
# SC2119, SC2120: functions with an optional argument.
common=SC1091,SC2317,SC2119,SC2120

# A story is read without the library that it sources: it is the same for a hundred of them, and half
# a second each. Then variables look unset (SC2154, SC2153) or unused (SC2034) that the library has or uses.
stories() { shell_files | grep -E '^tests/(stories|pid1|lint|vm/scripts)/'; }
others() { shell_files | grep -vE '^tests/(stories|pid1|lint|vm/scripts)/'; }

others | xargs -d '\n' shellcheck -x -P tests/lib -e $common -f gcc 2>&1 |
	rule "shellcheck has nothing to say"
stories | xargs -d '\n' shellcheck -e $common,SC2153,SC2154,SC2034 -f gcc 2>&1 |
	rule "shellcheck has nothing to say about stories and lints"
finish
