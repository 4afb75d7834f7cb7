#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The lists of automake name every file: what is not listed is neither built nor shipped.
# shellcheck source-path=SCRIPTDIR source=../lib/lint.sh
. "$(dirname "$0")/../lib/lint.sh"

listed() { grep -Fqw -- "$1" "$2"; }

find src -name '*.[ch]' -o -name '*.def' | sort | while read -r file; do
	listed "$file" src/local.mk || echo "$file"
done | rule "every file of src is in src/local.mk"
find tests/unit -name '*.c' 2>/dev/null | sort | while read -r file; do
	listed "$file" tests/local.mk || listed "$(basename "$file" .c)" tests/local.mk || echo "$file"
done | rule "every unit test is in tests/local.mk"
find tests/lint -name '*.sh' | sort | while read -r file; do
	listed "$file" tests/local.mk || listed "$(basename "$file" .sh)" tests/local.mk || echo "$file"
done | rule "every lint is in tests/local.mk"
find tests/stories tests/pid1 -name '*.sh' ! -perm -u+x 2>/dev/null | rule "every story is executable"
finish
