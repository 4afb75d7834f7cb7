#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# P13: TERM around the moment of the fork, 25 starts per mode, 0 to 2.4 ms after the first child of the
# guard is there. The application may not have run at all, but the answer is always 143.
# shellcheck disable=SC2016,SC2317 # text for inner shells, functions for wait_for
# shellcheck source-path=SCRIPTDIR source=../lib/init.sh
. "$(dirname "$0")/../lib/init.sh"

[ -e "/proc/$$/task/$$/children" ] || skip "the kernel has no /proc/PID/task/TID/children"
for mode in "${MODES[@]}"; do
	set_mode "$mode"
	"$PROGRAMS/atfork" 25 "$DEPTH" "${WRAP[@]}" "$STORY_OOMGUARD" "${OPTIONS[@]}" -- sleep 1000 \
		</dev/null >"$OUT" 2>"$LOG"
	is "$mode: TERM during the start ends it with 143, 25 of 25 times" "143 25" "$(xargs <"$OUT")"
done
finish
