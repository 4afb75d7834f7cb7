#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# It finishes its work in a second and a half, of ten that it may have.
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
make_cgroup app 64M

guard app -v "${AT_ONCE[@]}" -s restart.grace=10s -- sh -c "
	trap 'sleep 1.5; echo finished >$WORK/finished; exit 9' TERM
	$PROGRAMS/leak --to 40M --rate 400M & wait"
guard_status 20
is "a guarded stop is never the program's own status" 75 "$STATUS"
has "the program finished its work" "$WORK/finished" finished
lacks "it did not have to be killed" "$LOG" 'KILL.*grace|grace.*KILL'
finish
