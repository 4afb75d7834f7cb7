#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck source-path=SCRIPTDIR source=../lib/lint.sh
. "$(dirname "$0")/../lib/lint.sh"

# environ belongs to the C library and has no header of its own without _GNU_SOURCE.
grep -nE '^[[:space:]]*extern\b' -r src --include='*.[ch]' | grep -v '__environ\|char \*\*environ' |
	rule "no extern variables: state has an owner and is handed over"
grep -nE '^[[:space:]]*#[[:space:]]*define[[:space:]]+_GNU_SOURCE' -r src tests --include='*.[ch]' |
	rule "_GNU_SOURCE comes from the build"
finish
