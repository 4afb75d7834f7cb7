#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Full is not the same as growing. A ramp that races towards the limit may be held for a moment, and
# is let go when it ends by itself. STORY_LONG=600 makes it ten minutes.
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
make_cgroup app 128M

# v2 counts page tables and the like as well.
to=$([ "$CGROUP_VERSION" = 2 ] && echo 119M || echo 121M)
guard app -v -s dump.kind=signal -s dump.signal=USR1 -s dump.path="$WORK/heap.dump" \
	-- "$PROGRAMS/leak" --from 20M --rate $((200 / STORY_SLOW))M --to "$to" --dump "$WORK/heap.dump"
limit=$((128 << 20))
plateau() { [ "$(cgroup_usage app)" -gt $((limit * 95 / 100)) ]; }
check "it climbs to a plateau in half a second" wait_for 5 plateau
note "plateau: $(($(cgroup_usage app) * 1000 / limit)) per mille of the limit"

wait_for "$STORY_LONG" gone "$GUARD"
check "it is still running after $STORY_LONG s" alive "$GUARD"
check "no dump was taken" test ! -e "$WORK/heap.dump"
lacks "no dump level, no restart" "$LOG" '(dump|restart|brink) level:|stopping the application'
kill -TERM "$GUARD_PID"
guard_status 10
is "it ends as it would have ended without a guard" 0 "$STATUS"
finish
