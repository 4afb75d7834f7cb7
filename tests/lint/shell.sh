#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck source-path=SCRIPTDIR source=../lib/lint.sh
. "$(dirname "$0")/../lib/lint.sh"
needs shellcheck

# SC1091: sourced files are found by -P where they are part of the tree, others are none of ours.
shell_files | xargs -d '\n' shellcheck -x -P tests/lib -e SC1091 -f gcc 2>&1 |
	rule "shellcheck has nothing to say"
finish
