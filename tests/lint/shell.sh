#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck source-path=SCRIPTDIR source=../lib/lint.sh
. "$(dirname "$0")/../lib/lint.sh"
needs shellcheck

# SC1091: sourced files are found by -P where they are part of the tree, others are none of ours.
# SC2317: functions that are handed to wait_for or check look unreachable.
# SC2119, SC2120: functions with an optional argument.
shell_files | xargs -d '\n' shellcheck -x -P tests/lib -e SC1091,SC2317,SC2119,SC2120 -f gcc 2>&1 |
	rule "shellcheck has nothing to say"
finish
