#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Manual pages and completion: all of the program's tables is in them, groff has nothing to say.
# shellcheck source-path=SCRIPTDIR source=../lib/lint.sh
. "$(dirname "$0")/../lib/lint.sh"
needs cc

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
if ! cc -std=gnu11 -Isrc -o "$work/manual" src/manual.c 2>"$work/error"; then
	sed 's/^/src\/manual.c: /' "$work/error" | rule "the writer of the manual pages compiles"
	finish
fi
for paper in oomguard.1 oomguard.ini.5 oomguard.bash; do
	"$work/manual" "$paper" >"$work/$paper"
done

words() { # ROW: the first words of the rows of a table, "section key" of settings
	grep -Eo "^$1\(\"[^\"]*\"(, \"[^\"]*\")?" "$2" | sed -E 's/^[A-Z_]+\("//; s/", "/ /; s/".*//'
}
missing_in_program_page() {
	words SUBCOMMAND src/cli.def | while read -r name _; do
		grep -Fq "\\fB$name\\fR" "$work/oomguard.1" || echo "$name"
	done
	words OPTION src/cli.def | while read -r name _; do
		grep -Fq -- "\\-\\-$name\\fR" "$work/oomguard.1" || echo "--$name"
	done
}
missing_in_settings_page() {
	{ words KEY src/conf/keys.def | cut -d ' ' -f 2 && words LEVEL_KEY src/conf/keys.def; } |
		while read -r key _; do
			grep -Fq "\\fB${key//-/\\-}\\fR =" "$work/oomguard.ini.5" || echo "$key"
		done
}
complaints() {
	command -v groff >/dev/null || return 0
	for page in oomguard.1 oomguard.ini.5; do
		{ groff -man -ww -rF0 -Tutf8 "$work/$page" >/dev/null; } 2>&1
		grep -n ' $' "$work/$page"
	done
}
# Words that bash would offer after these.
offer() (
	# shellcheck source=/dev/null
	. "$work/oomguard.bash"
	COMP_WORDS=("$@")
	COMP_CWORD=$(($# - 1))
	_oomguard 2>/dev/null
	printf '%s\n' "${COMPREPLY[@]}"
)
wrong_offers() {
	bash -n "$work/oomguard.bash"
	[ "$(offer oomguard rep)" = "$(printf 'report\nreplay')" ] ||
		[ "$(offer oomguard rep | sort)" = "$(printf 'replay\nreport')" ] || echo "oomguard rep"
	[ "$(offer oomguard status --w)" = --watch ] || echo "oomguard status --w"
	[ -z "$(offer oomguard dump --w)" ] || echo "oomguard dump --w"
	[ "$(offer oomguard -s tune.)" = tune.enabled= ] || echo "oomguard -s tune."
	offer oomguard -s level.dump. | grep -qx level.dump.at= || echo "oomguard -s level.dump."
	offer oomguard -q -- ls | grep -qx ls || echo "oomguard -q -- ls"
	[ "$(offer oomguard report --format h)" = html ] || echo "oomguard report --format h"
}

missing_in_program_page | rule "every subcommand and option is in oomguard(1)"
missing_in_settings_page | rule "every setting is in oomguard.ini(5)"
complaints | rule "the pages are good roff"
wrong_offers | rule "bash completes subcommands, options and settings"
finish
