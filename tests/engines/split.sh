#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# split.sh TAP LOG DIR: DIR/CHAPTER.tap for each "# chapter: CHAPTER" of an engine's TAP, with a plan
# of its own, and LOG as the log of each. What came before the first chapter or instead of an end is
# in DIR/engine.tap.
set -euo pipefail
[ $# = 3 ] || exit 64
mkdir -p "$3"
awk -v dir="$3" '
	function close_chapter() {
		if (count || name != "engine")
			print "1.." count >out
	}
	function open_chapter(title) { name = title; out = dir "/" name ".tap"; count = 0 }
	BEGIN { open_chapter("engine") }
	/^# chapter: / { close_chapter(); open_chapter($3); next }
	/^1\.\.0/ && !count { print >out; ended = 1; next }
	/^1\.\./ { ended = 1; next }
	/^(not )?ok / { count++; sub(/ok [0-9]+/, "ok " count) }
	/^#/ && name == "engine" { next }
	/^Bail out/ { ended = 1 }
	{ print >out }
	END {
		if (!ended) {
			print "not ok " ++count " - stopped before its end" >out
		}
		close_chapter()
	}
' "$1"
for tap in "$3"/*.tap; do
	if [ -e "$tap" ]; then cp "$2" "${tap%.tap}.log"; fi
done
