#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck source-path=SCRIPTDIR source=../lib/lint.sh
. "$(dirname "$0")/../lib/lint.sh"

# What people write, without the recorded inputs of tests.
texts() {
	find src conf tests examples .ci .github ./*.md configure.ac Makefile.am -type f \
		! -path 'tests/fixtures/*' ! -path '*/corpus/*' ! -name '*.o' ! -name '*.log' \
		! -name '*.trs' ! -name '*.a' ! -name Makefile.in -print 2>/dev/null |
		while read -r file; do
			if grep -Iq . "$file"; then echo "$file"; fi
		done | sort
}
sources() { texts | grep -E '\.([ch]|sh|mk|def|py|ac|am|yml)$|^\.ci/run$'; }

sources | while read -r file; do
	head -n 3 "$file" | grep -q 'SPDX-License-Identifier: Apache-2.0' || echo "$file"
done | rule "every source file says its licence in its first lines"
texts | grep -v '\.md$' | xargs -d '\n' grep -nE '[[:blank:]]+$' | rule "no blanks at the end of a line"
texts | while read -r file; do
	[ -z "$(tail -c 1 "$file")" ] || echo "$file"
done | rule "every text ends with a newline"
texts | xargs -d '\n' grep -nE '^(<<<<<<<|>>>>>>>|=======$)' | rule "no marks of a merge"
finish
