#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every setting is explained in its table and in the commented manual conf/oomguard.ini.
# shellcheck source-path=SCRIPTDIR source=../lib/lint.sh
. "$(dirname "$0")/../lib/lint.sh"

# KEY("section", "key", field, TYPE, "default", "help", "allowed") over several lines, as
# "section key", and what has an empty help.
table() { # what to print
	tr '\n' ' ' <src/conf/keys.def | sed 's|/\*[^*]*\*/||g' | grep -Eo '(LEVEL_)?KEY\("[^)]*"\)' |
		sed -E 's/^LEVEL_KEY\(/KEY("level", /' |
		python3 -c '
import re, sys
for row in sys.stdin.read().split("KEY(")[1:]:
    words = re.findall(r"\"((?:[^\"\\]|\\.)*)\"", row)
    print(*words[:2], "documented" if len(words) >= 5 and words[3] else "bare")'
}
needs python3

table | grep -c . | sed 's/^[1-9].*//' | rule "the table of settings can be read"
table | grep ' bare$' | rule "every setting has its help in src/conf/keys.def"
table | while read -r section key _; do
	awk -v section="$section" -v key="$key" '
		/^\[/ { here = $0 ~ "^\\[" section "[] ]" }
		here && $0 ~ "^;? *" key " *=" { found = 1; if (comment || /;.*/) good = 1 }
		{ comment = /^;/ || (comment && /^$/) }
		END { if (!found) print section "." key " is not in conf/oomguard.ini"
			else if (!good) print section "." key " has no comment in conf/oomguard.ini" }' \
		conf/oomguard.ini
done | rule "every setting is in conf/oomguard.ini, with a comment"
finish
