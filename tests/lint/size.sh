#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A file is 400 lines at most, a function 60.
# shellcheck source-path=SCRIPTDIR source=../lib/lint.sh
. "$(dirname "$0")/../lib/lint.sh"
needs ctags

long_files() {
	find src \( -name '*.[ch]' -o -name '*.def' \) -exec awk 'END { if (FNR > 400)
		print FILENAME ": " FNR " lines" }' {} \;
}
# In the source of the program a screen; a test's table of cases may be longer than one.
long_functions() {
	find src -name '*.[ch]' -print | sort |
		ctags --languages=C --kinds-C=f --fields=+ne -f - -L - 2>/dev/null |
		awk -F '\t' '{
			line = end = 0
			for (i = 4; i <= NF; i++) {
				if ($i ~ /^line:/) line = substr($i, 6)
				if ($i ~ /^end:/) end = substr($i, 5)
			}
			if (end && end - line + 1 > 60)
				print $2 ":" line ": " $1 "() has " end - line + 1 " lines"
		}'
}
long_lines() { # a tab is 8 columns
	find src -name '*.[ch]' -print | sort | while read -r file; do
		expand "$file" | awk -v f="$file" 'length > 100 { print f ":" FNR ": " length " columns" }'
	done
}

long_files | rule "no file of src is longer than 400 lines"
long_functions | rule "no function of src is longer than 60 lines"
long_lines | rule "no line of src is wider than 100 columns"
finish
