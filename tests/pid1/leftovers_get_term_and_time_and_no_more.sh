#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# P27 P28 P29 P30: what is left when the main process has ended gets TERM and time, in whatever group or
# session it is; what ignores TERM cannot keep the container alive.
# shellcheck disable=SC2016,SC2317 # text for inner shells, functions for wait_for
# shellcheck source-path=SCRIPTDIR source=../lib/init.sh
. "$(dirname "$0")/../lib/init.sh"

# The state of the family when the guard has ended.
lived() { grep -E "^$1 " "$WORK/family" | xargs; }

all_five() { [ "$(pgrep -P "$APP" | wc -l)" = 5 ]; }

for mode in "${MODES[@]}"; do
	[ "$mode" != child ] || continue # elsewhere they are not ours to end
	rm -f "$WORK/family"
	EXTRA=(-s child.leftovers=5s)
	init_run "$mode" "$PROGRAMS/family" "$WORK/family" 300 7 same group session
	is "$mode: the code is the main process's, which ended first" 7 "$STATUS"
	for kind in same group session; do
		is "$mode: a descendant in the $kind got TERM and 0.3 s to finish" \
			"$kind ready $kind 15 $kind done" "$(lived $kind)"
	done

	rm -f "$WORK/family"
	init_start "$mode" "$PROGRAMS/family" "$WORK/family" 300 wait same session
	wait_for 10 file_has "$WORK/family" 'all ready'
	begin=$(now_ms)
	kill -TERM "$GUARD_PID"
	guard_status 10
	took=$(($(now_ms) - begin))
	is "$mode: after a TERM from outside, too: the code" 5 "$STATUS"
	is "$mode: and the time to finish" "session ready session 15 session done" "$(lived session)"
	check "$mode: no longer than they need ($took ms)" [ $took -lt $((2000 * STORY_SLOW)) ]

	EXTRA=(-s child.leftovers=500ms)
	init_start "$mode" "$PROGRAMS/forker" 5 setsid
	main_pid
	wait_for 10 all_five
	begin=$(now_ms)
	kill -TERM "$GUARD_PID"
	guard_status 15
	took=$(($(now_ms) - begin))
	is "$mode: leftovers that ignore TERM: the code is the main process's" 143 "$STATUS"
	check "$mode: they get their 0.5 s ($took ms)" [ $took -ge 400 ]
	check "$mode: and not much more" [ $took -lt $((4000 * STORY_SLOW)) ]
	check "$mode: none is left" not pgrep -g "$APP"
done

# As an ordinary child: what the application leaves behind in our care is not everybody's, but a
# process that goes on alone must not hold us up.
begin=$(now_ms)
EXTRA=(-s child.leftovers=500ms)
rm -f "$WORK/family"
init_run child "$PROGRAMS/family" "$WORK/family" 0 7 same session
took=$(($(now_ms) - begin))
is "child: exits with the main process's code" 7 "$STATUS"
check "child: in time ($took ms)" [ $took -lt $((5000 * STORY_SLOW)) ]
finish
