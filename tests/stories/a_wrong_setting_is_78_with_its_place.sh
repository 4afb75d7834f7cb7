#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Before the program starts.
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
wrong() { # TEXT LINES-OF-INI EXPECTED-REGEX
	printf '%b' "$2" >"$WORK/c.ini"
	run -c "$WORK/c.ini" -- touch "$WORK/started"
	is "$1: 78" 78 "$STATUS"
	has "$1: place and reason" "$LOG" "$3"
}
wrong "unknown key" '[guard]\nbasis = usage\ncolour = red\n' 'c\.ini:3: .*colour'
wrong "unknown section" '[gourd]\nbasis = usage\n' 'c\.ini:[12]: .*gourd'
wrong "bad number" '[level dump]\nat = many\n' 'c\.ini:2: .*at: .*allowed'
wrong "bad word" '[guard]\nbasis = rss\n' 'c\.ini:2: .*basis: .*nonreclaimable'
wrong "bad time" '[restart]\ngrace = 5 apples\n' 'c\.ini:2: .*grace'
wrong "bad signal" '[restart]\nsignal = TREM\n' 'c\.ini:2: .*signal'
wrong "unknown action" '[level dump]\nactions = snapshot, explode\n' 'c\.ini:2: .*actions.*explode'
wrong "indented key" '[guard]\nbasis = usage\n  log-format = json\n' 'c\.ini:3: '
wrong "no equals sign" '[guard]\nbasis\n' 'c\.ini:2: '
wrong "value too long" "[dump]\ncommand = $(printf 'x%.0s' {1..250})\n" 'c\.ini:2: '
wrong "section name too long" "[level $(printf 'x%.0s' {1..80})]\nat = 5%\n" 'c\.ini:1: '
wrong "bad level name" '[level Über]\nat = 5%\n' 'c\.ini:[12]: '

run -s guard.colour=red -- touch "$WORK/started"
is "unknown key in an option: 78" 78 "$STATUS"
has "its place is the option" "$LOG" '-s.*guard\.colour'
run -s nonsense -- touch "$WORK/started"
check "an option without a key" test "$STATUS" = 78 -o "$STATUS" = 64
OOMGUARD_LEVEL_DUMP_AT=many run -- touch "$WORK/started"
is "a bad value in the environment: 78" 78 "$STATUS"
has "its place is the variable" "$LOG" 'OOMGUARD_LEVEL_DUMP_AT'
run -c "$WORK/missing.ini" -- touch "$WORK/started"
is "a missing file: 78" 78 "$STATUS"
has "its name is told" "$LOG" 'missing\.ini'
check "the program was never started" test ! -e "$WORK/started"
finish
