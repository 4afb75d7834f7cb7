#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
echo 'no program' >"$WORK/plain"
run -- "$WORK/missing"
is "a missing path" 127 "$STATUS"
has "says which" "$LOG" 'missing'
run -- oomguard-no-such-command
is "a missing name" 127 "$STATUS"
run -- "$WORK/plain"
is "not executable" 126 "$STATUS"
run -- "$WORK"
is "a directory" 126 "$STATUS"
printf 'exit 5\n' >"$WORK/script"
chmod +x "$WORK/script"
run -- "$WORK/script"
is "a script without a first line, as a shell has it" 5 "$STATUS"
finish
