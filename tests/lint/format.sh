#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck source-path=SCRIPTDIR source=../lib/lint.sh
. "$(dirname "$0")/../lib/lint.sh"
needs clang-format
[ -e .clang-format ] || { echo "1..0 # SKIP no .clang-format here"; exit 0; }

badly_formatted() {
	local file
	c_files | while read -r file; do
		clang-format "$file" | cmp -s - "$file" || echo "$file (clang-format -i $file)"
	done
}
badly_formatted | rule "C is formatted as .clang-format says"
finish
