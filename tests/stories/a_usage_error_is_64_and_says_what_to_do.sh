#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
run --no-such-option -- true
is "unknown option" 64 "$STATUS"
has "it is named" "$LOG" 'no-such-option'
run ls -l
is "a word that is no command" 64 "$STATUS"
has "it is named, with the advice to use --" "$LOG" 'ls.*'
has "the advice" "$LOG" ' -- '
run
is "nothing at all" 64 "$STATUS"
run --
is "nothing after --" 64 "$STATUS"
run -c
is "an option without its value" 64 "$STATUS"
run -- sh -c 'exit 7' check
is "a word after -- is never ours" 7 "$STATUS"
run --version
is "--version" 0 "$STATUS"
has "prints name and number" "$OUT" '^oomguard [0-9]+\.[0-9]+'
run --help
is "--help" 0 "$STATUS"
has "prints how to use it" "$OUT" 'oomguard .*-- COMMAND'
finish
