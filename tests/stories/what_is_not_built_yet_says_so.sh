#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
run --help
cp "$OUT" "$WORK/help"
for word in check status dump snapshot drain restart reload report explain replay; do
	if grep -Eq "^ *(oomguard )?$word\b" "$WORK/help"; then
		run $word
		check "$word is in --help, so it works" not grep -q 'not built yet' "$LOG"
		continue
	fi
	run $word
	is "$word: 64" 64 "$STATUS"
	has "$word: says so" "$LOG" 'not built yet'
done
finish
