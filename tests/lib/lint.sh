# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# For lints: a rule is a text and a list of lines that break it. $top is the source tree; "make
# check" hands it over as $srcdir.
#
#	my_search | rule "no file does that"
#	finish
set -u
shopt -s lastpipe # so that rule counts in this shell
export LC_ALL=C
top=${srcdir:-$(dirname "$0")/../..}
cd "$top" || exit 1
lint_rules=0 lint_failed=0

rule() { # TEXT; stdin: offenders
	local lines
	lines=$(cat)
	lint_rules=$((lint_rules + 1))
	if [ -z "$lines" ]; then
		echo "ok $lint_rules - $1"
	else
		echo "not ok $lint_rules - $1"
		printf '%s\n' "$lines" | sed 's/^/# /'
		lint_failed=1
	fi
}

needs() { # COMMAND
	command -v "$1" >/dev/null && return
	echo "1..0 # SKIP $1 is not installed"
	exit 0
}

finish() {
	echo "1..$lint_rules"
	exit "$lint_failed"
}

c_files() { find src tests examples \( -name '*.c' -o -name '*.h' \) -print 2>/dev/null | sort; }
shell_files() {
	{
		find tests examples -name '*.sh' -print 2>/dev/null
		[ ! -e .ci/run ] || echo .ci/run
	} | sort
}
